//! What an admin should look at in a key: the classes of its requests' outcomes, and the warnings that follow from its use.

use std::time::Duration;

use crate::retention::Days;
use crate::scope::ScopeSet;
use crate::time::Timestamp;

/// How long a key may be unused after it was made before that is worth a word.
const SETTLING: Days = Days::literal(7);
/// How long before its end a key is warned about.
const EXPIRES_SOON: Days = Days::literal(14);
/// Refusals in the days of a report from which on they are looked at.
const REFUSED_OFTEN: i64 = 10;
/// They are many when they are one request in this many.
const REFUSED_SHARE: i64 = 10;

/// What became of a request that a live key made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It was done.
    Accepted,
    /// The key does not permit it, or not at this rate: 401, 403, 429.
    Refused,
    /// The request was wrong: the other 4xx.
    Invalid,
    /// We failed: 5xx.
    Failed,
}

impl Outcome {
    /// The class of an HTTP status.
    pub const fn of(status: u16) -> Self {
        match status {
            ..400 => Self::Accepted,
            401 | 403 | 429 => Self::Refused,
            400..500 => Self::Invalid,
            500.. => Self::Failed,
        }
    }

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Invalid => "invalid",
            Self::Failed => "failed",
        }
    }
}

as_text!(Outcome);

words! {
    /// Why a key deserves a look.
    Warning, "Name a warning of the key report.":
    Exposed "exposed", Unused "unused", Idle "idle", NeverExpires "never_expires", ExpiresSoon "expires_soon", OverBroad "over_broad",
    RefusedOften "refused_often", LogIncomplete "log_incomplete"
}

/// What is known of a key's use, over the days of a report where it says so.
#[derive(Debug, Clone, Copy)]
pub struct Conduct {
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, whatever the answer.
    pub last_used_at: Option<Timestamp>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// Whether it stood in a URL.
    pub exposed: bool,
    /// What it may do.
    pub scopes: ScopeSet,
    /// The scopes that its requests have ever needed.
    pub scopes_used: ScopeSet,
    /// Requests in the days.
    pub requests: i64,
    /// How many of them were refused.
    pub refused: i64,
    /// Log entries of the days that could not be kept.
    pub dropped: i64,
}

impl Conduct {
    /// What deserves a look, by the last so many days.
    pub fn warnings(&self, now: Timestamp, days: Days) -> Vec<Warning> {
        let holds = |warning: &Warning| match warning {
            Warning::Exposed => self.exposed,
            Warning::Unused => self.last_used_at.is_none() && before(now, SETTLING) >= self.created_at,
            Warning::Idle => self.last_used_at.unwrap_or(self.created_at) <= before(now, days),
            Warning::NeverExpires => self.expires_at.is_none(),
            Warning::ExpiresSoon => self.expires_at.is_some_and(|end| end > now && before(end, EXPIRES_SOON) <= now),
            Warning::OverBroad => self.is_over_broad(now, days),
            Warning::RefusedOften => {
                self.refused >= REFUSED_OFTEN && self.refused.saturating_mul(REFUSED_SHARE) >= self.requests
            }
            Warning::LogIncomplete => self.dropped > 0,
        };
        Warning::ALL.iter().copied().filter(holds).collect()
    }

    /// Every scope there is, or one that no request needed although the key had the days to.
    fn is_over_broad(&self, now: Timestamp, days: Days) -> bool {
        let old = self.created_at <= before(now, days);
        self.scopes == ScopeSet::all() || (old && !self.scopes.without(self.scopes_used).is_empty())
    }
}

fn before(time: Timestamp, days: Days) -> Timestamp {
    time.minus(Duration::from_hours(24 * days.get().unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::Scope;

    fn day(number: u64) -> Timestamp {
        Timestamp::from_micros(0).plus(Duration::from_hours(24 * number))
    }

    /// A key of the first day with two scopes, both used yesterday.
    fn conduct() -> Conduct {
        let scopes = [Scope::CreateLeads, Scope::ReadLeads].into_iter().collect();
        Conduct {
            created_at: day(0),
            last_used_at: Some(day(99)),
            expires_at: Some(day(400)),
            exposed: false,
            scopes,
            scopes_used: scopes,
            requests: 100,
            refused: 0,
            dropped: 0,
        }
    }

    fn warned(change: impl FnOnce(&mut Conduct)) -> Vec<Warning> {
        let mut conduct = conduct();
        change(&mut conduct);
        conduct.warnings(day(100), Days::literal(30))
    }

    #[test]
    fn a_key_in_order_has_no_warning() {
        assert_eq!(warned(|_| {}), []);
    }

    #[test]
    fn each_warning_has_its_edge() {
        let unused = |age: u64| warned(|key| (key.created_at, key.last_used_at) = (day(100 - age), None));
        assert_eq!(unused(6), []);
        assert_eq!(unused(7), [Warning::Unused]);
        assert_eq!(unused(30), [Warning::Unused, Warning::Idle]);
        assert_eq!(warned(|key| key.last_used_at = Some(day(71))), []);
        assert_eq!(warned(|key| key.last_used_at = Some(day(70))), [Warning::Idle]);
        assert_eq!(warned(|key| key.expires_at = None), [Warning::NeverExpires]);
        assert_eq!(warned(|key| key.expires_at = Some(day(115))), []);
        assert_eq!(warned(|key| key.expires_at = Some(day(114))), [Warning::ExpiresSoon]);
        assert_eq!(warned(|key| key.expires_at = Some(day(100))), [], "it has expired: its state says so");
        assert_eq!(warned(|key| key.dropped = 1), [Warning::LogIncomplete]);
        assert_eq!(warned(|key| key.exposed = true), [Warning::Exposed]);
    }

    #[test]
    fn refusals_are_many_by_number_and_by_share() {
        assert_eq!(warned(|key| key.refused = 9), []);
        assert_eq!(warned(|key| key.refused = 10), [Warning::RefusedOften]);
        assert_eq!(warned(|key| (key.requests, key.refused) = (101, 10)), []);
    }

    #[test]
    fn a_scope_that_was_never_needed_is_too_much_after_the_days() {
        let one: ScopeSet = [Scope::ReadLeads].into_iter().collect();
        assert_eq!(warned(|key| key.scopes_used = one), [Warning::OverBroad]);
        assert_eq!(warned(|key| (key.scopes_used, key.created_at) = (one, day(71))), []);
        let all = ScopeSet::all();
        assert_eq!(warned(|key| (key.scopes, key.scopes_used) = (all, all)), [Warning::OverBroad]);
    }

    #[test]
    fn a_status_has_one_class() {
        let class = |status| Outcome::of(status).as_str();
        assert_eq!([200, 201, 204, 304].map(class), ["accepted"; 4]);
        assert_eq!([401, 403, 429].map(class), ["refused"; 3]);
        assert_eq!([400, 404, 409, 413, 422].map(class), ["invalid"; 5]);
        assert_eq!([500, 503].map(class), ["failed"; 2]);
    }
}
