//! A moment as lists show it: short, with the exact time in its title.

use leadlatch_domain::time::Timestamp;

use super::words::{ago, date, exact};

/// A moment: short, and exactly.
#[derive(Debug)]
pub(crate) struct When {
    pub(crate) short: String,
    pub(crate) exact: String,
}

impl When {
    /// How long ago.
    pub(crate) fn ago(at: Timestamp, now: Timestamp) -> Self {
        Self { short: ago(at, now), exact: exact(at) }
    }

    /// The day.
    pub(crate) fn date(at: Timestamp) -> Self {
        Self { short: date(at), exact: exact(at) }
    }
}
