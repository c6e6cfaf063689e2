//! Where deliveries go: an address that somebody gave, read once and by one reader.

use std::net::IpAddr;

use url::{Host, Url};

use crate::fault::Fault;

/// How long an address may be, in bytes.
pub const TARGET_MAX: usize = 2_000;

/// What stands for a query that is not shown: receivers put secrets there.
const MASK: &str = "?***";

/// An http or https address without user and password. What it is shown as has no query.
#[derive(Clone, PartialEq, Eq)]
pub struct Target(Url);

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.masked())
    }
}

impl Target {
    /// Reads an address as browsers do, so that a number such as `http://2130706433/` is the address that it means.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if text.len() > TARGET_MAX {
            return Err(Fault::new("too_long", format!("Send at most {TARGET_MAX} bytes.")));
        }
        let bad = |detail: &'static str| Fault::new("bad_url", detail);
        let mut url = Url::parse(text).map_err(|_| bad("Send a whole URL, such as https://example.com/hook."))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(bad("Send a URL that begins with https://."));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("Leave user and password out of the URL; put a secret into its query."));
        }
        if url.host().is_none() || url.port() == Some(0) {
            return Err(bad("Send a whole URL, such as https://example.com/hook."));
        }
        url.set_fragment(None);
        Ok(Self(url))
    }

    /// Puts together what was stored apart.
    pub fn from_stored(base: &str, query: Option<&str>) -> Result<Self, Fault> {
        let mut target = Self::parse(base)?;
        target.0.set_query(query);
        Ok(target)
    }

    /// The address without its query.
    pub fn base(&self) -> String {
        let mut url = self.0.clone();
        url.set_query(None);
        url.into()
    }

    /// Its query, which may hold a secret.
    pub fn query(&self) -> Option<&str> {
        self.0.query()
    }

    /// The address as it is shown.
    pub fn masked(&self) -> String {
        mask(&self.base(), self.0.query().is_some())
    }

    /// Whether it is encrypted.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The host's name, or its address in the form of a URL.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The address, if the host is one.
    pub fn address(&self) -> Option<IpAddr> {
        match self.0.host()? {
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
            Host::Domain(_) => None,
        }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(443)
    }

    /// What the `Host` header says: the port only where it is not the scheme's own.
    pub fn authority(&self) -> String {
        self.0.port().map_or_else(|| self.host().to_owned(), |port| format!("{}:{port}", self.host()))
    }

    /// Path and query, as a request names them.
    pub fn path_and_query(&self) -> String {
        self.0.query().map_or_else(|| self.0.path().to_owned(), |query| format!("{}?{query}", self.0.path()))
    }
}

/// An address as it is shown, from its two parts.
pub fn mask(base: &str, has_query: bool) -> String {
    if has_query { format!("{base}{MASK}") } else { base.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn a_query_is_kept_and_not_shown() {
        let target = Target::parse("https://example.com:8443/a%20b?token=s3cret#part").unwrap();
        assert_eq!(target.masked(), "https://example.com:8443/a%20b?***");
        assert_eq!(target.path_and_query(), "/a%20b?token=s3cret");
        assert_eq!((target.authority().as_str(), target.port()), ("example.com:8443", 8443));
        assert!(!format!("{target:?}").contains("s3cret"));
        let again = Target::from_stored(&target.base(), target.query()).unwrap();
        assert_eq!(again, target);
        assert_eq!(Target::parse("https://example.com").unwrap().masked(), "https://example.com/");
    }

    #[test]
    fn every_spelling_of_an_address_is_that_address() {
        for text in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f000001",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://%31%32%37.0.0.1/",
            "http://127。0。0。1/",
            "http://127.0.0.1./",
        ] {
            assert_eq!(Target::parse(text).unwrap().address(), "127.0.0.1".parse().ok(), "{text}");
        }
        assert_eq!(Target::parse("https://[::ffff:7f00:1]/").unwrap().address(), "::ffff:127.0.0.1".parse().ok());
    }

    #[test]
    fn what_is_no_address_for_a_delivery_is_refused() {
        let long = format!("https://example.com/{}", "a".repeat(2_000));
        for text in [
            "",
            "example.com",
            "/hook",
            "ftp://example.com/",
            "file:///etc/passwd",
            "https://",
            "https://a:b@example.com/",
            "https://a@example.com/",
            "https://example.com:0/",
            "gopher://127.0.0.1/",
            "https://exa mple.com/",
            &long,
        ] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }
}
