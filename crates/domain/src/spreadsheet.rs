//! A cell of a CSV file that people open in a spreadsheet: nothing in it may run.

use std::borrow::Cow;

/// The text with an apostrophe before it, if a spreadsheet would take it for a formula. Numbers and telephone numbers
/// begin like one and are left as they are.
pub fn guarded(text: &str) -> Cow<'_, str> {
    let begins = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if begins && !is_number(text) && !is_phone(text) { format!("'{text}").into() } else { text.into() }
}

fn is_number(text: &str) -> bool {
    let plain = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, rest) = plain.split_once('.').unwrap_or((plain, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(rest)
}

/// A plus, then 6 to 15 digits and what people write between them.
fn is_phone(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('+') else { return false };
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    (6..=15).contains(&digits) && rest.chars().all(|one| one.is_ascii_digit() || " ().-/".contains(one))
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn what_would_run_gets_an_apostrophe() {
        for text in ["=1+1", "+SUM(A1)", "-2+3", "@x", "\tx", "\rx", "-", "+", "=", "--1", "+1+44 20 7946", "+44x"] {
            assert_eq!(guarded(text), format!("'{text}"), "{text:?}");
        }
    }

    #[test]
    fn numbers_telephone_numbers_and_plain_texts_stay() {
        for text in ["", "x", "1=1", "-12.50", "+5", "+44 20 7946 0958", "+1 (212) 555-0100", "'=1", "a@example.com"] {
            assert_eq!(guarded(text), text);
        }
    }
}
