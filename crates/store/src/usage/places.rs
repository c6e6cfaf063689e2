//! From where a key is used and by which programs: the 200 last used of each, in memory and in the database.

use std::borrow::Cow;

use leadlatch_domain::time::Timestamp;

use crate::Result;
use crate::engine::{Connection, values};

/// Addresses of a key, and programs of a key, that are kept. An integration comes from a handful; beyond this number
/// they say nothing more, and whoever changes them at every request would fill the database.
pub(super) const KEPT: usize = 200;
/// Characters of a user agent that are kept.
const AGENT_LIMIT: usize = 200;

/// One address or program, with its first and last use and the requests between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place<T> {
    pub(super) what: T,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    pub(super) requests: i64,
}

/// Those of one key, at most [`KEPT`]: the one whose last use is the oldest makes room. A key has few in a second, so
/// looking through them costs less than hashing.
#[derive(Debug)]
pub(super) struct Places<T>(Vec<Place<T>>);

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Clone> Places<T> {
    /// Counts one request; what is new is made by `make`.
    pub(super) fn count(&mut self, at: Timestamp, is: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> &T {
        let found = self.0.iter().position(|place| is(&place.what));
        let index = found.unwrap_or_else(|| self.insert(Place { what: make(), first: at, last: at, requests: 0 }));
        let place = &mut self.0[index];
        place.first = place.first.min(at);
        place.last = place.last.max(at);
        place.requests += 1;
        &place.what
    }

    /// Adds what was counted elsewhere.
    pub(super) fn merge(&mut self, other: &Self)
    where
        T: PartialEq,
    {
        for place in &other.0 {
            match self.0.iter_mut().find(|own| own.what == place.what) {
                Some(own) => {
                    own.first = own.first.min(place.first);
                    own.last = own.last.max(place.last);
                    own.requests += place.requests;
                }
                None => drop(self.insert(place.clone())),
            }
        }
    }

    fn insert(&mut self, place: Place<T>) -> usize {
        if self.0.len() < KEPT {
            self.0.push(place);
            return self.0.len() - 1;
        }
        let oldest = self.0.iter().enumerate().min_by_key(|(_, place)| place.last).map_or(0, |(index, _)| index);
        self.0[oldest] = place;
        oldest
    }

    /// The one that was used last.
    pub(super) fn latest(&self) -> Option<&T> {
        self.0.iter().max_by_key(|place| place.last).map(|place| &place.what)
    }

    /// Each, as the text that is stored.
    pub(super) fn texts(&self, text: impl Fn(&T) -> String) -> Vec<Place<String>> {
        let of = |place: &Place<T>| Place {
            what: text(&place.what),
            first: place.first,
            last: place.last,
            requests: place.requests,
        };
        self.0.iter().map(of).collect()
    }
}

/// The two tables of places, which differ in a name.
#[derive(Debug, Clone, Copy)]
pub(super) enum Table {
    Addresses,
    Agents,
}

impl Table {
    pub(super) const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Addresses => ("access_key_addresses", "address"),
            Self::Agents => ("access_key_agents", "user_agent"),
        }
    }

    /// Adds the places of a key. Those beyond [`KEPT`] go, the longest unused first; one that comes back begins anew.
    pub(super) async fn add(
        self,
        db: &mut Connection<'_>,
        account: i64,
        key: i64,
        places: Vec<Place<String>>,
    ) -> Result<()> {
        let (table, column) = self.names();
        let sql = format!(
            "INSERT INTO {table} (account_id, key_id, {column}, first_used_at, last_used_at, requests) \
             SELECT account_id, id, CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS BIGINT), CAST($6 AS BIGINT) \
             FROM access_keys WHERE account_id = $1 AND id = $2 \
             ON CONFLICT (account_id, key_id, {column}) DO UPDATE SET \
             first_used_at = CASE WHEN excluded.first_used_at < {table}.first_used_at THEN excluded.first_used_at \
             ELSE {table}.first_used_at END, \
             last_used_at = CASE WHEN excluded.last_used_at > {table}.last_used_at THEN excluded.last_used_at \
             ELSE {table}.last_used_at END, requests = {table}.requests + excluded.requests RETURNING requests"
        );
        let mut added = false;
        for place in places {
            let (first, last) = (place.first.as_micros(), place.last.as_micros());
            let bound = values![account, key, place.what, first, last, place.requests];
            let requests: Option<i64> = db.query_opt(&sql, bound, |row| row.get(0)).await?;
            // More requests than were added now: it was there before.
            added |= requests == Some(place.requests);
        }
        if added { self.make_room(db, account, key).await } else { Ok(()) }
    }

    async fn make_room(self, db: &mut Connection<'_>, account: i64, key: i64) -> Result<()> {
        let (table, column) = self.names();
        // SQLite has no OFFSET without a LIMIT: this one is higher than any number of rows.
        let sql = format!(
            "DELETE FROM {table} WHERE account_id = $1 AND key_id = $2 AND {column} IN (SELECT {column} FROM {table} \
             WHERE account_id = $1 AND key_id = $2 ORDER BY last_used_at DESC, {column} LIMIT 1000000 OFFSET {KEPT})"
        );
        db.execute(&sql, values![account, key]).await.map(drop)
    }
}

/// A user agent as it is kept: 200 characters at the most, none that would steer a terminal or turn a line around.
pub(super) fn clean_agent(header: &[u8]) -> Cow<'_, str> {
    if header.len() <= AGENT_LIMIT && header.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        // Nearly every one is plain: nothing is copied.
        return String::from_utf8_lossy(header.trim_ascii());
    }
    let text = String::from_utf8_lossy(header);
    let kept: String = text.chars().filter(|c| !c.is_control() && !steers(*c)).take(AGENT_LIMIT).collect();
    kept.trim().to_owned().into()
}

/// The format characters that change how what stands around them is shown.
const fn steers(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn count(places: &mut Places<u32>, what: u32, time: i64) {
        places.count(at(time), |own| *own == what, || what);
    }

    #[test]
    fn a_place_has_its_first_and_last_use_in_any_order_of_counting() {
        let mut places = Places::default();
        for time in [5, 9, 2] {
            count(&mut places, 1, time);
        }
        assert_eq!(places.0, [Place { what: 1, first: at(2), last: at(9), requests: 3 }]);
    }

    #[test]
    fn beyond_the_limit_the_longest_unused_makes_room() {
        let mut places = Places::default();
        let many = u32::try_from(KEPT).unwrap();
        for what in 0..many {
            count(&mut places, what, i64::from(what));
        }
        count(&mut places, 0, 1_000);
        count(&mut places, many, 1_001);
        assert_eq!(places.0.len(), KEPT);
        assert!(places.0.iter().any(|place| place.what == 0), "it was used again");
        assert!(!places.0.iter().any(|place| place.what == 1), "it was the longest unused");
        assert_eq!(places.latest(), Some(&many));
    }

    #[test]
    fn merging_adds_up_and_stays_bounded() {
        let (mut one, mut other) = (Places::default(), Places::default());
        count(&mut one, 1, 5);
        count(&mut other, 1, 3);
        for what in 2..500 {
            count(&mut other, what, i64::from(what));
        }
        count(&mut other, 1, 600);
        one.merge(&other);
        assert_eq!(one.0[0], Place { what: 1, first: at(5), last: at(600), requests: 2 }, "its first use made room");
        assert_eq!(one.0.len(), KEPT);
    }

    #[test]
    fn an_agent_is_cut_and_cleaned() {
        assert!(matches!(clean_agent(b" curl/8.5.0 "), Cow::Borrowed("curl/8.5.0")));
        assert_eq!(clean_agent("a\u{1b}[31mb\u{202e}c\u{85}\td".as_bytes()), "a[31mbcd");
        assert_eq!(clean_agent("é".repeat(300).as_bytes()), "é".repeat(200));
        assert_eq!(clean_agent(&[b'a', 0xff, b'b']), "a\u{fffd}b");
        assert_eq!(clean_agent(&[b'x'; 201]).len(), 200);
    }
}
