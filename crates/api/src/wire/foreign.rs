//! Bodies that are no XML at all, known by their first bytes and what their headers say: what they are, and what to send
//! instead. Looked at only when reading failed.

use axum::http::{HeaderMap, header};

use super::document::Malformed;

const COMPRESSED: &str = "The body is compressed: send it uncompressed, without Content-Encoding.";
const IN_PARTS: &str =
    "The body is a form in parts (multipart/form-data): send the XML itself as the body, not as a field of a form.";
const FIELD: &str = "The body is a form: send the XML itself as the body, not as a field of a form such as xml=...";
const ENCODED: &str = "The body is percent-encoded: send the XML as it is.";
const JSON: &str = "The body is JSON: send XML here, or JSON to /api/v1/leads.";
const WIDE: &str = "The body is UTF-16 without a byte order mark: send it in UTF-8.";

/// Names of encodings that a `Content-Encoding` may have, by which a body is compressed. Some programs name a charset there.
const ENCODINGS: [&str; 7] = ["gzip", "x-gzip", "deflate", "compress", "x-compress", "br", "zstd"];
/// Letters that the name of a form's field may have here.
const NAME_MAX: usize = 64;

/// What is wrong with a body that could not be read, in better words than where reading stopped, if there are any.
pub(super) fn instead(malformed: Malformed, body: &[u8], headers: &HeaderMap) -> Malformed {
    let said = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (kind, encoding) = (said(header::CONTENT_TYPE), said(header::CONTENT_ENCODING));
    what_it_is(body, kind, encoding).map_or(malformed, Malformed::whole)
}

fn what_it_is(body: &[u8], kind: &str, encoding: &str) -> Option<&'static str> {
    let text = body.trim_ascii_start();
    let starts = |start: &str| text.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start.as_bytes()));
    if is_compressed(body, encoding) {
        return Some(COMPRESSED);
    }
    match (text.first()?, body.get(1)) {
        // An ASCII letter beside an empty byte, in one order or the other.
        (0, Some(1..=127)) | (1..=127, Some(0)) => Some(WIDE),
        (b'<', _) => None,
        (b'{' | b'[', _) => Some(JSON),
        _ if kind.to_ascii_lowercase().starts_with("multipart/") || is_in_parts(text) => Some(IN_PARTS),
        _ if starts("%3c") => Some(ENCODED),
        _ if is_field(text) => Some(FIELD),
        _ => None,
    }
}

/// By its header, or by how gzip and zlib begin. What begins like XML is not, whatever a header says.
fn is_compressed(body: &[u8], encoding: &str) -> bool {
    let said = encoding.split(',').any(|one| ENCODINGS.iter().any(|name| one.trim().eq_ignore_ascii_case(name)));
    let begins = matches!(body, [0x1f, 0x8b, ..] | [0x78, 0x01 | 0x9c | 0xda, ..]);
    begins || (said && !body.trim_ascii_start().starts_with(b"<"))
}

fn is_in_parts(text: &[u8]) -> bool {
    let first = text.split(|byte| *byte == b'\n').nth(1).unwrap_or_default();
    let name = b"content-disposition";
    text.starts_with(b"--") && first.get(..name.len()).is_some_and(|own| own.eq_ignore_ascii_case(name))
}

/// Whether it begins with the name of a field and `=`. Behind `=` an attribute of a document that lost its beginning has
/// a quote.
fn is_field(text: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.[]%+".contains(byte);
    let length = text.iter().take(NAME_MAX).take_while(|byte| is_name(byte)).count();
    length > 0 && text.get(length) == Some(&b'=') && !matches!(text.get(length + 1), Some(b'"' | b'\''))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_xml_is_told_by_its_beginning() {
        let wide = |order: fn(u16) -> [u8; 2]| "<?xml?><a/>".encode_utf16().flat_map(order).collect::<Vec<u8>>();
        for (body, kind, encoding, said) in [
            (&b"\x1f\x8b\x08\0"[..], "", "", COMPRESSED),
            (b"\x78\x9c\x01", "text/xml", "", COMPRESSED),
            (b"\xcbH\xcd", "text/xml", "deflate", COMPRESSED),
            (b"\xcbH\xcd", "text/xml", "identity, BR", COMPRESSED),
            (b"xml=%3Cdata%3E", "application/x-www-form-urlencoded", "", FIELD),
            (b"\r\ndata[0]=<data>", "", "", FIELD),
            (b"leadgroup=40001&email=a%40example.com", "", "", FIELD),
            (b"%3Cdata%3E%3Clead%3E", "", "", ENCODED),
            (b"--b\r\nContent-Disposition: form-data; name=\"xml\"\r\n\r\n<data/>", "", "", IN_PARTS),
            (b"x", "Multipart/Form-Data; boundary=b", "", IN_PARTS),
            (b" {\"email\": 1}", "", "", JSON),
            (b"[]", "", "", JSON),
            (&wide(u16::to_le_bytes), "text/xml", "", WIDE),
            (&wide(u16::to_be_bytes), "text/xml", "", WIDE),
        ] {
            assert_eq!(what_it_is(body, kind, encoding), Some(said), "{:?}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn what_is_xml_with_a_fault_keeps_its_own_words() {
        for (body, kind, encoding) in [
            (&b"<data><lead>"[..], "multipart/form-data", "gzip"),
            (b"  <>x</>", "application/x-www-form-urlencoded", ""),
            (b"ersion=\"1.0\"?><data/>", "", ""),
            (b"stname>Ann</firstname>", "", "utf-8"),
            (b"-- a comment -->", "", ""),
            (b"hello", "", ""),
            (b"", "", ""),
        ] {
            assert_eq!(what_it_is(body, kind, encoding), None, "{:?}", String::from_utf8_lossy(body));
        }
    }
}
