//! The sweep of the deletions file: what other nodes deleted is added to it, what a restore brought back is deleted again.

use leadlatch_domain::time::Timestamp;
use leadlatch_store::deletions::Swept;
use leadlatch_store::{Operator, Result, Store};

/// Every so many rounds goes through everything, the others through what is new.
const ROUNDS_TO_A_WHOLE: u32 = 60;

/// How far the sweeps have come.
pub(crate) struct Sweeper {
    rounds: u32,
    last: Timestamp,
}

impl Sweeper {
    pub(super) fn new(store: &Store) -> Self {
        Self { rounds: 0, last: store.clock().now() }
    }

    /// One sweep: of what is new since the last, or of everything.
    pub(super) async fn round(&mut self, store: &Store, operator: &Operator) -> Result<()> {
        self.rounds = self.rounds.wrapping_add(1);
        let now = store.clock().now();
        let whole = self.rounds.is_multiple_of(ROUNDS_TO_A_WHOLE);
        let swept = if whole { store.sweep(operator).await? } else { store.sweep_new(operator, self.last).await? };
        report(swept);
        self.last = now;
        Ok(())
    }
}

/// Says what a sweep found.
pub(crate) fn report(swept: Swept) {
    let Swept { keys, leads, written, unreadable } = swept;
    if keys > 0 || leads > 0 {
        tracing::warn!(keys, leads, "a restore had brought back what was deleted; it is deleted again");
    }
    if written > 0 {
        tracing::info!(written, "deletions of other nodes are in this node's file");
    }
    if unreadable > 0 {
        tracing::error!(lines = unreadable, "lines of the deletions file cannot be read");
    }
}
