//! Imports of files: how far each came, and why records of it were refused.

use leadlatch_domain::fault::FieldFault;
use leadlatch_domain::matrix::ImportLeads;
use serde::{Deserialize, Serialize};

use crate::access::{Grant, Held};
use crate::engine::{Connection, Row, values};
use crate::{Error, Result, lead_groups};

/// A file, as an import knows it again.
#[derive(Debug, Clone)]
pub struct Source {
    /// SHA-256 of its bytes.
    pub digest: [u8; 32],
    /// SHA-256 of what its columns are taken for.
    pub mapping: [u8; 32],
    /// Its name, for people.
    pub name: String,
    /// The name of the lead group that its leads belong to.
    pub lead_group: String,
}

/// How far an import came.
#[derive(Debug, Clone, Serialize)]
pub struct Import {
    /// Its id.
    pub id: i64,
    /// 1, or higher when the same file was imported again on purpose.
    pub run: i64,
    /// Records of the file that were read: imported, refused and blank ones.
    pub records: i64,
    /// Leads that were made.
    pub imported: i64,
    /// Records that were refused.
    pub refused: i64,
    /// Leads that were made and are linked to one that they match.
    pub linked: i64,
    /// Whether the file was read to its end.
    pub finished: bool,
    #[serde(skip)]
    mapping: Vec<u8>,
}

/// Why a record was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The field.
    pub field: String,
    /// Stable, machine-readable.
    pub code: String,
    /// For a person.
    pub detail: String,
}

impl From<FieldFault> for Reason {
    fn from(fault: FieldFault) -> Self {
        Self { field: fault.field, code: fault.code.to_owned(), detail: fault.detail.into_owned() }
    }
}

/// A record of the file that made no lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its number in the file, from 1.
    pub record: i64,
    /// Every reason.
    pub reasons: Vec<Reason>,
}

const COLUMNS: &str = "id, run, records, imported, refused, linked, finished_at IS NOT NULL, mapping_digest";

/// The import of a file: the one that stopped, or a new one. One that was finished is given as it is, unless the file is
/// meant to be imported again.
pub async fn begin(db: &mut Connection<'_>, grant: Held<ImportLeads>, file: Source, again: bool) -> Result<Import> {
    let account = grant.account();
    let group = lead_groups::named(db, account, &file.lead_group).await?;
    let last =
        format!("SELECT {COLUMNS} FROM imports WHERE account_id = $1 AND file_digest = $2 ORDER BY run DESC LIMIT 1");
    let last = db.query_opt(&last, values![account, file.digest.to_vec()], read).await?;
    let run = match last {
        Some(import) if !import.finished && import.mapping == file.mapping => return Ok(import),
        Some(import) if import.finished && !again => return Ok(import),
        Some(import) if !again => return Err(Error::Conflict(other_mapping(&import))),
        Some(import) => import.run + 1,
        None => 1,
    };
    let sql = "INSERT INTO imports (account_id, lead_group_id, file_digest, mapping_digest, file_name, run, started_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";
    let (digest, mapping, now) = (file.digest.to_vec(), file.mapping.to_vec(), db.now().as_micros());
    let id = db.query_int(sql, values![account, group, digest, mapping, file.name, run, now]).await?;
    find(db, account, id).await
}

fn other_mapping(import: &Import) -> String {
    format!(
        "An import of this file stopped after {} records and had other options. Use the same options to go on with it, or \
         --again to begin anew: what it has imported would be imported once more.",
        import.records
    )
}

fn read(row: &Row<'_>) -> Result<Import> {
    Ok(Import {
        id: row.get(0)?,
        run: row.get(1)?,
        records: row.get(2)?,
        imported: row.get(3)?,
        refused: row.get(4)?,
        linked: row.get(5)?,
        finished: row.get(6)?,
        mapping: row.get(7)?,
    })
}

/// The import as it is now.
pub async fn get(db: &mut Connection<'_>, grant: &Grant<ImportLeads>, id: i64) -> Result<Import> {
    find(db, grant.account(), id).await
}

async fn find(db: &mut Connection<'_>, account: i64, id: i64) -> Result<Import> {
    let sql = format!("SELECT {COLUMNS} FROM imports WHERE account_id = $1 AND id = $2");
    db.query_opt(&sql, values![account, id], read).await?.ok_or(Error::NotFound("import"))
}

/// Records that were refused after one, in the order of the file; at most a thousand.
pub async fn refusals(
    db: &mut Connection<'_>,
    grant: &Grant<ImportLeads>,
    import: i64,
    after: i64,
) -> Result<Vec<Refusal>> {
    let sql = "SELECT record, faults FROM import_refusals WHERE account_id = $1 AND import_id = $2 AND record > $3 \
               ORDER BY record LIMIT 1000";
    let read = |row: &Row<'_>| {
        let reasons = serde_json::from_str(&row.get::<String>(1)?).map_err(Error::internal)?;
        Ok(Refusal { record: row.get(0)?, reasons })
    };
    db.query(sql, values![grant.account(), import, after], read).await
}

/// Takes the next records for this transaction. Another process that imports the same file finds them taken.
pub(crate) async fn advance(db: &mut Connection<'_>, account: i64, import: i64, from: i64, to: i64) -> Result<()> {
    let sql =
        "UPDATE imports SET records = $4 WHERE account_id = $1 AND id = $2 AND records = $3 AND finished_at IS NULL";
    if db.execute(sql, values![account, import, from, to]).await? == 1 {
        return Ok(());
    }
    Err(Error::Conflict("Another process is importing this file; nothing was done twice.".into()))
}

/// What a block adds to an import.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Added {
    pub(crate) imported: i64,
    pub(crate) refused: i64,
    pub(crate) linked: i64,
    /// It was the last one.
    pub(crate) last: bool,
}

/// Writes what became of a block's records.
pub(crate) async fn add(
    db: &mut Connection<'_>,
    account: i64,
    import: i64,
    added: Added,
    refusals: &[Refusal],
) -> Result<()> {
    for refusal in refusals {
        let faults = serde_json::to_string(&refusal.reasons).map_err(Error::internal)?;
        let sql = "INSERT INTO import_refusals (account_id, import_id, record, faults) VALUES ($1, $2, $3, $4)";
        db.execute(sql, values![account, import, refusal.record, faults]).await?;
    }
    let finished = added.last.then(|| db.now().as_micros());
    let sql = "UPDATE imports SET imported = imported + $3, refused = refused + $4, linked = linked + $5, \
               finished_at = $6 WHERE account_id = $1 AND id = $2";
    let Added { imported, refused, linked, .. } = added;
    db.execute(sql, values![account, import, imported, refused, linked, finished]).await.map(drop)
}
