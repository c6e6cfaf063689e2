//! Telephone numbers as people write them.

use super::numbering;
use crate::account::Country;
use crate::fault::Fault;
use crate::text::{TEXT_MAX, check_text};

/// Fewer digits are no subscriber's number.
const DIGITS_MIN: usize = 6;
/// More digits than any number of the world has.
const DIGITS_MAX: usize = 15;
/// Digits of an extension behind a switchboard.
const EXTENSION_MAX: usize = 7;
/// What stands before an extension. The longest first, so that none is taken for its own beginning.
const EXTENSION_MARKS: [&str; 5] = ["extension", "extn", "ext", "x", "#"];
/// The zeros of the digits that keyboards of other scripts produce: full width, Arabic, Persian, Devanagari.
const ZEROS: [char; 4] = ['\u{ff10}', '\u{660}', '\u{6f0}', '\u{966}'];

/// A telephone number that could be one. It is refused only if it cannot be: numbering plans change faster than software.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone(String);

impl Phone {
    /// Reads a number with or without a country. A trailing extension (`x123`, `ext. 123`, `#123`) is allowed; letters,
    /// control characters, under 6 or over 15 digits are not.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        check_text(text, TEXT_MAX)?;
        let dialled = Dialled::read(text);
        if dialled.has_letters {
            return Err(fault("Send a number in digits, such as 020 7946 0000 or +44 20 7946 0000 x123."));
        }
        match dialled.len() {
            ..DIGITS_MIN => Err(fault("Send the whole number: at least 6 digits.")),
            DIGITS_MIN..=DIGITS_MAX => Ok(Self(text.to_owned())),
            _ => Err(fault("Send one number: none has more than 15 digits.")),
        }
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The form in which two spellings are the same number, national or international, dialled in a country, without the
/// extension: such as `+442079460000`. Takes any text; empty if that holds no digit.
pub fn phone_twin(text: &str, country: &Country) -> String {
    let dialled = Dialled::read(text);
    if dialled.digits.is_empty() {
        return String::new();
    }
    numbering::normal_form(&dialled.digits, dialled.international, country)
}

fn fault(detail: &'static str) -> Fault {
    Fault::new("bad_phone", detail)
}

/// What of a text would be dialled.
struct Dialled {
    international: bool,
    digits: String,
    has_letters: bool,
}

impl Dialled {
    fn read(text: &str) -> Self {
        let number = without_extension(text);
        let international = number.trim_start_matches(|c| digit(c).is_none() && c != '+' && c != '\u{ff0b}');
        let international = international.starts_with(['+', '\u{ff0b}']);
        // In `+44 (0)20` the zero is there for callers from within the country and is never dialled from outside.
        let number = if international { number.replacen("(0)", "", 1) } else { number.to_owned() };
        Self {
            international,
            digits: number.chars().filter_map(digit).collect(),
            has_letters: number.chars().any(char::is_alphabetic),
        }
    }

    /// Digits of the number itself: `00` in front is how it is dialled, not part of it.
    fn len(&self) -> usize {
        self.digits.strip_prefix("00").unwrap_or(&self.digits).len()
    }
}

/// The value of a digit of any script that we know, as an ASCII digit.
fn digit(c: char) -> Option<char> {
    if c.is_ascii_digit() {
        return Some(c);
    }
    ZEROS.into_iter().find_map(|zero| char::from_digit(u32::from(c).checked_sub(u32::from(zero))?, 10))
}

/// The text before an extension, or all of it if it ends in none.
fn without_extension(text: &str) -> &str {
    let head = text.trim_end().trim_end_matches(|c: char| c.is_ascii_digit());
    let extension = text.trim_end().len() - head.len();
    if extension == 0 || extension > EXTENSION_MAX {
        return text;
    }
    let head = head.trim_end_matches([' ', '.', ':', '=']);
    EXTENSION_MARKS.into_iter().find_map(|mark| strip_mark(head, mark)).unwrap_or(text)
}

/// Strips a mark from the end, whatever its case, unless a longer word ends in it.
fn strip_mark<'a>(head: &'a str, mark: &str) -> Option<&'a str> {
    let (before, end) = head.split_at_checked(head.len().checked_sub(mark.len())?)?;
    (end.eq_ignore_ascii_case(mark) && !before.ends_with(char::is_alphabetic)).then_some(before)
}

#[cfg(test)]
mod tests {
    use super::{Phone, phone_twin};
    use crate::account::Country;

    #[test]
    fn every_spelling_of_a_number_has_one_twin() {
        for text in [
            "020 7946 0000",
            "(020) 7946-0000",
            "020.7946.0000",
            "02079460000",
            "+44 20 7946 0000",
            "+442079460000",
            "0044 20 7946 0000",
            "00442079460000",
            "+44 (0)20 7946 0000",
            "+44 (0) 20 7946 0000",
            "0044 (0)20 7946 0000",
            "+44 020 7946 0000",
            "(+44) 20 7946 0000",
            "+ 44 20 7946 0000",
            "+0044 20 7946 0000",
            "44 20 7946 0000",
            "+44\u{a0}20\u{a0}7946\u{a0}0000",
            "020‑7946‑0000",
            "＋４４ ２０ ７９４６ ００００",
            "020 7946 0000 x123",
            "020 7946 0000 ext. 123",
            "020 7946 0000 Extension: 5",
            "020 7946 0000#12",
            "  020 7946 0000  ",
        ] {
            assert!(Phone::parse(text).is_ok(), "{text}");
            assert_eq!(phone_twin(text, &Country::default()), "+442079460000", "{text}");
        }
    }

    #[test]
    fn is_kept_as_given() {
        let phone = Phone::parse(" +44 (0)20 7946 0000 ext 9 ").unwrap();
        assert_eq!(phone.as_str(), "+44 (0)20 7946 0000 ext 9");
    }

    #[test]
    fn refuses_what_cannot_be_a_number() {
        for text in [
            "",
            "12345",
            "00 12345",
            "+",
            "n/a",
            "not given",
            "0800 FLOWERS",
            "020 7946 0000 or 0001",
            "07700 900123 (mum)",
            "1234567890123456",
            "020 7946 0000 / 020 7946 0001",
            "020 7946 0000 text 12",
            "x123",
            "anna@example.com",
        ] {
            assert_eq!(Phone::parse(text).unwrap_err().code, "bad_phone", "{text}");
        }
        assert_eq!(Phone::parse("020 7946\0 0000").unwrap_err().code, "bad_character");
    }

    #[test]
    fn never_asks_a_numbering_plan_for_leave() {
        for text in
            ["020 0000 0000", "099999 999999", "123456", "999999999999999", "+999 123 456", "555-0123", "01632 960 0"]
        {
            assert!(Phone::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_filter_takes_any_text() {
        assert_eq!(phone_twin("nobody", &Country::default()), "");
        assert_eq!(phone_twin("+", &Country::default()), "");
        assert_eq!(phone_twin("", &Country::default()), "");
    }
}
