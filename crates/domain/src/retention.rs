//! How long things are kept.

use serde::Serialize;

use crate::fault::Fault;

/// A number of whole days, 1 to 36,500: a hundred years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Days(i64);

impl Days {
    /// The most that a setting may say.
    pub const MAX: i64 = 36_500;

    /// The days that the code itself names; outside the range it does not compile.
    pub(crate) const fn literal(number: i64) -> Self {
        assert!(number >= 1 && number <= Self::MAX, "a number of days from 1 to 36500");
        Self(number)
    }

    /// The days of a number, if it is in the range.
    pub fn new(number: i64) -> Option<Self> {
        (1..=Self::MAX).contains(&number).then_some(Self(number))
    }

    /// Reads plain digits.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let digits = text.trim();
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        let days = Some(digits).filter(|_| plain).and_then(|digits| digits.parse().ok()).and_then(Self::new);
        days.ok_or_else(|| Fault::new("out_of_range", "Give a number of days from 1 to 36500."))
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl std::fmt::Display for Days {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Reads `off`, for ever, or a number of days after which leads are deleted by themselves.
pub fn parse_retention(text: &str) -> Result<Option<Days>, Fault> {
    match text.trim() {
        "off" => Ok(None),
        days => Days::parse(days).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::{Days, parse_retention};

    #[test]
    fn days_are_plain_digits_in_range() {
        assert_eq!(Days::parse(" 30 ").unwrap().get(), 30);
        for text in ["", "0", "-1", "+3", "36501", "1e2", "99999999999999999999"] {
            assert!(Days::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(parse_retention("off"), Ok(None));
        assert_eq!(parse_retention("365"), Ok(Days::new(365)));
        assert!(parse_retention("0").is_err());
    }
}
