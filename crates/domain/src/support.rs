//! Where people of a server's accounts get help: what its operator configures.

use crate::contact::Email;
use crate::fault::Fault;
use crate::text::{TEXT_MAX, check_text};

/// An e-mail address or a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SupportContact {
    /// An e-mail address.
    Email(Email),
    /// The address of a page, http or https.
    Page(String),
}

impl SupportContact {
    /// Reads an e-mail address, or an address that begins with `https://` or `http://`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let clean = check_text(text, TEXT_MAX).is_ok() && !text.contains(char::is_whitespace);
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        match host {
            Some(host) if clean && host.starts_with(char::is_alphanumeric) => Ok(Self::Page(text.to_owned())),
            Some(_) => Err(bad()),
            None => Email::parse(text).map(Self::Email).map_err(|_| bad()),
        }
    }

    /// What a link to it is.
    pub fn href(&self) -> String {
        match self {
            Self::Email(email) => format!("mailto:{}", email.as_str()),
            Self::Page(address) => address.clone(),
        }
    }

    /// How it is shown.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(email) => email.as_str(),
            Self::Page(address) => address,
        }
    }
}

fn bad() -> Fault {
    Fault::new("bad_choice", "Write an e-mail address, or a page such as https://support.example.com.")
}

#[cfg(test)]
mod tests {
    use super::SupportContact;

    #[test]
    fn an_e_mail_address_or_a_page_and_nothing_that_runs() {
        let href = |text: &str| SupportContact::parse(text).map(|contact| contact.href());
        assert_eq!(href(" help@example.com ").unwrap(), "mailto:help@example.com");
        assert_eq!(href("https://support.example.com/x?y=1").unwrap(), "https://support.example.com/x?y=1");
        for bad in
            ["", "help", "javascript:alert(1)", "https://", "https:// x", "data:text/html,x", "ftp://example.com"]
        {
            assert!(href(bad).is_err(), "{bad}");
        }
    }
}
