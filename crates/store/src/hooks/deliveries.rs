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
     d.reason, d.attempts, d.due_at, d.finished_at, a.status, a.error, a.took, d.body FROM hook_deliveries d \
     LEFT JOIN hook_attempts a ON a.account_id = d.account_id AND a.delivery_id = d.id AND a.number = d.attempts \
     WHERE d.account_id = $1";

fn read(row: &Row<'_>) -> Result<Delivery> {
    let finished_at = row.get::<Option<i64>>(10)?.map(Timestamp::from_micros);
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
        due_at: Some(Timestamp::from_micros(row.get(9)?)).filter(|_| finished_at.is_none()),
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
    let found = db.query_opt(&sql, values![grant.account(), id], |row| Ok((read(row)?, row.get(14)?))).await?;
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

/// Has a delivery sent again, now, under the same event id and judged anew. One that waits is only sent sooner.
pub async fn replay(db: &mut Connection<'_>, grant: Held<ManageHooks>, id: i64) -> Result<()> {
    let account = grant.account();
    let sql = "SELECT s.id FROM hook_deliveries d JOIN hook_subscriptions s ON s.account_id = d.account_id \
               AND s.id = d.subscription_id WHERE d.account_id = $1 AND d.id = $2 AND s.ended_at IS NULL \
               AND s.disabled_at IS NULL";
    let open: Option<i64> = db.query_opt(sql, values![account, id], |row| row.get(0)).await?;
    let now = db.database_now();
    // Running ones stay with whoever runs them: their lease is left alone.
    let sql = format!(
        "UPDATE hook_deliveries SET finished_at = NULL, outcome = NULL, reason = NULL, first_attempt_at = NULL, \
         attempts_forgiven = attempts, due_at = {now} WHERE account_id = $1 AND id = $2 AND NOT EXISTS \
         (SELECT 1 FROM hook_attempts a WHERE a.account_id = $1 AND a.delivery_id = $2 \
         AND a.number = hook_deliveries.attempts AND a.took IS NULL AND hook_deliveries.due_at > {now})"
    );
    if open.is_none() {
        let sql = "SELECT COUNT(*) FROM hook_deliveries WHERE account_id = $1 AND id = $2";
        return match db.query_int(sql, values![account, id]).await? {
            0 => Err(Error::no_such("delivery", id)),
            _ => Err(Error::Conflict("Its subscription is over or disabled: enable it first.".into())),
        };
    }
    if db.execute(&sql, values![account, id]).await? == 0 {
        return Err(Error::Conflict("The delivery is being tried at this moment.".into()));
    }
    db.audit(Pending::by(&grant, Event::HookReplayed, id, json!({"subscription_id": open})));
    Ok(())
}

const STORED: Kept = Kept { rows: "hook_deliveries", at: "finished_at", days: KeptDays::Always(DELIVERY_DAYS) };

/// How many deliveries come due to be forgotten in a span.
pub async fn stored_due(db: &mut Connection<'_>, grant: &Grant<PurgeDeliveries>, span: Span) -> Result<Due> {
    retention::due(db, grant.account(), &STORED, span).await
}

/// Forgets deliveries whose days are over, with what was sent, and subscriptions that have been over as long; answers how
/// many deliveries, at most [`PURGED_AT_ONCE`].
pub async fn purge(db: &mut Connection<'_>, grant: Held<PurgeDeliveries>) -> Result<u64> {
    let end = db.now().as_micros() - DELIVERY_DAYS * DAY;
    let sql = "DELETE FROM hook_deliveries WHERE account_id = $1 AND id IN (SELECT d.id FROM hook_deliveries d \
               WHERE d.account_id = $1 AND d.finished_at <= $2 ORDER BY d.finished_at LIMIT $3)";
    let gone = db.execute(sql, values![grant.account(), end, PURGED_AT_ONCE as i64]).await?;
    let sql = "DELETE FROM hook_subscriptions WHERE account_id = $1 AND ended_at <= $2 AND NOT EXISTS (SELECT 1 \
               FROM hook_deliveries d WHERE d.account_id = $1 AND d.subscription_id = hook_subscriptions.id)";
    db.execute(sql, values![grant.account(), end]).await?;
    Ok(gone)
}
