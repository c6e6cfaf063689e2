//! The counts of each key, apart by shards in memory, added to the database in blocks of keys.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leadlatch_domain::id::{AccountId, KeyId};
use leadlatch_domain::key_review::Outcome;
use leadlatch_domain::scope::{Scope, ScopeSet};
use leadlatch_domain::time::Timestamp;

use super::places::{Places, Table};
use super::{Use, UsedKey};
use crate::engine::{Connection, values};
use crate::{Result, Store};

/// Counters kept apart by key, so that keys seldom wait for each other.
const SHARDS: usize = 16;
/// Keys that are written in one transaction.
const BLOCK: usize = 64;

/// The counters of this process since they were last written.
#[derive(Default)]
pub(super) struct Counters {
    shards: [Mutex<HashMap<KeyId, Counted>>; SHARDS],
}

/// What one key did.
#[derive(Debug)]
struct Counted {
    account: AccountId,
    used_at: Option<Timestamp>,
    /// The last request that was not refused: what keeps a key from being idle.
    let_in_at: Option<Timestamp>,
    accepted: Option<Moment>,
    refused: Option<Moment>,
    scopes: ScopeSet,
    /// Few kinds of outcome a second: looking through them costs less than hashing.
    counts: Vec<Count>,
    /// Log entries that found no room, by day.
    dropped: Vec<(i64, i64)>,
    addresses: Places<IpAddr>,
    agents: Places<Arc<str>>,
}

/// One request that is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moment {
    at: Timestamp,
    method: &'static str,
    route: &'static str,
    status: u16,
}

/// Requests and rows of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Count {
    kind: (i64, u16, Option<Scope>),
    requests: i64,
    rows: i64,
}

impl Counted {
    fn of(account: AccountId) -> Self {
        Self {
            account,
            used_at: None,
            let_in_at: None,
            accepted: None,
            refused: None,
            scopes: ScopeSet::default(),
            counts: Vec::new(),
            dropped: Vec::new(),
            addresses: Places::default(),
            agents: Places::default(),
        }
    }

    /// Counts a request; the agent's text is made once and shared from then on.
    fn count(&mut self, used: &Use<'_>, agent: &str) -> Arc<str> {
        // A dead key that is tried is not used.
        if used.status != 401 {
            self.used_at = self.used_at.max(Some(used.at));
            self.scopes = self.scopes.union(used.scope.into_iter().collect());
        }
        let moment = Moment { at: used.at, method: used.method, route: used.route, status: used.status };
        if Outcome::of(used.status) != Outcome::Refused {
            self.let_in_at = self.let_in_at.max(Some(used.at));
        }
        match Outcome::of(used.status) {
            Outcome::Accepted => keep_latest(&mut self.accepted, Some(moment)),
            Outcome::Refused => keep_latest(&mut self.refused, Some(moment)),
            Outcome::Invalid | Outcome::Failed => {}
        }
        self.add(Count { kind: (used.at.day(), used.status, used.scope), requests: 1, rows: used.rows });
        if let Some(address) = used.address {
            self.addresses.count(used.at, |own| *own == address, || address);
        }
        Arc::clone(self.agents.count(used.at, |own| &**own == agent, || agent.into()))
    }

    fn add(&mut self, count: Count) {
        match self.counts.iter_mut().find(|own| own.kind == count.kind) {
            Some(own) => {
                own.requests += count.requests;
                own.rows += count.rows;
            }
            None => self.counts.push(count),
        }
    }

    fn drop_entries(&mut self, day: i64, number: i64) {
        match self.dropped.iter_mut().find(|(own, _)| *own == day) {
            Some((_, dropped)) => *dropped += number,
            None => self.dropped.push((day, number)),
        }
    }

    fn merge(&mut self, other: &Self) {
        self.used_at = self.used_at.max(other.used_at);
        self.let_in_at = self.let_in_at.max(other.let_in_at);
        keep_latest(&mut self.accepted, other.accepted);
        keep_latest(&mut self.refused, other.refused);
        self.scopes = self.scopes.union(other.scopes);
        other.counts.iter().for_each(|count| self.add(*count));
        other.dropped.iter().for_each(|(day, number)| self.drop_entries(*day, *number));
        self.addresses.merge(&other.addresses);
        self.agents.merge(&other.agents);
    }
}

fn keep_latest(kept: &mut Option<Moment>, seen: Option<Moment>) {
    if seen.map(|moment| moment.at) > kept.map(|moment| moment.at) {
        *kept = seen;
    }
}

impl Counters {
    pub(super) fn add_rows(&self, key: UsedKey, day: i64, status: u16, scope: Option<Scope>, rows: i64) {
        let mut shard = self.shard(key.key);
        let counted = shard.entry(key.key).or_insert_with(|| Counted::of(key.account));
        counted.add(Count { kind: (day, status, scope), requests: 0, rows });
    }

    fn shard(&self, key: KeyId) -> MutexGuard<'_, HashMap<KeyId, Counted>> {
        let shard = &self.shards[usize::try_from(key.get()).unwrap_or_default() % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request and gives the text of its user agent to keep.
    pub(super) fn count(&self, key: UsedKey, used: &Use<'_>, agent: &str) -> Arc<str> {
        self.shard(key.key).entry(key.key).or_insert_with(|| Counted::of(key.account)).count(used, agent)
    }

    /// Counts log entries that could not be kept.
    pub(super) fn count_dropped(&self, key: UsedKey, day: i64, number: i64) {
        let mut shard = self.shard(key.key);
        shard.entry(key.key).or_insert_with(|| Counted::of(key.account)).drop_entries(day, number);
    }

    /// All that was counted, in the order of the keys: nodes that write at the same time lock in one order.
    fn take(&self) -> Vec<(KeyId, Counted)> {
        let drain = |shard: &Mutex<_>| std::mem::take(&mut *shard.lock().unwrap_or_else(PoisonError::into_inner));
        let mut taken: Vec<_> = self.shards.iter().flat_map(drain).collect();
        taken.sort_by_key(|(key, _): &(KeyId, _)| *key);
        taken
    }

    fn put_back(&self, taken: &[(KeyId, Counted)]) {
        for (key, counted) in taken {
            self.shard(*key).entry(*key).or_insert_with(|| Counted::of(counted.account)).merge(counted);
        }
    }

    /// Adds what was counted to the database, a transaction a block of keys. Blocks that fail are counted again.
    ///
    /// To be awaited to its end: what was taken is in its hands. When PostgreSQL goes away between a commit and its
    /// answer, that block may be counted twice.
    pub(super) async fn flush(&self, store: &Store) -> Result<()> {
        let mut result = Ok(());
        let mut taken = self.take();
        while !taken.is_empty() {
            let rest = taken.split_off(taken.len().min(BLOCK));
            let block = Arc::new(std::mem::replace(&mut taken, rest));
            if result.is_ok() {
                let written = Arc::clone(&block);
                result = store.transact(async move |db| write_block(db, &written).await).await;
            }
            if result.is_err() {
                self.put_back(&block);
            }
        }
        result
    }
}

async fn write_block(db: &mut Connection<'_>, block: &[(KeyId, Counted)]) -> Result<()> {
    for (key, counted) in block {
        write(db, key.get(), counted).await?;
    }
    Ok(())
}

async fn write(db: &mut Connection<'_>, key: i64, counted: &Counted) -> Result<()> {
    let account = counted.account.get();
    if let Some(at) = counted.used_at {
        write_last(db, key, counted, at).await?;
    }
    write_moments(db, key, counted).await?;
    let sql = "INSERT INTO access_key_usage (account_id, key_id, day, outcome, scope, requests, row_count) \
               SELECT account_id, id, CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS TEXT), CAST($6 AS BIGINT), \
               CAST($7 AS BIGINT) FROM access_keys WHERE account_id = $1 AND id = $2 \
               ON CONFLICT (account_id, key_id, day, outcome, scope) DO UPDATE SET \
               requests = access_key_usage.requests + excluded.requests, \
               row_count = access_key_usage.row_count + excluded.row_count";
    for Count { kind: (day, status, scope), requests, rows } in &counted.counts {
        let scope = scope.map_or("", Scope::as_str);
        db.execute(sql, values![account, key, *day, i64::from(*status), scope, *requests, *rows]).await?;
    }
    let sql = "INSERT INTO request_log_drops (account_id, key_id, day, dropped) \
               SELECT account_id, id, CAST($3 AS BIGINT), CAST($4 AS BIGINT) FROM access_keys \
               WHERE account_id = $1 AND id = $2 ON CONFLICT (account_id, key_id, day) \
               DO UPDATE SET dropped = request_log_drops.dropped + excluded.dropped";
    for (day, dropped) in &counted.dropped {
        db.execute(sql, values![account, key, *day, *dropped]).await?;
    }
    Table::Addresses.add(db, account, key, counted.addresses.texts(IpAddr::to_string)).await?;
    Table::Agents.add(db, account, key, counted.agents.texts(ToString::to_string)).await
}

/// What is older than what another node has written stays out: a key's last use never goes back. First of a key's rows,
/// so that nodes that write the same key wait here for each other and nowhere else.
async fn write_last(db: &mut Connection<'_>, key: i64, counted: &Counted, at: Timestamp) -> Result<()> {
    let address = counted.addresses.latest().map(IpAddr::to_string).unwrap_or_default();
    let agent = counted.agents.latest().map_or("", |agent| &**agent);
    let sql = "INSERT INTO access_key_last_used (account_id, key_id, used_at, address, user_agent, scopes_used, \
               let_in_at) SELECT account_id, id, CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT), \
               CAST($6 AS BIGINT), CAST($7 AS BIGINT) FROM access_keys WHERE account_id = $1 AND id = $2 ON CONFLICT (account_id, key_id) DO UPDATE SET \
               scopes_used = access_key_last_used.scopes_used | excluded.scopes_used, \
               let_in_at = CASE WHEN excluded.let_in_at > COALESCE(access_key_last_used.let_in_at, 0) \
               THEN excluded.let_in_at ELSE access_key_last_used.let_in_at END, \
               address = CASE WHEN excluded.used_at > access_key_last_used.used_at THEN excluded.address \
               ELSE access_key_last_used.address END, \
               user_agent = CASE WHEN excluded.used_at > access_key_last_used.used_at THEN excluded.user_agent \
               ELSE access_key_last_used.user_agent END, \
               used_at = CASE WHEN excluded.used_at > access_key_last_used.used_at THEN excluded.used_at \
               ELSE access_key_last_used.used_at END";
    let (account, let_in) = (counted.account.get(), counted.let_in_at.map(Timestamp::as_micros));
    db.execute(sql, values![account, key, at.as_micros(), address, agent, counted.scopes.bits(), let_in])
        .await
        .map(drop)
}

/// The last request of each class, of a key that was used once.
async fn write_moments(db: &mut Connection<'_>, key: i64, counted: &Counted) -> Result<()> {
    let account = counted.account.get();
    for (class, moment) in [("accepted", counted.accepted), ("refused", counted.refused)] {
        let Some(moment) = moment else { continue };
        let sql = format!(
            "UPDATE access_key_last_used SET {class}_at = $3, {class}_method = $4, {class}_route = $5, \
             {class}_status = $6 WHERE account_id = $1 AND key_id = $2 AND ({class}_at IS NULL OR {class}_at < $3)"
        );
        let (at, status) = (moment.at.as_micros(), i64::from(moment.status));
        db.execute(&sql, values![account, key, at, moment.method, moment.route, status]).await?;
    }
    Ok(())
}
