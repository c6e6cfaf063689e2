//! Requests per minute: a window of 60 seconds that begins with its first request, counted in this process's memory.
//!
//! A key without a limit never comes here; keys with one wait for each other only when they share a shard.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use leadlatch_domain::id::KeyId;
use leadlatch_domain::key_limits::PerMinute;

const WINDOW: Duration = Duration::from_mins(1);
/// Windows are kept apart by key in so many maps.
const SHARDS: usize = 16;
/// A map with fewer windows is not searched for those that are over.
const KEPT: usize = 256;

/// The windows of every key with a limit, or of whatever else is counted by, that was used in the last minute.
#[derive(Debug)]
pub struct Limits<K = KeyId> {
    shards: [Mutex<Shard<K>>; SHARDS],
    hasher: RandomState,
}

#[derive(Debug)]
struct Shard<K> {
    windows: HashMap<K, Window>,
    /// How many windows there were when those that are over were last thrown away.
    swept: usize,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    began: Instant,
    used: u32,
}

/// What a request found of its key's limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quota {
    limit: PerMinute,
    left: u32,
    /// Until the window is over, in whole seconds and at least one.
    seconds: u64,
    /// Whether the request is one too many.
    pub(crate) over: bool,
}

impl<K> Default for Limits<K> {
    fn default() -> Self {
        let shard = || Mutex::new(Shard { windows: HashMap::new(), swept: 0 });
        Self { shards: std::array::from_fn(|_| shard()), hasher: RandomState::new() }
    }
}

impl<K: Eq + Hash> Limits<K> {
    /// Counts a request of a key at a moment. One that is refused uses up nothing.
    pub(crate) fn take(&self, key: K, limit: PerMinute, now: Instant) -> Quota {
        let place = self.hasher.hash_one(&key) % SHARDS as u64;
        let shard = &self.shards[usize::try_from(place).unwrap_or_default()];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.sweep(now);
        let window = shard.windows.entry(key).or_insert(Window { began: now, used: 0 });
        if window.is_over(now) {
            *window = Window { began: now, used: 0 };
        }
        let over = window.used >= limit.get();
        if !over {
            window.used += 1;
        }
        let rest = (window.began + WINDOW).saturating_duration_since(now);
        let seconds = rest.as_secs() + u64::from(rest.subsec_nanos() > 0);
        Quota { limit, left: limit.get().saturating_sub(window.used), seconds: seconds.max(1), over }
    }
}

impl<K: Eq + Hash> Shard<K> {
    /// Throws away what is over whenever the map has doubled, so that it never holds more than twice what is in use.
    fn sweep(&mut self, now: Instant) {
        if self.windows.len() > (2 * self.swept).max(KEPT) {
            self.windows.retain(|_, window| !window.is_over(now));
            self.swept = self.windows.len();
        }
    }
}

impl Window {
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.began) >= WINDOW
    }
}

impl Quota {
    /// The headers of an answer to a key with a limit, by the IETF draft on `RateLimit` header fields.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let policy = format!("\"minute\";q={};w={}", self.limit.get(), WINDOW.as_secs());
        let state = format!("\"minute\";r={};t={}", self.left, self.seconds);
        put(headers, HeaderName::from_static("ratelimit-policy"), &policy);
        put(headers, HeaderName::from_static("ratelimit"), &state);
        if self.over {
            put(headers, header::RETRY_AFTER, &self.seconds.to_string());
        }
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: i64) -> KeyId {
        KeyId::new(number).unwrap()
    }

    fn limit(number: i64) -> PerMinute {
        PerMinute::new(number).unwrap()
    }

    fn at(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    #[test]
    fn exactly_so_many_are_let_through_and_the_window_begins_with_the_first() {
        let (limits, start) = (Limits::default(), Instant::now());
        let take = |millis| limits.take(key(1), limit(3), at(start, millis));
        assert_eq!([take(5_000), take(6_000), take(64_999)].map(|quota| quota.left), [2, 1, 0]);
        let over = take(64_999);
        assert_eq!((over.over, over.left, over.seconds), (true, 0, 1));
        let anew = take(65_000);
        assert_eq!((anew.over, anew.left, anew.seconds), (false, 2, 60));
        assert!(!limits.take(key(17), limit(3), at(start, 64_999)).over, "a key of the same shard has its own window");
    }

    #[test]
    fn a_limit_that_is_changed_holds_for_the_window_that_has_begun() {
        let (limits, start) = (Limits::default(), Instant::now());
        for _ in 0..5 {
            assert!(!limits.take(key(1), limit(5), start).over);
        }
        assert_eq!(limits.take(key(1), limit(2), start).left, 0);
        assert!(limits.take(key(1), limit(2), start).over);
        assert_eq!(limits.take(key(1), limit(7), start).left, 1);
    }

    #[test]
    fn many_at_once_get_exactly_so_many() {
        let (limits, start) = (Limits::default(), Instant::now());
        let through: usize = std::thread::scope(|scope| {
            let run = || (0..500).filter(|_| !limits.take(key(1), limit(777), start).over).count();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(run)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(through, 777);
    }

    #[test]
    fn windows_that_are_over_are_thrown_away() {
        let (limits, start) = (Limits::default(), Instant::now());
        for number in 1..=200_000 {
            limits.take(key(number), limit(1), at(start, number.unsigned_abs() * 100));
        }
        let kept: usize = limits.shards.iter().map(|shard| shard.lock().unwrap().windows.len()).sum();
        assert!(kept <= SHARDS * (KEPT + 1).max(2 * 601), "{kept}");
    }

    #[test]
    fn the_headers_have_the_form_of_the_draft() {
        let (limits, mut headers) = (Limits::default(), HeaderMap::new());
        let start = Instant::now();
        limits.take(key(1), limit(1), start).write(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"minute\";q=1;w=60");
        assert_eq!(headers["ratelimit"], "\"minute\";r=0;t=60");
        assert!(!headers.contains_key("retry-after"));
        limits.take(key(1), limit(1), at(start, 500)).write(&mut headers);
        assert_eq!(
            (&headers["ratelimit"], &headers["retry-after"]),
            (&"\"minute\";r=0;t=60".parse().unwrap(), &"60".parse().unwrap())
        );
    }
}
