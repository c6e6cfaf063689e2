//! Features of a key that nothing needs, and the narrower key that would do the same work.

use leadlatch_domain::key_state::KeyState;
use leadlatch_domain::scope::{Scope, ScopeSet};
use leadlatch_domain::time::Timestamp;
use leadlatch_store::access_keys::directory::ListedKey;

use super::row::kind_of;
use super::said::listed;
use crate::components::words::count;

/// Days after which a feature that is not needed is one too many.
const NOT_USED: i64 = 90;

/// Features that nothing needs.
#[derive(Debug)]
pub(super) struct Unused {
    /// `Read leads was last needed 97 days ago.`
    pub(super) lines: Vec<(String, String)>,
    /// What would do the same work, and where to make it; none where nothing would be left.
    pub(super) narrower: Option<(String, String)>,
}

/// Features that no request of the last 90 days needed, of a key that is as old and still opens.
pub(super) fn of(listed_key: &ListedKey, last: &[(Scope, i64)], now: Timestamp) -> Option<Unused> {
    let key = &listed_key.key;
    let edge = now.day() - NOT_USED;
    if key.created_at.day() > edge || !matches!(key.state, KeyState::Active | KeyState::Expiring) {
        return None;
    }
    let day = |scope: Scope| last.iter().find(|(known, _)| *known == scope).map(|(_, day)| *day);
    let idle: ScopeSet = key.scopes.iter().filter(|scope| day(*scope).is_none_or(|day| day < edge)).collect();
    if idle.is_empty() {
        return None;
    }
    let line = |scope: Scope| {
        let words = day(scope).map(|day| format!(" was last needed {} ago.", count(now.day() - day, "day")));
        (scope.label().to_owned(), words.unwrap_or_else(|| " was never needed.".into()))
    };
    let left = key.scopes.without(idle);
    let labels: Vec<_> = left.iter().map(Scope::label).collect();
    let href = || super::add_href(kind_of(key), key.partner_id, left);
    let narrower = (!left.is_empty()).then(|| (listed(labels), href()));
    Some(Unused { lines: idle.iter().map(line).collect(), narrower })
}
