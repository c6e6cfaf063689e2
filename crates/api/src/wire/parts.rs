//! The parts of a form that is posted as `multipart/form-data`. Files are none of its fields.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use leadlatch_domain::problem::Code;
use multer::Multipart;

use crate::problem::Problem;

const PARTS: &str = "multipart/form-data";

/// A field as it was sent.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) value: Bytes,
    /// What it says that it is: a part may name a charset of its own.
    pub(super) kind: Option<String>,
}

/// The boundary of a form in parts: the one that its `Content-Type` names, or where the body has no such line, the one that it
/// begins with. A body with neither is no such form, whatever it is called.
pub(super) fn boundary(content_type: &str, body: &[u8]) -> Option<String> {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(PARTS) {
        return None;
    }
    let lines = body.trim_ascii_start().split(|byte| *byte == b'\n');
    let mut lines = lines.map(|line| line.trim_ascii_end().strip_prefix(b"--"));
    let first = lines.clone().next().flatten();
    let named = multer::parse_boundary(content_type).ok();
    let named = named.filter(|named| lines.any(|line| line == Some(named.as_bytes())));
    named.or_else(|| String::from_utf8(first?.to_vec()).ok())
}

/// Every field of a body that has been read, which bounds them all together.
pub(super) async fn read(body: Bytes, boundary: String) -> Result<Vec<Part>, Problem> {
    let mut form = Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary);
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        let name = field.name().filter(|_| field.file_name().is_none()).map(str::to_owned);
        let kind = field.content_type().map(ToString::to_string);
        let value = field.bytes().await.map_err(unreadable)?;
        parts.extend(name.map(|name| Part { name, value, kind }));
    }
    Ok(parts)
}

fn unreadable(_: multer::Error) -> Problem {
    let detail = "The parts of the form cannot be told apart: send it whole, with the boundary that its Content-Type \
        names; or as application/x-www-form-urlencoded.";
    Problem::because(Code::BadRequest, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn fields(body: &str) -> Result<Vec<(String, String)>, Problem> {
        let parts = read(Bytes::from(body.to_owned()), "b".into()).await?;
        let text = |part: Part| (part.name, String::from_utf8_lossy(&part.value).into_owned());
        Ok(parts.into_iter().map(text).collect())
    }

    #[test]
    fn only_a_form_in_parts_has_a_boundary() {
        let body = b"\r\n--a b\r\nContent-Disposition: form-data; name=x\r\n\r\ny\r\n--a b--\r\n";
        for kind in
            ["Multipart/Form-Data; boundary=\"a b\"", "multipart/form-data", "multipart/form-data; boundary=c=d"]
        {
            assert_eq!(boundary(kind, body).as_deref(), Some("a b"), "{kind}");
        }
        let preamble = [&b"This is a form.\r\n"[..], body].concat();
        assert_eq!(boundary("multipart/form-data; boundary=\"a b\"", &preamble).as_deref(), Some("a b"));
        assert_eq!(
            boundary("multipart/form-data; boundary=a", body).as_deref(),
            Some("a b"),
            "a part of it is another"
        );
        for other in ["multipart/mixed; boundary=b", "application/x-www-form-urlencoded; boundary=b", ""] {
            assert_eq!(boundary(other, body), None, "{other}");
        }
        for pairs in [&b"a=b&c=d"[..], b""] {
            assert_eq!(boundary("multipart/form-data; boundary=b", pairs), None);
        }
    }

    #[tokio::test]
    async fn files_are_left_out() {
        let head = "--b\r\nContent-Disposition: form-data; name=";
        let body = format!(
            "{head}\"one\"\r\n\r\n1\r\n2\r\n{head}\"cv\"; filename=\"\"\r\nContent-Type: text/plain\r\n\r\n\r\n\
             {head}\"cv\"; filename=\"a.txt\"\r\n\r\nx\r\n{head}\"two\"\r\n\r\n\r\n--b--\r\n"
        );
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(fields(&body).await.unwrap(), [pair("one", "1\r\n2"), pair("two", "")]);
    }

    #[tokio::test]
    async fn what_does_not_end_is_no_form() {
        for broken in ["", "x", "--b\r\n", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx", "--c--\r\n"] {
            assert_eq!(fields(broken).await.map(|_| ()).unwrap_err().status(), 400, "{broken}");
        }
    }

    #[tokio::test]
    async fn many_parts_take_no_longer_than_they_are_long() {
        let part = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n";
        for body in [part.repeat((1 << 20) / part.len()) + "--b--", format!("{part}{}", "--b\r".repeat(1 << 18))] {
            let began = std::time::Instant::now();
            let _ = fields(&body).await;
            assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
        }
    }
}
