//! Pictures that are made of data, as text that needs no escaping.

use std::fmt;

use askama::filters::HtmlSafe;

/// An SVG element of our own making. Nothing from outside ever stands in one but numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Svg(String);

impl Svg {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    /// A picture that says nothing which the words beside it do not say too.
    pub(super) fn silent(class: &str, width: u32, height: u32, inside: &str) -> Self {
        Self(format!(
            "<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" aria-hidden=\"true\" focusable=\"false\">{inside}</svg>"
        ))
    }

    /// A picture with a name, made of our own words and numbers.
    pub(super) fn named(class: &str, (width, height): (u32, u32), name: &str, inside: &str) -> Self {
        Self(format!(
            "<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{name}\">{inside}</svg>"
        ))
    }
}

impl fmt::Display for Svg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Svg {}
