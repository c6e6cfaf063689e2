//! Taking from a subscription's queue, for a while, what is to be tried now.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use leadlatch_domain::matrix::Deliver;

use super::order::{OLDEST, put_aside};
use super::queue::{Claimed, read};
use crate::Result;
use crate::access::Held;
use crate::engine::{Connection, Row, values};

/// How long a delivery is its taker's, in microseconds: twice what an attempt may take. After that its taker is dead.
pub(super) const LEASE: i64 = 30_000_000;
/// How far the queue of one subscription is looked into at a time.
const LOOKED_AT: usize = 64;
/// How often it is looked into for one claim: as long as what is found there only waits for something else.
const LOOKS: usize = 16;

/// Takes what is due for a subscription, as much as there is room for. Of one lead only the oldest that is not done: what
/// is due of the others is put aside until that one is done, whatever becomes of it.
///
/// Small statements, each with one index that serves it: of a queue that has just grown long PostgreSQL knows nothing yet,
/// and a larger one was seen to walk it for seconds.
pub async fn claim(
    db: &mut Connection<'_>,
    grant: Held<Deliver>,
    subscription: i64,
    room: usize,
) -> Result<Vec<Claimed>> {
    let (account, mut claimed) = (grant.account(), Vec::new());
    for _ in 0..LOOKS {
        let found = due(db, subscription).await?;
        let aside = claim_some(db, (account, subscription), &found, room, &mut claimed).await?;
        if claimed.len() == room || found.len() < LOOKED_AT || aside == 0 {
            break;
        }
    }
    Ok(claimed)
}

/// The oldest delivery of a lead, as long as it is not taken, and those that were found to wait for it.
struct Head {
    id: i64,
    due: Option<Claimed>,
    behind: Vec<i64>,
}

/// Takes what can be taken of some deliveries, each in its turn, and puts aside what waits for another; how many those are.
async fn claim_some(
    db: &mut Connection<'_>,
    (account, subscription): (i64, i64),
    found: &[(i64, i64)],
    room: usize,
    claimed: &mut Vec<Claimed>,
) -> Result<u64> {
    let mut heads: HashMap<i64, Option<Head>> = HashMap::new();
    for &(id, lead) in found {
        if claimed.len() == room {
            break;
        }
        let head = match heads.entry(lead) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(oldest(db, account, (subscription, lead)).await?),
        };
        match head {
            Some(head) if head.id == id => {
                if let Some(one) = head.due.take() {
                    lease(db, &one).await?;
                    claimed.push(one);
                }
            }
            Some(head) => head.behind.push(id),
            // Somebody has it at this moment.
            None => {}
        }
    }
    let mut aside = 0;
    for head in heads.into_values().flatten() {
        aside += put_aside(db, account, &head.behind).await?;
    }
    Ok(aside)
}

/// Makes a delivery its taker's for a while.
async fn lease(db: &mut Connection<'_>, one: &Claimed) -> Result<()> {
    let sql = format!(
        "UPDATE hook_deliveries SET behind = FALSE, due_at = {} + {LEASE} WHERE account_id = $1 AND id = $2",
        db.database_now()
    );
    db.execute(&sql, values![one.account.get(), one.id]).await.map(drop)
}

/// The beginning of a subscription's queue: deliveries with their leads, in the order in which they came due, so that one
/// that failed goes behind those that did not. The time is asked once, apart, or PostgreSQL would ask it of every row.
async fn due(db: &mut Connection<'_>, subscription: i64) -> Result<Vec<(i64, i64)>> {
    let sql = format!(
        "SELECT id, lead_id FROM hook_deliveries WHERE subscription_id = $1 AND finished_at IS NULL \
         AND due_at <= (SELECT {}) ORDER BY due_at, id LIMIT {LOOKED_AT}",
        db.database_now()
    );
    db.query(&sql, values![subscription], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// The oldest delivery of a lead that is not done, locked; nothing if somebody has its row.
async fn oldest(db: &mut Connection<'_>, account: i64, (subscription, lead): (i64, i64)) -> Result<Option<Head>> {
    let (now, lock) = (db.database_now(), db.lock_rows(" FOR UPDATE OF d SKIP LOCKED"));
    let sql = format!(
        "SELECT d.account_id, d.subscription_id, d.id, d.attempts, d.event_id, d.event, d.lead_id, d.sides, d.changed, \
         d.occurred_at, s.key_id, s.filter, s.format, s.failures, s.target_url, s.target_query, d.attempts_forgiven, \
         d.due_at <= {now} FROM hook_deliveries d JOIN hook_subscriptions s ON s.account_id = d.account_id \
         AND s.id = d.subscription_id WHERE d.account_id = $1 AND d.id = ({OLDEST}) AND d.finished_at IS NULL \
         AND s.ended_at IS NULL AND s.disabled_at IS NULL AND COALESCE(s.rests_until, 0) <= {now}{lock}"
    );
    let bound = values![account, lead, subscription];
    let head = |row: &Row<'_>| {
        let (one, is_due) = (read(row)?, row.get(17)?);
        Ok(Head { id: one.id, due: Some(one).filter(|_| is_due), behind: Vec::new() })
    };
    db.query_opt(&sql, bound, head).await
}
