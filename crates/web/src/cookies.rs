//! The cookies of the pages. Over https their names begin with `__Host-`: no other host, and no plain connection, can set
//! one in their place.

use axum::http::{HeaderMap, HeaderValue, header};

/// Those that there are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cookie {
    /// Who is signed in.
    Session,
    /// What forms are known by before anybody is signed in.
    Visit,
    /// What the next page says once.
    Note,
    /// How the pages look; the script of the page sets it.
    Theme,
}

impl Cookie {
    fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-leadlatch",
            (Self::Session, false) => "leadlatch",
            (Self::Visit, true) => "__Host-leadlatch-visit",
            (Self::Visit, false) => "leadlatch-visit",
            (Self::Note, true) => "__Host-leadlatch-note",
            (Self::Note, false) => "leadlatch-note",
            (Self::Theme, _) => "leadlatch-theme",
        }
    }

    /// Its value in a request.
    pub(crate) fn read(self, headers: &HeaderMap, https: bool) -> Option<&str> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == self.name(https)).map(|(_, value)| value)
    }

    /// The header that sets it until the browser is closed; the server ends what it opens long before that.
    pub(crate) fn set(self, value: &str, https: bool) -> Option<HeaderValue> {
        self.header(value, "", https)
    }

    /// The header that takes it away.
    pub(crate) fn clear(self, https: bool) -> Option<HeaderValue> {
        self.header("", "; Max-Age=0", https)
    }

    fn header(self, value: &str, age: &str, https: bool) -> Option<HeaderValue> {
        let secure = if https { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", self.name(https));
        HeaderValue::from_str(&text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Cookie;
    use axum::http::{HeaderMap, HeaderValue, header};

    #[test]
    fn over_https_only_the_name_that_no_other_host_can_set_is_read() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=b; leadlatch=plain"));
        headers.append(header::COOKIE, HeaderValue::from_static("__Host-leadlatch=secure"));
        assert_eq!(Cookie::Session.read(&headers, true), Some("secure"));
        assert_eq!(Cookie::Session.read(&headers, false), Some("plain"));
        assert_eq!(Cookie::Visit.read(&headers, true), None);
    }

    #[test]
    fn flags_are_those_of_the_connection() {
        let https = Cookie::Session.set("x", true).unwrap();
        assert_eq!(https, "__Host-leadlatch=x; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(Cookie::Note.clear(false).unwrap(), "leadlatch-note=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    }
}
