//! Settings that go by their names: found, renamed and deleted in one way, whichever their table.

use leadlatch_domain::text::{Name, fold};

use crate::engine::{Connection, Row, values};
use crate::{Error, Result, change};

/// A table of settings that are named: each name once in an account, whatever its case.
pub(crate) struct Names {
    /// The table.
    pub(crate) table: &'static str,
    /// What one of them is called.
    pub(crate) one: &'static str,
    /// What a refusal says is missing.
    pub(crate) field: &'static str,
    /// What narrows the table's rows to those that are there, where deleted ones stay.
    pub(crate) there: &'static str,
}

/// A setting that was found by its name, its row locked against new uses.
pub(crate) struct Found {
    pub(crate) id: i64,
    pub(crate) name: String,
}

impl Names {
    /// The setting of a name, locked: what refers to it waits, or is seen.
    pub(crate) async fn hold(&self, db: &mut Connection<'_>, account: i64, name: &str) -> Result<Found> {
        change::one_at_a_time(db, account).await?;
        let (table, lock) = (self.table, db.lock_rows(" FOR UPDATE"));
        let sql = format!("SELECT id, name FROM {table} WHERE account_id = $1 AND name_twin = $2{lock}");
        let twin = fold(name);
        let read = |row: &Row<'_>| Ok(Found { id: row.get(0)?, name: row.get(1)? });
        db.query_opt(&sql, values![account, twin], read).await?.ok_or_else(|| Error::no_such(self.field, name))
    }

    /// Gives it another name, unless another has it.
    pub(crate) async fn rename(&self, db: &mut Connection<'_>, account: i64, id: i64, name: &Name) -> Result<()> {
        let table = self.table;
        let taken = format!("SELECT COUNT(*) FROM {table} WHERE account_id = $1 AND name_twin = $2 AND id <> $3");
        if db.query_int(&taken, values![account, name.twin(), id]).await? > 0 {
            return Err(Error::Conflict(format!("There is a {} {name} already.", self.one)));
        }
        let sql = format!("UPDATE {table} SET name = $3, name_twin = $4 WHERE account_id = $1 AND id = $2");
        db.execute(&sql, values![account, id, name.as_str(), name.twin()]).await?;
        Ok(())
    }

    /// Deletes it.
    pub(crate) async fn delete(&self, db: &mut Connection<'_>, account: i64, id: i64) -> Result<()> {
        let sql = format!("DELETE FROM {} WHERE account_id = $1 AND id = $2", self.table);
        db.execute(&sql, values![account, id]).await?;
        Ok(())
    }
}
