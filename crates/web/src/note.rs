//! What the page after a form says once, such as "Key deleted."; it works without script.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Characters that a note has at the most, so that it fits a cookie.
const MAX: usize = 800;

/// What stands before the number of an audit entry.
const ENTRY: &str = "Audit entry ";

/// How a note is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It was done.
    Done,
    /// It was done, and stays on the page until it is closed: the proof of a deletion.
    Proof,
    /// It was not done.
    Refused,
}

impl Tone {
    const ALL: [Self; 3] = [Self::Done, Self::Proof, Self::Refused];

    /// Whether it stays on the page until it is closed.
    pub(crate) const fn stays(self) -> bool {
        matches!(self, Self::Proof | Self::Refused)
    }

    /// Whether something was not done.
    pub(crate) const fn is_refusal(self) -> bool {
        matches!(self, Self::Refused)
    }

    /// The word for it, in classes and in the cookie.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Proof => "proof",
            Self::Refused => "refused",
        }
    }
}

/// A note. It holds no secret: it travels in a cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    /// How it is meant.
    pub(crate) tone: Tone,
    /// What it says.
    pub(crate) text: String,
}

impl Note {
    pub(crate) fn done(text: impl Into<String>) -> Self {
        Self::new(Tone::Done, &text.into())
    }
    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self::new(Tone::Refused, &text.into())
    }

    /// After the password was asked again because of a button that stands on a page.
    pub(crate) fn press_again() -> Self {
        Self::refused("Nothing was changed yet. Now press the button again.")
    }

    pub(crate) fn new(tone: Tone, text: &str) -> Self {
        Self { tone, text: text.chars().take(MAX).collect() }
    }

    /// The first sentence.
    pub(crate) fn head(&self) -> &str {
        &self.text[..self.head_length()]
    }

    /// What follows it, up to the audit entry that it names.
    pub(crate) fn rest(&self) -> &str {
        &self.text[self.head_length()..self.entry_begins()]
    }

    /// The audit entry that the text ends with: its words and its number.
    pub(crate) fn entry(&self) -> Option<(&str, &str)> {
        let words = self.text[self.entry_begins()..].strip_suffix('.')?;
        let number = words.strip_prefix(ENTRY)?;
        number.bytes().all(|byte| byte.is_ascii_digit()).then_some((words, number))
    }

    fn entry_begins(&self) -> usize {
        self.text.rfind(ENTRY).unwrap_or(self.text.len())
    }

    fn head_length(&self) -> usize {
        self.text.find(". ").map_or(self.text.len(), |place| place + 1)
    }

    pub(crate) fn encode(&self) -> String {
        format!("{}.{}", self.tone.as_str(), URL_SAFE_NO_PAD.encode(&self.text))
    }

    pub(crate) fn decode(text: &str) -> Option<Self> {
        let (tone, text) = text.split_once('.')?;
        let tone = Tone::ALL.into_iter().find(|known| known.as_str() == tone)?;
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        Some(Self::new(tone, &text))
    }
}

#[cfg(test)]
mod tests {
    use super::{Note, Tone};

    #[test]
    fn the_first_sentence_stands_out() {
        let note = Note::done("Deleted 14:03:22.118. Audit entry 5512.");
        assert_eq!((note.head(), note.rest()), ("Deleted 14:03:22.118.", " "));
        assert_eq!(note.entry(), Some(("Audit entry 5512", "5512")));
        let one = Note::done("Key changed.");
        assert_eq!((one.head(), one.rest()), ("Key changed.", ""));
    }

    #[test]
    fn a_note_comes_back_as_it_was() {
        let note = Note::new(Tone::Proof, "Deleted <Jörg's key>; 14:03");
        assert_eq!(Note::decode(&note.encode()), Some(note));
        for text in ["", "done", "done.***", "loud.QQ"] {
            assert_eq!(Note::decode(text), None, "{text}");
        }
    }
}
