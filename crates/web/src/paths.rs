//! Addresses that are made in more than one place.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What of a value in a query is escaped.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// To the sign-in, and back from there.
pub(crate) fn sign_in(back: &str) -> String {
    with_next("/sign-in", back)
}

/// To where the password is asked again, and back from there.
pub(crate) fn confirm(back: &str) -> String {
    with_next("/confirm", back)
}

/// To where the code of the authenticator app is asked for.
pub(crate) fn code(back: &str) -> String {
    with_next("/sign-in/code", back)
}

/// Where an invitation, or a link for a new password, leads.
pub(crate) fn link(token: &str) -> String {
    format!("/link/{token}")
}

/// Where the first admin's link leads.
pub fn start(token: &str) -> String {
    format!("/start/{token}")
}

fn with_next(path: &str, back: &str) -> String {
    with_query(path, Some(("next", back)).filter(|_| back != "/"))
}

/// A value of a query.
fn escape(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// An address with a query.
pub(crate) fn with_query<N: AsRef<str>, V: AsRef<str>>(path: &str, pairs: impl IntoIterator<Item = (N, V)>) -> String {
    let pair = |(name, value): (N, V)| format!("{}={}", name.as_ref(), escape(value.as_ref()));
    let pairs: Vec<_> = pairs.into_iter().map(pair).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// Where to go on, if that is a page of this server: a path, and nothing that a browser takes for another host.
pub(crate) fn next(text: Option<&str>) -> String {
    let own = |text: &&str| {
        let second = text.as_bytes().get(1);
        text.starts_with('/')
            && !matches!(second, Some(b'/' | b'\\'))
            && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    text.filter(own).unwrap_or("/").to_owned()
}

#[cfg(test)]
mod tests {
    use super::{next, sign_in};

    #[test]
    fn the_way_back_leads_to_no_other_host() {
        assert_eq!(next(Some("/settings?x=1&y=%20")), "/settings?x=1&y=%20");
        for text in
            ["//evil.example", "/\\evil.example", "https://evil.example", "", "evil", "/\t/evil.example", "/\r\n"]
        {
            assert_eq!(next(Some(text)), "/", "{text:?}");
        }
        assert_eq!(sign_in("/a?b=c&d"), "/sign-in?next=%2Fa%3Fb%3Dc%26d");
    }
}
