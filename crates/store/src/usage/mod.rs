//! How keys are used: counted in memory and added to the database every second, and a request log beside it.
//!
//! Counts are exact while the process lives; a kill loses the last second at most. The log may lose entries under load,
//! and says how many.

pub mod by_day;
mod counters;
pub mod log;
mod places;
mod received;
pub mod report;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use leadlatch_domain::id::{AccountId, KeyId};
use leadlatch_domain::request_id::RequestId;
use leadlatch_domain::scope::Scope;
use leadlatch_domain::time::Timestamp;
use tokio::sync::mpsc;

use self::counters::Counters;
use self::log::{Entry, LogWriter};
use self::places::clean_agent;
pub(crate) use self::received::received;
use crate::{Access, Result, Store};

/// The counters of this process, and the way into its request log.
pub struct Usage {
    counters: Counters,
    log: mpsc::Sender<Entry>,
}

/// The key that a request is counted for: made of whoever presented its secret alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedKey {
    account: AccountId,
    key: KeyId,
}

impl UsedKey {
    /// The key that calls, if it is one.
    pub fn of(access: &Access) -> Option<Self> {
        access.key_id().map(|key| Self { account: access.account(), key })
    }

    /// The key of a row that its secret's digest found.
    pub(crate) const fn found(account: AccountId, key: KeyId) -> Self {
        Self { account, key }
    }
}

/// One request of a key, when it is answered.
#[derive(Debug, Clone, Copy)]
pub struct Use<'a> {
    /// When.
    pub at: Timestamp,
    /// The request's id.
    pub request: RequestId,
    /// The HTTP method.
    pub method: &'static str,
    /// The route's template, such as `/api/v1/leads/{id}`; never the path.
    pub route: &'static str,
    /// The HTTP status answered.
    pub status: u16,
    /// The scope needed, if any.
    pub scope: Option<Scope>,
    /// Rows returned.
    pub rows: i64,
    /// How long the answer took.
    pub took: Duration,
    /// From where.
    pub address: Option<IpAddr>,
    /// By which program, as the header has it.
    pub agent: &'a [u8],
}

impl Usage {
    /// Counters that are empty, and what writes the log.
    pub fn new() -> (Self, LogWriter) {
        let (sender, writer) = LogWriter::new(log::WAITING);
        (Self { counters: Counters::default(), log: sender }, writer)
    }

    /// Counts a request and offers it to the log; never waits for the database. `false` when the log has no room: then
    /// that is counted too.
    pub fn count(&self, key: UsedKey, used: &Use<'_>) -> bool {
        let used = &Use { address: used.address.map(|address| address.to_canonical()), ..*used };
        let agent = clean_agent(used.agent);
        let agent: Arc<str> = self.counters.count(key, used, &agent);
        let logged = self.log.try_reserve().map(|place| place.send(Entry::new(key, used, agent))).is_ok();
        if !logged {
            self.counters.count_dropped(key, used.at.day(), 1);
        }
        logged
    }

    /// Adds rows to a request that was counted already: those of a stream's later blocks.
    pub fn add_rows(&self, key: UsedKey, at: Timestamp, status: u16, scope: Option<Scope>, rows: i64) {
        self.counters.add_rows(key, at.day(), status, scope, rows);
    }

    /// Adds what was counted to the database. What could not be written is counted again next time.
    pub async fn flush(&self, store: &Store) -> Result<()> {
        self.counters.flush(store).await
    }
}
