//! A delivery that its receiver took is a use of the key that it was made for: a key that only receives makes no requests,
//! and would be taken for idle.

use crate::Result;
use crate::engine::{Connection, values};

/// How often that is written down for a key, in microseconds: its idle limit is in days.
const SELDOM: i64 = 3_600_000_000;

/// Notes it, for keys with an idle limit.
pub(crate) async fn received(db: &mut Connection<'_>, account: i64, key: Option<i64>) -> Result<()> {
    let Some(key) = key else { return Ok(()) };
    let now = db.database_now();
    let sql = format!(
        "INSERT INTO access_key_last_used (account_id, key_id, used_at, address, user_agent, scopes_used, let_in_at) \
         SELECT k.account_id, k.id, {now}, '', '', 0, {now} FROM access_keys k WHERE k.account_id = $1 AND k.id = $2 \
         AND k.idle_days IS NOT NULL ON CONFLICT (account_id, key_id) DO UPDATE SET let_in_at = excluded.let_in_at \
         WHERE COALESCE(access_key_last_used.let_in_at, 0) < excluded.let_in_at - {SELDOM}"
    );
    db.execute(&sql, values![account, key]).await.map(drop)
}
