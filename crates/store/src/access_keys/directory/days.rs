//! Requests of keys by day.

use std::collections::HashMap;

use leadlatch_domain::matrix::ManageKeys;
use leadlatch_domain::time::Timestamp;
use sea_query::Value;

use super::{ListedKey, PAGE};
use crate::Result;
use crate::access::Grant;
use crate::engine::{Connection, Row, values};

/// Days of the list, today among them. They are days of UTC, as requests are counted by.
pub const DAYS: usize = 30;

/// Requests by whether they were done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DayCount {
    /// Those that were done.
    pub accepted: i64,
    /// Those that were not: every 4xx and 5xx.
    pub refused: i64,
}

/// The first of the days.
pub(super) fn first_day(now: Timestamp) -> i64 {
    now.day() - DAYS as i64 + 1
}

const SUMS: &str = "CAST(SUM(CASE WHEN u.outcome < 400 THEN u.requests ELSE 0 END) AS BIGINT), \
     CAST(SUM(CASE WHEN u.outcome < 400 THEN 0 ELSE u.requests END) AS BIGINT)";

/// The requests of each key of the account, or of one.
pub(super) async fn totals(
    db: &mut Connection<'_>,
    grant: &Grant<ManageKeys>,
    key: Option<i64>,
) -> Result<HashMap<i64, DayCount>> {
    // By key, so that each one's days are found by the primary key and what is older is never looked at.
    let sql = format!(
        "SELECT k.id, {SUMS} FROM access_keys k JOIN access_key_usage u ON u.account_id = k.account_id \
         AND u.key_id = k.id AND u.day >= $2 WHERE k.account_id = $1 \
         AND (CAST($3 AS BIGINT) = 0 OR k.id = $3) GROUP BY k.id"
    );
    let read = |row: &Row<'_>| Ok((row.get(0)?, DayCount { accepted: row.get(1)?, refused: row.get(2)? }));
    let since = first_day(db.now());
    Ok(db.query(&sql, values![grant.account(), since, key.unwrap_or(0)], read).await?.into_iter().collect())
}

/// Fills in the days of a page's keys, by one statement for all of them: of a database on another machine each would be a
/// way there and back.
pub(super) async fn fill(db: &mut Connection<'_>, grant: &Grant<ManageKeys>, rows: &mut [ListedKey]) -> Result<()> {
    let places: Vec<_> = (0..PAGE).map(|place| format!("${}", place + 3)).collect();
    let sql = format!(
        "SELECT u.key_id, u.day, {SUMS} FROM access_key_usage u WHERE u.account_id = $1 AND u.day >= $2 \
         AND u.key_id IN ({}) GROUP BY u.key_id, u.day",
        places.join(", ")
    );
    let first = first_day(db.now());
    let read = |row: &Row<'_>| {
        let count = DayCount { accepted: row.get(2)?, refused: row.get(3)? };
        Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, count))
    };
    for page in rows.chunks_mut(PAGE) {
        let mut bound = values![grant.account(), first];
        // No key has the number 0: the statement is the same for every page.
        let ids = page.iter().map(|row| row.key.id).chain(std::iter::repeat(0)).take(PAGE);
        bound.extend(ids.map(Value::from));
        for (key, day, count) in db.query(&sql, bound, read).await? {
            let row = page.iter_mut().find(|row| row.key.id == key);
            let place = usize::try_from(day - first).ok();
            if let Some(cell) = row.zip(place).and_then(|(row, place)| row.days.get_mut(place)) {
                *cell = count;
            }
        }
    }
    Ok(())
}
