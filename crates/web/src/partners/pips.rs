//! How far a lead has come: five pips, filled up to the point of its status.

use std::fmt;

use askama::filters::HtmlSafe;
use leadlatch_domain::point::ConversionPoint;

const STEP: usize = 7;

/// The pips of a conversion point. They never stand alone: its name is beside them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pips(pub(super) ConversionPoint);

impl fmt::Display for Pips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<svg class='pips' viewBox='0 0 33 12' aria-hidden='true' focusable='false'>")?;
        let place = ConversionPoint::ALL.iter().position(|point| *point == self.0).unwrap_or_default();
        for pip in 0..5 {
            let x = pip * STEP;
            match (self.0, pip <= place) {
                (ConversionPoint::Invalidated | ConversionPoint::Closed, _) => {
                    write!(f, "<rect class='never' x='{x}' y='5' width='5' height='1.5'/>")?;
                }
                (_, true) => write!(f, "<rect class='on' x='{x}' y='2' width='5' height='8' rx='1.5'/>")?,
                (_, false) => write!(f, "<rect class='off' x='{x}' y='2' width='5' height='8' rx='1.5'/>")?,
            }
        }
        f.write_str("</svg>")
    }
}

impl HtmlSafe for Pips {}

#[cfg(test)]
mod tests {
    use super::Pips;
    use leadlatch_domain::point::ConversionPoint;

    #[test]
    fn they_are_filled_up_to_the_point() {
        let drawn = |point| Pips(point).to_string();
        let filled = |point| drawn(point).matches("class='on'").count();
        assert_eq!(
            [ConversionPoint::New, ConversionPoint::Contacted, ConversionPoint::Converted].map(filled),
            [1, 3, 5]
        );
        assert_eq!(drawn(ConversionPoint::Closed).matches("class='never'").count(), 5);
    }
}
