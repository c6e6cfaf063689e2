//! Keys as admins see them.

use leadlatch_domain::address_ranges::AddressRanges;
use leadlatch_domain::key_limits::{KeyLimits, PerMinute};
use leadlatch_domain::key_secret::{KeyDigest, KeyKind};
use leadlatch_domain::key_state::{KeyState, KeyTimes, Warning};
use leadlatch_domain::matrix::ManageKeys;
use leadlatch_domain::retention::Days;
use leadlatch_domain::scope::ScopeSet;
use leadlatch_domain::time::Timestamp;
use serde::Serialize;

use crate::access::{Grant, Visible};
use crate::engine::{Connection, Row, values};
use crate::{Error, Result};

/// A key as admins see it: never its secret.
#[derive(Debug, Clone, Serialize)]
pub struct AccessKey {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What an admin noted.
    pub note: Option<String>,
    /// `full` or `partner`.
    pub kind: String,
    /// The record that a Partner key is bound to.
    pub partner_id: Option<i64>,
    /// What it may do.
    pub scopes: ScopeSet,
    /// Enough of the secret to know it by.
    pub fingerprint: String,
    /// What has become of it.
    pub state: KeyState,
    /// What is about to end it.
    pub warnings: Vec<Warning>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// What else it is limited by.
    #[serde(flatten)]
    pub limits: KeyLimits,
    /// When it was enabled again, after it had been idle.
    pub enabled_at: Option<Timestamp>,
    /// The key that it was rotated from.
    pub rotated_from: Option<i64>,
    /// Whether its first use ends that key.
    pub ends_predecessor: bool,
    /// The key that it was rotated to.
    pub successor_id: Option<i64>,
    /// When that rotation ends it, at the latest.
    pub ends_at: Option<Timestamp>,
    /// When it first stood in a URL, where logs keep it.
    pub exposed_at: Option<Timestamp>,
    /// From where that request came.
    pub exposed_from: Option<String>,
    /// When it first came over plain http.
    pub sent_in_clear_at: Option<Timestamp>,
    /// When it was last used, within a second.
    pub last_used_at: Option<Timestamp>,
    /// From where it was last used.
    pub last_used_address: Option<String>,
    /// By which program it was last used.
    pub last_used_agent: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// Who deleted it.
    pub deleted_by: Option<String>,
    /// Why.
    pub delete_reason: Option<String>,
    /// The cuts of its picture.
    #[serde(skip)]
    pub cuts: [u8; 6],
    /// What its state goes by.
    #[serde(skip)]
    pub(super) times: KeyTimes,
}

const SELECT: &str = "SELECT k.id, k.name, k.note, k.kind, k.partner_id, k.scopes, k.fingerprint, k.expires_at, \
     u.used_at, u.address, u.user_agent, k.created_at, k.created_by, k.deleted_at, k.deleted_by, k.delete_reason, \
     k.address_ranges, k.requests_per_minute, k.idle_days, k.enabled_at, k.rotated_from, k.ends_predecessor, \
     k.successor_id, k.ends_at, k.ended, k.exposed_at, k.exposed_from, u.let_in_at, k.digest, \
     k.sent_in_clear_at \
     FROM access_keys k LEFT JOIN access_key_last_used u ON u.account_id = k.account_id AND u.key_id = k.id \
     WHERE k.account_id = $1";

/// Which keys are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyFilter {
    /// Deleted ones too.
    pub deleted: bool,
    /// Those of one partner record.
    pub partner: Option<i64>,
    /// Those of one kind.
    pub kind: Option<KeyKind>,
    /// Those in one state; deleted ones need not be asked for apart.
    pub state: Option<KeyState>,
}

/// The keys of the account, newest first.
pub async fn list(
    db: &mut Connection<'_>,
    grant: &Grant<ManageKeys>,
    filter: KeyFilter,
) -> Result<Vec<Visible<AccessKey>>> {
    let deleted = filter.deleted || filter.state == Some(KeyState::Deleted);
    let sql = format!(
        "{SELECT} AND (CAST($2 AS BIGINT) = 0 OR k.partner_id = $2) AND (CAST($3 AS TEXT) = '' OR k.kind = $3) \
         AND (CAST($4 AS BOOLEAN) OR k.deleted_at IS NULL) ORDER BY k.id DESC"
    );
    let kind = filter.kind.map_or("", KeyKind::as_str);
    let now = db.now();
    let bound = values![grant.account(), filter.partner.unwrap_or(0), kind, deleted];
    let mut keys = db.query(&sql, bound, |row| read(row, now)).await?;
    // A state is a matter of several times and the clock: it is stated once, in the domain, and not in SQL again.
    keys.retain(|key| filter.state.is_none_or(|state| key.state == state));
    Ok(keys.into_iter().map(Visible).collect())
}

/// One key, deleted or not.
pub async fn get(db: &mut Connection<'_>, grant: &Grant<ManageKeys>, id: i64) -> Result<Visible<AccessKey>> {
    find(db, grant.account(), id).await.map(Visible)
}

pub(super) async fn find(db: &mut Connection<'_>, account: i64, id: i64) -> Result<AccessKey> {
    let now = db.now();
    let found = db.query_opt(&format!("{SELECT} AND k.id = $2"), values![account, id], |row| read(row, now)).await?;
    found.ok_or(Error::NotFound("key"))
}

fn read(row: &Row<'_>, now: Timestamp) -> Result<AccessKey> {
    let (times, limits) = (read_times(row)?, read_limits(row, 16)?);
    Ok(AccessKey {
        id: row.get(0)?,
        name: row.get(1)?,
        note: row.get(2)?,
        kind: row.get(3)?,
        partner_id: row.get(4)?,
        scopes: ScopeSet::from_bits(row.get(5)?),
        fingerprint: row.get(6)?,
        state: times.state(now),
        warnings: times.warnings(now),
        expires_at: times.expires_at,
        limits,
        enabled_at: times.enabled_at,
        rotated_from: row.get(20)?,
        ends_predecessor: row.get(21)?,
        successor_id: row.get(22)?,
        ends_at: times.ends_at,
        exposed_at: time(row, 25)?,
        exposed_from: row.get(26)?,
        sent_in_clear_at: times.sent_in_clear_at,
        last_used_at: time(row, 8)?,
        last_used_address: row.get(9)?,
        last_used_agent: row.get(10)?,
        created_at: times.created_at,
        created_by: row.get(12)?,
        deleted_at: times.deleted_at,
        deleted_by: row.get(14)?,
        delete_reason: row.get(15)?,
        cuts: digest(row, 28)?.cuts(),
        times,
    })
}

fn read_times(row: &Row<'_>) -> Result<KeyTimes> {
    Ok(KeyTimes {
        created_at: Timestamp::from_micros(row.get(11)?),
        enabled_at: time(row, 19)?,
        last_let_in_at: time(row, 27)?,
        idle_days: row.get::<Option<i64>>(18)?.and_then(Days::new),
        expires_at: time(row, 7)?,
        ends_at: time(row, 23)?,
        ended: row.get(24)?,
        exposed_at: time(row, 25)?,
        sent_in_clear_at: time(row, 29)?,
        deleted_at: time(row, 13)?,
    })
}

/// The digest in a column of a row.
pub(crate) fn digest(row: &Row<'_>, column: usize) -> Result<KeyDigest> {
    let bytes = row.get::<Vec<u8>>(column)?.try_into().map_err(|_| Error::internal("a digest of another length"))?;
    Ok(KeyDigest::from_bytes(bytes))
}

fn time(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>> {
    Ok(row.get::<Option<i64>>(column)?.map(Timestamp::from_micros))
}

/// The three columns of a key's limits, from one on. What cannot be read is no absent limit: it is refused.
fn read_limits(row: &Row<'_>, first: usize) -> Result<KeyLimits> {
    Ok(KeyLimits {
        address_ranges: address_ranges(row, first)?,
        requests_per_minute: per_minute(row, first + 1)?,
        idle_days: row.get::<Option<i64>>(first + 2)?.and_then(Days::new),
    })
}

pub(crate) fn address_ranges(row: &Row<'_>, column: usize) -> Result<Option<AddressRanges>> {
    let text: Option<String> = row.get(column)?;
    let read = text.map(|text| AddressRanges::parse_stored(&text)).transpose();
    read.map_err(|_| Error::internal("a key's address ranges cannot be read"))
}

pub(crate) fn per_minute(row: &Row<'_>, column: usize) -> Result<Option<PerMinute>> {
    let read = row.get::<Option<i64>>(column)?.map(PerMinute::new).transpose();
    read.map_err(|_| Error::internal("a key's requests per minute cannot be read"))
}
