//! What a key does with its own subscriptions.

use std::sync::Arc;

use leadlatch_domain::audit::Event;
use leadlatch_domain::hook::HookSecret;
use leadlatch_domain::hook::schedule::SECRET_OVERLAP;
use leadlatch_domain::matrix::{ChangeHooks, CreateHooks, DeleteHooks, ReadHooks};
use serde_json::json;

use super::end::end_one;
use super::rights::{read_filter, refuse_events};
use super::subscription::{COLUMNS, Hook, NewHook, Owner, insert, read};
use crate::access::{Grant, Held, KeyFacts, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, Turn, values};
use crate::idempotency::{Made, Once, Retry, Route};
use crate::page::LOOKED_AT;
use crate::sealing::{Purpose, Sealer};
use crate::{Error, Page, Result, Slice, leads};

/// The most subscriptions of a key.
pub const MOST: i64 = 20;

const ROUTE: Route = Route { name: "POST /api/v1/hooks", column: "record_id" };

/// A subscription that a key makes is bound to that key.
pub async fn create(
    db: &mut Connection<'_>,
    grant: Held<CreateHooks>,
    sealer: Arc<Sealer>,
    new: NewHook,
) -> Result<Visible<Hook>> {
    make(db, &grant, &sealer, &new).await
}

/// As [`create`], and a retry finds what the first made. It is not told the secret again.
pub async fn create_once(
    db: &mut Connection<'_>,
    grant: Held<CreateHooks>,
    sealer: Arc<Sealer>,
    new: NewHook,
    once: Once,
) -> Result<Made<Visible<Hook>>> {
    let Some(retry) = Retry::of(&grant, ROUTE, once) else {
        return make(db, &grant, &sealer, &new).await.map(Made::New);
    };
    if !retry.begin(db).await? {
        let id = retry.known(db).await?.ok_or_else(|| grant.missing("id"))?;
        return find(db, &grant, id).await.map(Made::Again);
    }
    let hook = make(db, &grant, &sealer, &new).await?;
    retry.made(db, Some(hook.id)).await?;
    Ok(Made::New(hook))
}

async fn make(
    db: &mut Connection<'_>,
    grant: &Held<CreateHooks>,
    sealer: &Sealer,
    new: &NewHook,
) -> Result<Visible<Hook>> {
    refuse_events(grant, new.events)?;
    let key = own_key(grant)?;
    leads::check_filter(db, grant, &read_filter(grant, &new.filter)?).await?;
    refuse_too_many(db, grant.account(), key.id.get()).await?;
    let partner = grant.partner().map(|(record, _)| record.get());
    let owner = Owner { account: grant.account(), key: Some(key.id.get()), partner, by: grant.actor_in_words() };
    let (id, secret) = insert(db, &owner, sealer, new).await?;
    let mut hook = find(db, grant, id).await?;
    db.audit(Pending::by(grant, Event::HookCreated, id, json!({"after": *hook})));
    hook.0.secret = Some(secret);
    Ok(hook)
}

/// Of two that are made at a time the second waits, so that both are counted.
async fn refuse_too_many(db: &mut Connection<'_>, account: i64, key: i64) -> Result<()> {
    db.take_turns(&[(Turn::Alone, leads::turn_number(account, &format!("hooks of {key}")))]).await?;
    let sql = "SELECT COUNT(*) FROM hook_subscriptions WHERE account_id = $1 AND key_id = $2 AND ended_at IS NULL";
    if db.query_int(sql, values![account, key]).await? < MOST {
        return Ok(());
    }
    Err(Error::Conflict(format!("The key has {MOST} subscriptions already: delete one that is not needed.")))
}

fn own_key<A>(grant: &Grant<A>) -> Result<&KeyFacts> {
    grant.key().ok_or(Error::NotFound("key"))
}

/// The subscriptions of the key, by id.
pub async fn list(db: &mut Connection<'_>, grant: &Grant<ReadHooks>, page: &Page) -> Result<Slice<Visible<Hook>>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM hook_subscriptions s WHERE s.account_id = $1 AND s.key_id = $2 AND s.ended_at IS NULL \
         AND s.id > $3 ORDER BY s.id LIMIT $4"
    );
    let key = own_key(grant)?.id.get();
    let bound = |after: i64, limit: i64| values![grant.account(), key, after, limit];
    let total = page.total(db, &sql, bound(0, LOOKED_AT)).await?;
    let after = page.after.map_or(0, |(_, id)| id);
    let rows = db.query(&sql, bound(after, page.fetch()), |row| read(row).map(Visible)).await?;
    Ok(Slice::cut(rows, page, |hook| (hook.id, hook.id)).counted(total))
}

/// One subscription of the key.
pub async fn get(db: &mut Connection<'_>, grant: &Grant<ReadHooks>, id: i64) -> Result<Visible<Hook>> {
    find(db, grant, id).await
}

async fn find<A>(db: &mut Connection<'_>, grant: &Grant<A>, id: i64) -> Result<Visible<Hook>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM hook_subscriptions s WHERE s.account_id = $1 AND s.key_id = $2 AND s.id = $3 \
         AND s.ended_at IS NULL"
    );
    let found = db.query_opt(&sql, values![grant.account(), own_key(grant)?.id.get(), id], read).await?;
    found.map(Visible).ok_or_else(|| grant.missing("id"))
}

/// Ends a subscription of the key.
pub async fn delete(db: &mut Connection<'_>, grant: Held<DeleteHooks>, id: i64) -> Result<()> {
    let hook = find(db, &grant, id).await?;
    if end_one(db, grant.account(), id, "deleted").await? {
        db.audit(Pending::by(&grant, Event::HookDeleted, id, json!({"before": *hook})));
    }
    Ok(())
}

/// A new secret for a subscription of the key. For a day deliveries are signed with the former one too.
pub async fn new_secret(
    db: &mut Connection<'_>,
    grant: Held<ChangeHooks>,
    sealer: Arc<Sealer>,
    id: i64,
) -> Result<Visible<Hook>> {
    let mut hook = find(db, &grant, id).await?;
    hook.0.secret = Some(change_secret(db, &grant, &sealer, id).await?);
    Ok(hook)
}

pub(super) async fn change_secret<A>(
    db: &mut Connection<'_>,
    grant: &Held<A>,
    sealer: &Sealer,
    id: i64,
) -> Result<HookSecret> {
    let secret = HookSecret::generate(db.random());
    let sealed = sealer.seal(Purpose::HookSecret { subscription: id }, secret.as_bytes())?;
    let sql = "UPDATE hook_subscriptions SET former_secret = secret, former_secret_until = $4, secret = $3 \
               WHERE account_id = $1 AND id = $2 AND ended_at IS NULL";
    let until = db.now().plus(SECRET_OVERLAP).as_micros();
    if db.execute(sql, values![grant.account(), id, sealed, until]).await? == 0 {
        return Err(grant.missing("id"));
    }
    db.audit(Pending::by(grant, Event::HookSecretChanged, id, json!({})).changed(["secret"]));
    Ok(secret)
}
