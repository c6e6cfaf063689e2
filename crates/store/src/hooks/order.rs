//! Of one lead a subscription is told in order. What waits behind another delivery is put aside, so that however much of
//! it there is, it stands in the way of no other lead; when the one before it is done, it is called up.
//!
//! Whoever puts aside holds the row that the others wait for and has seen that it is not done; whoever ends that row calls
//! up the next in the same transaction. So nobody is put aside behind something that is done already.

use sea_query::Value;

use super::queue::Claimed;
use crate::Result;
use crate::engine::{Connection, values};

/// How long what is put aside is not looked at, in microseconds, if nobody calls it up.
const ASIDE: i64 = 3_600_000_000;

/// The oldest delivery of a lead that is not done. The sum is the index's own: no other index serves this.
pub(super) const OLDEST: &str = "SELECT e.id FROM hook_deliveries e WHERE e.account_id = $1 AND e.lead_id = $2 \
     AND e.subscription_id + 0 = $3 AND e.outcome IS NULL ORDER BY e.id LIMIT 1";

/// Puts aside those of some deliveries that are due; how many. The caller holds what they wait for.
pub(super) async fn put_aside(db: &mut Connection<'_>, account: i64, ids: &[i64]) -> Result<u64> {
    if ids.is_empty() {
        return Ok(0);
    }
    let (now, lock) = (db.database_now(), db.lock_rows(" FOR UPDATE SKIP LOCKED"));
    let (list, bound) = listed(account, ids);
    // What is said of a row stands among what is read: as a condition it would lead PostgreSQL to the index of all that
    // wait.
    let sql = format!(
        "SELECT id, finished_at IS NULL AND due_at <= {now} FROM hook_deliveries WHERE account_id = $1 \
         AND id IN ({list}){lock}"
    );
    let found: Vec<(i64, bool)> = db.query(&sql, bound, |row| Ok((row.get(0)?, row.get(1)?))).await?;
    let held: Vec<i64> = found.into_iter().filter_map(|(id, waits)| waits.then_some(id)).collect();
    if held.is_empty() {
        return Ok(0);
    }
    let (list, bound) = listed(account, &held);
    let sql = format!(
        "UPDATE hook_deliveries SET behind = TRUE, due_at = {now} + {ASIDE} WHERE account_id = $1 AND id IN ({list})"
    );
    db.execute(&sql, bound).await
}

/// The account and some ids as they are bound, and the places of the ids.
fn listed(account: i64, ids: &[i64]) -> (String, Vec<Value>) {
    let places: Vec<String> = (2..ids.len() + 2).map(|place| format!("${place}")).collect();
    let bound = std::iter::once(account).chain(ids.iter().copied()).map(Value::from).collect();
    (places.join(", "), bound)
}

/// What became of a delivery, if it is still at this attempt; the next of its lead is called up.
pub(super) async fn finish(
    db: &mut Connection<'_>,
    claimed: &Claimed,
    attempts: i64,
    outcome: &str,
    reason: Option<&str>,
) -> Result<()> {
    let (account, now) = (claimed.account.get(), db.now().as_micros());
    let sql = "UPDATE hook_deliveries SET finished_at = $4, outcome = $5, reason = $6 \
               WHERE account_id = $1 AND id = $2 AND attempts = $3 AND finished_at IS NULL";
    if db.execute(sql, values![account, claimed.id, attempts, now, outcome, reason]).await? == 0 {
        return Ok(());
    }
    let sql = format!(
        "UPDATE hook_deliveries SET behind = FALSE, due_at = {} WHERE account_id = $1 AND behind AND id = ({OLDEST})",
        db.database_now()
    );
    db.execute(&sql, values![account, claimed.lead, claimed.subscription]).await.map(drop)
}

/// Calls up all that was put aside of a lead: what stood before it is erased.
pub(crate) async fn call_up(db: &mut Connection<'_>, account: i64, lead: i64) -> Result<()> {
    let sql = format!(
        "UPDATE hook_deliveries SET behind = FALSE, due_at = {} WHERE account_id = $1 AND lead_id = $2 \
         AND outcome IS NULL AND behind",
        db.database_now()
    );
    db.execute(&sql, values![account, lead]).await.map(drop)
}
