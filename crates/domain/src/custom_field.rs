//! Custom fields `data1` .. `data50`: what a lead group makes of them.

use serde::Serialize;
use serde_json::Value as Json;

use crate::fault::Fault;
use crate::money::Money;
use crate::text::{LONG_TEXT_MAX, check_multiline, check_text, fold};
use crate::time::Date;

/// Which of the fifty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DataKey(u8);

impl DataKey {
    /// Reads `data1` .. `data50`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let number = text.strip_prefix("data").filter(|digits| !digits.starts_with(['0', '+']));
        let key = number.and_then(|digits| digits.parse().ok()).and_then(Self::from_number);
        key.ok_or_else(|| Fault::new("unknown_field", "Custom fields are data1 to data50."))
    }

    /// The key of a number from 1 to 50.
    pub fn from_number(number: i64) -> Option<Self> {
        u8::try_from(number).ok().filter(|number| (1..=50).contains(number)).map(Self)
    }

    /// Its number.
    pub fn number(self) -> i64 {
        self.0.into()
    }
}

impl std::fmt::Display for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "data{}", self.0)
    }
}

impl Serialize for DataKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Some of the fifty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DataKeys(u64);

impl DataKeys {
    /// Those whose bits are set, bit 1 for `data1`.
    pub const fn from_bits(bits: i64) -> Self {
        Self(bits.cast_unsigned())
    }

    /// Whether the key is one of them.
    pub const fn contains(self, key: DataKey) -> bool {
        self.0 & 1 << key.0 != 0
    }
}

impl FromIterator<DataKey> for DataKeys {
    fn from_iter<I: IntoIterator<Item = DataKey>>(keys: I) -> Self {
        Self(keys.into_iter().fold(0, |all, key| all | 1 << key.0))
    }
}

words! {
    /// What a custom field holds.
    FieldType, "A field's type is text, long_text, number, currency, date, yes_no or choice.":
    Text "text", LongText "long_text", Number "number", Currency "currency", Date "date", YesNo "yes_no", Choice "choice"
}

words! {
    /// What Partner keys may do with a custom field.
    PartnerRight, "What a Partner key may do with a field is rw, w or none.":
    ReadWrite "rw", WriteOnly "w", Nothing "none"
}

impl PartnerRight {
    /// Whether they see it.
    pub const fn may_read(self) -> bool {
        matches!(self, Self::ReadWrite)
    }

    /// Whether they send it.
    pub const fn may_write(self) -> bool {
        !matches!(self, Self::Nothing)
    }
}

/// A custom field as its lead group defines it. What Partner keys may do with it is not for their eyes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomField {
    /// Which of the fifty.
    pub key: DataKey,
    /// What people call it.
    pub label: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// What it may hold, for a choice.
    pub choices: Vec<String>,
    /// Whether every lead of the group must have it.
    pub required: bool,
    /// What Partner keys may do with it.
    #[serde(skip)]
    pub partner: PartnerRight,
}

/// A field as an admin writes it down, and what Partner keys may do with it if that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldSpec {
    field: CustomField,
    partner: Option<PartnerRight>,
}

impl FieldSpec {
    /// Reads `data1=Loan:currency[:required][:choices=A|B][:partner=rw|w|none]`.
    pub fn parse(spec: &str) -> Result<Self, Fault> {
        let form = || Fault::new("bad_field", "Write data1=Label:type[:required][:choices=A|B][:partner=rw|w|none].");
        let (key, rest) = spec.split_once('=').ok_or_else(form)?;
        let mut parts = rest.split(':');
        let label = parts.next().map(str::trim).filter(|label| !label.is_empty()).ok_or_else(form)?;
        check_text(label, crate::text::TEXT_MAX)?;
        let mut partner = None;
        let mut field = CustomField {
            key: DataKey::parse(key.trim())?,
            label: label.to_owned(),
            field_type: FieldType::parse(parts.next().unwrap_or("text"))?,
            choices: Vec::new(),
            required: false,
            partner: PartnerRight::ReadWrite,
        };
        for part in parts {
            match part.split_once('=') {
                None if part == "required" => field.required = true,
                Some(("choices", list)) => field.choices = list.split('|').map(|one| one.trim().to_owned()).collect(),
                Some(("partner", right)) => partner = Some(PartnerRight::parse(right)?),
                _ => return Err(form()),
            }
        }
        Ok(Self { field: field.check_choices()?, partner })
    }

    /// Which of the fifty.
    pub fn key(&self) -> DataKey {
        self.field.key
    }

    /// A new field. Partner keys may read and write it unless something else was said.
    pub fn added(self) -> CustomField {
        CustomField { partner: self.partner.unwrap_or(PartnerRight::ReadWrite), ..self.field }
    }

    /// The field in the place of another. What Partner keys may do with it stays unless something else was said: a field
    /// that is closed to them does not open because its label changed.
    pub fn replacing(self, old: &CustomField) -> CustomField {
        CustomField { partner: self.partner.unwrap_or(old.partner), ..self.field }
    }
}

impl CustomField {
    /// Reads a new field: see [`FieldSpec::parse`].
    pub fn parse_spec(spec: &str) -> Result<Self, Fault> {
        FieldSpec::parse(spec).map(FieldSpec::added)
    }

    fn check_choices(self) -> Result<Self, Fault> {
        let is_choice = self.field_type == FieldType::Choice;
        match (is_choice, self.choices.is_empty(), self.choices.iter().any(String::is_empty)) {
            (true, true, _) => Err(Fault::new("required", "A choice needs its choices: choices=A|B.")),
            (false, false, _) => Err(Fault::new("bad_field", "Only a field of type choice has choices.")),
            (_, _, true) => Err(Fault::new("bad_field", "A choice cannot be empty.")),
            _ => self.refuse_same_choices(),
        }
    }

    /// A value is matched without regard to case, so two choices that differ by it alone could not be told apart.
    fn refuse_same_choices(self) -> Result<Self, Fault> {
        let mut seen = std::collections::HashSet::new();
        match self.choices.iter().find(|choice| !seen.insert(fold(choice))) {
            Some(twice) => Err(Fault::new("bad_field", format!("The choice {twice} stands there twice."))),
            None => Ok(self),
        }
    }

    /// Checks a value and gives the text that is stored.
    pub fn check(&self, value: &Json) -> Result<String, Fault> {
        let text = as_text(value)?;
        let text = text.trim();
        match self.field_type {
            FieldType::Text => check_text(text, LONG_TEXT_MAX).map(|()| text.to_owned()),
            FieldType::LongText => check_multiline(text, LONG_TEXT_MAX).map(|()| text.to_owned()),
            FieldType::Number => check_number(text),
            FieldType::Currency => Money::parse(text).map(|money| money.to_string()),
            FieldType::Date => Date::parse(text).map(|date| date.to_string()),
            FieldType::YesNo => check_yes_no(text),
            FieldType::Choice => self.check_choice(text),
        }
    }

    fn check_choice(&self, text: &str) -> Result<String, Fault> {
        let same = |choice: &&String| fold(choice) == fold(text);
        let found = self.choices.iter().find(same).cloned();
        found.ok_or_else(|| Fault::new("bad_choice", format!("Send one of: {}.", self.choices.join(", "))))
    }
}

/// A value under a key that the lead group does not define: kept as text.
pub fn check_undefined(value: &Json) -> Result<String, Fault> {
    let text = as_text(value)?;
    check_multiline(&text, LONG_TEXT_MAX).map(|()| text)
}

fn as_text(value: &Json) -> Result<String, Fault> {
    match value {
        Json::String(text) => Ok(text.clone()),
        Json::Number(number) => Ok(number.to_string()),
        Json::Bool(true) => Ok("yes".into()),
        Json::Bool(false) => Ok("no".into()),
        _ => Err(Fault::new("bad_json_type", "Send a text, a number, true or false.")),
    }
}

/// A plain decimal number without leading zeros, its decimals as they were sent: `007.50` is `7.50`, `-0` is `0`.
fn check_number(text: &str) -> Result<String, Fault> {
    let plain = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = plain.split_once('.').unwrap_or((plain, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(rest) || text.len() > 40 {
        return Err(Fault::new("bad_number", "Send a plain decimal number, such as 12.5."));
    }
    let bare = plain.trim_start_matches('0');
    let zero = if bare.starts_with(|first: char| first.is_ascii_digit()) { "" } else { "0" };
    let sign = if text.starts_with('-') && plain.contains(|digit| matches!(digit, '1'..='9')) { "-" } else { "" };
    Ok(format!("{sign}{zero}{bare}"))
}

fn check_yes_no(text: &str) -> Result<String, Fault> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" => Ok("yes".into()),
        "no" | "false" | "0" => Ok("no".into()),
        _ => Err(Fault::new("bad_choice", "Send yes or no.")),
    }
}

#[cfg(test)]
mod tests {
    use super::{CustomField, DataKey, FieldSpec, FieldType, PartnerRight};
    use serde_json::json;

    #[test]
    fn a_spec_is_read() {
        let field = CustomField::parse_spec("data1=Loan size:currency:required:partner=w").unwrap();
        assert_eq!((field.key.number(), field.label.as_str()), (1, "Loan size"));
        assert_eq!(
            (field.field_type, field.required, field.partner),
            (FieldType::Currency, true, PartnerRight::WriteOnly)
        );
        let field = CustomField::parse_spec("data50=Colour:choice:choices=Red|Dark blue").unwrap();
        assert_eq!(field.choices, ["Red", "Dark blue"]);
        for spec in [
            "data51=X:text",
            "data1",
            "data1=X:choice",
            "data1=X:text:choices=A",
            "data1=X:colour",
            "data1=:text",
            "data1=X:choice:choices=A|b|a",
            "data1=X:choice:choices=Dark blue|dark  BLUE",
        ] {
            assert!(CustomField::parse_spec(spec).is_err(), "{spec}");
        }
    }

    #[test]
    fn a_replaced_field_opens_to_partners_only_if_that_is_said() {
        let old = CustomField::parse_spec("data1=Margin:currency:partner=none").unwrap();
        let replaced = |spec: &str| FieldSpec::parse(spec).unwrap().replacing(&old);
        assert_eq!(replaced("data1=Our margin:currency").partner, PartnerRight::Nothing);
        assert_eq!(replaced("data1=Our margin:currency:partner=rw").partner, PartnerRight::ReadWrite);
        assert_eq!(CustomField::parse_spec("data1=Loan:currency").unwrap().partner, PartnerRight::ReadWrite);
    }

    #[test]
    fn values_are_stored_in_one_form() {
        let check = |spec: &str, value| CustomField::parse_spec(spec).unwrap().check(&value);
        assert_eq!(check("data1=X:currency", json!(12.5)).unwrap(), "12.50");
        assert_eq!(check("data1=X:yes_no", json!(true)).unwrap(), "yes");
        assert_eq!(check("data1=X:choice:choices=Red|Blue", json!("RED")).unwrap(), "Red");
        assert_eq!(check("data1=X:date", json!("2026-02-01")).unwrap(), "2026-02-01");
        for (sent, stored) in [
            ("007.50", "7.50"),
            ("-007", "-7"),
            ("000", "0"),
            ("0.5", "0.5"),
            ("-0.0", "0.0"),
            ("10", "10"),
            ("7.", ""),
        ] {
            assert_eq!(check("data1=X:number", json!(sent)).unwrap_or_default(), stored, "{sent}");
        }
        for (spec, value) in [
            ("data1=X:number", json!("1,5")),
            ("data1=X:date", json!("01/02/2026")),
            ("data1=X:choice:choices=Red|Blue", json!("Green")),
            ("data1=X:text", json!({"a": 1})),
        ] {
            assert!(check(spec, value).is_err(), "{spec}");
        }
    }

    #[test]
    fn keys_are_data1_to_data50() {
        assert_eq!(DataKey::parse("data7").unwrap().to_string(), "data7");
        for text in ["data0", "data51", "data01", "data", "Data1", "data+1"] {
            assert!(DataKey::parse(text).is_err(), "{text}");
        }
    }
}
