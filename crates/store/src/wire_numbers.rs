//! Wire numbers: what the clients of existing integrations hold for lead groups, sites and partner records. A number is
//! one record's of its kind in an account.

use leadlatch_domain::id::WireNumber;

use crate::engine::{Connection, values};
use crate::names::Names;
use crate::{Error, Result};

/// Gives a record a number, or takes it away.
pub(crate) async fn set(
    db: &mut Connection<'_>,
    account: i64,
    of: &Names,
    id: i64,
    number: Option<WireNumber>,
) -> Result<()> {
    let table = of.table;
    if let Some(number) = number {
        let sql = format!("SELECT COUNT(*) FROM {table} WHERE account_id = $1 AND wire_number = $2 AND id <> $3");
        if db.query_int(&sql, values![account, number.get(), id]).await? > 0 {
            return Err(Error::Conflict(format!("There is a {} with the wire number {number} already.", of.one)));
        }
    }
    let sql = format!("UPDATE {table} SET wire_number = $3 WHERE account_id = $1 AND id = $2");
    db.execute(&sql, values![account, id, number.map(WireNumber::get)]).await.map(drop)
}
