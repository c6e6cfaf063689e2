//! What waits to be delivered, and who takes it: on PostgreSQL several nodes share it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use leadlatch_domain::hook::target::Target;
use leadlatch_domain::hook::{HookEvent, HookFormat};
use leadlatch_domain::id::AccountId;
use leadlatch_domain::matrix::Deliver;
use leadlatch_domain::time::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Map, Value as Json};

use super::order::{OLDEST, put_aside};
use crate::access::{Held, Operator};
use crate::engine::{Connection, Row, values};
use crate::sealing::{Purpose, Sealer};
use crate::{Error, Result};

/// How long a delivery is its taker's, in microseconds: twice what an attempt may take. After that its taker is dead.
pub(super) const LEASE: i64 = 30_000_000;
/// How far the queue of one subscription is looked into at a time.
const LOOKED_AT: usize = 64;
/// How often it is looked into for one claim: as long as what is found there only waits for something else.
const LOOKS: usize = 16;
/// What is dropped in one transaction.
const DROPPED_AT_ONCE: i64 = 500;

/// A subscription with something due.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Its account.
    pub account: AccountId,
    /// Its id.
    pub subscription: i64,
    /// The key that it is bound to.
    pub key: Option<i64>,
    /// Where to, without port.
    pub host: String,
    /// Whether its last attempt failed.
    pub failing: bool,
    /// Whether it is over: what waits for it is to be dropped.
    pub over: bool,
}

/// Subscriptions with something due, found by one look into an index for each that anything waits for.
const WAITING: &str = "WITH RECURSIVE whom (id) AS (\
     SELECT MIN(subscription_id) FROM hook_deliveries WHERE finished_at IS NULL \
     UNION ALL SELECT (SELECT MIN(d.subscription_id) FROM hook_deliveries d WHERE d.finished_at IS NULL \
     AND d.subscription_id > whom.id) FROM whom WHERE whom.id IS NOT NULL) \
     SELECT s.account_id, s.id, s.key_id, s.target_url, s.failures > 0, s.ended_at IS NOT NULL FROM whom \
     JOIN hook_subscriptions s ON s.id = whom.id WHERE s.ended_at IS NOT NULL OR (s.disabled_at IS NULL \
     AND COALESCE(s.rests_until, 0) <= {now} AND (SELECT MIN(d.due_at) FROM hook_deliveries d \
     WHERE d.subscription_id = s.id AND d.finished_at IS NULL) <= {now})";

/// Every subscription of the server with something due, or with something to drop.
pub async fn waiting(db: &mut Connection<'_>, _: &Operator) -> Result<Vec<Waiting>> {
    let sql = WAITING.replace("{now}", db.database_now());
    let read = |row: &Row<'_>| {
        let account = AccountId::new(row.get(0)?).ok_or_else(|| Error::internal("a hook without an account"))?;
        let target = Target::parse(row.text(3)?.unwrap_or_default()).ok();
        Ok(Waiting {
            account,
            subscription: row.get(1)?,
            key: row.get(2)?,
            host: target.map_or_else(String::new, |target| target.host().to_owned()),
            failing: row.get(4)?,
            over: row.get(5)?,
        })
    };
    db.query(&sql, values![], read).await
}

/// A delivery that this node has taken.
#[derive(Debug)]
pub struct Claimed {
    /// Its account.
    pub account: AccountId,
    /// Its subscription.
    pub subscription: i64,
    pub(super) id: i64,
    /// Attempts before this one.
    pub(super) attempts: i64,
    /// Of them, those that do not count any more.
    pub(super) forgiven: i64,
    pub(super) event_id: String,
    pub(super) event: HookEvent,
    pub(super) lead: i64,
    pub(super) sides: i64,
    pub(super) changed: Vec<String>,
    pub(super) occurred_at: Timestamp,
    pub(super) key: Option<i64>,
    pub(super) filter: Map<String, Json>,
    pub(super) format: HookFormat,
    /// Failures in a row that its subscription had when it was taken.
    pub(super) failures: i64,
    target_url: String,
    target_query: Option<Vec<u8>>,
}

impl Claimed {
    /// Where it goes.
    pub fn target(&self, sealer: &Sealer) -> Result<Target> {
        let purpose = Purpose::HookQuery { subscription: self.subscription };
        let query = self.target_query.as_ref().map(|sealed| sealer.open_sealed(purpose, sealed)).transpose()?;
        let query = query.as_ref().and_then(|query| std::str::from_utf8(query.expose_secret()).ok());
        Target::from_stored(&self.target_url, query).map_err(|_| Error::internal("a hook without a target"))
    }
}

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

fn read(row: &Row<'_>) -> Result<Claimed> {
    let corrupt = || Error::internal("a delivery's row is corrupt");
    Ok(Claimed {
        account: AccountId::new(row.get(0)?).ok_or_else(corrupt)?,
        subscription: row.get(1)?,
        id: row.get(2)?,
        attempts: row.get(3)?,
        event_id: row.get(4)?,
        event: row.text(5)?.and_then(HookEvent::parse).ok_or_else(corrupt)?,
        lead: row.get(6)?,
        sides: row.get(7)?,
        changed: serde_json::from_str(row.text(8)?.unwrap_or_default()).map_err(Error::internal)?,
        occurred_at: Timestamp::from_micros(row.get(9)?),
        key: row.get(10)?,
        filter: serde_json::from_str(row.text(11)?.unwrap_or_default()).map_err(Error::internal)?,
        format: HookFormat::parse(row.text(12)?.unwrap_or_default()).map_err(|_| corrupt())?,
        failures: row.get(13)?,
        target_url: row.get(14)?,
        target_query: row.get(15)?,
        forgiven: row.get(16)?,
    })
}

/// Drops a block of what waits for a subscription that is over; whether there may be more.
pub async fn drop_rest(db: &mut Connection<'_>, grant: Held<Deliver>, subscription: i64) -> Result<bool> {
    let sql = format!(
        "UPDATE hook_deliveries SET finished_at = $3, outcome = 'dropped', reason = 'ended' WHERE account_id = $1 \
         AND finished_at IS NULL AND id IN (SELECT d.id FROM hook_deliveries d WHERE d.subscription_id = $2 \
         AND d.finished_at IS NULL LIMIT {DROPPED_AT_ONCE}) AND EXISTS (SELECT 1 FROM hook_subscriptions s \
         WHERE s.account_id = $1 AND s.id = $2 AND s.ended_at IS NOT NULL)"
    );
    let now = db.now().as_micros();
    Ok(db.execute(&sql, values![grant.account(), subscription, now]).await? == DROPPED_AT_ONCE.unsigned_abs())
}
