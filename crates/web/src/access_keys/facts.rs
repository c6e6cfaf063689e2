//! What stands beside a key's page: the facts.

use leadlatch_domain::scope::Scope;
use leadlatch_domain::time::Timestamp;
use leadlatch_store::access_keys::directory::ListedKey;

use super::row::key_href;
use super::said::listed;
use crate::components::When;
use crate::components::words::{count, date, minute};

/// What stands beside.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) access: String,
    pub(super) made: String,
    pub(super) used: Option<When>,
    pub(super) expires: String,
    pub(super) addresses: String,
    pub(super) limit: String,
    pub(super) idle: String,
    pub(super) follows: Option<(String, String)>,
    pub(super) followed_by: Option<(String, String)>,
    pub(super) exposed: Option<String>,
}

impl Facts {
    pub(super) fn new(listed_key: &ListedKey, now: Timestamp) -> Self {
        let key = &listed_key.key;
        let labels: Vec<_> = key.scopes.iter().map(Scope::label).collect();
        let link = |id: i64| (format!("key {id}"), key_href(id, ""));
        let limit = key.limits.requests_per_minute;
        let exposed = |at| {
            let from = key.exposed_from.as_ref().map(|from| format!(", from {from}")).unwrap_or_default();
            format!("It stood in a URL on {}{from}, where logs keep it: rotate or delete it.", minute(at))
        };
        Self {
            access: listed(labels),
            made: format!("{} by {}", date(key.created_at), listed_key.made_by),
            used: key.last_used_at.map(|at| When::ago(at, now)),
            expires: key.expires_at.map_or_else(|| "Never".into(), minute),
            addresses: key
                .limits
                .address_ranges
                .as_ref()
                .map_or_else(|| "Any".into(), |all| all.to_stored().replace(' ', ", ")),
            limit: limit
                .map_or_else(|| "None".into(), |limit| format!("{} a minute", count(limit.get().into(), "request"))),
            idle: key
                .limits
                .idle_days
                .map_or_else(|| "Never".into(), |days| format!("After {}", count(days.get(), "day"))),
            follows: key.rotated_from.map(link),
            followed_by: key.successor_id.map(link),
            exposed: key.exposed_at.filter(|_| key.deleted_at.is_none()).map(exposed),
        }
    }
}
