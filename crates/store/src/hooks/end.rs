//! The end of subscriptions. What still waits for one is dropped by the worker, some hundred at a time.

use crate::Result;
use crate::engine::{Connection, values};

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
