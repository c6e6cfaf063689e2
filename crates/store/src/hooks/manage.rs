//! What an admin does with subscriptions: the account's own and those of every key.

use std::sync::Arc;

use leadlatch_domain::audit::Event;
use leadlatch_domain::matrix::ManageHooks;
use leadlatch_domain::token::Token;
use serde_json::json;

use super::deliveries::running;
use super::end::end_one;
use super::own::change_secret;
use super::rights::read_filter;
use super::subscription::{COLUMNS, Hook, NewHook, Owner, Subscription, insert, more, read_whole};
use crate::access::{Grant, Held, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, values};
use crate::sealing::Sealer;
use crate::{Error, Result, used_forms};

const FROM: &str = "FROM hook_subscriptions s LEFT JOIN access_keys k ON k.account_id = s.account_id \
     AND k.id = s.key_id WHERE s.account_id = $1";

/// Which subscriptions are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct SubscriptionFilter {
    /// Those of one key.
    pub key: Option<i64>,
    /// Those that are over, too.
    pub ended: bool,
}

/// The subscriptions of the account and of its keys, newest first.
pub async fn all(
    db: &mut Connection<'_>,
    grant: &Grant<ManageHooks>,
    filter: SubscriptionFilter,
) -> Result<Vec<Visible<Subscription>>> {
    let more = more(db.database_now());
    let sql = format!(
        "SELECT {COLUMNS}, {more} {FROM} AND (CAST($2 AS BIGINT) = 0 OR s.key_id = $2) \
         AND (CAST($3 AS BOOLEAN) OR s.ended_at IS NULL) ORDER BY s.id DESC"
    );
    let bound = values![grant.account(), filter.key.unwrap_or(0), filter.ended];
    db.query(&sql, bound, |row| read_whole(row).map(Visible)).await
}

/// One of them, over or not.
pub async fn get_any(db: &mut Connection<'_>, grant: &Grant<ManageHooks>, id: i64) -> Result<Visible<Subscription>> {
    find(db, grant.account(), id).await.map(Visible)
}

async fn find(db: &mut Connection<'_>, account: i64, id: i64) -> Result<Subscription> {
    let sql = format!("SELECT {COLUMNS}, {} {FROM} AND s.id = $2", more(db.database_now()));
    db.query_opt(&sql, values![account, id], read_whole).await?.ok_or_else(|| Error::no_such("hook", id))
}

/// A subscription of the account's own: bound to no key, it reaches everything. The secret is given once.
pub async fn create_for_account(
    db: &mut Connection<'_>,
    grant: Held<ManageHooks>,
    sealer: Arc<Sealer>,
    new: NewHook,
) -> Result<Visible<Subscription>> {
    make(db, &grant, &sealer, new).await
}

async fn make(
    db: &mut Connection<'_>,
    grant: &Held<ManageHooks>,
    sealer: &Sealer,
    new: NewHook,
) -> Result<Visible<Subscription>> {
    read_filter(grant, &new.filter)?;
    let owner = Owner { account: grant.account(), key: None, partner: None, by: grant.actor_in_words() };
    let (id, secret) = insert(db, &owner, sealer, &new).await?;
    let mut made = find(db, grant.account(), id).await?;
    db.audit(Pending::by(grant, Event::HookCreated, id, json!({"after": made.hook})));
    made.hook.secret = Some(secret);
    Ok(Visible(made))
}

/// As [`create_for_account`], by a form that counts once.
pub async fn create_by_form(
    db: &mut Connection<'_>,
    grant: Held<ManageHooks>,
    sealer: Arc<Sealer>,
    new: NewHook,
    form: &Token,
) -> Result<Visible<Subscription>> {
    let made = make(db, &grant, &sealer, new).await?;
    used_forms::keep(db, &grant, form, made.hook.id).await?;
    Ok(made)
}

/// Ends any of them.
pub async fn delete_any(db: &mut Connection<'_>, grant: Held<ManageHooks>, id: i64) -> Result<Visible<Subscription>> {
    let before = find(db, grant.account(), id).await?;
    if !end_one(db, grant.account(), id, "deleted").await? {
        return Err(Error::Conflict("The subscription is over already.".into()));
    }
    let details = json!({"before": before.hook, "key_id": before.key_id});
    db.audit(Pending::by(&grant, Event::HookDeleted, id, details));
    find(db, grant.account(), id).await.map(Visible)
}

/// Lets a subscription that failed for days, or rests, go on at once.
pub async fn enable(db: &mut Connection<'_>, grant: Held<ManageHooks>, id: i64) -> Result<Visible<Subscription>> {
    let sql = "UPDATE hook_subscriptions SET disabled_at = NULL, failures = 0, failing_since = NULL, \
               rests_until = NULL WHERE account_id = $1 AND id = $2 AND ended_at IS NULL";
    if db.execute(sql, values![grant.account(), id]).await? == 0 {
        find(db, grant.account(), id).await?;
        return Err(Error::Conflict("The subscription is over: make a new one.".into()));
    }
    try_at_once(db, grant.account(), id).await?;
    let found = find(db, grant.account(), id).await?;
    db.audit(Pending::by(&grant, Event::HookEnabled, id, json!({"target_url": found.hook.target_url})));
    Ok(Visible(found))
}

/// What was tried has all its tries again, the first of them now. Running ones stay with whoever runs them.
async fn try_at_once(db: &mut Connection<'_>, account: i64, id: i64) -> Result<()> {
    let now = db.database_now();
    let sql = format!(
        "UPDATE hook_deliveries SET attempts_forgiven = attempts, due_at = {now} WHERE account_id = $1 \
         AND subscription_id = $2 AND finished_at IS NULL AND attempts > 0 AND NOT behind AND NOT {}",
        running(now)
    );
    db.execute(&sql, values![account, id]).await.map(drop)
}

/// A new secret for any of them; the former one signs beside it for a day.
pub async fn new_secret_of(
    db: &mut Connection<'_>,
    grant: Held<ManageHooks>,
    sealer: Arc<Sealer>,
    id: i64,
) -> Result<Visible<Hook>> {
    find(db, grant.account(), id).await?;
    let secret = change_secret(db, &grant, &sealer, id).await?;
    let Subscription { mut hook, .. } = find(db, grant.account(), id).await?;
    hook.secret = Some(secret);
    Ok(Visible(hook))
}
