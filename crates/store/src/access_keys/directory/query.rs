//! What of the list is asked for, and which keys that leaves.

use std::time::Duration;

use leadlatch_domain::key_directory::{KeyCard, KeyOrder, KeyStatus, LastUse, may_write};
use leadlatch_domain::key_secret::KeyKind;
use leadlatch_domain::scope::Scope;
use leadlatch_domain::text::fold;
use leadlatch_domain::time::Timestamp;

use super::ListedKey;
use crate::access_keys::AccessKey;

/// What of the list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryQuery {
    /// A part of the name, the fingerprint, the partner's name or the note, in any case.
    pub search: String,
    /// Keys of one kind.
    pub kind: Option<KeyKind>,
    /// Those of one partner record.
    pub partner: Option<i64>,
    /// Those that carry a scope.
    pub scope: Option<Scope>,
    /// By when they were last used.
    pub used: Option<LastUse>,
    /// By what has become of them.
    pub status: KeyStatus,
    /// Those of every card that is named.
    pub cards: Vec<KeyCard>,
    /// What they are ordered by.
    pub order: KeyOrder,
    /// The highest, newest or busiest first.
    pub descending: bool,
    /// Which page, from 1.
    pub page: usize,
}

impl Default for DirectoryQuery {
    fn default() -> Self {
        Self {
            search: String::new(),
            kind: None,
            partner: None,
            scope: None,
            used: None,
            status: KeyStatus::Active,
            cards: Vec::new(),
            order: KeyOrder::Requests,
            descending: true,
            page: 1,
        }
    }
}

impl DirectoryQuery {
    pub(super) fn leaves(&self, row: &ListedKey, now: Timestamp) -> bool {
        let key = &row.key;
        self.status.holds(key.state, row.is_rotating())
            && self.kind.is_none_or(|kind| key.kind == kind.as_str())
            && self.partner.is_none_or(|partner| key.partner_id == Some(partner))
            && self.scope.is_none_or(|scope| key.scopes.contains(scope))
            && self.used.is_none_or(|used| was_used(used, key, now))
            && self.cards.iter().all(|card| holds_card(*card, key, now))
            && self.finds(row)
    }

    fn finds(&self, row: &ListedKey) -> bool {
        let wanted = fold(&self.search);
        let company = row.partner.as_ref().map(|partner| partner.company.as_str());
        let texts = [Some(row.key.name.as_str()), Some(&row.key.fingerprint), row.key.note.as_deref(), company];
        wanted.is_empty() || texts.into_iter().flatten().any(|text| fold(text).contains(&wanted))
    }
}

fn was_used(used: LastUse, key: &AccessKey, now: Timestamp) -> bool {
    let edge = days_before(now, used.days());
    match used {
        LastUse::Never => key.last_used_at.is_none(),
        LastUse::Over90Days => key.last_used_at.is_some_and(|at| at <= edge),
        LastUse::Day | LastUse::Week | LastUse::Month => key.last_used_at.is_some_and(|at| at > edge),
    }
}

pub(super) fn holds_card(card: KeyCard, key: &AccessKey, now: Timestamp) -> bool {
    match card {
        KeyCard::NeverUsed => key.last_used_at.is_none(),
        KeyCard::Idle => was_used(LastUse::Over90Days, key, now),
        KeyCard::NoExpiry => key.expires_at.is_none(),
        KeyCard::FullWrite => key.kind == KeyKind::Full.as_str() && may_write(key.scopes),
    }
}

fn days_before(now: Timestamp, days: i64) -> Timestamp {
    now.minus(Duration::from_hours(24 * days.unsigned_abs()))
}
