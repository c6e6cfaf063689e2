//! What is marked on a key: its state, a rotation, a secret that stood where it should not.

use leadlatch_domain::key_state::KeyState;
use leadlatch_domain::time::Timestamp;
use leadlatch_store::access_keys::directory::ListedKey;

use crate::components::Icon;
use crate::components::words::{thousands, until};

/// A badge.
#[derive(Debug, Clone)]
pub(super) struct Badge {
    pub(super) tone: &'static str,
    pub(super) icon: Icon,
    pub(super) words: String,
}

/// What is marked on it.
pub(super) fn badges(listed: &ListedKey, now: Timestamp) -> Vec<Badge> {
    let key = &listed.key;
    let mut badges = Vec::new();
    let mut put = |tone, icon, words: String| badges.push(Badge { tone, icon, words });
    match key.state {
        KeyState::Deleted => put("sunken", Icon::Bin, "Deleted".into()),
        KeyState::Rotated => put("sunken", Icon::Rotate, "Rotated out".into()),
        KeyState::Expired => put("danger", Icon::Cross, "Expired".into()),
        KeyState::Idle => put("sunken", Icon::Lock, "Disabled, idle".into()),
        KeyState::Active | KeyState::Expiring => match key.ends_at {
            Some(end) => put("caution", Icon::Clock, format!("Ends {}", until(end, now))),
            None if listed.old_key.is_some() => put("caution", Icon::Rotate, "Rotating".into()),
            None => {}
        },
    }
    if key.exposed_at.is_some() && key.state != KeyState::Deleted {
        put("danger", Icon::Triangle, "Stood in a URL".into());
    }
    badges
}

/// What the old key of a rotation still does.
pub(super) fn old_in_words(calls: i64, address: Option<&str>) -> String {
    let noun = if calls == 1 { "call" } else { "calls" };
    match address {
        Some(address) => format!("Old key: {} {noun} in the last hour, from {address}", thousands(calls)),
        None => "Old key: no calls in the last hour".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_key_is_said_with_where_it_is_used() {
        assert_eq!(old_in_words(12, Some("192.0.2.77")), "Old key: 12 calls in the last hour, from 192.0.2.77");
        assert_eq!(old_in_words(1, Some("::1")), "Old key: 1 call in the last hour, from ::1");
        assert_eq!(old_in_words(0, None), "Old key: no calls in the last hour");
    }
}
