//! The parts that pages are made of: what a template cannot draw by itself. The others are the macros beside the templates.

mod glyph;
mod icon;
mod outcomes;
mod spark;
mod svg;
mod wards;
pub mod words;

pub use glyph::{GlyphSize, glyph};
pub use icon::Icon;
pub use outcomes::{OutcomeRow, Outcomes};
pub use spark::{DAYS, Day, spark};
pub use svg::Svg;
pub use wards::{in_words, name as access_in_words, wards};
