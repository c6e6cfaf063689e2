//! Bytes to text: by the document's own prolog, then by the header, then as UTF-8, and at last as Latin-1.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How far into a document its prolog is looked for.
const PROLOG: usize = 256;
/// The names of US-ASCII, which browsers read as Windows-1252.
const ASCII: [&str; 3] = ["us-ascii", "ascii", "ansi_x3.4-1968"];

/// The text of a document. Every sequence of bytes is one: Latin-1 has a letter for each.
pub(super) fn decode<'b>(body: &'b [u8], content_type: Option<&str>) -> Cow<'b, str> {
    if let Some((encoding, length)) = Encoding::for_bom(body)
        && let Some(text) = strictly(encoding, &body[length..])
    {
        return text;
    }
    let said = [prolog(body), content_type.and_then(charset)];
    let mut candidates = said.into_iter().flatten().chain([UTF_8]);
    let text = candidates.find_map(|encoding| strictly(encoding, body));
    text.unwrap_or_else(|| WINDOWS_1252.decode_without_bom_handling(body).0)
}

/// The letters of a form's value: in the encoding that a header names, then as UTF-8, and at last as Latin-1.
pub(super) fn letters(value: &[u8], content_type: Option<&str>) -> String {
    let mut candidates = content_type.and_then(charset).into_iter().chain([UTF_8]);
    let text = candidates.find_map(|encoding| strictly(encoding, value));
    text.unwrap_or_else(|| WINDOWS_1252.decode_without_bom_handling(value).0).into_owned()
}

/// The text, if the bytes are one in the encoding.
fn strictly<'b>(encoding: &'static Encoding, bytes: &'b [u8]) -> Option<Cow<'b, str>> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes)
}

/// The encoding that the prolog names. One that could not be read as ASCII is not UTF-16, whatever it says.
fn prolog(body: &[u8]) -> Option<&'static Encoding> {
    let start = body.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let rest = &body[start..body.len().min(start + PROLOG)];
    let end = rest.windows(2).position(|two| two == b"?>").filter(|_| rest.starts_with(b"<?xml"))?;
    let text = std::str::from_utf8(&rest[..end]).ok()?;
    let (_, value) = text.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let label = value[1..].split(quote).next()?;
    by_label(label).filter(|encoding| *encoding != UTF_16LE && *encoding != UTF_16BE)
}

/// The encoding that a `Content-Type` names.
fn charset(content_type: &str) -> Option<&'static Encoding> {
    let parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut named = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    named.next().and_then(|(_, label)| by_label(label.trim().trim_matches(['"', '\''])))
}

/// US-ASCII is none of its own: its bytes mean the same in the encodings that come next, and any other is not ASCII.
fn by_label(label: &str) -> Option<&'static Encoding> {
    let label = label.trim();
    let ascii = ASCII.iter().any(|name| name.eq_ignore_ascii_case(label));
    if ascii { None } else { Encoding::for_label_no_replacement(label.as_bytes()) }
}

#[cfg(test)]
mod tests {
    use super::decode;

    const E_IN_LATIN_1: &[u8] = b"\xe9";
    const E_IN_UTF_8: &[u8] = "é".as_bytes();

    fn document(prolog: &str, letter: &[u8]) -> Vec<u8> {
        [prolog.as_bytes(), b"<a>", letter, b"</a>"].concat()
    }

    #[test]
    fn the_prolog_goes_before_the_header_and_the_header_before_a_guess() {
        let latin = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>";
        let utf8 = "<?xml version='1.0' encoding = 'utf-8' standalone=\"yes\"?>";
        for (prolog, letter, header, read) in [
            (latin, E_IN_LATIN_1, None, "é"),
            (latin, E_IN_LATIN_1, Some("text/xml; charset=utf-8"), "é"),
            (latin, E_IN_UTF_8, Some("text/xml; charset=utf-8"), "Ã©"),
            (utf8, E_IN_UTF_8, Some("text/xml; charset=iso-8859-1"), "é"),
            (utf8, E_IN_LATIN_1, None, "é"),
            ("", E_IN_LATIN_1, Some("text/xml; charset=\"ISO-8859-1\""), "é"),
            ("", E_IN_UTF_8, Some("text/xml;charset=UTF8"), "é"),
            ("", E_IN_UTF_8, None, "é"),
            ("", E_IN_LATIN_1, None, "é"),
            ("", E_IN_LATIN_1, Some("text/xml; charset=utf-8"), "é"),
            ("<?xml version=\"1.0\" encoding=\"UTF-16\"?>", E_IN_UTF_8, None, "é"),
            ("<?xml version=\"1.0\" encoding=\"klingon\"?>", E_IN_UTF_8, None, "é"),
            ("<?xml version=\"1.0\" encoding=\"US-ASCII\"?>", E_IN_UTF_8, None, "é"),
            ("<?xml version=\"1.0\" encoding=\"us-ascii\"?>", E_IN_LATIN_1, None, "é"),
            ("<?xml version=\"1.0\" encoding=\"ascii\"?>", E_IN_UTF_8, Some("text/xml; charset=iso-8859-1"), "Ã©"),
            ("", E_IN_UTF_8, Some("text/xml; charset=us-ascii"), "é"),
            ("\t\n <?xml version=\"1.0\" encoding=\"latin1\"?>", E_IN_LATIN_1, None, "é"),
        ] {
            let text = decode(&document(prolog, letter), header).into_owned();
            assert!(text.ends_with(&format!("<a>{read}</a>")), "{prolog} {header:?}: {text}");
        }
    }

    #[test]
    fn a_mark_at_the_beginning_is_taken_off() {
        assert_eq!(decode("\u{feff}<a/>".as_bytes(), None), "<a/>");
        let utf16: Vec<u8> = "\u{feff}<a>é</a>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&utf16, None), "<a>é</a>");
    }

    #[test]
    fn every_byte_is_some_letter() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&all, None).chars().count(), 256);
    }
}
