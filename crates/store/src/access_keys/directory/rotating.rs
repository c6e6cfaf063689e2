//! The old key of a rotation that is under way: who still uses it.

use std::time::Duration;

use leadlatch_domain::matrix::ManageKeys;
use serde::Serialize;

use super::ListedKey;
use crate::Result;
use crate::access::Grant;
use crate::engine::{Connection, values};

/// A key that was rotated and still opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OldKey {
    /// Its id.
    pub id: i64,
    /// Its requests of the last hour, as far as the request log has them.
    pub calls: i64,
    /// From where the last of them came.
    pub address: Option<String>,
}

impl OldKey {
    pub(super) fn of(id: i64) -> Self {
        Self { id, calls: 0, address: None }
    }
}

/// Fills in what the old keys of a page's keys did in the last hour.
pub(super) async fn fill(db: &mut Connection<'_>, grant: &Grant<ManageKeys>, rows: &mut [ListedKey]) -> Result<()> {
    let since = db.now().minus(Duration::from_hours(1)).as_micros();
    for old in rows.iter_mut().filter_map(|row| row.old_key.as_mut()) {
        let bound = values![grant.account(), old.id, since];
        let sql = "SELECT COUNT(*) FROM request_log WHERE account_id = $1 AND key_id = $2 AND at >= $3";
        old.calls = db.query_int(sql, bound.clone()).await?;
        let sql = "SELECT address FROM request_log WHERE account_id = $1 AND key_id = $2 AND at >= $3 \
                   ORDER BY at DESC, id DESC LIMIT 1";
        old.address = db.query_opt(sql, bound, |row| row.get(0)).await?;
    }
    Ok(())
}
