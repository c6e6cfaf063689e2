//! What of the trail is asked for, which stands whole in the address.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use leadlatch_domain::audit::ActorKind;
use leadlatch_domain::time::{Date, Timestamp};
use leadlatch_store::audit::AuditFilter;

use super::HOME;
use crate::{asked, paths};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// What is asked for. What cannot be read asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct TrailState {
    pub(super) search: String,
    pub(super) actor: Option<ActorKind>,
    pub(super) actor_id: Option<i64>,
    /// The first part of events' names, such as `key`, or a whole one.
    pub(super) action: String,
    pub(super) target: Option<i64>,
    /// So many days back.
    pub(super) days: Option<i64>,
    /// The first day, and the last.
    pub(super) from: String,
    pub(super) to: String,
    /// Entries before this number.
    pub(super) before: Option<i64>,
    /// The entry that stands first, opened.
    pub(super) entry: Option<i64>,
    /// Whether the chain is verified now, whatever was known of it.
    pub(super) verify: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for TrailState {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::read(&asked::pairs(parts)))
    }
}

impl TrailState {
    fn read(pairs: &[(String, String)]) -> Self {
        let mut state = Self::default();
        let number = |text: &str| text.parse::<i64>().ok().filter(|number| *number > 0);
        for (name, value) in pairs {
            match name.as_str() {
                "q" => value.trim().clone_into(&mut state.search),
                "actor" => state.set_actor(value),
                "action" => value.trim().clone_into(&mut state.action),
                "target" => state.target = number(value),
                "days" => state.days = number(value).filter(|days| *days < 36_500),
                "from" => state.from = day(value),
                "to" => state.to = day(value),
                "before" => state.before = number(value),
                "entry" => {
                    state.entry = number(value);
                    state.before = state.entry.map(|entry| entry.saturating_add(1));
                }
                "verify" => state.verify = value == "now",
                _ => {}
            }
        }
        state
    }

    /// `user`, `key`, or one of them by number, such as `key:7`.
    pub(super) fn set_actor(&mut self, text: &str) {
        let (kind, id) = text.split_once(':').unwrap_or((text, ""));
        self.actor = ActorKind::ALL.into_iter().find(|known| known.as_str() == kind);
        self.actor_id = id.parse().ok().filter(|_| self.actor.is_some());
    }

    /// What stands in the address. Verifying is asked for once and is no part of it.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        let mut put = |name, value: String| {
            if !value.is_empty() {
                pairs.push((name, value));
            }
        };
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        put("q", self.search.clone());
        let of = self.actor_id.map(|id| format!(":{id}")).unwrap_or_default();
        put("actor", self.actor.map(|kind| format!("{}{of}", kind.as_str())).unwrap_or_default());
        put("action", self.action.clone());
        put("target", number(self.target));
        put("days", number(self.days));
        put("from", self.from.clone());
        put("to", self.to.clone());
        put("before", number(self.before));
        pairs
    }

    /// The same with a change, from the newest entry on.
    pub(super) fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut state = Self { before: None, entry: None, verify: false, ..self.clone() };
        change(&mut state);
        state
    }

    /// The address of the trail in this state.
    pub(super) fn href(&self) -> String {
        paths::with_query(HOME, self.pairs())
    }

    /// Whether fewer entries than all are asked for.
    pub(super) fn is_narrowed(&self) -> bool {
        self.with(|_| {}) != Self::default()
    }

    /// The question to the store.
    pub(super) fn filter(&self, now: Timestamp) -> AuditFilter {
        let start = |text: &str| Date::parse(text).ok().map(|date| date.start_utc().as_micros());
        let event = match self.action.as_str() {
            "" => String::new(),
            whole if whole.contains('.') => whole.to_owned(),
            kind => format!("{kind}."),
        };
        AuditFilter {
            actor: self.actor,
            actor_id: self.actor_id,
            event,
            target_id: self.target,
            from: start(&self.from).max(self.days.map(|days| now.as_micros() - days * DAY)),
            to: start(&self.to).map(|start| start + DAY),
            text: self.search.clone(),
        }
    }
}

/// A day as it stands in an address; nothing when it is none.
fn day(text: &str) -> String {
    Date::parse(text.trim()).map(|date| date.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::TrailState;
    use leadlatch_domain::time::Timestamp;

    fn read(pairs: &[(&str, &str)]) -> TrailState {
        let owned: Vec<_> = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        TrailState::read(&owned)
    }

    #[test]
    fn a_state_survives_its_address() {
        let pairs = [
            ("q", "Acme & co"),
            ("actor", "key:7"),
            ("action", "partner"),
            ("target", "3"),
            ("days", "7"),
            ("from", "2026-11-01"),
            ("to", "2026-11-23"),
            ("before", "51"),
        ];
        let state = read(&pairs);
        let told = state.pairs();
        assert_eq!(told.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>(), pairs);
        assert!(state.href().starts_with("/audit-trail?q=Acme%20%26%20co&actor=key%3A7&"), "{}", state.href());
        let bad = read(&[("actor", "x:1"), ("target", "-1"), ("days", "x"), ("from", "yesterday"), ("before", "0")]);
        assert_eq!((bad.href(), bad.is_narrowed()), ("/audit-trail".to_owned(), false));
    }

    #[test]
    fn the_last_day_is_asked_for_to_its_end() {
        let now = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
        let filter = read(&[("from", "2026-11-20"), ("to", "2026-11-20"), ("action", "key")]).filter(now);
        let at = |text| Some(Timestamp::parse(text).unwrap().as_micros());
        assert_eq!((filter.from, filter.to), (at("2026-11-20T00:00:00Z"), at("2026-11-21T00:00:00Z")));
        assert_eq!(filter.event, "key.");
        let filter = read(&[("days", "1"), ("action", "key.deleted")]).filter(now);
        assert_eq!((filter.from, filter.to, filter.event.as_str()), (at("2026-11-22T12:00:00Z"), None, "key.deleted"));
    }
}
