//! What has become of a key, and what is about to: as admins see it, and as the key is told itself.

use std::time::Duration;

use serde::Serialize;

use crate::retention::Days;
use crate::time::Timestamp;

const DAY: Duration = Duration::from_hours(24);
/// How long before an end it is warned about.
const WARNED: Duration = Duration::from_hours(14 * 24);

words! {
    /// What has become of a key. Where several are true it is the last of them.
    KeyState, "A state is active, expiring, idle, expired, rotated or deleted.":
    Active "active", Expiring "expiring", Idle "idle", Expired "expired", Rotated "rotated", Deleted "deleted"
}

/// The times of a key that decide its state.
#[derive(Debug, Clone)]
pub struct KeyTimes {
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was enabled again, after it had been idle.
    pub enabled_at: Option<Timestamp>,
    /// When it was last used and not refused.
    pub last_let_in_at: Option<Timestamp>,
    /// Days without use after which it is refused.
    pub idle_days: Option<Days>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When its rotation ends it.
    pub ends_at: Option<Timestamp>,
    /// Whether its rotation has ended it, whatever the clock says.
    pub ended: bool,
    /// When it first stood in a URL.
    pub exposed_at: Option<Timestamp>,
    /// When it first came over plain http.
    pub sent_in_clear_at: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
}

/// Something that is about to end a key, or should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// `expires_soon`, `rotated`, `idle_soon`, `exposed` or `sent_in_clear`.
    pub code: &'static str,
    /// What happens and what to do.
    pub detail: String,
    /// When.
    pub at: Timestamp,
}

impl KeyTimes {
    /// The state at a moment.
    pub fn state(&self, now: Timestamp) -> KeyState {
        let past = |end: Option<Timestamp>| end.is_some_and(|end| end <= now);
        let soon = |end: Option<Timestamp>| past(end.map(|end| end.minus(WARNED)));
        match self {
            Self { deleted_at: Some(_), .. } => KeyState::Deleted,
            _ if self.ended || past(self.ends_at) => KeyState::Rotated,
            _ if past(self.expires_at) => KeyState::Expired,
            _ if past(self.idle_at()) => KeyState::Idle,
            _ if soon(self.ends_at) || soon(self.expires_at) => KeyState::Expiring,
            _ => KeyState::Active,
        }
    }

    /// When it will have been idle for too long, unless it is used before.
    pub fn idle_at(&self) -> Option<Timestamp> {
        let since = [self.last_let_in_at, self.enabled_at].into_iter().flatten().fold(self.created_at, Ord::max);
        self.idle_days.map(|days| since.plus(DAY * u32::try_from(days.get()).unwrap_or(u32::MAX)))
    }

    /// What is about to end a key that still opens, or should end it, by time.
    pub fn warnings(&self, now: Timestamp) -> Vec<Warning> {
        if !matches!(self.state(now), KeyState::Active | KeyState::Expiring) {
            return Vec::new();
        }
        let ends = [
            ("rotated", self.ends_at, "The key was rotated and ends then at the latest: use its successor."),
            ("expires_soon", self.expires_at, "The key expires then: ask an account admin for its successor."),
            ("idle_soon", self.idle_at(), "The key is disabled then unless it is used before."),
        ];
        let near = ends.into_iter().filter_map(|(code, at, detail)| Some((code, at?, detail)));
        let near = near.filter(|(_, at, _)| at.minus(WARNED) <= now);
        let exposed = "The key stood in a URL then, where logs keep it: rotate or delete it.";
        let exposed = self.exposed_at.map(|at| ("exposed", at, exposed));
        let clear =
            "The key came over plain http then, where anyone on the way could read it: use https, then rotate it.";
        let clear = self.sent_in_clear_at.map(|at| ("sent_in_clear", at, clear));
        let all = exposed.into_iter().chain(clear).chain(near);
        let mut warnings: Vec<_> = all.map(|(code, at, detail)| Warning { code, detail: detail.into(), at }).collect();
        warnings.sort_by_key(|warning| warning.at);
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i64) -> Timestamp {
        Timestamp::from_micros(number * 86_400_000_000)
    }

    fn made_on_day_100() -> KeyTimes {
        KeyTimes {
            created_at: day(100),
            enabled_at: None,
            last_let_in_at: None,
            idle_days: None,
            expires_at: None,
            ends_at: None,
            ended: false,
            exposed_at: None,
            sent_in_clear_at: None,
            deleted_at: None,
        }
    }

    fn codes(key: &KeyTimes, now: Timestamp) -> Vec<&'static str> {
        key.warnings(now).iter().map(|warning| warning.code).collect()
    }

    #[test]
    fn an_expiry_is_warned_about_two_weeks_before_it_comes() {
        let key = KeyTimes { expires_at: Some(day(200)), ..made_on_day_100() };
        let states = [185, 186, 199, 200].map(|now| key.state(day(now)));
        assert_eq!(states, [KeyState::Active, KeyState::Expiring, KeyState::Expiring, KeyState::Expired]);
        assert_eq!((codes(&key, day(185)), codes(&key, day(186))), (vec![], vec!["expires_soon"]));
        assert_eq!(codes(&key, day(200)), Vec::<&str>::new());
    }

    #[test]
    fn a_key_that_stood_in_a_url_is_warned_about_until_it_ends() {
        let key = KeyTimes { exposed_at: Some(day(101)), expires_at: Some(day(200)), ..made_on_day_100() };
        assert_eq!(codes(&key, day(150)), ["exposed"]);
        assert_eq!(codes(&key, day(190)), ["exposed", "expires_soon"]);
        assert_eq!(codes(&key, day(200)), Vec::<&str>::new());
    }

    #[test]
    fn a_key_that_came_in_clear_is_warned_about() {
        let key = KeyTimes { sent_in_clear_at: Some(day(101)), ..made_on_day_100() };
        assert_eq!(codes(&key, day(150)), ["sent_in_clear"]);
    }

    #[test]
    fn idle_days_count_from_the_last_that_happened() {
        let mut key = KeyTimes { idle_days: Days::new(30), ..made_on_day_100() };
        assert_eq!((key.state(day(129)), key.state(day(130))), (KeyState::Active, KeyState::Idle));
        key.last_let_in_at = Some(day(120));
        assert_eq!((key.state(day(149)), key.state(day(150))), (KeyState::Active, KeyState::Idle));
        assert_eq!((codes(&key, day(135)), codes(&key, day(136))), (vec![], vec!["idle_soon"]));
        key.enabled_at = Some(day(160));
        assert_eq!((key.state(day(189)), key.state(day(190))), (KeyState::Active, KeyState::Idle));
    }

    #[test]
    fn an_end_by_rotation_holds_by_time_and_by_mark() {
        let mut key = KeyTimes { ends_at: Some(day(101)), expires_at: Some(day(102)), ..made_on_day_100() };
        assert_eq!((key.state(day(100)), codes(&key, day(100))), (KeyState::Expiring, vec!["rotated", "expires_soon"]));
        assert_eq!(key.state(day(101)), KeyState::Rotated);
        key.ended = true;
        assert_eq!(key.state(day(100)), KeyState::Rotated, "a clock that is set back revives nothing");
        key.deleted_at = Some(day(100));
        assert_eq!(key.state(day(200)), KeyState::Deleted);
    }
}
