//! When a new lead counts as one that is there already: an account's rule, which a lead group may replace by its own.

use serde::Serialize;

use crate::fault::Fault;
use crate::retention::Days;

/// Which leads a new one is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// None: duplicates are not looked for.
    Off,
    /// All leads, however old.
    All,
    /// Those received in the last days.
    Days(Days),
}

impl Within {
    /// Reads `off`, `all` or a number of days.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        match text.trim() {
            "off" => Ok(Self::Off),
            "all" => Ok(Self::All),
            days => Days::parse(days)
                .map(Self::Days)
                .map_err(|_| Fault::new("bad_choice", "Duplicates are off, all or a number of days, such as 30.")),
        }
    }

    /// The number to store: 0 off, -1 all, else days.
    pub const fn number(self) -> i64 {
        match self {
            Self::Off => 0,
            Self::All => -1,
            Self::Days(days) => days.get(),
        }
    }

    /// The meaning of a stored number.
    pub fn from_number(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::Off),
            -1 => Some(Self::All),
            days => Days::new(days).map(Self::Days),
        }
    }
}

impl std::fmt::Display for Within {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Off => f.pad("off"),
            Self::All => f.pad("all"),
            Self::Days(days) => days.fmt(f),
        }
    }
}

impl Serialize for Within {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

words! {
    /// What is compared: `phone` is either number, `address` the first line and the postcode.
    MatchField, "Leads are matched by name, company, phone, email or address.":
    Name "name", Company "company", Phone "phone", Email "email", Address "address"
}

/// A set of [`MatchField`]s that is never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchFields(i64);

impl MatchFields {
    /// Reads names with commas between them, such as `email,phone`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let fields: Vec<_> = text.split(',').map(|name| MatchField::parse(name.trim())).collect::<Result<_, _>>()?;
        // `split` gives at least one part, so the set has at least one field.
        Ok(Self(fields.into_iter().map(MatchField::bit).fold(0, std::ops::BitOr::bitor)))
    }

    /// The number to store: bits in the order of [`MatchField::ALL`], from 1.
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// The set of a stored number.
    pub fn from_bits(bits: i64) -> Option<Self> {
        (1..1 << MatchField::ALL.len()).contains(&bits).then_some(Self(bits))
    }

    /// Whether the field is compared.
    pub const fn contains(self, field: MatchField) -> bool {
        self.0 & field.bit() != 0
    }

    /// The fields, in the order of [`MatchField::ALL`].
    pub fn iter(self) -> impl Iterator<Item = MatchField> {
        MatchField::ALL.iter().copied().filter(move |field| self.contains(*field))
    }
}

impl MatchField {
    const fn bit(self) -> i64 {
        1 << self as i64
    }
}

impl Serialize for MatchFields {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

words! {
    /// What becomes of a new lead that matches.
    DuplicateOutcome, "What becomes of a duplicate is refuse, link or link_and_copy.":
    Refuse "refuse", Link "link", LinkAndCopy "link_and_copy"
}

/// The whole rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DuplicateRule {
    /// Which leads a new one is compared with.
    pub within: Within,
    /// On what.
    #[serde(rename = "match")]
    pub fields: MatchFields,
    /// What becomes of a match.
    pub outcome: DuplicateOutcome,
}

/// Off; once switched on, e-mail and telephone are compared and a match is linked, which loses no lead.
impl Default for DuplicateRule {
    fn default() -> Self {
        let fields = MatchFields(MatchField::Phone.bit() | MatchField::Email.bit());
        Self { within: Within::Off, fields, outcome: DuplicateOutcome::Link }
    }
}

impl DuplicateRule {
    /// The rule of three stored columns, `duplicate_within`, `duplicate_fields`, `duplicate_outcome`.
    pub fn from_stored(within: i64, fields: i64, outcome: &str) -> Option<Self> {
        let outcome = DuplicateOutcome::parse(outcome).ok()?;
        Some(Self { within: Within::from_number(within)?, fields: MatchFields::from_bits(fields)?, outcome })
    }
}

/// What of a rule an admin changes; the rest stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DuplicateChange {
    /// Which leads.
    pub within: Option<Within>,
    /// On what.
    pub fields: Option<MatchFields>,
    /// What becomes of a match.
    pub outcome: Option<DuplicateOutcome>,
}

impl DuplicateChange {
    /// Whether it leaves every rule as it is.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The rule after the change.
    #[must_use]
    pub fn apply(&self, rule: DuplicateRule) -> DuplicateRule {
        DuplicateRule {
            within: self.within.unwrap_or(rule.within),
            fields: self.fields.unwrap_or(rule.fields),
            outcome: self.outcome.unwrap_or(rule.outcome),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DuplicateOutcome, DuplicateRule, MatchField, MatchFields, Within};
    use serde_json::json;

    #[test]
    fn the_age_of_leads_is_off_all_or_days() {
        for (text, number) in [("off", 0), ("all", -1), ("30", 30), ("36500", 36_500)] {
            let within = Within::parse(text).unwrap();
            assert_eq!((within.number(), within.to_string().as_str()), (number, text));
            assert_eq!(Within::from_number(number), Some(within));
        }
        for text in ["", "0", "-1", "36501", "1.5", "inherit", "30 days"] {
            assert!(Within::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(Within::from_number(-2), None);
    }

    #[test]
    fn fields_are_a_set_that_is_never_empty() {
        let fields = MatchFields::parse("email, phone,email").unwrap();
        assert_eq!(fields.bits(), 12);
        assert_eq!(fields.iter().collect::<Vec<_>>(), [MatchField::Phone, MatchField::Email]);
        assert!(!fields.contains(MatchField::Name));
        assert_eq!(MatchFields::from_bits(31).map(|all| all.iter().count()), Some(5));
        for text in ["", "email,", "fax"] {
            assert!(MatchFields::parse(text).is_err(), "{text:?}");
        }
        for bits in [0, 32, -1] {
            assert_eq!(MatchFields::from_bits(bits), None);
        }
    }

    #[test]
    fn the_default_is_what_a_new_column_holds() {
        let rule = DuplicateRule::default();
        assert_eq!(DuplicateRule::from_stored(0, 12, "link"), Some(rule));
        assert_eq!(
            serde_json::to_value(rule).unwrap(),
            json!({"within": "off", "match": ["phone", "email"], "outcome": "link"})
        );
        let strict = DuplicateRule { outcome: DuplicateOutcome::LinkAndCopy, ..rule };
        assert_eq!(DuplicateRule::from_stored(0, 12, "link_and_copy"), Some(strict));
        assert_eq!(DuplicateRule::from_stored(0, 12, "merge"), None);
    }
}
