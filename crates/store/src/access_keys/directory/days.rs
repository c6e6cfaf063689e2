//! Requests of keys by day.

use std::collections::HashMap;

use leadlatch_domain::matrix::ManageKeys;
use leadlatch_domain::time::Timestamp;

use super::ListedKey;
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

/// Fills in the days of a page's keys.
pub(super) async fn fill(db: &mut Connection<'_>, grant: &Grant<ManageKeys>, rows: &mut [ListedKey]) -> Result<()> {
    let sql = format!(
        "SELECT u.day, {SUMS} FROM access_key_usage u WHERE u.account_id = $1 AND u.key_id = $2 AND u.day >= $3 \
         GROUP BY u.day"
    );
    let first = first_day(db.now());
    for row in rows.iter_mut().filter(|row| row.requests > 0) {
        let read = |row: &Row<'_>| Ok((row.get::<i64>(0)?, DayCount { accepted: row.get(1)?, refused: row.get(2)? }));
        for (day, count) in db.query(&sql, values![grant.account(), row.key.id, first], read).await? {
            let place = usize::try_from(day - first).ok();
            if let Some(cell) = place.and_then(|place| row.days.get_mut(place)) {
                *cell = count;
            }
        }
    }
    Ok(())
}
