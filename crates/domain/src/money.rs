//! Amounts of money, in hundredths of the account's currency.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::fault::Fault;

/// Digits before the point. A sum over every lead of an account must still fit into 64 bits.
const MAX_WHOLE_DIGITS: usize = 12;

/// An amount in hundredths. The currency is the account's and is not part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

impl Money {
    /// The amount of so many hundredths.
    pub const fn from_hundredths(hundredths: i64) -> Self {
        Self(hundredths)
    }

    /// The amount in hundredths, as the store keeps it.
    pub const fn hundredths(self) -> i64 {
        self.0
    }

    /// Reads `1234`, `1234.5` or `-1234.56`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let (sign, plain) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (whole, cents) = plain.split_once('.').unwrap_or((plain, "00"));
        check_digits(text, whole, cents)?;
        let whole: i64 = whole.parse().map_err(|_| form())?;
        let cents: i64 = cents.parse().map(|n: i64| if cents.len() == 1 { n * 10 } else { n }).map_err(|_| form())?;
        Ok(Self(sign * (whole * 100 + cents)))
    }

    /// Reads an amount that stands in JSON as a string or as a number.
    pub fn from_json(value: &Value) -> Result<Self, Fault> {
        match value {
            Value::String(text) => Self::parse(text),
            Value::Number(number) => Self::parse(&number.to_string()),
            _ => Err(form()),
        }
    }
}

fn check_digits(text: &str, whole: &str, cents: &str) -> Result<(), Fault> {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if text.contains(',') {
        return Err(Fault::new("bad_money", "Leave out thousands separators and use a point: 1234.56."));
    }
    if !number(whole) || !number(cents) {
        return Err(form());
    }
    if cents.len() > 2 {
        return Err(Fault::new("bad_money", "Write at most two decimals, such as 1234.56."));
    }
    if whole.len() > MAX_WHOLE_DIGITS {
        return Err(Fault::new("out_of_range", format!("Write at most {MAX_WHOLE_DIGITS} digits before the point.")));
    }
    Ok(())
}

fn form() -> Fault {
    Fault::new("bad_money", "Write an amount as a plain decimal without a currency sign, such as 1234.56.")
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let hundredths = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", hundredths / 100, hundredths % 100)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_decimals() {
        for (text, hundredths) in [
            ("0", 0),
            ("12", 1200),
            ("12.5", 1250),
            ("12.05", 1205),
            ("-0.01", -1),
            (" 7.00 ", 700),
            ("007", 700),
            ("999999999999.99", 99_999_999_999_999),
        ] {
            assert_eq!(Money::parse(text), Ok(Money(hundredths)), "{text}");
        }
    }

    #[test]
    fn refuses_with_the_reason() {
        for (text, code, says) in [
            ("1,234.56", "bad_money", "thousands"),
            ("12,50", "bad_money", "thousands"),
            ("1.005", "bad_money", "two decimals"),
            ("£12", "bad_money", "currency sign"),
            ("", "bad_money", "plain decimal"),
            (".5", "bad_money", "plain decimal"),
            ("5.", "bad_money", "plain decimal"),
            ("--5", "bad_money", "plain decimal"),
            ("+5", "bad_money", "plain decimal"),
            ("1e9", "bad_money", "plain decimal"),
            ("1000000000000", "out_of_range", "12 digits"),
        ] {
            let fault = Money::parse(text).unwrap_err();
            assert_eq!(fault.code, code, "{text}");
            assert!(fault.detail.contains(says), "{text}: {}", fault.detail);
        }
    }

    #[test]
    fn reads_json_strings_and_numbers() {
        for (value, text) in
            [(json!("1.5"), "1.50"), (json!(1.5), "1.50"), (json!(-3), "-3.00"), (json!(1000.0), "1000.00")]
        {
            assert_eq!(Money::from_json(&value).unwrap().to_string(), text);
        }
        for value in [json!(0.125), json!(true), json!(1e21), json!([1])] {
            assert!(Money::from_json(&value).is_err(), "{value}");
        }
    }

    proptest! {
        #[test]
        fn round_trips(hundredths in -99_999_999_999_999..=99_999_999_999_999_i64) {
            prop_assert_eq!(Money::parse(&Money(hundredths).to_string()), Ok(Money(hundredths)));
        }
    }

    #[test]
    fn any_stored_amount_prints() {
        assert_eq!(Money(i64::MIN).to_string(), "-92233720368547758.08");
        assert_eq!(serde_json::to_string(&Money(-5)).unwrap(), r#""-0.05""#);
    }
}
