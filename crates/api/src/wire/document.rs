//! A document as a tree of elements: no DTD, no entities, bounded in size and depth, names in lower case.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use leadlatch_domain::lead::wire::repeat;

/// How large a document may be, in bytes.
const SIZE: usize = 1 << 20;
/// How deep its elements may stand in each other.
const DEPTH: usize = 8;
/// How many elements it may have.
const ELEMENTS: usize = 5_000;

/// An element with what stands in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name in lower case, without a prefix.
    pub name: String,
    /// Its text, trimmed.
    pub text: String,
    /// The elements in it.
    pub children: Vec<Element>,
}

/// Why a document cannot be read, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed {
    line: usize,
    detail: String,
}

impl Malformed {
    /// That the whole is no document, for a reason that stands in its first letters.
    pub(super) fn whole(detail: &str) -> Self {
        Self { line: 1, detail: detail.into() }
    }
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Line {}: {}", self.line, self.detail)
    }
}

impl Element {
    /// Every element of a name in it.
    pub fn named<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Whether an element of a name stands anywhere in it.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.children.iter().any(|child| child.name == name || child.holds(name))
    }

    /// Whether an element of a name with a text stands anywhere in it.
    pub(super) fn holds_text(&self, name: &str) -> bool {
        self.children.iter().any(|child| (child.name == name && !child.text.is_empty()) || child.holds_text(name))
    }
}

/// Reads a document that was sent: its encoding, its faults that can be repaired, its elements.
pub fn read(body: &[u8], content_type: Option<&str>) -> Result<Element, Malformed> {
    if body.len() > SIZE {
        return Err(Malformed { line: 1, detail: "The document is larger than 1 MiB: send less at once.".into() });
    }
    read_text(&super::decode::decode(body, content_type))
}

/// Reads a document that is text already, whatever encoding its prolog names.
pub(super) fn read_text(text: &str) -> Result<Element, Malformed> {
    let text = super::repair::repair(text.trim_start());
    Tree::default().grow(&text)
}

/// The elements that are open, the outermost first, and the root when it is closed.
#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Tree {
    fn grow(mut self, text: &str) -> Result<Element, Malformed> {
        let mut reader = Reader::from_str(text);
        // Names are compared here, without regard to case.
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        loop {
            let at = reader.buffer_position();
            let taken = match reader.read_event() {
                Ok(Event::Eof) => break,
                Ok(event) => self.take(&event),
                Err(error) => Err(format!("This is no XML: {error}. Write &lt; for < inside a value.")),
            };
            taken.map_err(|detail| Malformed { line: line(text, at), detail })?;
        }
        let end = text.len() as u64;
        if let Some(open) = self.open.last() {
            let detail = format!("The document ends before <{}> is closed.", repeat(&open.name));
            return Err(Malformed { line: line(text, end), detail });
        }
        let missing =
            || Malformed { line: line(text, end), detail: "The body is no XML document: send <data>.".into() };
        self.root.ok_or_else(missing)
    }

    fn take(&mut self, event: &Event<'_>) -> Result<(), String> {
        match event {
            Event::Start(start) => self.begin(start),
            Event::Empty(start) => {
                self.begin(start)?;
                self.end(start.name().as_ref())
            }
            Event::End(end) => self.end(end.name().as_ref()),
            Event::Text(text) => self.text(text),
            Event::CData(text) => self.text(text),
            Event::GeneralRef(reference) => self.text(&letter(reference)?),
            Event::DocType(_) => Err("A document type is not taken: leave <!DOCTYPE out.".into()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Eof => Ok(()),
        }
    }

    fn begin(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
        let name = own_name(start.name().as_ref())?;
        self.elements += 1;
        if self.root.is_some() {
            return Err(format!("<{}> stands behind the end of the document: send one document.", repeat(&name)));
        }
        if self.elements > ELEMENTS {
            return Err(format!("The document has more than {ELEMENTS} elements: send less at once."));
        }
        if self.open.len() >= DEPTH {
            return Err(format!("<{}> stands more than {DEPTH} elements deep.", repeat(&name)));
        }
        self.open.push(Element { name, ..Element::default() });
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), String> {
        let name = own_name(name.trim_end())?;
        let Some(mut element) = self.open.pop() else {
            return Err(format!("</{}> closes nothing.", repeat(&name)));
        };
        if element.name != name {
            let (found, expected) = (repeat(&name), repeat(&element.name));
            return Err(format!("</{found}> stands where </{expected}> is expected. Write &lt; for < inside a value."));
        }
        element.text = element.text.trim().into();
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        match self.open.last_mut() {
            Some(element) => {
                element.text.push_str(text);
                Ok(())
            }
            None if text.trim().is_empty() => Ok(()),
            None => Err("Text stands outside of the document: it begins with <data> and ends with </data>.".into()),
        }
    }
}

/// A name in lower case, without its prefix.
fn own_name(name: &str) -> Result<String, String> {
    let begins = name.starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
    let goes_on = name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | ':'));
    if !begins || !goes_on {
        return Err("A < begins no element here. Write &lt; for < inside a value.".into());
    }
    Ok(name.rsplit(':').next().unwrap_or(name).to_lowercase())
}

/// The letter that a reference stands for. What the repair left is one of XML's own.
fn letter(reference: &BytesRef<'_>) -> Result<String, String> {
    let none = |_| format!("&{}; is no letter: leave it out, or send the letter itself in UTF-8.", repeat(reference));
    let number = reference.resolve_char_ref().map_err(none)?;
    let named = || quick_xml::escape::resolve_predefined_entity(reference).map(str::to_owned);
    number.map(String::from).or_else(named).ok_or_else(|| "A & begins no letter: write &amp; for &.".into())
}

/// The line on which a place of the text stands. Lines end with LF, CR LF or, from old programs, CR alone.
fn line(text: &str, at: u64) -> usize {
    let at = usize::try_from(at).unwrap_or(usize::MAX).min(text.len());
    let (before, behind) = text.as_bytes().split_at(at);
    let next = before.iter().skip(1).chain(behind.first());
    let ends = |(byte, next): (&u8, &u8)| *byte == b'\n' || (*byte == b'\r' && *next != b'\n');
    1 + before.iter().zip(next.chain([&0])).filter(|pair| ends(*pair)).count()
}

#[cfg(test)]
mod tests {
    use super::{DEPTH, ELEMENTS, read};

    fn refused(text: &str) -> String {
        read(text.as_bytes(), None).expect_err(text).to_string()
    }

    #[test]
    fn names_are_read_without_case_and_values_without_padding() {
        let root =
            read(b"<Data>\n <LEAD><x:FirstName a='1'> Ann \r\n</firstname><email/></Lead></DATA>\n", None).unwrap();
        let lead = root.named("lead").next().unwrap();
        let names: Vec<_> = lead.children.iter().map(|child| (child.name.as_str(), child.text.as_str())).collect();
        assert_eq!((root.name.as_str(), names), ("data", vec![("firstname", "Ann"), ("email", "")]));
    }

    #[test]
    fn references_cdata_and_comments_are_read_as_text() {
        let read = |text: &str| read(text.as_bytes(), None).unwrap().text;
        assert_eq!(
            read("<a>1 &lt; 2 &amp;&#233;&#x1F600; <!-- no --><![CDATA[<b>&amp;</b>]]></a>"),
            "1 < 2 &é😀 <b>&amp;</b>"
        );
        assert_eq!(read("<a>&lt;b&gt;bold&lt;/b&gt; M&S &eacute;</a>"), "<b>bold</b> M&S é");
    }

    #[test]
    fn what_cannot_be_read_is_an_error_that_says_where() {
        for (text, said) in [
            ("", "Line 1: The body is no XML"),
            ("hello", "Line 1: Text stands outside"),
            ("name>x</name>", "Line 1: Text stands outside"),
            ("<a>\n<b>\n</a>", "Line 3: </a> stands where </b>"),
            ("<a>\n1 < 2</a>", "Line 2: "),
            ("<a>\n<>x</></a>", "Line 2: A < begins no element"),
            ("<a><3</a>", "Line 1: "),
            ("<a>x\n", "Line 2: The document ends before <a>"),
            ("<a></a><b/>", "Line 1: <b> stands behind"),
            ("</a>", "Line 1: </a> closes nothing"),
            ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "Line 1: A document type"),
            ("<a>&#0;</a>", "Line 1: &#0; is no letter: leave it out"),
            ("<a>&#xD83D;x</a>", "Line 1: &#xD83D; is no letter"),
            ("<a>\n&#99999999999;</a>", "Line 2: &#99999999999; is no letter"),
            ("<a>\r\r<b>\r</a>", "Line 4: </a> stands where </b>"),
            ("<a>\r\n\r\n<b>\r\n</a>", "Line 4: </a> stands where </b>"),
            ("<a><![CDATA[x</a>", "Line 1: "),
        ] {
            assert!(refused(text).starts_with(said), "{text}: {}", refused(text));
        }
    }

    #[test]
    fn size_depth_and_number_are_bounded() {
        let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        assert!(read(nested(DEPTH).as_bytes(), None).is_ok());
        assert!(refused(&nested(DEPTH + 1)).contains("elements deep"));
        let many = |number: usize| format!("<a>{}</a>", "<b/>".repeat(number - 1));
        assert!(read(many(ELEMENTS).as_bytes(), None).is_ok());
        assert!(refused(&many(ELEMENTS + 1)).contains("more than 5000"));
        assert!(refused(&"x".repeat((1 << 20) + 1)).contains("1 MiB"));
    }
}
