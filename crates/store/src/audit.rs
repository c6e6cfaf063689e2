//! The audit trail: entries are appended as a transaction's last statements, by one locked head an account.

mod search;

pub use search::{AuditFilter, Found, Names, Search, names, search};

use leadlatch_domain::audit::{Actor, ActorKind, Entry, Event, Hash, Head, SALT_LENGTH, Stored, details_hash};
use leadlatch_domain::matrix::{PurgeAuditDetails, ReadAudit};
use leadlatch_domain::time::Timestamp;
use serde_json::{Value as Json, json};

use crate::access::{Access, Grant, Held, Operator};
use crate::engine::{Connection, Row, values};
use crate::retention::{self, Due, Kept, KeptDays, PURGED_AT_ONCE, Span};
use crate::{Error, Result, accounts};

/// The server's own chain.
pub(crate) const SERVER: i64 = 0;

/// An entry that waits for the end of its transaction.
pub(crate) struct Pending {
    pub(crate) account: i64,
    pub(crate) actor: Actor,
    pub(crate) event: Event,
    pub(crate) target_id: i64,
    pub(crate) changed: Vec<String>,
    pub(crate) details: Json,
}

impl Pending {
    /// An entry about what a caller did; the details say from where.
    pub(crate) fn by<A>(grant: &Grant<A>, event: Event, target_id: i64, mut details: Json) -> Self {
        if let (Json::Object(members), Some(from)) = (&mut details, &grant.access.from) {
            members.insert("address".into(), json!(from.to_string()));
        }
        Self { account: grant.account(), actor: grant.actor(), event, target_id, changed: Vec::new(), details }
    }

    /// An entry about what the operator did.
    pub(crate) fn by_operator(account: i64, event: Event, target_id: i64, details: Json) -> Self {
        let actor = Actor { kind: ActorKind::CommandLine, id: 0 };
        Self { account, actor, event, target_id, changed: Vec::new(), details }
    }

    pub(crate) fn changed<'f>(mut self, fields: impl IntoIterator<Item = &'f str>) -> Self {
        self.changed = fields.into_iter().map(str::to_owned).collect();
        self
    }
}

/// Makes the head of a new account's chain.
pub(crate) async fn begin_chain(db: &mut Connection<'_>, account: i64) -> Result<()> {
    let sql = "INSERT INTO audit_heads (account_id, number, hash) VALUES ($1, $2, $3)";
    db.execute(sql, values![account, 0i64, Hash::ZERO.as_bytes().to_vec()]).await?;
    Ok(())
}

/// Appends what the job left, before its commit.
pub(crate) async fn append_pending(db: &mut Connection<'_>) -> Result<()> {
    for pending in db.take_pending() {
        append(db, pending).await?;
    }
    Ok(())
}

async fn append(db: &mut Connection<'_>, pending: Pending) -> Result<()> {
    let (last, previous) = locked_head(db, pending.account).await?;
    let (number, text) = (last + 1, pending.details.to_string());
    let mut salt = [0; SALT_LENGTH];
    db.random().fill(&mut salt);
    let entry = Entry {
        account: pending.account,
        number,
        previous,
        at: db.now().as_micros(),
        actor: pending.actor,
        event: pending.event,
        target_id: pending.target_id,
        changed: pending.changed,
        details_hash: details_hash(&salt, &text),
    };
    let bytes = entry.encode();
    let hash = Hash::of(&bytes).as_bytes().to_vec();
    let sql = "INSERT INTO audit_entries (account_id, number, entry, hash) VALUES ($1, $2, $3, $4)";
    db.execute(sql, values![pending.account, number, bytes, hash.clone()]).await?;
    let sql = "INSERT INTO audit_details (account_id, number, salt, details, written_at) VALUES ($1, $2, $3, $4, $5)";
    db.execute(sql, values![pending.account, number, salt.to_vec(), text, entry.at]).await?;
    let sql = "UPDATE audit_heads SET number = $2, hash = $3 WHERE account_id = $1";
    db.execute(sql, values![pending.account, number, hash]).await?;
    Ok(())
}

async fn locked_head(db: &mut Connection<'_>, account: i64) -> Result<(i64, Hash)> {
    let sql = format!("SELECT number, hash FROM audit_heads WHERE account_id = $1{}", db.lock_rows(" FOR UPDATE"));
    let head = db.query_opt(&sql, values![account], |row| Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?))).await?;
    let (number, hash) = head.ok_or_else(|| Error::internal("an account without an audit chain"))?;
    let hash = Hash::from_slice(&hash).ok_or_else(|| Error::internal("an audit head that is no hash"))?;
    Ok((number, hash))
}

/// The entries after a number, as they are stored, in order.
pub async fn entries(db: &mut Connection<'_>, grant: &Grant<ReadAudit>, after: i64, limit: u32) -> Result<Vec<Stored>> {
    stored(db, grant.account(), after, limit).await
}

/// The entries of the server's own chain.
pub async fn server_entries(db: &mut Connection<'_>, _: &Operator, after: i64, limit: u32) -> Result<Vec<Stored>> {
    stored(db, SERVER, after, limit).await
}

/// What the database says of a chain as a whole, seen at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// The chain's end.
    pub head: Head,
    /// The lowest number that an entry has.
    pub first: Option<i64>,
    /// The highest.
    pub last: Option<i64>,
}

/// The extent of the account's chain.
pub async fn extent(db: &mut Connection<'_>, grant: &Grant<ReadAudit>) -> Result<Extent> {
    extent_of(db, grant.account()).await
}

/// The extent of the server's own chain.
pub async fn server_extent(db: &mut Connection<'_>, _: &Operator) -> Result<Extent> {
    extent_of(db, SERVER).await
}

async fn extent_of(db: &mut Connection<'_>, account: i64) -> Result<Extent> {
    let sql = "SELECT number, hash, (SELECT MIN(e.number) FROM audit_entries e WHERE e.account_id = h.account_id), \
               (SELECT MAX(e.number) FROM audit_entries e WHERE e.account_id = h.account_id) \
               FROM audit_heads h WHERE account_id = $1";
    let read = |row: &Row<'_>| {
        let hash =
            Hash::from_slice(&row.get::<Vec<u8>>(1)?).ok_or_else(|| Error::internal("a head that is no hash"))?;
        Ok(Extent { head: Head { account, number: row.get(0)?, hash }, first: row.get(2)?, last: row.get(3)? })
    };
    db.query_opt(sql, values![account], read).await?.ok_or(Error::NotFound("account"))
}

/// An entry about a record.
#[derive(Debug, Clone)]
pub struct RecordEntry {
    /// Its number.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// Who did it, by name where that is known.
    pub who: String,
    /// The fields that changed.
    pub changed: Vec<String>,
}

/// The newest entries about one record. Records of another kind may have the same number: `kind` is what the names of its
/// events begin with, such as `key.`.
pub async fn of_record(
    db: &mut Connection<'_>,
    grant: &Grant<ReadAudit>,
    (kind, id): (&str, i64),
    limit: usize,
) -> Result<Vec<RecordEntry>> {
    // As the index of V0015 has it: where `Entry::encode` puts the target.
    let sql = "SELECT entry FROM audit_entries WHERE account_id = $1 AND substr(entry, 34, 8) = $2 \
               ORDER BY number DESC LIMIT 1000";
    let found = db.query(sql, values![grant.account(), id.to_be_bytes().to_vec()], |row| row.get::<Vec<u8>>(0)).await?;
    let decoded = found.iter().filter_map(|bytes| Entry::decode(bytes).ok());
    let about: Vec<_> = decoded.filter(|entry| entry.event.as_str().starts_with(kind)).take(limit).collect();
    let sql = "SELECT id, name FROM users WHERE account_id = $1";
    let users = db.query(sql, values![grant.account()], |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?))).await?;
    Ok(about.into_iter().map(|entry| RecordEntry::new(entry, &users)).collect())
}

impl RecordEntry {
    fn new(entry: Entry, users: &[(i64, String)]) -> Self {
        let user = users.iter().find(|(id, _)| *id == entry.actor.id).map(|(_, name)| name.clone());
        let who = match entry.actor.kind {
            ActorKind::User => user.unwrap_or_else(|| format!("user {}", entry.actor.id)),
            ActorKind::Key => format!("key {}", entry.actor.id),
            ActorKind::CommandLine => "the command line".into(),
            ActorKind::Role => "the server".into(),
        };
        let at = Timestamp::from_micros(entry.at);
        Self { number: entry.number, at, event: entry.event, who, changed: entry.changed }
    }
}

async fn stored(db: &mut Connection<'_>, account: i64, after: i64, limit: u32) -> Result<Vec<Stored>> {
    let sql = "SELECT e.number, e.entry, e.hash, d.salt, d.details FROM audit_entries e \
               LEFT JOIN audit_details d ON d.account_id = e.account_id AND d.number = e.number \
               WHERE e.account_id = $1 AND e.number > $2 ORDER BY e.number LIMIT $3";
    db.query(sql, values![account, after, i64::from(limit)], read).await
}

fn read(row: &Row<'_>) -> Result<Stored> {
    let details = row.get::<Option<Vec<u8>>>(3)?.zip(row.get::<Option<String>>(4)?);
    Ok(Stored { number: row.get(0)?, bytes: row.get(1)?, hash: row.get(2)?, details })
}

/// Every account's access for reading its trail, for a check of all chains.
pub async fn all_accounts(db: &mut Connection<'_>, operator: &Operator) -> Result<Vec<(String, Access)>> {
    let accounts = accounts::list(db, operator).await?;
    Ok(accounts.into_iter().map(|account| (account.slug.clone(), operator.admin_of(account.id))).collect())
}

const DETAILS: Kept = Kept { rows: "audit_details", at: "written_at", days: KeptDays::Setting("audit_details_days") };

/// How many details come due in a span.
pub async fn details_due(db: &mut Connection<'_>, grant: &Grant<PurgeAuditDetails>, span: Span) -> Result<Due> {
    retention::due(db, grant.account(), &DETAILS, span).await
}

/// Removes details whose days are over, the oldest first; answers how many, at most [`PURGED_AT_ONCE`]. The entries stay,
/// and hold what was removed by its salted hash alone. The server's own chain keeps its details: it belongs to no account.
pub async fn purge_details(db: &mut Connection<'_>, grant: Held<PurgeAuditDetails>) -> Result<u64> {
    let end = retention::end(db, grant.account(), &DETAILS).await?;
    let sql = "DELETE FROM audit_details WHERE account_id = $1 AND number IN (SELECT number FROM audit_details \
               WHERE account_id = $1 AND written_at <= $2 ORDER BY written_at, number LIMIT $3)";
    db.execute(sql, values![grant.account(), end, PURGED_AT_ONCE as i64]).await
}
