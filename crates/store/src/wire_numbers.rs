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
    refuse_shared(db, account, of, id, number).await?;
    let sql = format!("UPDATE {table} SET wire_number = $3 WHERE account_id = $1 AND id = $2");
    db.execute(&sql, values![account, id, number.map(WireNumber::get)]).await.map(drop)
}

/// A record without a wire number is shown by its id: no other of its kind is given that number, nor keeps it when this one's
/// own is taken away. A new record's id may still be one that another has, which is then the one that is meant.
async fn refuse_shared(
    db: &mut Connection<'_>,
    account: i64,
    of: &Names,
    id: i64,
    number: Option<WireNumber>,
) -> Result<()> {
    let (table, one) = (of.table, of.one);
    let Some(number) = number else {
        let sql = format!(
            "SELECT COUNT(*) FROM {table} own JOIN {table} other ON other.account_id = own.account_id \
             AND other.wire_number = own.id AND other.id <> own.id \
             WHERE own.account_id = $1 AND own.id = $2 AND own.wire_number IS NOT NULL"
        );
        if db.query_int(&sql, values![account, id]).await? > 0 {
            let detail =
                format!("Without its wire number it goes by its id {id}, which is the wire number of another {one}.");
            return Err(Error::Conflict(format!("{detail} Change that one first.")));
        }
        return Ok(());
    };
    let sql = format!(
        "SELECT COUNT(*) FROM {table} WHERE account_id = $1 AND id = $2 AND id <> $3 AND wire_number IS NULL{}",
        of.there
    );
    if db.query_int(&sql, values![account, number.get(), id]).await? > 0 {
        let detail = format!("{number} is the id of another {one}, which has no wire number and goes by its id.");
        return Err(Error::Conflict(format!("{detail} Choose another number, or give that one a number first.")));
    }
    Ok(())
}
