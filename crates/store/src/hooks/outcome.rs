//! The end of an attempt: what the receiver answered, and what follows from it.

use std::sync::Arc;
use std::time::Duration;

use leadlatch_domain::audit::Event;
use leadlatch_domain::hook::schedule;
use leadlatch_domain::matrix::Deliver;
use serde_json::json;

use super::end::end_one;
use super::queue::Claimed;
use crate::Result;
use crate::access::Held;
use crate::audit::Pending;
use crate::engine::{Connection, values};

/// By this a receiver says that it is told for the last time.
const GONE: u16 = 410;

/// How an attempt went.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    /// What the receiver answered, if it did.
    pub status: Option<u16>,
    /// What went wrong otherwise.
    pub error: Option<&'static str>,
    /// How long it took.
    pub took: Duration,
}

/// What followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The receiver has it.
    Delivered,
    /// It is tried again later.
    Again,
    /// It was tried for days.
    GivenUp,
    /// It was tried for days as everything else for this receiver was: the subscription is disabled.
    Disabled,
    /// The receiver wants nothing any more.
    Gone,
}

impl Ended {
    /// The word for it, in the metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Again => "failed",
            Self::GivenUp => "given_up",
            Self::Disabled => "disabled",
            Self::Gone => "gone",
        }
    }

    /// The word for it that its key is told.
    const fn state(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Again => "failing",
            Self::GivenUp | Self::Disabled | Self::Gone => "ended",
        }
    }
}

impl Outcome {
    fn is_good(self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// Keeps how an attempt went.
pub async fn record(
    db: &mut Connection<'_>,
    grant: Held<Deliver>,
    claimed: Arc<Claimed>,
    number: i64,
    outcome: Outcome,
) -> Result<Ended> {
    let account = grant.account();
    let sql = "UPDATE hook_attempts SET took = $4, status = $5, error = $6 \
               WHERE account_id = $1 AND delivery_id = $2 AND number = $3";
    let took = i64::try_from(outcome.took.as_micros()).unwrap_or(i64::MAX);
    let status = outcome.status.map(i64::from);
    db.execute(sql, values![account, claimed.id, number, took, status, outcome.error]).await?;
    let ended = match outcome.status {
        _ if outcome.is_good() => {
            recovered(db, &claimed).await?;
            Ended::Delivered
        }
        Some(GONE) => {
            if end_one(db, account, claimed.subscription, "gone").await? {
                db.audit(Pending::by(&grant, Event::HookEnded, claimed.subscription, json!({"reason": "gone"})));
            }
            Ended::Gone
        }
        _ => failed(db, &grant, &claimed, number).await?,
    };
    if ended != Ended::Again {
        finish(db, &claimed, number, ended).await?;
    }
    say_last(db, &claimed, ended).await?;
    Ok(ended)
}

async fn recovered(db: &mut Connection<'_>, claimed: &Claimed) -> Result<()> {
    let sql = "UPDATE hook_subscriptions SET failures = 0, failing_since = NULL, rests_until = NULL \
               WHERE account_id = $1 AND id = $2 AND failures > 0";
    db.execute(sql, values![claimed.account.get(), claimed.subscription]).await.map(drop)
}

/// The receiver rests, and the delivery waits for its next turn, if it has one. Of several that fail at a time one is
/// counted against the receiver.
async fn failed(db: &mut Connection<'_>, grant: &Held<Deliver>, claimed: &Claimed, number: i64) -> Result<Ended> {
    let (account, now) = (grant.account(), db.database_now());
    let sql = "SELECT a.at, d.first_attempt_at FROM hook_deliveries d JOIN hook_attempts a \
               ON a.account_id = d.account_id AND a.delivery_id = d.id AND a.number = $3 \
               WHERE d.account_id = $1 AND d.id = $2";
    let found = db.query_opt(sql, values![account, claimed.id, number], |row| Ok((row.get(0)?, row.get(1)?))).await?;
    // Erased meanwhile, with its lead.
    let Some((at, first)): Option<(i64, i64)> = found else { return Ok(Ended::GivenUp) };
    let rest = micros(schedule::rest(claimed.failures + 1));
    let sql = format!(
        "UPDATE hook_subscriptions SET failures = $3, rests_until = {now} + $4, \
         failing_since = CASE WHEN failing_since < $5 THEN failing_since ELSE $5 END \
         WHERE account_id = $1 AND id = $2 AND failures <= $3"
    );
    let bound = values![account, claimed.subscription, claimed.failures + 1, rest, at];
    db.execute(&sql, bound).await?;
    let Some(pause) = schedule::pause(number - claimed.forgiven) else {
        return give_up(db, grant, claimed, first).await;
    };
    let sql = format!("UPDATE hook_deliveries SET due_at = {now} + $3 WHERE account_id = $1 AND id = $2");
    db.execute(&sql, values![account, claimed.id, micros(pause)]).await?;
    Ok(Ended::Again)
}

/// If nothing arrived since the first attempt, nothing will: the subscription is disabled, and somebody must look at it.
async fn give_up(db: &mut Connection<'_>, grant: &Held<Deliver>, claimed: &Claimed, first: i64) -> Result<Ended> {
    let sql = "UPDATE hook_subscriptions SET disabled_at = $3 WHERE account_id = $1 AND id = $2 \
               AND failing_since <= $4 AND disabled_at IS NULL";
    let bound = values![grant.account(), claimed.subscription, db.now().as_micros(), first];
    if db.execute(sql, bound).await? == 0 {
        return Ok(Ended::GivenUp);
    }
    db.audit(Pending::by(grant, Event::HookDisabled, claimed.subscription, json!({"key_id": claimed.key})));
    Ok(Ended::Disabled)
}

async fn finish(db: &mut Connection<'_>, claimed: &Claimed, number: i64, ended: Ended) -> Result<()> {
    let (outcome, reason) = match ended {
        Ended::Delivered | Ended::Again => ("delivered", None),
        Ended::GivenUp | Ended::Disabled => ("failed", Some("given_up")),
        Ended::Gone => ("failed", Some("gone")),
    };
    let sql = "UPDATE hook_deliveries SET finished_at = $4, outcome = $5, reason = $6 \
               WHERE account_id = $1 AND id = $2 AND attempts = $3 AND finished_at IS NULL";
    let now = db.now().as_micros();
    db.execute(sql, values![claimed.account.get(), claimed.id, number, now, outcome, reason]).await.map(drop)
}

async fn say_last(db: &mut Connection<'_>, claimed: &Claimed, ended: Ended) -> Result<()> {
    let sql = "UPDATE hook_subscriptions SET last_at = $3, last_event_id = $4, last_state = $5 \
               WHERE account_id = $1 AND id = $2";
    let now = db.now().as_micros();
    let bound = values![claimed.account.get(), claimed.subscription, now, claimed.event_id.as_str(), ended.state()];
    db.execute(sql, bound).await.map(drop)
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}
