//! What waits to be delivered, and who takes it: on PostgreSQL several nodes share it.

use leadlatch_domain::hook::target::Target;
use leadlatch_domain::hook::{HookEvent, HookFormat};
use leadlatch_domain::id::AccountId;
use leadlatch_domain::matrix::Deliver;
use leadlatch_domain::time::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Map, Value as Json};

use crate::access::{Held, Operator};
use crate::engine::{Connection, Row, values};
use crate::sealing::{Purpose, Sealer};
use crate::{Error, Result};

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

pub(super) fn read(row: &Row<'_>) -> Result<Claimed> {
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
