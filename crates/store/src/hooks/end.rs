//! The end of subscriptions, and their way to a key's successor. What still waits for one that has ended is dropped by the
//! worker, some hundred at a time.

use leadlatch_domain::audit::Event;
use leadlatch_domain::matrix::ManageKeys;
use serde_json::json;

use crate::access::Held;
use crate::audit::Pending;
use crate::engine::{Connection, values};
use crate::{Error, Result};

/// Which subscriptions of a key move to its successor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MovedHooks {
    /// All.
    All,
    /// None: they end with the key.
    None,
    /// These; the others end with the key.
    These(Vec<i64>),
}

/// Ends one subscription; whether it was not over yet. Nothing is begun for it once this is committed.
pub(super) async fn end_one(db: &mut Connection<'_>, account: i64, id: i64, because: &str) -> Result<bool> {
    let sql = "UPDATE hook_subscriptions SET ended_at = $3, ended_because = $4 WHERE account_id = $1 AND id = $2 \
               AND ended_at IS NULL";
    Ok(db.execute(sql, values![account, id, db.now().as_micros(), because]).await? == 1)
}

/// A key's subscriptions end with it.
pub(crate) async fn end_of_key(db: &mut Connection<'_>, account: i64, key: i64) -> Result<()> {
    let sql = "UPDATE hook_subscriptions SET ended_at = $3, ended_because = 'key_ended' WHERE account_id = $1 \
               AND key_id = $2 AND ended_at IS NULL";
    db.execute(sql, values![account, key, db.now().as_micros()]).await.map(drop)
}

/// Moves subscriptions from a key to its successor, with what waits for them.
pub(crate) async fn move_to(
    db: &mut Connection<'_>,
    grant: &Held<ManageKeys>,
    (old, new): (i64, i64),
    moved: &MovedHooks,
) -> Result<()> {
    let account = grant.account();
    let sql =
        "SELECT id FROM hook_subscriptions WHERE account_id = $1 AND key_id = $2 AND ended_at IS NULL ORDER BY id";
    let all: Vec<i64> = db.query(sql, values![account, old], |row| row.get(0)).await?;
    let chosen = match moved {
        MovedHooks::All => all,
        MovedHooks::None => Vec::new(),
        MovedHooks::These(ids) => match ids.iter().find(|id| !all.contains(id)) {
            Some(id) => return Err(Error::no_such("hook", format!("{id} of key {old}"))),
            None => ids.clone(),
        },
    };
    for id in chosen {
        let sql = "UPDATE hook_subscriptions SET key_id = $3 WHERE account_id = $1 AND id = $2";
        db.execute(sql, values![account, id, new]).await?;
        db.audit(Pending::by(grant, Event::HookMoved, id, json!({"from_key_id": old, "to_key_id": new})));
    }
    Ok(())
}
