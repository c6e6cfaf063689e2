//! What is wrong with one value, in words that say what to change.

use std::borrow::Cow;

/// Characters of a name that are said again.
const NAME_MAX: usize = 100;

/// Why a value was refused. It carries no field name: whoever parsed the value knows where it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Stable, machine-readable reason, such as `too_long`.
    pub code: &'static str,
    /// One sentence for a person: what is wrong and what would be right.
    pub detail: Cow<'static, str>,
}

impl Fault {
    /// A fault with a fixed or a composed sentence.
    pub fn new(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// The same fault, said of a named field, whose name is given back [`cut`].
    pub fn on(self, field: impl Into<String>) -> FieldFault {
        FieldFault { field: cut(field.into()), code: self.code, detail: self.detail }
    }
}

/// A name that a caller made up, short enough to say it again: its first 100 characters.
pub fn cut(mut name: String) -> String {
    if let Some((end, _)) = name.char_indices().nth(NAME_MAX) {
        name.truncate(end);
        name.push('…');
    }
    name
}

/// A [`Fault`] and the field it was found in. A request is answered with all of its field faults at once.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldFault {
    /// The field's name as the caller wrote it, unless it is too long, such as `email` or `data.data1`.
    pub field: String,
    /// As in [`Fault::code`].
    pub code: &'static str,
    /// As in [`Fault::detail`].
    pub detail: Cow<'static, str>,
}

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn a_long_name_is_said_in_part() {
        let on = |length: usize| Fault::new("unknown_field", "No.").on("ä".repeat(length)).field;
        assert_eq!((on(100), on(101), on(9999)), ("ä".repeat(100), "ä".repeat(100) + "…", "ä".repeat(100) + "…"));
    }
}
