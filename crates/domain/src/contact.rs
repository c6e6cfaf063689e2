//! E-mail addresses and telephone numbers: kept as given, with a twin for look-ups.

mod numbering;
mod phone;

pub use self::phone::{Phone, phone_twin};
use crate::fault::Fault;

/// An e-mail address of good form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Checks the form: one `@` with something before it and a domain with a dot behind.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let formed = text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && is_domain(domain));
        let clean = !text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ','));
        if formed && clean && text.len() <= 254 {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::new("bad_email", "Send one address such as ann@example.com."))
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which two spellings are the same address.
    pub fn twin(&self) -> String {
        self.0.to_lowercase()
    }
}

fn is_domain(domain: &str) -> bool {
    !domain.contains('@') && domain.contains('.') && domain.split('.').all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::Email;

    #[test]
    fn emails_of_good_form_are_kept_as_given() {
        for text in ["Ann.Lee+x@Example.co.uk", "jörg@müller.de", "o'brien@example.ie"] {
            assert_eq!(Email::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(Email::parse("Ann@Example.COM").unwrap().twin(), "ann@example.com");
        for text in ["", "ann", "ann@", "@example.com", "ann@example", "a b@example.com", "a@b@example.com", "a@b..c"] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
    }
}
