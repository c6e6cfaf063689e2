//! E-mail addresses and telephone numbers: kept as given, with a twin for look-ups.

use phonenumber::Mode;

use crate::account::Country;
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

/// A telephone number that could be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone(String);

impl Phone {
    /// Refuses only what cannot be a number: letters, under 6 or over 15 digits. No numbering plan is asked, since plans
    /// change faster than software.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let number = without_extension(text);
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        let known = |c: char| c.is_ascii_digit() || c.is_whitespace() || "+-().,/".contains(c);
        if number.chars().all(known) && (6..=15).contains(&digits) && text.len() <= 60 {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::new("bad_phone", "Send a number of 6 to 15 digits, such as 020 7946 0000 or +44 20 7946 0000."))
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn without_extension(text: &str) -> &str {
    let lower = text.to_ascii_lowercase();
    let cut = ["ext", "x", "#"].iter().filter_map(|mark| lower.find(mark)).min();
    match cut {
        Some(at) if at > 0 && lower[at..].bytes().any(|byte| byte.is_ascii_digit()) && is_extension(&lower[at..]) => {
            &text[..at]
        }
        _ => text,
    }
}

fn is_extension(tail: &str) -> bool {
    let tail = tail.trim_start_matches("ext").trim_start_matches(['x', '#', '.']);
    tail.chars().all(|c| c.is_ascii_digit() || c.is_whitespace())
}

/// The form in which two spellings are the same number, national or international, dialled in a country.
pub fn phone_twin(text: &str, country: &Country) -> String {
    let number = without_extension(text.trim()).replace("(0)", "");
    let number = number.strip_prefix("00").map_or_else(|| number.clone(), |rest| format!("+{rest}"));
    match phonenumber::parse(Some(country.id()), &number) {
        Ok(parsed) => parsed.format().mode(Mode::E164).to_string(),
        Err(_) => number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Email, Phone, phone_twin};
    use crate::account::Country;

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

    #[test]
    fn every_spelling_of_a_number_has_one_twin() {
        let spellings =
            ["020 7946 0000", "+44 20 7946 0000", "0044 20 7946 0000", "+44 (0)20 7946 0000", "02079460000"];
        for text in spellings {
            assert!(Phone::parse(text).is_ok(), "{text}");
            assert_eq!(phone_twin(text, &Country::default()), "+442079460000", "{text}");
        }
    }

    #[test]
    fn only_what_cannot_be_a_number_is_refused() {
        for text in ["07700 900123 x12", "(01632) 960001", "999999"] {
            assert!(Phone::parse(text).is_ok(), "{text}");
        }
        for text in ["12345", "call me", "1234567890123456", "0800 FLOWERS"] {
            assert!(Phone::parse(text).is_err(), "{text}");
        }
    }
}
