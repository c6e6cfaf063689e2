//! Subscriptions and deliveries in the words of the pages.

use leadlatch_domain::hook::HookEvent;
use leadlatch_domain::time::Timestamp;
use leadlatch_store::hooks::{Delivery, HookState, Subscription};

use super::href;
use crate::components::words::{ago, exact, thousands};

/// A subscription.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) href: String,
    pub(super) target: String,
    /// The key's name and its page; none for the account's own.
    pub(super) key: Option<(String, String)>,
    pub(super) events: String,
    pub(super) state: &'static str,
    /// The tone of the state's badge.
    pub(super) tone: &'static str,
    pub(super) waiting: String,
    /// How long ago, exactly when, and how it went.
    pub(super) last: Option<(String, String, String)>,
    /// Whether its key is disabled for being idle.
    pub(super) key_idle: bool,
    pub(super) can_enable: bool,
    pub(super) is_over: bool,
}

impl Row {
    pub(super) fn new(of: &Subscription, now: Timestamp) -> Self {
        let hook = &of.hook;
        let (state, tone) = match hook.state {
            HookState::Active | HookState::Failing if of.key_idle => ("Key idle", "danger"),
            HookState::Active => ("Active", "accent"),
            HookState::Failing => ("Failing", "caution"),
            HookState::Disabled => ("Disabled", "danger"),
            HookState::Ended => ("Ended", "sunken"),
        };
        let key = |id: i64| {
            let name = of.key_name.clone().unwrap_or_else(|| format!("Key {id}"));
            (name, format!("{}/{id}", crate::access_keys::HOME))
        };
        let last = hook.last_delivery.as_ref();
        Self {
            id: hook.id,
            href: href(hook.id, ""),
            target: hook.target_url.clone(),
            key: of.key_id.map(key),
            events: hook.events.iter().map(HookEvent::as_str).collect::<Vec<_>>().join(", "),
            state,
            tone,
            waiting: thousands(of.waiting),
            last: last.map(|last| (ago(last.at, now), exact(last.at), last.state.clone())),
            key_idle: of.key_idle && hook.state != HookState::Ended,
            can_enable: matches!(hook.state, HookState::Failing | HookState::Disabled),
            is_over: hook.state == HookState::Ended,
        }
    }
}

/// What is said of a delivery that waits for an older one of its lead.
const BEHIND: &str = "waiting: for an older one of its lead";

/// A delivery.
#[derive(Debug)]
pub(super) struct DeliveryRow {
    pub(super) id: i64,
    pub(super) href: String,
    pub(super) when: String,
    pub(super) exact: String,
    pub(super) event: String,
    pub(super) event_id: String,
    pub(super) lead: i64,
    pub(super) state: String,
    pub(super) tone: &'static str,
    pub(super) attempts: i64,
    pub(super) answer: String,
    pub(super) took: String,
}

impl DeliveryRow {
    pub(super) fn new(of: &Delivery, now: Timestamp) -> Self {
        let tone = match of.state.as_str() {
            "delivered" => "accent",
            "waiting" if of.attempt_count == 0 => "sunken",
            "waiting" => "caution",
            "dropped" => "sunken",
            _ => "danger",
        };
        let why = of.reason.as_ref().map(|why| format!("{}: {}", of.state, why.replace('_', " ")));
        let answer = of.last_status.map(|status| status.to_string());
        Self {
            id: of.id,
            href: href(of.subscription_id, &format!("deliveries/{}", of.id)),
            when: ago(of.occurred_at, now),
            exact: exact(of.occurred_at),
            event: of.event.clone(),
            event_id: of.event_id.clone(),
            lead: of.lead_id,
            state: why.unwrap_or_else(|| if of.behind { BEHIND.to_owned() } else { of.state.clone() }),
            tone,
            attempts: of.attempt_count,
            answer: answer.or_else(|| of.last_error.as_ref().map(|error| error.replace('_', " "))).unwrap_or_default(),
            took: of.last_took_ms.map(|took| format!("{} ms", thousands(took))).unwrap_or_default(),
        }
    }
}
