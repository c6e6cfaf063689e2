//! The end of an attempt: what the receiver answered, and what follows from it.

use std::sync::Arc;
use std::time::Duration;

use leadlatch_domain::audit::Event;
use leadlatch_domain::hook::schedule;
use leadlatch_domain::matrix::Deliver;
use serde_json::json;

use super::end::end_one;
use super::order::finish;
use super::queue::Claimed;
use crate::access::Held;
use crate::audit::Pending;
use crate::engine::{Connection, values};
use crate::{Result, usage};

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
    /// Everything failed for days: the subscription is disabled.
    Disabled,
    /// The receiver wants nothing any more.
    Gone,
    /// It was erased with its lead while it was tried.
    Erased,
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
            Self::Erased => "erased",
        }
    }

    /// The word for it that its key is told.
    const fn state(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Again => "failing",
            Self::GivenUp | Self::Disabled | Self::Gone | Self::Erased => "ended",
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
            usage::received(db, account, claimed.key).await?;
            finish(db, &claimed, number, "delivered", None).await?;
            Ended::Delivered
        }
        Some(GONE) => {
            if end_one(db, account, claimed.subscription, "gone").await? {
                db.audit(Pending::by(&grant, Event::HookEnded, claimed.subscription, json!({"reason": "gone"})));
            }
            finish(db, &claimed, number, "failed", Some("gone")).await?;
            Ended::Gone
        }
        _ => failed(db, &grant, &claimed, number).await?,
    };
    if ended != Ended::Erased {
        say_last(db, &claimed, ended).await?;
    }
    Ok(ended)
}

async fn recovered(db: &mut Connection<'_>, claimed: &Claimed) -> Result<()> {
    let sql = "UPDATE hook_subscriptions SET failures = 0, failing_since = NULL, rests_until = NULL \
               WHERE account_id = $1 AND id = $2 AND failures > 0";
    db.execute(sql, values![claimed.account.get(), claimed.subscription]).await.map(drop)
}

/// The receiver rests, and the delivery waits for its next turn, if it has one. A receiver that failed for days is
/// disabled, whichever deliveries it was tried with.
async fn failed(db: &mut Connection<'_>, grant: &Held<Deliver>, claimed: &Claimed, number: i64) -> Result<Ended> {
    let (account, now) = (grant.account(), db.database_now());
    let sql = "SELECT at FROM hook_attempts WHERE account_id = $1 AND delivery_id = $2 AND number = $3";
    let at: Option<i64> = db.query_opt(sql, values![account, claimed.id, number], |row| row.get(0)).await?;
    let Some(at) = at else { return Ok(Ended::Erased) };
    rest(db, claimed, at).await?;
    let disabled = disable(db, grant, claimed, at).await?;
    let pause = schedule::pause(number - claimed.forgiven);
    if let Some(pause) = pause {
        let sql = format!("UPDATE hook_deliveries SET due_at = {now} + $3 WHERE account_id = $1 AND id = $2");
        db.execute(&sql, values![account, claimed.id, micros(pause)]).await?;
    } else {
        finish(db, claimed, number, "failed", Some("given_up")).await?;
    }
    Ok(match pause {
        _ if disabled => Ended::Disabled,
        Some(_) => Ended::Again,
        None => Ended::GivenUp,
    })
}

/// Of several that fail at a time one is counted against the receiver.
async fn rest(db: &mut Connection<'_>, claimed: &Claimed, at: i64) -> Result<()> {
    let failures = claimed.failures + 1;
    let sql = format!(
        "UPDATE hook_subscriptions SET failures = $3, rests_until = {} + $4, \
         failing_since = CASE WHEN failing_since < $5 THEN failing_since ELSE $5 END \
         WHERE account_id = $1 AND id = $2 AND failures <= $3",
        db.database_now()
    );
    let pause = micros(schedule::rest(failures));
    db.execute(&sql, values![claimed.account.get(), claimed.subscription, failures, pause, at]).await.map(drop)
}

/// If nothing arrived for days, in as many tries as there are in them, somebody must look at it. A count alone could come
/// from somebody who has things sent again, and a time alone from a receiver that was told nothing for long.
async fn disable(db: &mut Connection<'_>, grant: &Held<Deliver>, claimed: &Claimed, at: i64) -> Result<bool> {
    let sql = "UPDATE hook_subscriptions SET disabled_at = $3 WHERE account_id = $1 AND id = $2 \
               AND failures >= $4 AND failing_since <= $5 AND disabled_at IS NULL";
    let (now, since) = (db.now().as_micros(), at - micros(schedule::FAILING));
    let bound = values![grant.account(), claimed.subscription, now, schedule::TRIES, since];
    if db.execute(sql, bound).await? == 0 {
        return Ok(false);
    }
    db.audit(Pending::by(grant, Event::HookDisabled, claimed.subscription, json!({"key_id": claimed.key})));
    Ok(true)
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
