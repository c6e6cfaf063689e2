//! Deliveries as admins see them, sent again, and gone when their days are over.

use leadlatch_domain::audit::Event;
use leadlatch_domain::matrix::{ManageHooks, PurgeDeliveries};
use leadlatch_domain::time::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::access::{Grant, Held, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, Row, values};
use crate::retention::{self, DAY, Due, Kept, KeptDays, PURGED_AT_ONCE, Span};
use crate::{Error, Page, Result, Slice};

/// How long a delivery that is over is kept, with what was sent.
pub const DELIVERY_DAYS: i64 = 30;

/// A delivery.
#[derive(Debug, Serialize)]
pub struct Delivery {
    /// Its id.
    pub id: i64,
    /// Its subscription.
    pub subscription_id: i64,
    /// The event's own id.
    pub event_id: String,
    /// What happened.
    pub event: String,
    /// To which lead.
    pub lead_id: i64,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// `waiting`, `delivered`, `failed` or `dropped`.
    pub state: String,
    /// Why it was dropped or given up.
    pub reason: Option<String>,
    /// How often it was tried.
    pub attempt_count: i64,
    /// When it is tried next.
    pub due_at: Option<Timestamp>,
    /// Whether it waits for an older one of its lead.
    pub behind: bool,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// What the receiver answered last.
    pub last_status: Option<i64>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// How long the last attempt took, in milliseconds.
    pub last_took_ms: Option<i64>,
}

/// An attempt.
#[derive(Debug, Serialize)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: i64,
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds; nothing while it runs, or when the server died in it.
    pub took_ms: Option<i64>,
    /// What the receiver answered.
    pub status: Option<i64>,
    /// What went wrong.
    pub error: Option<String>,
}

/// A delivery with its attempts and what was sent last.
#[derive(Debug, Serialize)]
pub struct WholeDelivery {
    /// The delivery.
    #[serde(flatten)]
    pub delivery: Delivery,
    /// Its attempts.
    pub attempts: Vec<Attempt>,
    /// What was sent last.
    pub body: Option<String>,
}

const SELECT: &str = "SELECT d.id, d.subscription_id, d.event_id, d.event, d.lead_id, d.occurred_at, d.outcome, \
     d.reason, d.attempts, d.due_at, d.finished_at, a.status, a.error, a.took, d.behind, d.body FROM hook_deliveries d \
     LEFT JOIN hook_attempts a ON a.account_id = d.account_id AND a.delivery_id = d.id AND a.number = d.attempts \
     WHERE d.account_id = $1";

fn read(row: &Row<'_>) -> Result<Delivery> {
    let finished_at = row.get::<Option<i64>>(10)?.map(Timestamp::from_micros);
    let behind = finished_at.is_none() && row.get(14)?;
    Ok(Delivery {
        id: row.get(0)?,
        subscription_id: row.get(1)?,
        event_id: row.get(2)?,
        event: row.get(3)?,
        lead_id: row.get(4)?,
        occurred_at: Timestamp::from_micros(row.get(5)?),
        state: row.get::<Option<String>>(6)?.unwrap_or_else(|| "waiting".to_owned()),
        reason: row.get(7)?,
        attempt_count: row.get(8)?,
        due_at: Some(Timestamp::from_micros(row.get(9)?)).filter(|_| finished_at.is_none() && !behind),
        behind,
        finished_at,
        last_status: row.get(11)?,
        last_error: row.get(12)?,
        last_took_ms: row.get::<Option<i64>>(13)?.map(|micros| micros / 1_000),
    })
}

/// The deliveries of a subscription, newest first.
pub async fn deliveries(
    db: &mut Connection<'_>,
    grant: &Grant<ManageHooks>,
    subscription: i64,
    page: &Page,
) -> Result<Slice<Visible<Delivery>>> {
    let sql = format!("{SELECT} AND d.subscription_id = $2 AND d.id < $3 ORDER BY d.id DESC LIMIT $4");
    let before = page.after.map_or(i64::MAX, |(_, id)| id);
    let bound = values![grant.account(), subscription, before, page.fetch()];
    let rows = db.query(&sql, bound, |row| read(row).map(Visible)).await?;
    Ok(Slice::cut(rows, page, |delivery| (delivery.id, delivery.id)))
}

/// One delivery with its attempts and its body.
pub async fn delivery(db: &mut Connection<'_>, grant: &Grant<ManageHooks>, id: i64) -> Result<Visible<WholeDelivery>> {
    let sql = format!("{SELECT} AND d.id = $2");
    let found = db.query_opt(&sql, values![grant.account(), id], |row| Ok((read(row)?, row.get(15)?))).await?;
    let (delivery, body) = found.ok_or_else(|| Error::no_such("delivery", id))?;
    let sql = "SELECT number, at, took, status, error FROM hook_attempts WHERE account_id = $1 AND delivery_id = $2 \
               ORDER BY number";
    let read = |row: &Row<'_>| {
        Ok(Attempt {
            number: row.get(0)?,
            at: Timestamp::from_micros(row.get(1)?),
            took_ms: row.get::<Option<i64>>(2)?.map(|micros| micros / 1_000),
            status: row.get(3)?,
            error: row.get(4)?,
        })
    };
    let attempts = db.query(sql, values![grant.account(), id], read).await?;
    Ok(Visible(WholeDelivery { delivery, attempts, body }))
}

/// Whether a delivery is being tried: its last attempt has no end, and its lease is not over.
pub(super) fn running(now: &str) -> String {
    format!(
        "(hook_deliveries.due_at > {now} AND EXISTS (SELECT 1 FROM hook_attempts a WHERE a.account_id = \
         hook_deliveries.account_id AND a.delivery_id = hook_deliveries.id AND a.number = hook_deliveries.attempts \
         AND a.took IS NULL))"
    )
}

/// Has a delivery sent again, now, under the same event id and judged anew; its receiver rests no longer. One that waits
/// is only sent sooner.
pub async fn replay(db: &mut Connection<'_>, grant: Held<ManageHooks>, id: i64) -> Result<()> {
    let subscription = rouse(db, grant.account(), id).await?;
    let now = db.database_now();
    // Running ones stay with whoever runs them: their lease is left alone.
    let sql = format!(
        "UPDATE hook_deliveries SET finished_at = NULL, outcome = NULL, reason = NULL, first_attempt_at = NULL, \
         attempts_forgiven = attempts, due_at = {now} WHERE account_id = $1 AND id = $2 AND NOT {}",
        running(now)
    );
    if db.execute(&sql, values![grant.account(), id]).await? == 0 {
        return Err(Error::Conflict("The delivery is being tried at this moment.".into()));
    }
    db.audit(Pending::by(&grant, Event::HookReplayed, id, json!({"subscription_id": subscription})));
    Ok(())
}

/// The subscription of a delivery, which rests no longer. Its row comes before the delivery's, as everywhere.
async fn rouse(db: &mut Connection<'_>, account: i64, delivery: i64) -> Result<i64> {
    let sql = "SELECT subscription_id FROM hook_deliveries WHERE account_id = $1 AND id = $2";
    let found: Option<i64> = db.query_opt(sql, values![account, delivery], |row| row.get(0)).await?;
    let subscription = found.ok_or_else(|| Error::no_such("delivery", delivery))?;
    let sql = "UPDATE hook_subscriptions SET rests_until = NULL WHERE account_id = $1 AND id = $2 \
               AND ended_at IS NULL AND disabled_at IS NULL";
    if db.execute(sql, values![account, subscription]).await? == 0 {
        return Err(Error::Conflict("Its subscription is over or disabled: enable it first.".into()));
    }
    Ok(subscription)
}

const STORED: Kept = Kept { rows: "hook_deliveries", at: "finished_at", days: KeptDays::Always(DELIVERY_DAYS) };

/// How many deliveries come due to be forgotten in a span.
pub async fn stored_due(db: &mut Connection<'_>, grant: &Grant<PurgeDeliveries>, span: Span) -> Result<Due> {
    let over = retention::due(db, grant.account(), &STORED, span).await?;
    let sql = format!("SELECT COUNT(*) {HELD_BACK} AND s.disabled_at > $3");
    let (after, until) = span.days_before(DELIVERY_DAYS);
    let held_back = db.query_int(&sql, values![grant.account(), until, after]).await?;
    Ok(Due { count: over.count + held_back, ..over })
}

/// What waits for subscriptions that were disabled by a time.
const HELD_BACK: &str = "FROM hook_subscriptions s JOIN hook_deliveries d ON d.account_id = s.account_id \
     AND d.subscription_id = s.id AND d.finished_at IS NULL WHERE s.account_id = $1 AND s.disabled_at <= $2";

/// Forgets deliveries whose days are over, with what was sent; what waits for subscriptions that have been disabled as
/// long; and subscriptions that have been over as long. Answers how many deliveries, fewer than [`PURGED_AT_ONCE`] when
/// there are no more.
pub async fn purge(db: &mut Connection<'_>, grant: Held<PurgeDeliveries>) -> Result<u64> {
    let end = db.now().as_micros() - DELIVERY_DAYS * DAY;
    let sql = "DELETE FROM hook_deliveries WHERE account_id = $1 AND id IN (SELECT d.id FROM hook_deliveries d \
               WHERE d.account_id = $1 AND d.finished_at <= $2 ORDER BY d.finished_at LIMIT $3)";
    let over = db.execute(sql, values![grant.account(), end, PURGED_AT_ONCE as i64]).await?;
    let sql = format!("DELETE FROM hook_deliveries WHERE account_id = $1 AND id IN (SELECT d.id {HELD_BACK} LIMIT $3)");
    let held_back = db.execute(&sql, values![grant.account(), end, PURGED_AT_ONCE as i64]).await?;
    let sql = "DELETE FROM hook_subscriptions WHERE account_id = $1 AND ended_at <= $2 AND NOT EXISTS (SELECT 1 \
               FROM hook_deliveries d WHERE d.account_id = $1 AND d.subscription_id = hook_subscriptions.id)";
    db.execute(sql, values![grant.account(), end]).await?;
    Ok(over + held_back)
}
