//! The four cards above the list, which are filters.

use leadlatch_domain::key_directory::KeyCard;
use leadlatch_domain::time::Timestamp;
use leadlatch_store::access_keys::directory::Counts;

use super::query::ListState;
use crate::components::words::{ago, count, lower, thousands};

/// A card that is a filter.
#[derive(Debug)]
pub(super) struct Card {
    pub(super) label: &'static str,
    pub(super) number: String,
    pub(super) note: String,
    pub(super) pressed: bool,
    pub(super) empty: bool,
    /// The state that pressing it leads to.
    pub(super) pairs: Vec<(&'static str, String)>,
}

impl Card {
    pub(super) fn new(card: KeyCard, counts: &Counts, state: &ListState, now: Timestamp) -> Self {
        let number = counts.card(card) as i64;
        let pressed = state.0.cards.contains(&card);
        Self {
            label: card.label(),
            number: thousands(number),
            note: card_note(card, counts, now),
            pressed,
            empty: number == 0 && !pressed,
            pairs: state.toggled(card).pairs(),
        }
    }
}

fn card_note(card: KeyCard, counts: &Counts, now: Timestamp) -> String {
    let days = |at: Timestamp| count(now.day() - at.day(), "day");
    match card {
        KeyCard::NeverUsed => counts.oldest_unused.map(|at| format!("Oldest made {}", lower(&ago(at, now)))),
        KeyCard::Idle => counts.longest_idle.map(|at| format!("Longest {}", days(at))),
        KeyCard::NoExpiry => Some(format!("of {} active", thousands(counts.active as i64))),
        KeyCard::FullWrite => Some("Reach everything".into()).filter(|_| counts.card(card) > 0),
    }
    .unwrap_or_else(|| "None".into())
}
