//! The parts that pages are made of: what a template cannot draw by itself. The others are the macros beside the templates.

mod filter;
mod glyph;
mod icon;
mod outcomes;
mod spark;
mod svg;
mod wards;
mod when;
pub(crate) mod words;

pub(crate) use filter::{Choice, Filter};
pub(crate) use glyph::{GlyphSize, glyph};
pub(crate) use icon::Icon;
pub(crate) use outcomes::Outcomes;
pub(crate) use spark::{Day, spark};
pub(crate) use svg::Svg;
pub(crate) use wards::{in_words, wards};
pub(crate) use when::When;
