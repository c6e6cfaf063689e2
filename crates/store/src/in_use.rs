//! What uses a setting, and so keeps it from being deleted. The database's own references refuse it too.

use std::fmt;

use crate::engine::{Connection, values};
use crate::{Error, Result};

/// A record that is in use, and by what.
#[derive(Debug)]
pub struct InUse {
    /// What it is and its name, such as `status Quoted`.
    what: String,
    by: Vec<Use>,
}

/// What uses it, at least one of them.
#[derive(Debug)]
struct Use {
    one: &'static str,
    count: i64,
    /// How many of them are in the bin.
    binned: i64,
}

impl fmt::Display for InUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by: Vec<_> = self.by.iter().map(Use::to_string).collect();
        write!(f, "{} is in use: {}", self.what, by.join(", "))
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.count, self.one, if self.count == 1 { "" } else { "s" })?;
        if self.binned > 0 { write!(f, " ({} in the bin)", self.binned) } else { Ok(()) }
    }
}

/// The column by which a table uses records of some kind.
pub(crate) struct Holder {
    /// What one of its rows is called.
    pub(crate) one: &'static str,
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
}

impl Holder {
    pub(crate) const fn new(one: &'static str, table: &'static str, column: &'static str) -> Self {
        Self { one, table, column }
    }

    /// Leads of the bin still use it: they can be put back.
    pub(crate) const fn leads(column: &'static str) -> Self {
        Self::new("lead", "leads", column)
    }

    async fn count(&self, db: &mut Connection<'_>, account: i64, id: i64) -> Result<Use> {
        let binned = if self.table == "leads" { "COUNT(deleted_at)" } else { "CAST(0 AS BIGINT)" };
        let (table, column) = (self.table, self.column);
        let sql = format!("SELECT COUNT(*), {binned} FROM {table} WHERE account_id = $1 AND {column} = $2");
        let read = |row: &crate::engine::Row<'_>| Ok(Use { one: self.one, count: row.get(0)?, binned: row.get(1)? });
        let found = db.query_opt(&sql, values![account, id], read).await?;
        found.ok_or_else(|| Error::internal("a count that gives no row"))
    }
}

/// Refuses, with every use at once, if anything uses the record. Its row is locked by the caller, so that nothing begins to.
pub(crate) async fn refuse(
    db: &mut Connection<'_>,
    account: i64,
    id: i64,
    what: impl Into<String>,
    holders: &[Holder],
) -> Result<()> {
    let mut by = Vec::new();
    for holder in holders {
        by.push(holder.count(db, account, id).await?);
    }
    by.retain(|used| used.count > 0);
    if by.is_empty() { Ok(()) } else { Err(Error::InUse(InUse { what: what.into(), by })) }
}

#[cfg(test)]
mod tests {
    use super::{InUse, Use};

    #[test]
    fn it_says_by_what_and_how_many() {
        let by = vec![
            Use { one: "lead", count: 12, binned: 2 },
            Use { one: "lead type", count: 1, binned: 0 },
            Use { one: "linked partner", count: 3, binned: 0 },
        ];
        let said = InUse { what: "lead group Loans".into(), by }.to_string();
        assert_eq!(said, "lead group Loans is in use: 12 leads (2 in the bin), 1 lead type, 3 linked partners");
    }
}
