//! What keys did and what deserves a look: for a person who asks "may I delete this key?". No key ever reads it.

use std::collections::HashMap;

use leadlatch_domain::key_review::{Conduct, Outcome, Warning};
use leadlatch_domain::key_state::KeyState;
use leadlatch_domain::matrix::ManageKeys;
use leadlatch_domain::retention::Days;
use leadlatch_domain::scope::{Scope, ScopeSet};
use leadlatch_domain::time::Timestamp;
use serde::Serialize;

use super::places::Table;
use crate::access::{Grant, Visible};
use crate::access_keys::{self, AccessKey, KeyFilter};
use crate::engine::{Connection, Row, values};
use crate::{Error, Result};

/// The live keys of an account, and what each did in the last days.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Days that it is about, today among them.
    pub days: Days,
    /// The keys, newest first.
    pub keys: Vec<KeyReport>,
}

/// One live key.
#[derive(Debug, Serialize)]
pub struct KeyReport {
    /// The key.
    #[serde(flatten)]
    pub key: AccessKey,
    /// The company of a Partner key's record.
    pub partner_company: Option<String>,
    /// The last request that was accepted.
    pub last_accepted: Option<LastRequest>,
    /// The last request that was refused.
    pub last_refused: Option<LastRequest>,
    /// The requests of the days.
    pub requests: Tally,
    /// The same by the scope that they needed.
    pub by_scope: Vec<ScopeTally>,
    /// The same by status and scope.
    pub by_status: Vec<StatusCount>,
    /// Scopes that no request of the days needed.
    pub scopes_not_used: ScopeSet,
    /// Scopes that no request has ever needed.
    pub scopes_never_used: ScopeSet,
    /// Addresses that are known of it, 200 at the most.
    pub addresses: i64,
    /// Programs that are known of it, 200 at the most.
    pub user_agents: i64,
    /// Requests of the days that the request log had no room for.
    pub log_dropped: i64,
    /// What deserves a look.
    pub warnings: Vec<Warning>,
}

/// A request that is remembered.
#[derive(Debug, Clone, Serialize)]
pub struct LastRequest {
    /// When.
    pub at: Timestamp,
    /// The HTTP method.
    pub method: String,
    /// The route's template.
    pub route: String,
    /// The HTTP status.
    pub status: i64,
}

/// Requests by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// All of them.
    pub total: i64,
    /// Done.
    pub accepted: i64,
    /// Not permitted: 401, 403, 429.
    pub refused: i64,
    /// Wrong: the other 4xx.
    pub invalid: i64,
    /// Failed by us: 5xx.
    pub failed: i64,
    /// Rows returned.
    pub rows: i64,
}

/// The requests that needed one scope, or none.
#[derive(Debug, Clone, Serialize)]
pub struct ScopeTally {
    /// The scope; null where the route needs none.
    pub scope: Option<String>,
    /// The requests.
    #[serde(flatten)]
    pub requests: Tally,
}

/// The requests of one status and scope.
#[derive(Debug, Clone, Serialize)]
pub struct StatusCount {
    /// The HTTP status.
    pub status: i64,
    /// The scope; null where the route needs none.
    pub scope: Option<String>,
    /// Requests.
    pub requests: i64,
    /// Rows returned.
    pub rows: i64,
}

/// One key, deleted or not, and who uses it for what.
#[derive(Debug, Serialize)]
pub struct KeyUse {
    /// The key.
    #[serde(flatten)]
    pub key: AccessKey,
    /// The last request that was accepted.
    pub last_accepted: Option<LastRequest>,
    /// The last request that was refused.
    pub last_refused: Option<LastRequest>,
    /// The requests of the last 7 days.
    pub last_7_days: Tally,
    /// The requests of the last 30 days.
    pub last_30_days: Tally,
    /// Scopes that no request has ever needed.
    pub scopes_never_used: ScopeSet,
    /// The addresses that it came from last.
    pub addresses: Vec<SeenAt>,
    /// The programs that it was used by last.
    pub user_agents: Vec<SeenAt>,
}

/// An address or a program.
#[derive(Debug, Serialize)]
pub struct SeenAt {
    /// The address, or what the program calls itself.
    pub name: String,
    /// Its first use.
    pub first_used_at: Timestamp,
    /// Its last use.
    pub last_used_at: Timestamp,
    /// Requests between them.
    pub requests: i64,
}

impl Tally {
    fn add(&mut self, count: &StatusCount) {
        self.total += count.requests;
        self.rows += count.rows;
        let class = match Outcome::of(u16::try_from(count.status).unwrap_or(u16::MAX)) {
            Outcome::Accepted => &mut self.accepted,
            Outcome::Refused => &mut self.refused,
            Outcome::Invalid => &mut self.invalid,
            Outcome::Failed => &mut self.failed,
        };
        *class += count.requests;
    }
}

impl<'c> FromIterator<&'c StatusCount> for Tally {
    fn from_iter<I: IntoIterator<Item = &'c StatusCount>>(counts: I) -> Self {
        counts.into_iter().fold(Self::default(), |mut tally, count| {
            tally.add(count);
            tally
        })
    }
}

/// What is remembered of a key besides its counts.
#[derive(Default)]
struct Last {
    accepted: Option<LastRequest>,
    refused: Option<LastRequest>,
    scopes_used: ScopeSet,
}

/// The report of the account's live keys.
pub async fn report(db: &mut Connection<'_>, grant: &Grant<ManageKeys>, days: Days) -> Result<Visible<Report>> {
    let account = grant.account();
    let since = first_day(db.now(), days);
    let sources = Sources {
        companies: pairs(db, "SELECT id, company FROM partner_records WHERE account_id = $1", account).await?,
        last: last(db, account, 0).await?,
        addresses: places_of_each(db, Table::Addresses, account).await?,
        agents: places_of_each(db, Table::Agents, account).await?,
        dropped: dropped(db, account, since).await?,
        counts: counts(db, account, 0, since).await?,
    };
    let now = db.now();
    let keys = access_keys::list(db, grant, KeyFilter::default()).await?;
    // An idle key may be enabled again; the others have ended for good.
    let live = keys.into_iter().filter(|key| !matches!(key.state, KeyState::Expired | KeyState::Rotated));
    Ok(Visible(Report { days, keys: live.map(|key| sources.review(key.0, now, days)).collect() }))
}

/// What is read of all keys of an account at once, by key.
struct Sources {
    companies: HashMap<i64, String>,
    last: HashMap<i64, Last>,
    addresses: HashMap<i64, i64>,
    agents: HashMap<i64, i64>,
    dropped: HashMap<i64, i64>,
    counts: HashMap<i64, Vec<StatusCount>>,
}

impl Sources {
    fn review(&self, key: AccessKey, now: Timestamp, days: Days) -> KeyReport {
        let number = |of: &HashMap<i64, i64>| of.get(&key.id).copied().unwrap_or_default();
        let (none, nothing) = (Last::default(), Vec::new());
        let last = self.last.get(&key.id).unwrap_or(&none);
        let counts = self.counts.get(&key.id).unwrap_or(&nothing);
        let requests: Tally = counts.iter().collect();
        let conduct = Conduct {
            created_at: key.created_at,
            last_used_at: key.last_used_at,
            expires_at: key.expires_at,
            exposed: key.exposed_at.is_some(),
            scopes: key.scopes,
            scopes_used: last.scopes_used,
            requests: requests.total,
            refused: requests.refused,
            dropped: number(&self.dropped),
        };
        KeyReport {
            partner_company: key.partner_id.and_then(|id| self.companies.get(&id).cloned()),
            last_accepted: last.accepted.clone(),
            last_refused: last.refused.clone(),
            requests,
            by_scope: by_scope(counts),
            by_status: counts.clone(),
            scopes_not_used: key.scopes.without(scopes_of(counts)),
            scopes_never_used: key.scopes.without(last.scopes_used),
            addresses: number(&self.addresses),
            user_agents: number(&self.agents),
            log_dropped: conduct.dropped,
            warnings: conduct.warnings(now, days),
            key,
        }
    }
}

fn scopes_of(counts: &[StatusCount]) -> ScopeSet {
    counts.iter().filter_map(|count| Scope::parse(count.scope.as_deref()?)).collect()
}

fn by_scope(counts: &[StatusCount]) -> Vec<ScopeTally> {
    let mut found: Vec<ScopeTally> = Vec::new();
    for count in counts {
        let index = found.iter().position(|own| own.scope == count.scope).unwrap_or_else(|| {
            found.push(ScopeTally { scope: count.scope.clone(), requests: Tally::default() });
            found.len() - 1
        });
        found[index].requests.add(count);
    }
    found
}

/// One key of the account and its use, with so many of its addresses and programs.
pub async fn show(db: &mut Connection<'_>, grant: &Grant<ManageKeys>, id: i64, places: u32) -> Result<Visible<KeyUse>> {
    let account = grant.account();
    let key = access_keys::get(db, grant, id).await?.0;
    let last = last(db, account, id).await?.remove(&id).unwrap_or_default();
    let mut tallies = [Tally::default(); 2];
    for (tally, days) in tallies.iter_mut().zip([7, 30]) {
        let days = Days::new(days).ok_or_else(|| Error::internal("days out of range"))?;
        let since = first_day(db.now(), days);
        *tally = counts(db, account, id, since).await?.values().flatten().collect();
    }
    Ok(Visible(KeyUse {
        last_7_days: tallies[0],
        last_30_days: tallies[1],
        scopes_never_used: key.scopes.without(last.scopes_used),
        last_accepted: last.accepted,
        last_refused: last.refused,
        addresses: seen_at(db, Table::Addresses, account, id, places).await?,
        user_agents: seen_at(db, Table::Agents, account, id, places).await?,
        key,
    }))
}

/// The first of so many days that end today: counts are kept by days of UTC.
pub(super) fn first_day(now: Timestamp, days: Days) -> i64 {
    now.day() - days.get() + 1
}

/// The counts since a day of the account's live keys, or of one key whatever its state.
async fn counts(db: &mut Connection<'_>, account: i64, key: i64, since: i64) -> Result<HashMap<i64, Vec<StatusCount>>> {
    let which = if key == 0 { "k.deleted_at IS NULL AND CAST($3 AS BIGINT) = 0" } else { "k.id = $3" };
    let sql = format!(
        "SELECT u.key_id, u.outcome, u.scope, CAST(SUM(u.requests) AS BIGINT), CAST(SUM(u.row_count) AS BIGINT) \
         FROM access_keys k JOIN access_key_usage u ON u.account_id = k.account_id AND u.key_id = k.id \
         AND u.day >= $2 WHERE k.account_id = $1 AND {which} GROUP BY u.key_id, u.outcome, u.scope \
         ORDER BY u.key_id, u.scope, u.outcome"
    );
    let read = |row: &Row<'_>| {
        let scope = Some(row.get(2)?).filter(|scope: &String| !scope.is_empty());
        let count = StatusCount { status: row.get(1)?, scope, requests: row.get(3)?, rows: row.get(4)? };
        Ok((row.get::<i64>(0)?, count))
    };
    let mut found: HashMap<i64, Vec<StatusCount>> = HashMap::new();
    for (key, count) in db.query(&sql, values![account, since, key], read).await? {
        found.entry(key).or_default().push(count);
    }
    Ok(found)
}

async fn last(db: &mut Connection<'_>, account: i64, key: i64) -> Result<HashMap<i64, Last>> {
    let which = if key == 0 { "CAST($2 AS BIGINT) = 0" } else { "key_id = $2" };
    let sql = format!(
        "SELECT key_id, scopes_used, accepted_at, accepted_method, accepted_route, accepted_status, refused_at, \
         refused_method, refused_route, refused_status FROM access_key_last_used WHERE account_id = $1 AND {which}"
    );
    let read = |row: &Row<'_>| {
        let scopes_used = ScopeSet::from_bits(row.get(1)?);
        Ok((row.get(0)?, Last { accepted: last_request(row, 2)?, refused: last_request(row, 6)?, scopes_used }))
    };
    Ok(db.query(&sql, values![account, key], read).await?.into_iter().collect())
}

fn last_request(row: &Row<'_>, first: usize) -> Result<Option<LastRequest>> {
    let Some(at) = row.get::<Option<i64>>(first)? else { return Ok(None) };
    let (method, route, status) = (row.get(first + 1)?, row.get(first + 2)?, row.get(first + 3)?);
    Ok(Some(LastRequest { at: Timestamp::from_micros(at), method, route, status }))
}

async fn dropped(db: &mut Connection<'_>, account: i64, since: i64) -> Result<HashMap<i64, i64>> {
    let sql = "SELECT key_id, CAST(SUM(dropped) AS BIGINT) FROM request_log_drops WHERE account_id = $1 \
               AND day >= $2 GROUP BY key_id";
    let found = db.query(sql, values![account, since], |row| Ok((row.get(0)?, row.get(1)?))).await?;
    Ok(found.into_iter().collect())
}

async fn places_of_each(db: &mut Connection<'_>, table: Table, account: i64) -> Result<HashMap<i64, i64>> {
    let (table, _) = table.names();
    pairs(db, &format!("SELECT key_id, COUNT(*) FROM {table} WHERE account_id = $1 GROUP BY key_id"), account).await
}

async fn pairs<T: crate::engine::Column>(db: &mut Connection<'_>, sql: &str, account: i64) -> Result<HashMap<i64, T>> {
    let found = db.query(sql, values![account], |row| Ok((row.get(0)?, row.get(1)?))).await?;
    Ok(found.into_iter().collect())
}

async fn seen_at(db: &mut Connection<'_>, table: Table, account: i64, key: i64, limit: u32) -> Result<Vec<SeenAt>> {
    let (table, column) = table.names();
    let sql = format!(
        "SELECT {column}, first_used_at, last_used_at, requests FROM {table} WHERE account_id = $1 AND key_id = $2 \
         ORDER BY last_used_at DESC, {column} LIMIT $3"
    );
    let read = |row: &Row<'_>| {
        let (first, last) = (Timestamp::from_micros(row.get(1)?), Timestamp::from_micros(row.get(2)?));
        Ok(SeenAt { name: row.get(0)?, first_used_at: first, last_used_at: last, requests: row.get(3)? })
    };
    db.query(&sql, values![account, key, i64::from(limit)], read).await
}
