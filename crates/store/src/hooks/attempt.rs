//! The beginning of an attempt: everything that decides it is read in one transaction, with the rows held that would end
//! it, and the first bytes are sent inside that transaction. So the deletion of a key, or of a subscription, that was
//! answered comes before or after the whole of a beginning: nothing is begun after it.

use std::sync::Arc;

use leadlatch_domain::audit::Event;
use leadlatch_domain::matrix::{Deliver, ReadLeads, TellOfLeads};
use leadlatch_domain::problem::Code;
use serde_json::json;

use super::claim::LEASE;
use super::end::end_one;
use super::message::Message;
use super::order::finish;
use super::queue::Claimed;
use crate::access::{Access, Grant, Held};
use crate::audit::Pending;
use crate::engine::{Connection, Gate, values};
use crate::leads::{self, Telling, ToldOf};
use crate::sealing::Sealer;
use crate::{Error, Result, authenticate};

/// What became of a beginning.
#[derive(Debug)]
pub enum Begun<T> {
    /// It is under way, as so many-th attempt.
    Sent(T, i64),
    /// There is nothing to tell any more; it is over.
    Dropped,
    /// Another node has it, or it waits until its subscription is enabled again.
    Lost,
}

/// What is to be done with a delivery.
enum Verdict {
    Tell(ToldOf),
    /// Nothing is told, and why; whether nothing ever will be by this subscription.
    Drop(&'static str, bool),
    Lost,
}

/// Whether a delivery would be told now: asked before anybody is connected to.
pub async fn is_told(db: &mut Connection<'_>, grant: &Grant<Deliver>, claimed: &Claimed) -> Result<bool> {
    Ok(matches!(judge(db, grant, claimed, false).await?, Verdict::Tell(_)))
}

/// Drops a delivery that is not to be told; whether it did.
pub async fn settle(db: &mut Connection<'_>, grant: Held<Deliver>, claimed: Arc<Claimed>) -> Result<bool> {
    match judge(db, &grant, &claimed, true).await? {
        Verdict::Tell(_) => Ok(false),
        Verdict::Drop(why, for_good) => drop_it(db, &grant, &claimed, why, for_good).await.map(|()| true),
        Verdict::Lost => Ok(true),
    }
}

/// Begins an attempt. `send` starts writing to the receiver, if it was reached, and does not wait.
pub async fn begin<T>(
    db: &mut Connection<'_>,
    grant: Held<Deliver>,
    claimed: Arc<Claimed>,
    sealer: Arc<Sealer>,
    reached: bool,
    send: impl FnOnce(Message) -> T + Send,
) -> Result<Begun<T>> {
    let told = match judge(db, &grant, &claimed, true).await? {
        Verdict::Tell(told) => told,
        Verdict::Drop(why, for_good) => {
            return drop_it(db, &grant, &claimed, why, for_good).await.map(|()| Begun::Dropped);
        }
        Verdict::Lost => return Ok(Begun::Lost),
    };
    let message = Message::write(db, &sealer, &claimed, &told).await?;
    let number = claimed.attempts + 1;
    let (account, now) = (grant.account(), db.now().as_micros());
    let sql = format!(
        "UPDATE hook_deliveries SET attempts = $3, first_attempt_at = COALESCE(first_attempt_at, $4), \
         body = COALESCE($5, body), due_at = {} + {LEASE} WHERE account_id = $1 AND id = $2",
        db.database_now()
    );
    // Kept is what was sent.
    let body = reached.then_some(message.body.as_str());
    db.execute(&sql, values![account, claimed.id, number, now, body]).await?;
    let sql = "INSERT INTO hook_attempts (account_id, delivery_id, number, at) VALUES ($1, $2, $3, $4)";
    db.execute(sql, values![account, claimed.id, number, now]).await?;
    Ok(Begun::Sent(send(message), number))
}

/// The key (or the account) first, then the subscription, then the delivery: whoever ends them locks in this order.
async fn judge(db: &mut Connection<'_>, grant: &Grant<Deliver>, claimed: &Claimed, hold: bool) -> Result<Verdict> {
    let reader = match claimed.key {
        None if is_suspended(db, claimed, hold).await? => Err(Error::Unauthenticated(Code::AccountSuspended)),
        None => Ok(None),
        Some(key) => authenticate::for_hook(db, grant.account(), key, hold).await.map(Some),
    };
    match open(db, claimed, hold).await? {
        Open::Over => return Ok(Verdict::Drop("ended", false)),
        Open::NotNow => return Ok(Verdict::Lost),
        Open::Yes if !is_ours(db, claimed, hold).await? => return Ok(Verdict::Lost),
        Open::Yes => {}
    }
    let reader = match reader {
        Ok(reader) => reader,
        Err(Error::Unauthenticated(code)) => return Ok(Verdict::Drop(code.as_str(), is_final(code))),
        Err(other) => return Err(other),
    };
    let told = match reader {
        None => tell(db, &Access::courier(claimed.account).permit::<TellOfLeads>()?, claimed).await,
        Some(access) => match access.permit::<ReadLeads>() {
            Ok(grant) => tell(db, &grant, claimed).await,
            Err(refused) => Err(refused),
        },
    };
    match told {
        Ok(Ok(told)) => Ok(Verdict::Tell(told)),
        Ok(Err(why)) => Ok(Verdict::Drop(why, false)),
        Err(Error::Denied(denied)) => Ok(Verdict::Drop(denied.code.as_str(), false)),
        Err(other) => Err(other),
    }
}

async fn tell<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    claimed: &Claimed,
) -> Result<std::result::Result<ToldOf, &'static str>> {
    let telling = Telling {
        event: claimed.event,
        lead: claimed.lead,
        sides: claimed.sides,
        changed: &claimed.changed,
        filter: &claimed.filter,
        named: claimed.format == leadlatch_domain::hook::HookFormat::Form,
    };
    leads::told(db, grant, &telling).await
}

/// Whether the account is suspended: its own subscriptions are told no more than its keys are let in.
async fn is_suspended(db: &mut Connection<'_>, claimed: &Claimed, hold: bool) -> Result<bool> {
    if hold {
        db.account_gate(claimed.account.get(), Gate::Pass).await?;
    }
    let lock = if hold { db.lock_rows(" FOR SHARE") } else { "" };
    let sql = format!("SELECT suspended FROM accounts WHERE id = $1{lock}");
    Ok(db.query_opt(&sql, values![claimed.account.get()], |row| row.get(0)).await?.unwrap_or(true))
}

/// A key that was refused for this never comes back.
const fn is_final(code: Code) -> bool {
    matches!(code, Code::UnknownKey | Code::DeletedKey | Code::RotatedKey | Code::ExpiredKey)
}

/// Whether a subscription is told.
enum Open {
    Yes,
    /// It is disabled, or moved to another key since.
    NotNow,
    Over,
}

async fn open(db: &mut Connection<'_>, claimed: &Claimed, hold: bool) -> Result<Open> {
    let lock = if hold { db.lock_rows(" FOR SHARE") } else { "" };
    let sql = format!(
        "SELECT disabled_at IS NULL, key_id FROM hook_subscriptions WHERE account_id = $1 AND id = $2 \
         AND ended_at IS NULL{lock}"
    );
    let bound = values![claimed.account.get(), claimed.subscription];
    let found = db.query_opt(&sql, bound, |row| Ok((row.get::<bool>(0)?, row.get::<Option<i64>>(1)?))).await?;
    Ok(match found {
        None => Open::Over,
        Some((true, key)) if key == claimed.key => Open::Yes,
        Some(_) => Open::NotNow,
    })
}

/// Whether the delivery is still this node's: whoever takes it over counts an attempt.
async fn is_ours(db: &mut Connection<'_>, claimed: &Claimed, hold: bool) -> Result<bool> {
    let lock = if hold { db.lock_rows(" FOR UPDATE") } else { "" };
    let sql = format!(
        "SELECT finished_at IS NULL AND attempts = $3 FROM hook_deliveries WHERE account_id = $1 AND id = $2{lock}"
    );
    let bound = values![claimed.account.get(), claimed.id, claimed.attempts];
    Ok(db.query_opt(&sql, bound, |row| row.get(0)).await?.unwrap_or(false))
}

/// Drops a delivery for good, and with a key that is gone for good its subscription.
async fn drop_it(
    db: &mut Connection<'_>,
    grant: &Held<Deliver>,
    claimed: &Claimed,
    why: &str,
    for_good: bool,
) -> Result<()> {
    let account = grant.account();
    if for_good && end_one(db, account, claimed.subscription, "key_ended").await? {
        let details = json!({"reason": why, "key_id": claimed.key});
        db.audit(Pending::by(grant, Event::HookEnded, claimed.subscription, details));
    }
    finish(db, claimed, claimed.attempts, "dropped", Some(why)).await
}
