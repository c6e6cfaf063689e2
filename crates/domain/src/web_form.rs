//! Forms on web pages: the pages that may post, and where a post may lead on to.

use std::fmt::Write;

use crate::account::Host;
use crate::fault::Fault;

/// Bytes that an address to lead on to may have.
const TARGET_MAX: usize = 2_048;

/// The origin of a page, as browsers send it: `https://www.example.com`, with a port that is not the scheme's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Reads scheme, host and port, of either http or https.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let form = || Fault::new("bad_origin", "Give an origin such as https://www.example.com, without a path.");
        let lower = text.trim().to_ascii_lowercase();
        let (scheme, authority) = lower.split_once("://").ok_or_else(form)?;
        let own = own_port(scheme).ok_or_else(form)?;
        let (host, port) = split_port(authority.strip_suffix('/').unwrap_or(authority)).ok_or_else(form)?;
        let host = Host::parse(host).map_err(|_| form())?;
        match port.filter(|port| *port != own) {
            Some(port) => Ok(Self(format!("{scheme}://{host}:{port}"))),
            None => Ok(Self(format!("{scheme}://{host}"))),
        }
    }

    /// The origin of an address, such as a `Referer`.
    pub fn of_address(address: &str) -> Option<Self> {
        let (scheme, rest) = address.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        Self::parse(&format!("{scheme}://{authority}")).ok()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

as_text!(Origin);

fn own_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// Host and port of an authority without a user part.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    match authority.split_once(':') {
        None => Some((authority, None)),
        Some((host, port)) => Some((host, Some(port.parse().ok()?))),
    }
}

/// The address that a post leads on to, if its host is one of those that are allowed: http or https, without a user
/// part. What cannot stand in a header is escaped, and nothing is added.
pub fn target(address: &str, hosts: &[String]) -> Option<String> {
    let address = address.trim();
    let (scheme, rest) = address.split_once("://")?;
    own_port(&scheme.to_ascii_lowercase())?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // Browsers read a backslash as a slash, and leave control characters out.
    let plain = !address.contains('\\') && !authority.contains('@');
    let (host, _) = split_port(authority)?;
    let host = host.to_ascii_lowercase();
    let allowed = plain && !address.contains(char::is_control) && hosts.contains(&host);
    let escaped = escape(address);
    (allowed && escaped.len() <= TARGET_MAX).then_some(escaped)
}

fn escape(address: &str) -> String {
    let mut escaped = String::with_capacity(address.len());
    for byte in address.bytes() {
        if byte.is_ascii_graphic() {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("a String takes all that is written");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{Origin, target};

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for (text, origin) in [
            ("https://www.Example.com", "https://www.example.com"),
            ("HTTPS://www.example.com:443/", "https://www.example.com"),
            ("http://localhost:8080", "http://localhost:8080"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().as_str(), origin, "{text}");
        }
        for text in
            ["", "null", "*", "www.example.com", "https://", "https://a.com/x", "ftp://a.com", "https://u@a.com"]
        {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
        let referer = Origin::of_address("https://www.example.com/quote?x=1").unwrap();
        assert_eq!(referer.as_str(), "https://www.example.com");
    }

    #[test]
    fn a_post_leads_on_to_allowed_hosts_alone() {
        let hosts = ["www.example.com".to_owned()];
        for (address, led) in [
            ("https://www.example.com/thanks?a=1#x", "https://www.example.com/thanks?a=1#x"),
            ("HTTP://WWW.example.com:8080", "HTTP://WWW.example.com:8080"),
            ("https://www.example.com/thank you/é", "https://www.example.com/thank%20you/%C3%A9"),
            ("https://www.example.com/?to=a@b.com", "https://www.example.com/?to=a@b.com"),
        ] {
            assert_eq!(target(address, &hosts).as_deref(), Some(led), "{address}");
        }
        for address in [
            "",
            "/thanks",
            "//www.example.com/",
            "javascript://www.example.com/%0aalert(1)",
            "https://evil.example/",
            "https://www.example.com.evil.example/",
            "https://www.example.com@evil.example/",
            "https://evil.example\\@www.example.com/",
            "https://evil.example\\.www.example.com/",
            "https://user@www.example.com/",
            "https://www.example.com\\@evil.example/",
            "https://www.exa\tmple.com/",
            "https://www.example.com/\r\nSet-Cookie: a=b",
            "https:/www.example.com/",
            "https:www.example.com/",
        ] {
            assert_eq!(target(address, &hosts), None, "{address}");
        }
    }
}
