//! What an integration is answered: its clients read it in several ways, and each finds what it looks for.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use quick_xml::escape::escape;

use crate::envelope::Counted;
use crate::problem::Problem;

/// What became of one lead.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// 0, or the HTTP status that the JSON API would have given.
    code: u16,
    message: String,
    /// The lead, when all went well.
    id: Option<i64>,
}

impl Item {
    pub(super) fn done(id: Option<i64>) -> Self {
        Self { code: 0, message: "OK".into(), id }
    }

    pub(super) fn refused(problem: &Problem) -> Self {
        Self { code: problem.status().as_u16(), message: problem.sentence(), id: None }
    }

    /// Whether it went well.
    pub(super) fn is_done(&self) -> bool {
        self.code == 0
    }

    fn write(&self, xml: &mut Xml) {
        xml.element("code", &self.code.to_string());
        xml.element("message", &self.message);
        xml.element("id", &self.id.map_or_else(String::new, |id| id.to_string()));
    }
}

/// XML that is being written.
#[derive(Debug, Default)]
pub(super) struct Xml(String);

impl Xml {
    pub(super) fn begin(&mut self, name: &str) {
        self.0.extend(["<", name, ">"]);
    }

    pub(super) fn end(&mut self, name: &str) {
        self.0.extend(["</", name, ">"]);
    }

    /// An element with a text, or without one.
    pub(super) fn element(&mut self, name: &str, text: &str) {
        if text.is_empty() {
            return self.0.extend(["<", name, "/>"]);
        }
        self.0.extend(["<", name, ">", &escape(printable(text)), "</", name, ">"]);
    }

    /// The document as an answer that clients read only at a status of 200, unless they are not let in.
    pub(super) fn answer(self, status: StatusCode) -> Response {
        let kind = HeaderValue::from_static("text/xml; charset=utf-8");
        (status, [(header::CONTENT_TYPE, kind)], self.0).into_response()
    }
}

/// The text without what XML cannot hold.
fn printable(text: &str) -> Cow<'_, str> {
    let refused = |letter: char| matches!(letter, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    if text.contains(refused) { text.replace(refused, "\u{fffd}").into() } else { text.into() }
}

/// The answer about several leads. `code`, `message` and `id` of the first stand by themselves too, before any other
/// element of these names: some clients look nowhere else.
pub(super) fn result(items: &[Item]) -> Response {
    let mut xml = Xml::default();
    xml.begin("result");
    xml.element("status", if items.iter().all(Item::is_done) { "0" } else { "1" });
    if let Some(first) = items.first() {
        first.write(&mut xml);
    }
    for (item, number) in items.iter().zip(1..) {
        xml.begin("item");
        xml.element("record", &i32::to_string(&number));
        item.write(&mut xml);
        xml.end("item");
    }
    xml.end("result");
    let mut answer = xml.answer(http_status(items));
    if let Some(failed) = items.iter().find(|item| !item.is_done()) {
        answer.extensions_mut().insert(Counted(failed.code));
    }
    answer
}

/// Only who is not let in, with nothing of what was sent, is told so by the status.
fn http_status(items: &[Item]) -> StatusCode {
    let all = |code| !items.is_empty() && items.iter().all(|item| item.code == code);
    [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::METHOD_NOT_ALLOWED]
        .into_iter()
        .find(|status| all(status.as_u16()))
        .unwrap_or(StatusCode::OK)
}

#[cfg(test)]
mod tests {
    use super::{Item, StatusCode, Xml, http_status};

    fn items(codes: &[u16]) -> Vec<Item> {
        codes.iter().map(|code| Item { code: *code, message: String::new(), id: None }).collect()
    }

    #[test]
    fn a_status_of_its_own_has_only_what_is_refused_whole() {
        for (codes, status) in [
            (&[0][..], 200),
            (&[403], 403),
            (&[403, 403], 403),
            (&[403, 0], 200),
            (&[403, 422], 200),
            (&[401], 401),
            (&[422], 200),
            (&[409], 200),
            (&[500], 200),
            (&[], 200),
        ] {
            assert_eq!(http_status(&items(codes)), StatusCode::from_u16(status).unwrap(), "{codes:?}");
        }
    }

    #[test]
    fn nothing_that_is_written_breaks_the_document() {
        let mut xml = Xml::default();
        xml.element("a", "<b> & ]]> \u{1} \u{ffff} \r\n é");
        xml.element("c", "");
        assert_eq!(xml.0, "<a>&lt;b&gt; &amp; ]]&gt; \u{fffd} \u{fffd} &#13;\n é</a><c/>");
    }
}
