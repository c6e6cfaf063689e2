//! Whether a person wants to be contacted in some way.

use crate::fault::Fault;

/// A contact preference, for one way of contact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Preference {
    /// They agreed.
    Yes,
    /// They declined.
    No,
    /// Nobody has said.
    #[default]
    Unknown,
}

impl Preference {
    /// Every preference.
    pub const ALL: [Self; 3] = [Self::Yes, Self::No, Self::Unknown];

    /// As in JSON: lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }

    /// Reads one of the three words, whatever its case.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let word = text.trim();
        Self::ALL
            .into_iter()
            .find(|preference| preference.as_str().eq_ignore_ascii_case(word))
            .ok_or_else(|| Fault::new("bad_choice", "Write yes, no or unknown."))
    }
}

as_text!(Preference);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_any_case_and_prints_lower() {
        for (text, preference) in [("yes", Preference::Yes), ("No", Preference::No), (" UNKNOWN ", Preference::Unknown)]
        {
            assert_eq!(Preference::parse(text), Ok(preference));
        }
        assert_eq!(Preference::Yes.to_string(), "yes");
        assert_eq!(serde_json::to_string(&Preference::default()).unwrap(), r#""unknown""#);
    }

    #[test]
    fn refuses_other_words() {
        for text in ["", "true", "1", "maybe"] {
            assert_eq!(Preference::parse(text).unwrap_err().code, "bad_choice");
        }
    }
}
