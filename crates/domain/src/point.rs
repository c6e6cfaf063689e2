//! How far a lead has come: the conversion point of its status, and the progress that it keeps.

use crate::fault::Fault;

/// What a status means, whatever the account calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConversionPoint {
    /// Just arrived.
    New,
    /// Checked and found real.
    Validated,
    /// Somebody has spoken with the person.
    Contacted,
    /// Fit for the product.
    Qualified,
    /// Bought.
    Converted,
    /// Found not to be a lead.
    Invalidated,
    /// Ended without a purchase.
    Closed,
}

impl ConversionPoint {
    /// Every point, in the order in which lists show them.
    pub const ALL: [Self; 7] = [
        Self::New,
        Self::Validated,
        Self::Contacted,
        Self::Qualified,
        Self::Converted,
        Self::Invalidated,
        Self::Closed,
    ];

    /// As in JSON, in the store and on the command line: lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Validated => "validated",
            Self::Contacted => "contacted",
            Self::Qualified => "qualified",
            Self::Converted => "converted",
            Self::Invalidated => "invalidated",
            Self::Closed => "closed",
        }
    }

    /// As on pages and on the XML wire: Title Case.
    pub fn title(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Validated => "Validated",
            Self::Contacted => "Contacted",
            Self::Qualified => "Qualified",
            Self::Converted => "Converted",
            Self::Invalidated => "Invalidated",
            Self::Closed => "Closed",
        }
    }

    /// Reads one of the seven words, whatever its case.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let word = text.trim();
        Self::ALL.into_iter().find(|point| point.as_str().eq_ignore_ascii_case(word)).ok_or_else(|| {
            Fault::new("bad_choice", "Write new, validated, contacted, qualified, converted, invalidated or closed.")
        })
    }
}

/// The furthest that a lead has come, as it is billed: it outlives a later change of status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Progress {
    /// Nothing yet.
    #[default]
    New,
    /// Was found real.
    Validated,
    /// Was found fit.
    Qualified,
    /// Has bought: final.
    Converted,
    /// Was found not to be a lead.
    Invalidated,
}

impl Progress {
    /// Every progress.
    pub const ALL: [Self; 5] = [Self::New, Self::Validated, Self::Qualified, Self::Converted, Self::Invalidated];

    /// The progress after the lead's status has reached `point`: it rises and never falls. `invalidated` replaces any
    /// but `converted`; an invalidated lead that is found real after all rises again. Contacted and closed leave it.
    #[must_use]
    pub fn advance(self, point: ConversionPoint) -> Self {
        let reached = match point {
            ConversionPoint::Contacted | ConversionPoint::Closed => return self,
            ConversionPoint::New => Self::New,
            ConversionPoint::Validated => Self::Validated,
            ConversionPoint::Qualified => Self::Qualified,
            ConversionPoint::Converted => Self::Converted,
            ConversionPoint::Invalidated => Self::Invalidated,
        };
        match (self, reached) {
            (Self::Converted, _) => self,
            (_, Self::Invalidated) => reached,
            _ if reached.height() > self.height() => reached,
            _ => self,
        }
    }

    /// The place in the order of billing points. `invalidated` stands outside of it, no higher than `new`.
    fn height(self) -> u8 {
        match self {
            Self::New | Self::Invalidated => 0,
            Self::Validated => 1,
            Self::Qualified => 2,
            Self::Converted => 3,
        }
    }

    /// As in JSON and in the store: lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Validated => "validated",
            Self::Qualified => "qualified",
            Self::Converted => "converted",
            Self::Invalidated => "invalidated",
        }
    }

    /// Reads one of the five words, whatever its case.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let word = text.trim();
        Self::ALL
            .into_iter()
            .find(|progress| progress.as_str().eq_ignore_ascii_case(word))
            .ok_or_else(|| Fault::new("bad_choice", "Write new, validated, qualified, converted or invalidated."))
    }
}

as_text!(ConversionPoint, Progress);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_after_each_point() {
        use Progress::{Converted as C, Invalidated as I, New as N, Qualified as Q, Validated as V};
        // Columns as in `ConversionPoint::ALL`: new, validated, contacted, qualified, converted, invalidated, closed.
        let table = [
            (N, [N, V, N, Q, C, I, N]),
            (V, [V, V, V, Q, C, I, V]),
            (Q, [Q, Q, Q, Q, C, I, Q]),
            (C, [C, C, C, C, C, C, C]),
            (I, [I, V, I, Q, C, I, I]),
        ];
        for (before, row) in table {
            for (point, after) in ConversionPoint::ALL.into_iter().zip(row) {
                assert_eq!(before.advance(point), after, "{before} at {point}");
            }
        }
    }

    #[test]
    fn words_round_trip_in_any_case() {
        for point in ConversionPoint::ALL {
            assert_eq!(ConversionPoint::parse(point.as_str()), Ok(point));
            assert_eq!(ConversionPoint::parse(point.title()), Ok(point));
            assert_eq!(point.title().to_lowercase(), point.as_str());
        }
        for progress in Progress::ALL {
            assert_eq!(Progress::parse(&progress.as_str().to_uppercase()), Ok(progress));
        }
        assert_eq!(ConversionPoint::parse("open").unwrap_err().code, "bad_choice");
        assert!(Progress::parse("contacted").is_err());
        assert_eq!(serde_json::to_string(&ConversionPoint::Closed).unwrap(), r#""closed""#);
        assert_eq!(Progress::default(), Progress::New);
    }
}
