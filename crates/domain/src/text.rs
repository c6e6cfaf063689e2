//! Free texts: how long they may be and which characters they may hold.

use crate::fault::Fault;

/// Characters that an ordinary text may have.
pub const TEXT_MAX: usize = 255;
/// Characters that a postcode may have.
pub const POSTCODE_MAX: usize = 20;
/// Characters that a long text or a custom field may have.
pub const LONG_TEXT_MAX: usize = 20_000;

/// Checks a text of one line: at most `max` characters, no line breaks, no control characters but tabs.
pub fn check_text(text: &str, max: usize) -> Result<(), Fault> {
    check_length(text, max)?;
    if text.contains(['\n', '\r']) {
        return Err(Fault::new("bad_character", "Write it on one line: this text may not hold line breaks."));
    }
    check_characters(text)
}

/// Checks a text that may have several lines, otherwise as [`check_text`].
pub fn check_multiline(text: &str, max: usize) -> Result<(), Fault> {
    check_length(text, max)?;
    check_characters(text)
}

fn check_length(text: &str, max: usize) -> Result<(), Fault> {
    // A character has at least one byte, so nearly every text is decided without counting.
    if text.len() > max && text.chars().count() > max {
        return Err(Fault::new("too_long", format!("Shorten it to at most {max} characters.")));
    }
    Ok(())
}

/// Refuses what XML cannot carry and no database stores alike. U+0080 to U+009F stay allowed: old systems send
/// quotation marks as such, and a lead is worth more than a clean apostrophe.
fn check_characters(text: &str) -> Result<(), Fault> {
    let refused = |c: char| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{fffe}' | '\u{ffff}');
    match text.chars().find(|c| refused(*c)) {
        None => Ok(()),
        Some(found) => Err(Fault::new(
            "bad_character",
            format!("Take out the control character U+{:04X}: only printable text is kept.", u32::from(found)),
        )),
    }
}

/// The name of a thing, such as a group, a status, a company or a key: a text of one line that says something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// Reads a name; space around it is not part of it.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let name = text.trim();
        if name.is_empty() {
            return Err(Fault::new("required", "Give a name of at least one character."));
        }
        check_text(name, TEXT_MAX)?;
        Ok(Self(name.to_owned()))
    }

    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which two names are the same name: lower case, inner space folded.
    pub fn twin(&self) -> String {
        fold(&self.0)
    }
}

as_text!(Name);

/// A word as it stands at the beginning of a sentence, and as `Yes` and `New` stand on the wires of existing integrations.
pub fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The twin of a name that may not be one, for looking one up: as [`Name::twin`].
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(&word.to_lowercase());
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_characters_not_bytes() {
        assert!(check_text(&"é".repeat(255), TEXT_MAX).is_ok());
        assert_eq!(check_text(&"é".repeat(256), TEXT_MAX).unwrap_err().code, "too_long");
        assert!(check_text("SW1A 1AA", POSTCODE_MAX).is_ok());
        assert!(check_text("SW1A 1AA, Westminster", POSTCODE_MAX).is_err());
    }

    #[test]
    fn line_breaks_only_where_there_are_lines() {
        assert_eq!(check_text("a\nb", TEXT_MAX).unwrap_err().code, "bad_character");
        assert_eq!(check_text("a\rb", TEXT_MAX).unwrap_err().code, "bad_character");
        assert!(check_multiline("a\r\n\tb", LONG_TEXT_MAX).is_ok());
        assert!(check_text("a\tb", TEXT_MAX).is_ok());
    }

    #[test]
    fn control_characters_are_refused_by_name() {
        for bad in ["\0", "a\u{1b}[0m", "\u{7f}", "\u{fffe}", "\u{b}"] {
            assert_eq!(check_multiline(bad, LONG_TEXT_MAX).unwrap_err().code, "bad_character", "{bad:?}");
        }
        assert!(check_text("a\0", TEXT_MAX).unwrap_err().detail.contains("U+0000"));
        assert!(check_text("O\u{92}Brien 👍 علي", TEXT_MAX).is_ok());
    }

    #[test]
    fn names_are_trimmed_and_compared_without_case() {
        let name = Name::parse("  Car  Loans ÉTÉ ").unwrap();
        assert_eq!(name.as_str(), "Car  Loans ÉTÉ");
        assert_eq!(name.twin(), "car loans été");
        assert_eq!(Name::parse("car loans été").unwrap().twin(), name.twin());
        assert_eq!(Name::parse(" \u{a0}\t").unwrap_err().code, "required");
        assert_eq!(Name::parse(&"x".repeat(256)).unwrap_err().code, "too_long");
        assert_eq!(serde_json::to_string(&name).unwrap(), r#""Car  Loans ÉTÉ""#);
    }
}
