//! The reference's own database: keys and leads, with the indexes that its requests need and no others.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use super::lead::{self, Columns};
use crate::output::Outcome;
use leadlatch_domain::lead::LeadField;

/// Whom a key belongs to: a partner record, or nobody for a Full key.
pub(super) type Owner = Option<i64>;

/// Opens the file as the server under test opens its own.
pub(super) fn open(path: &Path) -> Outcome<Connection> {
    let connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.pragma_update(None, "mmap_size", 268_435_456)?;
    // Without it `LIMIT ?` is planned anew at every execution, which is not the least that a list can do.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

/// Makes the file with everything in it: secrets with their owners, and whole records as a Full key sees them.
pub(crate) fn make<'a>(
    path: &Path,
    keys: impl Iterator<Item = (&'a str, Owner)>,
    leads: impl Iterator<Item = &'a Map<String, Json>>,
) -> Outcome {
    let mut connection = open(path)?;
    let columns: Vec<&str> = LeadField::ALL.iter().map(|field| field.name()).collect();
    let columns = columns.join(", ").replacen("id", "id INTEGER PRIMARY KEY", 1);
    connection.execute_batch(&format!(
        "CREATE TABLE keys (digest BLOB PRIMARY KEY, partner_id INTEGER) WITHOUT ROWID;
         CREATE TABLE leads ({columns});
         CREATE INDEX leads_by_status ON leads (introducer_id, status_id, received_at, id);"
    ))?;
    let transaction = connection.transaction()?;
    for (secret, owner) in keys {
        let digest = Sha256::digest(secret);
        transaction.prepare_cached("INSERT INTO keys VALUES (?1, ?2)")?.execute(params![digest.as_slice(), owner])?;
    }
    let insert = Insert::new();
    for record in leads {
        insert.run(&transaction, &lead::values(record)?)?;
    }
    Ok(transaction.commit()?)
}

/// The statement that puts a whole record in.
pub(super) struct Insert(String);

impl Insert {
    pub(super) fn new() -> Self {
        let places = vec!["?"; LeadField::COUNT].join(", ");
        Self(format!("INSERT INTO leads VALUES ({places})"))
    }

    /// Inserts the values of a record, and gives its id.
    pub(super) fn run(&self, connection: &Connection, values: &[rusqlite::types::Value]) -> rusqlite::Result<i64> {
        connection.prepare_cached(&self.0)?.insert(params_from_iter(values))
    }
}

/// The statements that read, their texts built once.
pub(super) struct Reads {
    full: (Columns, String),
    partner: (Columns, String, String),
}

impl Reads {
    pub(super) fn new() -> Self {
        let (all, seen) = (Columns::all(), Columns::of_partner());
        let one = format!("SELECT {} FROM leads WHERE id = ?1", all.list);
        let own = format!("SELECT {} FROM leads WHERE id = ?1 AND introducer_id = ?2", seen.list);
        let list = format!(
            "SELECT {} FROM leads WHERE introducer_id = ?1 AND status_id = ?2 ORDER BY received_at DESC, id DESC LIMIT ?3",
            seen.list
        );
        Self { full: (all, one), partner: (seen, own, list) }
    }

    /// The columns that an owner sees.
    pub(super) fn columns(&self, owner: Owner) -> &Columns {
        if owner.is_some() { &self.partner.0 } else { &self.full.0 }
    }

    /// The owner of a key, by the digest of its secret.
    pub(super) fn owner(connection: &Connection, secret: &str) -> rusqlite::Result<Option<Owner>> {
        let digest = Sha256::digest(secret);
        let mut statement = connection.prepare_cached("SELECT partner_id FROM keys WHERE digest = ?1")?;
        statement.query_row([digest.as_slice()], |row| row.get(0)).optional()
    }

    /// One record as JSON.
    pub(super) fn one(&self, connection: &Connection, owner: Owner, id: i64) -> rusqlite::Result<Option<Vec<u8>>> {
        let mut json = Vec::with_capacity(2048);
        let found = if let Some(partner) = owner {
            let mut statement = connection.prepare_cached(&self.partner.1)?;
            statement.query_row([id, partner], |row| self.partner.0.write_row(row, &mut json)).optional()?
        } else {
            let mut statement = connection.prepare_cached(&self.full.1)?;
            statement.query_row([id], |row| self.full.0.write_row(row, &mut json)).optional()?
        };
        Ok(found.map(|()| json))
    }

    /// The newest records of a partner in a status, as a JSON list.
    pub(super) fn newest(
        &self,
        connection: &Connection,
        partner: i64,
        status: i64,
        limit: i64,
    ) -> rusqlite::Result<Vec<u8>> {
        let mut json = Vec::with_capacity(64 * 1024);
        json.extend_from_slice(b"{\"data\":[");
        let mut statement = connection.prepare_cached(&self.partner.2)?;
        let (mut rows, mut first) = (statement.query([partner, status, limit])?, true);
        while let Some(row) = rows.next()? {
            if !first {
                json.push(b',');
            }
            first = false;
            self.partner.0.write_row(row, &mut json)?;
        }
        json.extend_from_slice(b"],\"next_cursor\":null}");
        Ok(json)
    }
}
