//! What a proxy says of its client: the address, the scheme and the host. It is believed only from a proxy that the
//! operator named; whoever sent them, the headers go no further than here.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header, uri::Authority};
use ipnet::IpNet;

use crate::Peer;

const FORWARDED: HeaderName = header::FORWARDED;
const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// A trusted proxy said something that cannot be read; the words name the header.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) &'static str);

/// The client as the trusted proxies have it, in place of the proxy at the other end of the connection.
pub(crate) fn client(request: &mut Request, peer: Peer, trusted: &[IpNet]) -> Result<Peer, Unreadable> {
    let headers = request.headers_mut();
    let said = if is_trusted(peer.address, trusted) { Some(read(headers, trusted)?) } else { None };
    for name in [FORWARDED, FOR, PROTO, HOST] {
        headers.remove(name);
    }
    let Some(said) = said else { return Ok(peer) };
    if let Some(host) = said.host {
        headers.insert(header::HOST, host);
    }
    Ok(Peer {
        address: said.address.unwrap_or(peer.address),
        private: said.https.unwrap_or(peer.private),
        encrypted: said.https.unwrap_or(peer.encrypted),
    })
}

/// What the headers say, where they say it.
#[derive(Debug, Default)]
struct Said {
    address: Option<IpAddr>,
    https: Option<bool>,
    host: Option<HeaderValue>,
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|range| range.contains(&address))
}

/// Reads both forms. A proxy writes one of them and may pass on the other as its client sent it: where both are there,
/// they have to agree.
fn read(headers: &HeaderMap, trusted: &[IpNet]) -> Result<Said, Unreadable> {
    let standard = read_forwarded(headers, trusted)?;
    let usual = read_usual(headers, trusted)?;
    let address = match (standard.address, usual.address) {
        (Some(one), Some(other)) if one != other => {
            return Err(Unreadable("Forwarded and X-Forwarded-For name different clients"));
        }
        (one, other) => one.or(other),
    };
    let https = [standard.https, usual.https].into_iter().flatten().reduce(|one, other| one && other);
    Ok(Said { address, https, host: usual.host.or(standard.host) })
}

/// RFC 7239. An element is one proxy's word, the nearest proxy's last.
fn read_forwarded(headers: &HeaderMap, trusted: &[IpNet]) -> Result<Said, Unreadable> {
    const WRONG: Unreadable = Unreadable("Forwarded");
    let elements = listed(headers, &FORWARDED).ok_or(WRONG)?;
    let mut said = Said::default();
    for element in elements.iter().rev() {
        let parameter = |wanted: &str| {
            let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
            let mut found = pairs.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.next().map(|(_, value)| value.trim_matches('"'))
        };
        let address = parameter("for").and_then(parse_address).ok_or(WRONG)?;
        said.address = Some(address);
        said.https = parameter("proto").map(|proto| proto.eq_ignore_ascii_case("https")).or(said.https);
        if let Some(host) = parameter("host") {
            said.host = Some(parse_host(host).ok_or(WRONG)?);
        }
        if !is_trusted(address, trusted) {
            break;
        }
    }
    Ok(said)
}

/// The headers that came before the standard.
fn read_usual(headers: &HeaderMap, trusted: &[IpNet]) -> Result<Said, Unreadable> {
    let mut address = None;
    for entry in listed(headers, &FOR).ok_or(Unreadable("X-Forwarded-For"))?.iter().rev() {
        let one = parse_address(entry.trim_matches('"')).ok_or(Unreadable("X-Forwarded-For"))?;
        address = Some(one);
        if !is_trusted(one, trusted) {
            break;
        }
    }
    let schemes = listed(headers, &PROTO).ok_or(Unreadable("X-Forwarded-Proto"))?;
    // A client may have sent the first of several: they have to agree that it is https.
    let https = (!schemes.is_empty()).then(|| schemes.iter().all(|scheme| scheme.eq_ignore_ascii_case("https")));
    let hosts = listed(headers, &HOST).ok_or(Unreadable("X-Forwarded-Host"))?;
    let host = hosts.last().map(|host| parse_host(host).ok_or(Unreadable("X-Forwarded-Host"))).transpose()?;
    Ok(Said { address, https, host })
}

/// The entries of a header over all its lines; `None` when one is no text.
fn listed<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<Vec<&'h str>> {
    let mut entries = Vec::new();
    for line in headers.get_all(name) {
        entries.extend(line.to_str().ok()?.split(',').map(str::trim).filter(|entry| !entry.is_empty()));
    }
    Some(entries)
}

/// An address, with or without a port and brackets. One of IPv4 in the clothes of IPv6 is taken out of them.
fn parse_address(text: &str) -> Option<IpAddr> {
    let bare = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            (port.is_empty() || is_port(port)).then_some(address)?
        }
        // One colon stands before a port, several belong to IPv6.
        None if text.matches(':').count() == 1 => {
            let (address, _) = text.split_once(':').filter(|(address, _)| is_port(&text[address.len()..]))?;
            address
        }
        None => text,
    };
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
}

fn parse_host(text: &str) -> Option<HeaderValue> {
    let host: Authority = text.parse().ok()?;
    if host.as_str().contains('@') { None } else { HeaderValue::from_str(host.as_str()).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Lines<'l> = &'l [(&'l str, &'l str)];

    fn asked(from: &str, lines: Lines) -> (Result<Peer, Unreadable>, Request) {
        let trusted: Vec<IpNet> =
            ["10.0.0.0/8", "127.0.0.1/32", "fd00::/8"].iter().map(|range| range.parse().unwrap()).collect();
        let mut request = Request::builder().uri("/").header("host", "inner");
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        let mut request = request.body(axum::body::Body::empty()).unwrap();
        let peer = Peer { address: from.parse().unwrap(), private: false, encrypted: false };
        (client(&mut request, peer, &trusted), request)
    }

    fn address(from: &str, lines: Lines) -> String {
        asked(from, lines).0.map_or_else(|error| error.0.to_owned(), |peer| peer.address.to_string())
    }

    #[test]
    fn the_client_is_the_last_that_is_no_trusted_proxy() {
        let table: [(&str, Lines, &str); 16] = [
            ("192.0.2.9", &[("x-forwarded-for", "198.51.100.1")], "192.0.2.9"),
            ("192.0.2.9", &[("forwarded", "for=198.51.100.1")], "192.0.2.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &[("x-forwarded-for", "198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", &[("x-forwarded-for", "1.1.1.1, 198.51.100.1, 10.0.0.2")], "198.51.100.1"),
            ("10.0.0.1", &[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", &[("x-forwarded-for", "10.0.0.3, 10.0.0.2")], "10.0.0.3"),
            ("10.0.0.1", &[("x-forwarded-for", "::ffff:198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", &[("x-forwarded-for", "[2001:db8::1]:443")], "2001:db8::1"),
            ("10.0.0.1", &[("x-forwarded-for", "198.51.100.1:5000")], "198.51.100.1"),
            ("10.0.0.1", &[("forwarded", "for=1.1.1.1, for=\"[2001:db8::1]:80\";proto=https")], "2001:db8::1"),
            ("10.0.0.1", &[("forwarded", "For=198.51.100.1, for=10.0.0.2")], "198.51.100.1"),
            // What stands left of the client is the client's own word, and is not even read.
            ("10.0.0.1", &[("x-forwarded-for", "rubbish, 198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", &[("x-forwarded-for", "198.51.100.1, rubbish")], "X-Forwarded-For"),
            ("10.0.0.1", &[("forwarded", "for=unknown")], "Forwarded"),
            ("10.0.0.1", &[("forwarded", "proto=https")], "Forwarded"),
        ];
        for (from, lines, expected) in table {
            assert_eq!(address(from, lines), expected, "{from} {lines:?}");
        }
    }

    #[test]
    fn two_forms_that_disagree_are_refused() {
        let lines = |client| [("forwarded", client), ("x-forwarded-for", "198.51.100.1")];
        assert!(address("10.0.0.1", &lines("for=1.1.1.1")).contains("different clients"));
        assert_eq!(address("10.0.0.1", &lines("for=198.51.100.1")), "198.51.100.1");
    }

    #[test]
    fn the_scheme_is_https_only_if_all_say_so() {
        let private = |from: &str, lines: &[(&str, &str)]| asked(from, lines).0.unwrap().private;
        assert!(private("10.0.0.1", &[("x-forwarded-proto", "https")]));
        assert!(!private("10.0.0.1", &[("x-forwarded-proto", "http")]));
        assert!(!private("10.0.0.1", &[("x-forwarded-proto", "https, http")]));
        assert!(!private("10.0.0.1", &[("x-forwarded-proto", "http, https")]));
        assert!(!private("192.0.2.9", &[("x-forwarded-proto", "https")]), "nobody else is believed");
        assert!(private("10.0.0.1", &[("forwarded", "for=1.1.1.1;proto=https, for=10.0.0.2;proto=http")]));
        let both = [("forwarded", "for=1.1.1.1;proto=https"), ("x-forwarded-proto", "http")];
        assert!(!private("10.0.0.1", &both));
    }

    #[test]
    fn the_host_is_taken_over_and_the_headers_go_no_further() {
        let lines =
            [("x-forwarded-host", "leads.example.com"), ("x-forwarded-for", "1.1.1.1"), ("forwarded", "for=1.1.1.1")];
        for (from, host) in [("10.0.0.1", "leads.example.com"), ("192.0.2.9", "inner")] {
            let (_, request) = asked(from, &lines);
            assert_eq!(request.headers()["host"], host);
            assert_eq!(request.headers().len(), 1, "{:?}", request.headers().keys().collect::<Vec<_>>());
        }
        assert_eq!(asked("10.0.0.1", &[("x-forwarded-host", "a@b")]).0.unwrap_err(), Unreadable("X-Forwarded-Host"));
    }
}
