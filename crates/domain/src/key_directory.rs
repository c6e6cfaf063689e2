//! The words of the list of keys: what it is narrowed to and ordered by, in URLs and on the page.

use crate::key_state::KeyState;
use crate::scope::{Scope, ScopeSet};

words! {
    /// What has become of the keys that are listed.
    KeyStatus, "A status is active, rotating, disabled, expired, deleted or any.":
    Active "active", Rotating "rotating", Disabled "disabled", Expired "expired", Deleted "deleted", Any "any"
}

words! {
    /// When the keys that are listed were last used.
    LastUse, "A last use is day, week, month, over-90-days or never.":
    Day "day", Week "week", Month "month", Over90Days "over-90-days", Never "never"
}

words! {
    /// What deserves a look, each with a card of its own.
    KeyCard, "A card is never-used, idle, no-expiry or full-write.":
    NeverUsed "never-used", Idle "idle", NoExpiry "no-expiry", FullWrite "full-write"
}

words! {
    /// What the list is ordered by.
    KeyOrder, "An order is name, type, used, requests, created or expires.":
    Name "name", Type "type", Used "used", Requests "requests", Created "created", Expires "expires"
}

impl KeyStatus {
    /// Whether a key in a state, with a rotation under way or not, is among them. Active keys are those that open.
    pub const fn holds(self, state: KeyState, rotating: bool) -> bool {
        let opens = matches!(state, KeyState::Active | KeyState::Expiring);
        match self {
            Self::Active => opens,
            Self::Rotating => opens && rotating,
            Self::Disabled => matches!(state, KeyState::Idle),
            Self::Expired => matches!(state, KeyState::Expired | KeyState::Rotated),
            Self::Deleted => matches!(state, KeyState::Deleted),
            Self::Any => !matches!(state, KeyState::Deleted),
        }
    }

    /// The word on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Rotating => "Rotating",
            Self::Disabled => "Disabled",
            Self::Expired => "Expired",
            Self::Deleted => "Deleted",
            Self::Any => "Any but deleted",
        }
    }
}

impl LastUse {
    /// Days back to which it reaches, or from which on it begins.
    pub const fn days(self) -> i64 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
            Self::Over90Days | Self::Never => 90,
        }
    }

    /// The words on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Day => "In 24 hours",
            Self::Week => "In 7 days",
            Self::Month => "In 30 days",
            Self::Over90Days => "Over 90 days ago",
            Self::Never => "Never",
        }
    }
}

impl KeyCard {
    /// The words on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NeverUsed => "Never used",
            Self::Idle => "Idle over 90 days",
            Self::NoExpiry => "No expiry",
            Self::FullWrite => "Full with write access",
        }
    }
}

/// Whether scopes let something be changed: every one but reading leads does.
pub fn may_write(scopes: ScopeSet) -> bool {
    scopes.iter().any(|scope| scope != Scope::ReadLeads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_is_listed_under_its_status() {
        let of = |state| {
            let held = KeyStatus::ALL.iter().filter(move |status| status.holds(state, false));
            held.map(|status| status.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(of(KeyState::Active), ["active", "any"]);
        assert_eq!(of(KeyState::Expiring), ["active", "any"]);
        assert_eq!(of(KeyState::Idle), ["disabled", "any"]);
        assert_eq!(of(KeyState::Rotated), ["expired", "any"]);
        assert_eq!(of(KeyState::Deleted), ["deleted"]);
        assert!(KeyStatus::Rotating.holds(KeyState::Expiring, true));
        assert!(!KeyStatus::Rotating.holds(KeyState::Rotated, true), "the rotation is over");
    }

    #[test]
    fn a_key_that_only_reads_writes_nothing() {
        let set = |scope| [scope].into_iter().collect::<ScopeSet>();
        assert!(!may_write(set(Scope::ReadLeads)));
        assert!(Scope::ALL.into_iter().filter(|scope| may_write(set(*scope))).count() == 7);
    }
}
