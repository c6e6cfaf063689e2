//! Rotation: a key's successor, and how long the two of them open the same.

use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

words! {
    /// When the old key of a rotation ends. Its own expiry may end it sooner.
    Overlap, "An overlap is now, 24h or first-use.":
    Now "now", Day "24h", FirstUse "first-use"
}

impl Overlap {
    /// How long the old key goes on at the most.
    pub const fn longest(self) -> Duration {
        match self {
            Self::Now => Duration::ZERO,
            Self::Day => DAY,
            Self::FirstUse => Duration::from_hours(7 * 24),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlap_is_read_by_its_word_and_lasts_a_week_at_most() {
        for overlap in Overlap::ALL {
            assert_eq!(Overlap::parse(overlap.as_str()), Ok(*overlap));
            assert!(overlap.longest() <= 7 * DAY);
        }
        assert!(Overlap::parse("later").is_err());
    }
}
