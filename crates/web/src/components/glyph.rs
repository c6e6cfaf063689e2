//! The key glyph: a silhouette whose six cuts are taken from the digest, so that each key has a profile of its own.

use std::fmt::Write;

use leadlatch_domain::key_secret::KeyKind;

use super::Svg;

/// Cuts of a key.
const CUTS: usize = 6;
/// The same, for measures.
const LENGTH: u32 = 6;
/// Where the first cut begins, and how far each reaches, in tenths of a unit.
const FIRST: u32 = 160;
const PITCH: u32 = 34;
/// Where the middle of the blade is, and how much of it each depth leaves on one side of that.
const MIDDLE: u32 = 90;
const LEFT_OF_BOTH: [u32; 4] = [44, 35, 26, 17];
const LEFT_OF_LOWER: [u32; 4] = [48, 36, 24, 12];
/// How far the straight upper edge of a Partner key is from the middle.
const BACK: u32 = 17;

/// How large a glyph is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GlyphSize {
    /// 38 x 18, in rows.
    Row,
    /// 58 x 27, in heads and dialogs.
    Head,
    /// 96 x 45, where there is nothing else.
    Empty,
}

impl GlyphSize {
    const fn class(self) -> &'static str {
        match self {
            Self::Row => "",
            Self::Head => " large",
            Self::Empty => " huge",
        }
    }
}

/// The glyph of a key. It is decoration: name and badge say the same.
pub(crate) fn glyph(kind: KeyKind, cuts: [u8; CUTS], size: GlyphSize) -> Svg {
    let class = format!("glyph {kind}{}", size.class());
    let inside = match kind {
        // A solid bow with a hole, and a blade that is cut on both edges.
        KeyKind::Full => format!(
            "<path fill-rule='evenodd' d='M8.5 1.5a7.5 7.5 0 0 0 0 15 7.5 7.5 0 0 0 0-15zM5.4 7a2 2 0 0 1 0 4 2 2 0 0 1 0-4z'/>\
             <path d='{}'/>",
            blade(&mirrored(cuts))
        ),
        // A ring, and a blade that is cut on its lower edge.
        KeyKind::Partner => {
            format!("<circle class='bow' cx='7.8' cy='9' r='5.9'/><path d='{}'/>", blade(&straight(cuts)))
        }
    };
    Svg::silent(&class, 38, 18, &inside)
}

/// Corners of the upper edge from left to right, and of the lower edge likewise.
type Edges = [Vec<(u32, u32)>; 2];

fn mirrored(cuts: [u8; CUTS]) -> Edges {
    let lower = steps(cuts, LEFT_OF_BOTH);
    let upper = lower.iter().map(|(x, y)| (*x, 2 * MIDDLE - y)).collect();
    [upper, lower]
}

fn straight(cuts: [u8; CUTS]) -> Edges {
    let end = FIRST + PITCH * LENGTH;
    [vec![(FIRST - 30, MIDDLE - BACK), (end, MIDDLE - BACK)], steps(cuts, LEFT_OF_LOWER)]
}

/// The bow's end of the blade, then a flat for each cut; what is between two flats is a slope.
fn steps(cuts: [u8; CUTS], left: [u32; 4]) -> Vec<(u32, u32)> {
    let mut corners = vec![(FIRST - 30, MIDDLE + BACK), (FIRST, MIDDLE + BACK)];
    for (place, cut) in (0_u32..).zip(cuts) {
        let (x, y) = (FIRST + PITCH * place, MIDDLE + left[usize::from(cut & 0b11)]);
        corners.extend([(x + 9, y), (x + PITCH - 9, y)]);
    }
    corners.push((FIRST + PITCH * LENGTH, MIDDLE + BACK));
    corners
}

fn blade([upper, lower]: &Edges) -> String {
    let mut path = String::new();
    for (place, (x, y)) in upper.iter().chain(lower.iter().rev()).enumerate() {
        let command = if place == 0 { 'M' } else { 'L' };
        write!(path, "{command}{}.{} {}.{}", x / 10, x % 10, y / 10, y % 10).expect("a text takes all");
    }
    path.push('z');
    path
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_profile_is_drawn_apart_and_inside_its_frame() {
        let mut seen = HashSet::new();
        for number in 0..4_u32.pow(LENGTH) {
            let profile: [u8; CUTS] = std::array::from_fn(|place| (number >> (2 * place) & 0b11) as u8);
            for edges in [mirrored(profile), straight(profile)] {
                assert!(edges.iter().flatten().all(|(x, y)| *x <= 380 && *y <= 180));
            }
            assert!(seen.insert(glyph(KeyKind::Partner, profile, GlyphSize::Row).to_string()));
            assert!(seen.insert(glyph(KeyKind::Full, profile, GlyphSize::Row).to_string()));
        }
        assert_eq!(seen.len(), 8_192);
    }

    #[test]
    fn a_glyph_is_silent() {
        let text = glyph(KeyKind::Full, [0; CUTS], GlyphSize::Head).to_string();
        assert!(text.starts_with("<svg class=\"glyph full large\"") && text.contains("aria-hidden=\"true\""), "{text}");
    }
}
