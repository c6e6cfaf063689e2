//! Gates: whatever changes keys' rows waits for their running writes first.

use crate::Result;
use crate::access::Held;
use crate::engine::{Connection, Gate, values};

/// A key that deletes itself passes its own gate already; closing it beside another such request would lock both for ever,
/// and the row's own lock lets one of them go first.
pub(super) async fn close_gate<A>(db: &mut Connection<'_>, grant: &Held<A>, id: i64) -> Result<()> {
    if grant.key().is_some_and(|key| key.id.get() == id) { Ok(()) } else { db.gate(id, Gate::Close).await }
}

/// Closes the gates of the keys that a change of their record or account concerns, in one order, so that two such changes
/// wait for each other and never both. What concerns the whole account closes its own gate first.
pub(crate) async fn close_gates(db: &mut Connection<'_>, account: i64, partner: Option<i64>) -> Result<()> {
    if partner.is_none() {
        db.account_gate(account, Gate::Close).await?;
    }
    let sql = "SELECT id FROM access_keys WHERE account_id = $1 AND (CAST($2 AS BIGINT) = 0 OR partner_id = $2) \
               AND deleted_at IS NULL ORDER BY id";
    let ids: Vec<i64> = db.query(sql, values![account, partner.unwrap_or(0)], |row| row.get(0)).await?;
    for id in ids {
        db.gate(id, Gate::Close).await?;
    }
    Ok(())
}

/// What the record's links allow has changed: whatever was remembered of its keys is void.
pub(crate) async fn raise_versions(db: &mut Connection<'_>, account: i64, partner: i64) -> Result<()> {
    close_gates(db, account, Some(partner)).await?;
    let sql = "UPDATE access_keys SET access_version = access_version + 1 WHERE account_id = $1 AND partner_id = $2";
    db.execute(sql, values![account, partner]).await?;
    Ok(())
}
