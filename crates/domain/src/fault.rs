//! What is wrong with one value, in words that say what to change.

use std::borrow::Cow;

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

    /// The same fault, said of a named field.
    pub fn on(self, field: impl Into<String>) -> FieldFault {
        FieldFault { field: field.into(), code: self.code, detail: self.detail }
    }
}

/// A [`Fault`] and the field it was found in. A request is answered with all of its field faults at once.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldFault {
    /// The field's name as the caller wrote it, such as `email` or `data.data1`.
    pub field: String,
    /// As in [`Fault::code`].
    pub code: &'static str,
    /// As in [`Fault::detail`].
    pub detail: Cow<'static, str>,
}
