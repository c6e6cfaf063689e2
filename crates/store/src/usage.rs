//! How keys are used: counted in memory, added to the database every second. A kill loses the last second at most.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use leadlatch_domain::id::{AccountId, KeyId};
use leadlatch_domain::time::Timestamp;

use crate::engine::{Connection, values};
use crate::{Access, Result, Store};

/// Counters kept apart by key, so that keys seldom wait for each other.
const SHARDS: usize = 16;
/// A user agent is kept up to here.
const AGENT_LIMIT: usize = 200;

/// The counters of this process.
#[derive(Default)]
pub struct Usage {
    shards: [Mutex<HashMap<KeyId, Counted>>; SHARDS],
}

struct Counted {
    account: AccountId,
    at: Timestamp,
    address: String,
    agent: String,
    /// By outcome and scope: requests and rows.
    counts: HashMap<(i64, u16, &'static str), (i64, i64)>,
}

/// One request of a key.
#[derive(Debug)]
pub struct Use<'a> {
    /// When.
    pub at: Timestamp,
    /// From where.
    pub address: &'a str,
    /// By which program.
    pub agent: &'a str,
    /// The HTTP status answered.
    pub outcome: u16,
    /// The scope used, empty where none was needed.
    pub scope: &'static str,
    /// Rows returned.
    pub rows: i64,
}

impl Usage {
    /// Counts a request.
    pub fn count(&self, access: &Access, used: &Use<'_>) {
        let Some(key) = access.key_id() else { return };
        let shard = &self.shards[usize::try_from(key.get()).unwrap_or_default() % SHARDS];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = shard.entry(key).or_insert_with(|| Counted {
            account: access.account(),
            at: used.at,
            address: String::new(),
            agent: String::new(),
            counts: HashMap::new(),
        });
        counted.at = used.at;
        keep(&mut counted.address, used.address);
        keep(&mut counted.agent, used.agent);
        let count = counted.counts.entry((used.at.day(), used.outcome, used.scope)).or_default();
        count.0 += 1;
        count.1 += used.rows;
    }

    /// Adds rows to a request that was counted already: those of a stream's later blocks.
    pub fn add_rows(&self, access: &Access, at: Timestamp, outcome: u16, scope: &'static str, rows: i64) {
        let Some(key) = access.key_id() else { return };
        let shard = &self.shards[usize::try_from(key.get()).unwrap_or_default() % SHARDS];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = shard.entry(key).or_insert_with(|| Counted {
            account: access.account(),
            at,
            address: String::new(),
            agent: String::new(),
            counts: HashMap::new(),
        });
        counted.counts.entry((at.day(), outcome, scope)).or_default().1 += rows;
    }

    fn take(&self) -> Vec<(KeyId, Counted)> {
        let drain =
            |shard: &Mutex<HashMap<_, _>>| std::mem::take(&mut *shard.lock().unwrap_or_else(PoisonError::into_inner));
        self.shards.iter().flat_map(drain).collect()
    }

    /// Adds what was counted to the database. What could not be written is counted again next time.
    pub async fn flush(&self, store: &Store) -> Result<()> {
        let taken = self.take();
        if taken.is_empty() {
            return Ok(());
        }
        store
            .transact(async move |db| {
                for (key, counted) in &taken {
                    write(db, *key, counted).await?;
                }
                Ok(())
            })
            .await
    }
}

/// Most requests of a key come from the same place: then nothing is allocated.
fn keep(kept: &mut String, seen: &str) {
    let end =
        seen.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= AGENT_LIMIT).last().unwrap_or(0);
    if kept != &seen[..end] {
        kept.clear();
        kept.push_str(&seen[..end]);
    }
}

async fn write(db: &mut Connection<'_>, key: KeyId, counted: &Counted) -> Result<()> {
    let account = counted.account.get();
    let sql = "INSERT INTO access_key_last_used (account_id, key_id, used_at, address, user_agent) \
               SELECT account_id, id, CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT) FROM access_keys WHERE account_id = $1 AND id = $2 \
               ON CONFLICT (account_id, key_id) DO UPDATE SET used_at = excluded.used_at, \
               address = excluded.address, user_agent = excluded.user_agent";
    let (address, agent) = (counted.address.as_str(), counted.agent.as_str());
    // Rows alone, of a request that was counted before, say nothing of where the key was used.
    if !address.is_empty() {
        db.execute(sql, values![account, key.get(), counted.at.as_micros(), address, agent]).await?;
    }
    let sql = "INSERT INTO access_key_usage (account_id, key_id, day, outcome, scope, requests, row_count) \
               SELECT account_id, id, CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS TEXT), CAST($6 AS BIGINT), CAST($7 AS BIGINT) FROM access_keys WHERE account_id = $1 AND id = $2 \
               ON CONFLICT (account_id, key_id, day, outcome, scope) DO UPDATE SET \
               requests = access_key_usage.requests + excluded.requests, \
               row_count = access_key_usage.row_count + excluded.row_count";
    for ((day, outcome, scope), (requests, rows)) in &counted.counts {
        let bound = values![account, key.get(), *day, i64::from(*outcome), *scope, *requests, *rows];
        db.execute(sql, bound).await?;
    }
    Ok(())
}
