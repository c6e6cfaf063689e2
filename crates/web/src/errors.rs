//! What to change in a form, beside its fields.

use leadlatch_domain::fault::Fault;

use crate::components::words::count;

/// What to change, a sentence a field.
#[derive(Debug, Default)]
pub(crate) struct Errors(Vec<(&'static str, String)>);

impl Errors {
    /// What is the matter with a field.
    pub(crate) fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == field).map(|(_, text)| text.as_str())
    }

    /// Whether there is nothing to change.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `2 things`
    pub(crate) fn in_words(&self) -> String {
        count(self.0.len() as i64, "thing")
    }

    /// Every field with what is the matter with it.
    pub(crate) fn all(&self) -> &[(&'static str, String)] {
        &self.0
    }

    /// Notes what is the matter with a field.
    pub(crate) fn put(&mut self, field: &'static str, text: impl Into<String>) {
        self.0.push((field, text.into()));
    }

    /// The value, or `None` with its fault noted.
    pub(crate) fn take<T>(&mut self, field: &'static str, read: Result<T, Fault>) -> Option<T> {
        read.map_err(|fault| self.put(field, fault.detail.into_owned())).ok()
    }
}
