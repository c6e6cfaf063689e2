//! The settings that an account is made with.

use std::str::FromStr;

use crate::fault::Fault;
use crate::time::Timestamp;

macro_rules! setting {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        as_text!($name);
    };
}

setting! {
    /// An account's short name in commands and addresses.
    Slug
}
setting! {
    /// A country by its two letters (ISO 3166-1): where numbers without a country code are dialled.
    Country
}
setting! {
    /// A time zone of the IANA database: the zone of the account's days.
    ZoneName
}
setting! {
    /// A currency by its three letters (ISO 4217).
    CurrencyCode
}
setting! {
    /// A host name that belongs to one account.
    Host
}

impl Slug {
    /// 1 to 63 lower-case letters, digits and hyphens, as in a host name.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if is_label(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::new("bad_slug", "Use 1 to 63 lower-case letters, digits and hyphens, with no hyphen at an end."))
    }
}

fn is_label(text: &str) -> bool {
    let known = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    known && (1..=63).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-')
}

impl Country {
    /// Two letters of a country that telephone numbers are known for.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let upper = text.trim().to_ascii_uppercase();
        if upper.len() == 2 && phonenumber::country::Id::from_str(&upper).is_ok() {
            return Ok(Self(upper));
        }
        Err(Fault::new("bad_country", "Give two letters of a country, such as GB."))
    }

    pub(crate) fn id(&self) -> phonenumber::country::Id {
        phonenumber::country::Id::from_str(&self.0).unwrap_or(phonenumber::country::GB)
    }
}

impl Default for Country {
    fn default() -> Self {
        Self("GB".into())
    }
}

impl ZoneName {
    /// A name such as `Europe/London`, whatever its case; kept as the database spells it. `Etc/Unknown` is no zone.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let zone = jiff::tz::TimeZone::get(text.trim()).ok().filter(|zone| !zone.is_unknown());
        let name = zone.as_ref().and_then(|zone| zone.iana_name());
        name.map(|name| Self(name.to_owned()))
            .ok_or_else(|| Fault::new("bad_time_zone", "Give a time zone such as Europe/London."))
    }
}

impl ZoneName {
    /// A time as the zone's clocks show it: `YYYY-MM-DD HH:MM:SS`.
    pub fn civil(&self, at: Timestamp) -> String {
        let zone = jiff::tz::TimeZone::get(&self.0).unwrap_or(jiff::tz::TimeZone::UTC);
        let moment = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or_default();
        zone.to_datetime(moment).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

impl CurrencyCode {
    /// Three letters.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let upper = text.trim().to_ascii_uppercase();
        if upper.len() == 3 && upper.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Ok(Self(upper));
        }
        Err(Fault::new("bad_currency", "Give three letters of a currency, such as GBP."))
    }
}

impl Host {
    /// A host name without port.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let lower = text.trim().to_ascii_lowercase();
        if lower.len() <= 253 && lower.split('.').all(is_label) {
            return Ok(Self(lower));
        }
        Err(Fault::new("bad_host", "Give a host name such as leads.example.com, without scheme and port."))
    }
}

#[cfg(test)]
mod tests {
    use super::{Country, CurrencyCode, Host, Slug, ZoneName};

    #[test]
    fn settings_are_checked() {
        assert!(Slug::parse("acme-2").is_ok());
        for text in ["", "Acme", "-acme", "acme-", "a_b", "ac me"] {
            assert!(Slug::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(Country::parse("gb").unwrap().as_str(), "GB");
        assert!(Country::parse("XX").is_err());
        for (text, name) in
            [("Europe/London", "Europe/London"), ("america/NEW_YORK", "America/New_York"), ("utc", "UTC")]
        {
            assert_eq!(ZoneName::parse(text).unwrap().as_str(), name);
        }
        for text in ["Europe/Atlantis", "Etc/Unknown", "etc/unknown", "", "../../etc/passwd"] {
            assert!(ZoneName::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(CurrencyCode::parse("eur").unwrap().as_str(), "EUR");
        assert!(Host::parse("leads.example.com").is_ok());
        assert!(Host::parse("https://x").is_err());
    }
}
