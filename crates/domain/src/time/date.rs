//! Calendar dates: dates of birth and custom fields of type date.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{MICROS_PER_DAY, Timestamp, ascii, digits};
use crate::account::ZoneName;
use crate::fault::Fault;

/// The length of `2026-01-31`.
const TEXT_LEN: usize = 10;

/// A day of the calendar, of the years 0 to 9999, without a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(jiff::civil::Date);

impl Date {
    /// Reads exactly `YYYY-MM-DD`: other orders of day and month cannot be told apart.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let b = text.as_bytes();
        if b.len() != TEXT_LEN || b[4] != b'-' || b[7] != b'-' {
            return Err(fault());
        }
        let number = |part: &[u8]| {
            part.iter().try_fold(0_i16, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i16::from(digit - b'0')))
        };
        let (year, month, day) = (number(&b[..4]), number(&b[5..7]), number(&b[8..]));
        let (Some(year), Some(month), Some(day)) = (year, month, day) else { return Err(fault()) };
        Self::from_parts(year, month, day)
    }

    /// The date of a year, a month from 1 and a day from 1, as integrations that send three numbers give it.
    pub fn from_parts(year: i16, month: i16, day: i16) -> Result<Self, Fault> {
        let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else { return Err(fault()) };
        match jiff::civil::Date::new(year, month, day) {
            Ok(date) if year >= 0 => Ok(Self(date)),
            _ => Err(fault()),
        }
    }

    /// Year, month from 1, day from 1.
    pub fn parts(self) -> (i16, i8, i8) {
        (self.0.year(), self.0.month(), self.0.day())
    }

    /// The moment at which this day starts in UTC.
    pub fn start_utc(self) -> Timestamp {
        let epoch = jiff::civil::Date::constant(1970, 1, 1);
        let days = self.0.duration_since(epoch).as_hours() / 24;
        Timestamp::from_micros(days * MICROS_PER_DAY)
    }

    /// The moment at which this day starts in a time zone.
    pub fn start_in(self, zone: &ZoneName) -> Timestamp {
        let midnight = self.0.at(0, 0, 0, 0);
        let start = jiff::tz::TimeZone::get(zone.as_str()).and_then(|zone| zone.to_timestamp(midnight));
        start.map_or_else(|_| self.start_utc(), |start| Timestamp::from_micros(start.as_microsecond()))
    }

    /// The day after; the last day of all is followed by itself.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.tomorrow().unwrap_or(self.0))
    }

    fn text(self) -> [u8; TEXT_LEN] {
        let mut text = *b"0000-00-00";
        write(&mut text, self.0);
        text
    }
}

/// Writes the digits of a date into the first ten bytes of `text`, between the hyphens that stand there.
pub(super) fn write(text: &mut [u8], date: jiff::civil::Date) {
    digits(&mut text[..4], date.year().unsigned_abs());
    digits(&mut text[5..7], date.month().unsigned_abs().into());
    digits(&mut text[8..10], date.day().unsigned_abs().into());
}

fn fault() -> Fault {
    Fault::new("bad_date", "Write a date of the calendar as YYYY-MM-DD, such as 2026-01-31.")
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ascii(&self.text()))
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(ascii(&self.text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints() {
        for text in ["1984-02-29", "2026-12-31", "0001-01-01", "9999-12-31"] {
            assert_eq!(Date::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Date::from_parts(1984, 2, 29).unwrap().parts(), (1984, 2, 29));
        assert_eq!(serde_json::to_string(&Date::parse("1984-02-29").unwrap()).unwrap(), r#""1984-02-29""#);
    }

    #[test]
    fn refuses_other_forms_and_days_that_never_were() {
        for text in
            ["", "1984-2-29", "29/02/1984", "1985-02-29", "1984-13-01", "+984-01-01", "1984-02-29T00:00Z", "1984‐2-2"]
        {
            assert_eq!(Date::parse(text).unwrap_err().code, "bad_date", "{text}");
        }
        assert!(Date::from_parts(2026, 300, 1).is_err());
        assert!(Date::from_parts(-5, 1, 1).is_err());
    }

    #[test]
    fn a_day_starts_at_midnight() {
        assert_eq!(Date::parse("1970-01-03").unwrap().start_utc().day(), 2);
        assert_eq!(Date::parse("1969-12-31").unwrap().start_utc().day(), -1);
        assert_eq!(Date::parse("0000-01-01").unwrap().start_utc(), Timestamp::MIN);
    }

    #[test]
    fn a_day_of_a_zone_is_as_long_as_its_clocks_make_it() {
        let zone = ZoneName::parse("Europe/London").unwrap();
        let start = |text: &str| Date::parse(text).unwrap().start_in(&zone).to_string();
        assert_eq!(start("2026-03-29"), "2026-03-29T00:00:00.000Z");
        assert_eq!(start("2026-03-30"), "2026-03-29T23:00:00.000Z");
        assert_eq!(Date::parse("2026-12-31").unwrap().next().to_string(), "2027-01-01");
        assert_eq!(Date::parse("9999-12-31").unwrap().next().to_string(), "9999-12-31");
    }
}
