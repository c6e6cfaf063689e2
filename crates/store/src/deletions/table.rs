//! What the database has of deletions: the rows of deleted keys, and the table of what left no row.

use leadlatch_domain::id::AccountId;
use leadlatch_domain::key_secret::KeyDigest;
use leadlatch_domain::time::Timestamp;

use super::{Deletion, Gone};
use crate::access::Operator;
use crate::audit::SERVER;
use crate::engine::{Connection, Row, values};
use crate::{Error, Result, accounts};

/// Rows of one statement.
const BLOCK: usize = 500;

const KEYS: &str = "SELECT id, digest, deleted_at, 'key', 0 FROM access_keys WHERE account_id = $1 \
     AND deleted_at IS NOT NULL AND (deleted_at, id) > ($2, $3) ORDER BY deleted_at, id LIMIT 500";
const ROTATED: &str = "SELECT id, digest, ends_at, 'key', 0 FROM access_keys WHERE account_id = $1 \
     AND ends_at IS NOT NULL AND ends_at <= $4 AND (ends_at, id) > ($2, $3) ORDER BY ends_at, id LIMIT 500";
const OTHERS: &str = "SELECT id, digest, gone_at, kind, made_at FROM deletions WHERE account_id = $1 \
     AND (gone_at, id) > ($2, $3) ORDER BY gone_at, id LIMIT 500";

/// Keeps a key whose row goes with its account.
pub(crate) async fn keep_key(db: &mut Connection<'_>, id: i64, digest: KeyDigest) -> Result<()> {
    let bytes = digest.as_bytes().to_vec();
    keep(db, SERVER, "key", id, Some(bytes), None).await?;
    db.deleted(Gone::Key { id, digest });
    Ok(())
}

/// Keeps a lead whose row was erased.
pub(crate) async fn keep_lead(db: &mut Connection<'_>, account: i64, id: i64, made_at: i64) -> Result<()> {
    keep(db, account, "lead", id, None, Some(made_at)).await?;
    db.deleted(Gone::Lead { account, id, made_at });
    Ok(())
}

async fn keep(
    db: &mut Connection<'_>,
    account: i64,
    kind: &str,
    id: i64,
    digest: Option<Vec<u8>>,
    made_at: Option<i64>,
) -> Result<()> {
    let sql = "INSERT INTO deletions (account_id, gone_at, kind, id, digest, made_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let now = db.now().as_micros();
    db.execute(sql, values![account, now, kind, id, digest, made_at]).await.map(drop)
}

/// The keys of an account, dead or alive.
pub(crate) async fn keys_of_account(db: &mut Connection<'_>, account: i64) -> Result<Vec<(i64, KeyDigest)>> {
    let sql = "SELECT id, digest FROM access_keys WHERE account_id = $1 ORDER BY id";
    db.query(sql, values![account], |row| Ok((row.get(0)?, digest(row)?))).await
}

/// The accounts whose deletions are looked through, the server's own first.
pub(super) async fn accounts(db: &mut Connection<'_>, operator: &Operator) -> Result<Vec<i64>> {
    let all = accounts::list(db, operator).await?;
    Ok(std::iter::once(SERVER).chain(all.iter().map(|account| account.id.get())).collect())
}

/// Where deletions stand in the database: rows of deleted keys, of keys that were rotated out, and the table of what
/// left no row.
#[derive(Debug, Clone, Copy)]
enum Source {
    Deleted,
    Rotated,
    Others,
}

impl Source {
    const fn next(self) -> Option<Self> {
        match self {
            Self::Deleted => Some(Self::Rotated),
            Self::Rotated => Some(Self::Others),
            Self::Others => None,
        }
    }
}

/// Where in an account's deletions the next block begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    source: Source,
    at: i64,
    id: i64,
}

impl Place {
    pub(super) fn since(at: i64) -> Self {
        Self { source: Source::Deleted, at, id: 0 }
    }

    fn next(self, block: &[Deletion]) -> Option<Self> {
        match block.last() {
            Some(last) if block.len() == BLOCK => {
                let (Gone::Key { id, .. } | Gone::Lead { id, .. }) = last.gone;
                Some(Self { at: last.at.as_micros(), id, ..self })
            }
            _ => None,
        }
    }
}

/// A block of an account's deletions since a time, and where the next begins.
pub(super) async fn block(
    db: &mut Connection<'_>,
    _: &Operator,
    account: i64,
    since: i64,
    place: Place,
) -> Result<(Vec<Deletion>, Option<Place>)> {
    let mut bound = values![account, place.at, place.id];
    let sql = match place.source {
        Source::Deleted => KEYS,
        Source::Rotated => {
            bound.push(db.now().as_micros().into());
            ROTATED
        }
        Source::Others => OTHERS,
    };
    let block = db.query(sql, bound, |row| read(row, account)).await?;
    let source = place.source.next().map(|source| Place { source, ..Place::since(since) });
    let next = place.next(&block).or(source);
    Ok((block, next))
}

fn read(row: &Row<'_>, account: i64) -> Result<Deletion> {
    let (id, kind) = (row.get(0)?, row.get::<String>(3)?);
    let gone = match kind.as_str() {
        "key" => Gone::Key { id, digest: digest(row)? },
        _ => Gone::Lead { account, id, made_at: row.get::<Option<i64>>(4)?.unwrap_or_default() },
    };
    Ok(Deletion { at: Timestamp::from_micros(row.get(2)?), gone })
}

fn digest(row: &Row<'_>) -> Result<KeyDigest> {
    let bytes: Vec<u8> = row.get::<Option<Vec<u8>>>(1)?.unwrap_or_default();
    let bytes = bytes.try_into().map_err(|_| Error::internal("a digest of another length"))?;
    Ok(KeyDigest::from_bytes(bytes))
}

/// Of these deletions, the keys that are live and the leads that are there: what a restore brought back. An end whose time
/// has not come is none yet.
pub(super) async fn revived(
    db: &mut Connection<'_>,
    _: &Operator,
    block: &[Deletion],
) -> Result<Vec<(AccountId, Gone)>> {
    let (mut revived, now) = (Vec::new(), db.now());
    for deletion in block.iter().filter(|deletion| deletion.at <= now) {
        let found = match deletion.gone {
            Gone::Key { digest, .. } => {
                let sql = "SELECT account_id, id FROM access_keys WHERE digest = $1 AND deleted_at IS NULL \
                           AND NOT ended AND (ends_at IS NULL OR ends_at > $2)";
                let bound = values![digest.as_bytes().to_vec(), now.as_micros()];
                let found = db.query_opt(sql, bound, |row| Ok((row.get(0)?, row.get(1)?)));
                // By its id in this database, which may be another than the file's.
                found.await?.map(|(account, id)| (account, Gone::Key { id, digest }))
            }
            Gone::Lead { account, id, made_at } => {
                let sql = "SELECT account_id FROM leads WHERE account_id = $1 AND id = $2 AND created_at = $3";
                let found = db.query_opt(sql, values![account, id, made_at], |row| row.get(0));
                found.await?.map(|account| (account, deletion.gone))
            }
        };
        if let Some((account, gone)) = found {
            let account = AccountId::new(account).ok_or_else(|| Error::internal("a row without an account"))?;
            revived.push((account, gone));
        }
    }
    Ok(revived)
}
