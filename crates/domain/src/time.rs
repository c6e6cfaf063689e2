//! Points in time, calendar dates, and the clock that everything asks.

mod clock;
mod date;

use std::{fmt, time::Duration};

use jiff::tz::Offset;
use serde::{Serialize, Serializer};

pub use self::{clock::Clock, date::Date};
use crate::fault::Fault;

const MICROS_PER_DAY: i64 = 86_400_000_000;
/// The length of `2026-01-31T23:59:59.999Z`.
const TEXT_LEN: usize = 24;
/// What a text without any date in it looks like, so that only bytes that change need writing.
const TEMPLATE: [u8; TEXT_LEN] = *b"0000-00-00T00:00:00.000Z";

/// A point in time, in microseconds since 1970-01-01 UTC.
///
/// It lies within the years 0 to 9999, which RFC 3339 can write: whatever would lie outside is moved to the nearer end,
/// so that `plus` a very long limit means "never" and not an overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The first moment of the year 0.
    pub const MIN: Self = Self(-62_167_219_200_000_000);
    /// The last moment that every time zone can still write as a date of the year 9999.
    pub const MAX: Self = Self(253_402_207_200_000_000 - 1);

    /// The moment `micros` microseconds after 1970-01-01 UTC.
    pub const fn from_micros(micros: i64) -> Self {
        if micros < Self::MIN.0 {
            Self::MIN
        } else if micros > Self::MAX.0 {
            Self::MAX
        } else {
            Self(micros)
        }
    }

    /// Microseconds since 1970-01-01 UTC, as the store keeps them.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The moment `span` later.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self::from_micros(self.0.saturating_add(micros_of(span)))
    }

    /// The moment `span` earlier.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self::from_micros(self.0.saturating_sub(micros_of(span)))
    }

    /// Whole days since 1970-01-01, by the calendar of UTC; negative before it.
    pub const fn day(self) -> i64 {
        self.0.div_euclid(MICROS_PER_DAY)
    }

    /// Reads RFC 3339 with any offset, or a plain date, which means the start of that day in UTC.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        if let Ok(date) = Date::parse(text) {
            return Ok(date.start_utc());
        }
        let moment: jiff::Timestamp = text.parse().map_err(|_| {
            Fault::new("bad_time", "Write a time such as 2026-01-31T14:05:00Z, or a date such as 2026-01-31.")
        })?;
        Ok(Self::from_micros(moment.as_microsecond()))
    }

    /// RFC 3339 text in a buffer on the stack: every lead shows several times, so none of them may allocate.
    fn text(self) -> [u8; TEXT_LEN] {
        let moment = jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::MAX);
        let civil = Offset::UTC.to_datetime(moment);
        let mut text = TEMPLATE;
        date::write(&mut text, civil.date());
        digits(&mut text[11..13], civil.hour().unsigned_abs().into());
        digits(&mut text[14..16], civil.minute().unsigned_abs().into());
        digits(&mut text[17..19], civil.second().unsigned_abs().into());
        digits(&mut text[20..23], civil.millisecond().unsigned_abs());
        text
    }
}

/// As microseconds, as many as fit.
fn micros_of(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// Fills `place` with the decimal digits of `value`, zeros in front.
fn digits(place: &mut [u8], mut value: u16) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + u8::try_from(value % 10).unwrap_or_default();
        value /= 10;
    }
}

/// The buffers here hold ASCII digits and signs alone.
fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds; what is finer is cut off.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ascii(&self.text()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(ascii(&self.text()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prints_rfc_3339_with_milliseconds() {
        assert_eq!(Timestamp::from_micros(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_micros(1_785_500_589_123_999).to_string(), "2026-07-31T12:23:09.123Z");
        assert_eq!(Timestamp::from_micros(-1).to_string(), "1969-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::from_micros(i64::MIN).to_string(), "0000-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_micros(i64::MAX).to_string(), "9999-12-30T21:59:59.999Z");
        assert_eq!(serde_json::to_string(&Timestamp::from_micros(1)).unwrap(), r#""1970-01-01T00:00:00.000Z""#);
    }

    #[test]
    fn reads_offsets_and_plain_dates() {
        let noon = Timestamp::parse("2026-07-31T12:00:00Z").unwrap();
        for text in [
            "2026-07-31T13:00:00+01:00",
            "2026-07-31T12:00:00.000Z",
            " 2026-07-31t07:00:00-05:00 ",
            "2026-07-31 12:00:00Z",
        ] {
            assert_eq!(Timestamp::parse(text), Ok(noon), "{text}");
        }
        assert_eq!(Timestamp::parse("2026-07-31").unwrap().to_string(), "2026-07-31T00:00:00.000Z");
    }

    #[test]
    fn refuses_what_is_no_moment() {
        for text in ["", "yesterday", "2026-07-31T12:00:00", "2026-02-30", "31/07/2026", "1785500589"] {
            assert_eq!(Timestamp::parse(text).unwrap_err().code, "bad_time", "{text}");
        }
    }

    #[test]
    fn counts_days_and_adds() {
        assert_eq!(Timestamp::from_micros(0).day(), 0);
        assert_eq!(Timestamp::from_micros(-1).day(), -1);
        assert_eq!(Timestamp::from_micros(0).plus(Duration::from_hours(49)).day(), 2);
        assert_eq!(Timestamp::from_micros(5).minus(Duration::from_micros(5)), Timestamp::from_micros(0));
        assert_eq!(Timestamp::from_micros(0).plus(Duration::MAX), Timestamp::MAX);
    }

    proptest! {
        #[test]
        fn round_trips_to_the_millisecond(millis in Timestamp::MIN.0 / 1000..=Timestamp::MAX.0 / 1000) {
            let moment = Timestamp::from_micros(millis * 1000);
            prop_assert_eq!(Timestamp::parse(&moment.to_string()), Ok(moment));
        }

        #[test]
        fn prints_as_jiff_prints(micros in Timestamp::MIN.0..=Timestamp::MAX.0) {
            let theirs = format!("{:.3}", jiff::Timestamp::from_microsecond(micros.div_euclid(1000) * 1000).unwrap());
            prop_assert_eq!(Timestamp::from_micros(micros).to_string(), theirs);
        }
    }
}
