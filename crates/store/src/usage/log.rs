//! The request log: a line a request of a key, whether it was let in or is let in no more. It goes through a channel with an
//! end, so that it never slows a request; what finds no room is counted.

use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use leadlatch_domain::matrix::{ManageKeys, PurgeRequestLog};
use leadlatch_domain::request_id::RequestId;
use leadlatch_domain::scope::Scope;
use leadlatch_domain::time::Timestamp;
use sea_query::{Condition, Expr, ExprTrait, Order, Query, Value};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::{Usage, Use, UsedKey};
use crate::access::{Grant, Held, Visible};
use crate::engine::{Connection, Row, compose, values};
use crate::retention::{self, DAY, Due, Kept, KeptDays, PURGED_AT_ONCE, Span};
use crate::{Error, Result, Store, access_keys};

/// Entries that wait for the writer at the most: about 1.5 MB.
pub(super) const WAITING: usize = 10_000;
/// Entries that are written together at the most.
const BATCH: usize = 1_000;
/// How long an entry waits for others.
const PATIENCE: Duration = Duration::from_secs(1);
/// Rows of one statement: three texts, each prepared once.
const ROWS: [usize; 3] = [64, 8, 1];
const COLUMNS: usize = 12;

/// A request on its way into the log. Its texts are the router's, or shared with the counters: nothing is copied.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    key: UsedKey,
    at: Timestamp,
    request: RequestId,
    method: &'static str,
    route: &'static str,
    status: u16,
    scope: Option<Scope>,
    rows: i64,
    took: Duration,
    address: Option<IpAddr>,
    agent: Arc<str>,
}

impl Entry {
    pub(super) fn new(key: UsedKey, used: &Use<'_>, agent: Arc<str>) -> Self {
        let Use { at, request, method, route, status, scope, rows, took, address, .. } = *used;
        Self { key, at, request, method, route, status, scope, rows, took, address, agent }
    }

    fn values(&self) -> [Value; COLUMNS] {
        let took = i64::try_from(self.took.as_micros()).unwrap_or(i64::MAX);
        let address = self.address.map(|address| address.to_string()).unwrap_or_default();
        [
            self.key.account.get().into(),
            self.key.key.get().into(),
            self.at.as_micros().into(),
            self.request.as_str().into(),
            self.method.into(),
            self.route.into(),
            i64::from(self.status).into(),
            self.scope.map_or("", Scope::as_str).into(),
            self.rows.into(),
            took.into(),
            address.into(),
            (&*self.agent).into(),
        ]
    }
}

/// Writes what waits, in batches.
#[derive(Debug)]
pub struct LogWriter {
    waiting: mpsc::Receiver<Entry>,
    /// Shared with the transaction that writes it, for as long as that lasts.
    batch: Arc<Vec<Entry>>,
}

impl LogWriter {
    pub(super) fn new(room: usize) -> (mpsc::Sender<Entry>, Self) {
        let (sender, waiting) = mpsc::channel(room);
        (sender, Self { waiting, batch: Arc::default() })
    }

    /// Waits until there is a batch: 1,000 entries, or what came within a second of the first. May be given up and begun
    /// again at any time.
    pub async fn gather(&mut self) {
        let batch = Arc::make_mut(&mut self.batch);
        if batch.is_empty() {
            self.waiting.recv_many(batch, BATCH).await;
        }
        let end = Instant::now() + PATIENCE;
        while batch.len() < BATCH {
            let room = BATCH - batch.len();
            match timeout_at(end, self.waiting.recv_many(batch, room)).await {
                Ok(received) if received > 0 => {}
                _ => return,
            }
        }
    }

    /// Takes what waits already; `false` when there is nothing.
    pub fn gather_rest(&mut self) -> bool {
        let batch = Arc::make_mut(&mut self.batch);
        while batch.len() < BATCH {
            let Ok(entry) = self.waiting.try_recv() else { break };
            batch.push(entry);
        }
        !batch.is_empty()
    }

    /// Writes the batch. It is kept for another time while the database is away; a batch that the database refuses is
    /// given up and counted as dropped.
    pub async fn write(&mut self, store: &Store, usage: &Usage) -> Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = Arc::clone(&self.batch);
        let written = store.transact(async move |db| insert(db, &batch).await).await;
        match written {
            Err(error @ (Error::Unavailable(_) | Error::TooExpensive)) => return Err(error),
            Err(_) => self.give_up(usage),
            Ok(()) => {}
        }
        Arc::make_mut(&mut self.batch).clear();
        written
    }

    /// Counts the batch as dropped.
    pub fn give_up(&mut self, usage: &Usage) {
        for entry in Arc::make_mut(&mut self.batch).drain(..) {
            usage.counters.count_dropped(entry.key, entry.at.day(), 1);
        }
    }
}

/// In statements of three sizes. An entry whose key has gone with its account is left out.
async fn insert(db: &mut Connection<'_>, mut entries: &[Entry]) -> Result<()> {
    for size in ROWS {
        let sql = if entries.len() < size { continue } else { insert_sql(size) };
        while entries.len() >= size {
            let (now, rest) = entries.split_at(size);
            db.execute(&sql, now.iter().flat_map(Entry::values).collect()).await?;
            entries = rest;
        }
    }
    Ok(())
}

fn insert_sql(rows: usize) -> String {
    const KINDS: [&str; COLUMNS] =
        ["BIGINT", "BIGINT", "BIGINT", "TEXT", "TEXT", "TEXT", "BIGINT", "TEXT", "BIGINT", "BIGINT", "TEXT", "TEXT"];
    let mut sql = "INSERT INTO request_log (account_id, key_id, at, request_id, method, route, status, scope, \
                   row_count, duration, address, user_agent) SELECT v.column1, v.column2, v.column3, v.column4, \
                   v.column5, v.column6, v.column7, v.column8, v.column9, v.column10, v.column11, v.column12 FROM ("
        .to_owned();
    for row in 0..rows {
        sql.push_str(if row == 0 { "VALUES (" } else { ", (" });
        for (column, kind) in KINDS.iter().enumerate() {
            let comma = if column == 0 { "" } else { ", " };
            write!(sql, "{comma}CAST(${} AS {kind})", row * COLUMNS + column + 1).expect("a text takes all");
        }
        sql.push(')');
    }
    sql.push_str(") AS v JOIN access_keys k ON k.account_id = v.column1 AND k.id = v.column2");
    sql
}

/// What of the log is asked for.
#[derive(Debug, Default)]
pub struct LogFilter {
    /// One key.
    pub key: Option<i64>,
    /// The lowest and the highest status.
    pub status: Option<(u16, u16)>,
    /// A route's template.
    pub route: Option<String>,
    /// An HTTP method.
    pub method: Option<String>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Older than this entry.
    pub before: Option<i64>,
    /// Entries at the most.
    pub limit: u32,
}

/// A part of the log, newest first.
#[derive(Debug, Serialize)]
pub struct RequestLog {
    /// The entries.
    pub entries: Vec<LogEntry>,
    /// What to ask for next with `before`; absent at the end.
    pub next_before: Option<i64>,
    /// Requests of the days asked for that the log had no room for, whatever the other filters.
    pub dropped: i64,
}

/// One request.
#[derive(Debug, Serialize)]
pub struct LogEntry {
    /// The entry's own id.
    pub id: i64,
    /// When it was answered.
    pub at: Timestamp,
    /// The key.
    pub key_id: i64,
    /// The id that the answer had.
    pub request_id: String,
    /// The HTTP method.
    pub method: String,
    /// The route's template.
    pub route: String,
    /// The HTTP status.
    pub status: i64,
    /// The scope needed, if any.
    pub scope: Option<String>,
    /// Rows returned.
    pub rows: i64,
    /// Microseconds that the answer took.
    pub duration: i64,
    /// From where.
    pub address: String,
    /// By which program.
    pub user_agent: String,
}

/// A part of the account's log, newest first. A key that is not the account's is not found.
pub async fn list(
    db: &mut Connection<'_>,
    grant: &Grant<ManageKeys>,
    filter: &LogFilter,
) -> Result<Visible<RequestLog>> {
    if let Some(key) = filter.key {
        access_keys::get(db, grant, key).await?;
    }
    let columns = "id, at, key_id, request_id, method, route, status, scope, row_count, duration, address, user_agent";
    let statement = Query::select()
        .expr(Expr::cust(columns))
        .from("request_log")
        .cond_where(condition(grant.account(), filter))
        .order_by("at", Order::Desc)
        .order_by("id", Order::Desc)
        .limit(u64::from(filter.limit) + 1)
        .take();
    let (sql, bound) = compose(&statement);
    let mut entries = db.query(&sql, bound, read).await?;
    let more = entries.len() > filter.limit as usize;
    entries.truncate(filter.limit as usize);
    let next_before = entries.last().filter(|_| more).map(|entry| entry.id);
    Ok(Visible(RequestLog { entries, next_before, dropped: dropped(db, grant, filter).await? }))
}

fn condition(account: i64, filter: &LogFilter) -> Condition {
    let column = Expr::col;
    let mut all = Condition::all().add(column("account_id").eq(account));
    if let Some(key) = filter.key {
        all = all.add(column("key_id").eq(key));
    }
    if let Some((low, high)) = filter.status {
        all = all.add(column("status").between(i64::from(low), i64::from(high)));
    }
    for (name, text) in [("route", &filter.route), ("method", &filter.method)] {
        if let Some(text) = text {
            all = all.add(column(name).eq(text.as_str()));
        }
    }
    if let Some(since) = filter.since {
        all = all.add(column("at").gte(since.as_micros()));
    }
    if let Some(until) = filter.until {
        all = all.add(column("at").lt(until.as_micros()));
    }
    if let Some(before) = filter.before {
        let place = "(at, id) < ((SELECT l.at FROM request_log l WHERE l.account_id = $1 AND l.id = $2), $2)";
        all = all.add(Expr::cust_with_values(place, [account, before]));
    }
    all
}

fn read(row: &Row<'_>) -> Result<LogEntry> {
    Ok(LogEntry {
        id: row.get(0)?,
        at: Timestamp::from_micros(row.get(1)?),
        key_id: row.get(2)?,
        request_id: row.get(3)?,
        method: row.get(4)?,
        route: row.get(5)?,
        status: row.get(6)?,
        scope: Some(row.get(7)?).filter(|scope: &String| !scope.is_empty()),
        rows: row.get(8)?,
        duration: row.get(9)?,
        address: row.get(10)?,
        user_agent: row.get(11)?,
    })
}

async fn dropped(db: &mut Connection<'_>, grant: &Grant<ManageKeys>, filter: &LogFilter) -> Result<i64> {
    let sql = "SELECT CAST(COALESCE(SUM(dropped), 0) AS BIGINT) FROM request_log_drops WHERE account_id = $1 \
               AND (CAST($2 AS BIGINT) = 0 OR key_id = $2) AND day >= $3 AND day <= $4";
    let first = filter.since.unwrap_or(Timestamp::MIN).day();
    let last = filter.until.unwrap_or(Timestamp::MAX).day();
    db.query_int(sql, values![grant.account(), filter.key.unwrap_or(0), first, last]).await
}

const ENTRIES: Kept = Kept { rows: "request_log", at: "at", days: KeptDays::Setting("request_log_days") };

/// How many entries come due in a span.
pub async fn due(db: &mut Connection<'_>, grant: &Grant<PurgeRequestLog>, span: Span) -> Result<Due> {
    retention::due(db, grant.account(), &ENTRIES, span).await
}

/// Removes entries that are older than the account keeps them; answers how many, at most [`PURGED_AT_ONCE`], so that
/// others get their turn.
pub async fn purge(db: &mut Connection<'_>, grant: Held<PurgeRequestLog>) -> Result<u64> {
    let account = grant.account();
    let end = retention::end(db, account, &ENTRIES).await?;
    let sql = "DELETE FROM request_log_drops WHERE account_id = $1 AND day < $2";
    db.execute(sql, values![account, end.div_euclid(DAY)]).await?;
    let sql = "DELETE FROM request_log WHERE account_id = $1 AND id IN (SELECT id FROM request_log \
               WHERE account_id = $1 AND at <= $2 ORDER BY at, id LIMIT $3)";
    db.execute(sql, values![account, end, PURGED_AT_ONCE as i64]).await
}
