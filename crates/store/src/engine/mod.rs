//! One connection and one row over both engines. Statements are written once; `$n` serves both.

pub(crate) mod file_system;
pub(crate) mod migrate;
pub(crate) mod postgres;
mod readers;
pub(crate) mod sqlite;

use leadlatch_domain::random::Randomness;
use leadlatch_domain::time::Timestamp;
use sea_query::{PostgresQueryBuilder, QueryStatementWriter, Value};
use sea_query_postgres::{PostgresValue, PostgresValues};

use crate::Result;
use crate::audit::Pending;
use crate::deletions::{Deletion, Gone};

/// A connection inside one read or one write. Its statements are the store's own: nobody outside can run one.
pub struct Connection<'c> {
    link: Link<'c>,
    now: Timestamp,
    random: Randomness,
    pending: Vec<Pending>,
    deleted: Vec<Deletion>,
    /// What was run, for the tests that look at its plans.
    #[cfg(test)]
    pub(crate) statements: Vec<(String, Vec<Value>)>,
}

pub(crate) enum Link<'c> {
    Sqlite(&'c mut rusqlite::Connection),
    Postgres(&'c deadpool_postgres::Client),
    Transaction(&'c deadpool_postgres::Transaction<'c>),
}

/// A row of either engine.
pub(crate) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

/// How a transaction takes the gate of a key or an account.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Gate {
    /// Beside others: what it does.
    Pass,
    /// Alone: a change of what it may do.
    Close,
}

/// How a transaction takes a number that stands for something which must not happen twice at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Alone, after those that have it.
    Alone,
    /// Beside others, after the one that has it alone.
    Beside,
    /// Beside others, or not at all: it never waits.
    BesideOrNot,
}

/// What a column is read as, on both engines.
pub(crate) trait Column: rusqlite::types::FromSql + for<'a> tokio_postgres::types::FromSql<'a> {}
impl<T: rusqlite::types::FromSql + for<'a> tokio_postgres::types::FromSql<'a>> Column for T {}

impl Row<'_> {
    /// The value of a column, counted from 0.
    pub(crate) fn get<T: Column>(&self, index: usize) -> Result<T> {
        match self {
            Self::Sqlite(row) => Ok(row.get(index)?),
            Self::Postgres(row) => Ok(row.try_get(index)?),
        }
    }

    /// The text of a column where it stands: nothing is copied.
    pub(crate) fn text(&self, index: usize) -> Result<Option<&str>> {
        match self {
            Self::Sqlite(row) => Ok(row.get_ref(index)?.as_str_or_null().map_err(rusqlite::Error::from)?),
            Self::Postgres(row) => Ok(row.try_get(index)?),
        }
    }
}

/// The values of a statement, in the order of their `$n`.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$(sea_query::Value::from($value)),*] };
}
pub(crate) use values;

impl<'c> Connection<'c> {
    pub(crate) fn new(link: Link<'c>, now: Timestamp, random: Randomness) -> Self {
        Self {
            link,
            now,
            random,
            pending: Vec::new(),
            deleted: Vec::new(),
            #[cfg(test)]
            statements: Vec::new(),
        }
    }

    /// A second connection inside the same read, whose statements go out without waiting for the first's answers; only
    /// PostgreSQL has it, outside a transaction.
    pub(crate) fn beside(&self) -> Option<Self> {
        match self.link {
            Link::Postgres(client) => Some(Self::new(Link::Postgres(client), self.now, self.random.clone())),
            _ => None,
        }
    }

    /// The time of this read or write, by the server's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// The source of salts and secrets.
    pub(crate) fn random(&self) -> &Randomness {
        &self.random
    }

    /// Keeps an audit entry until the end of the transaction, whose last statements append it.
    pub(crate) fn audit(&mut self, entry: Pending) {
        self.pending.push(entry);
    }

    /// Notes a deletion for the file that outlives a restore: it is written after the commit and before the answer.
    pub(crate) fn deleted(&mut self, gone: Gone) {
        self.deleted.push(Deletion { at: self.now, gone });
    }

    /// As [`Connection::deleted`], of what ends at a time to come.
    pub(crate) fn will_be_deleted(&mut self, gone: Gone, at: Timestamp) {
        self.deleted.push(Deletion { at, gone });
    }

    pub(crate) fn take_deleted(&mut self) -> Vec<Deletion> {
        std::mem::take(&mut self.deleted)
    }

    pub(crate) fn take_pending(&mut self) -> Vec<Pending> {
        std::mem::take(&mut self.pending)
    }

    /// Locks the rows that a statement reads for the transaction; on SQLite the one writer has locked them already.
    pub(crate) fn lock_rows(&self, clause: &'static str) -> &'static str {
        if matches!(self.link, Link::Sqlite(_)) { "" } else { clause }
    }

    /// A key's gate, held to the end of the transaction: its writes pass it together, a change of the key closes it.
    ///
    /// Row locks alone would let a busy key's writes overlap for ever, and its deletion wait for ever: PostgreSQL lets a
    /// new `FOR SHARE` in beside those that are held. Advisory locks queue fairly. On SQLite the one writer is the gate.
    pub(crate) async fn gate(&mut self, key: i64, gate: Gate) -> Result<()> {
        let sql = match (&self.link, gate) {
            (Link::Sqlite(_), _) => return Ok(()),
            (_, Gate::Pass) => "SELECT pg_advisory_xact_lock_shared($1)::TEXT",
            (_, Gate::Close) => "SELECT pg_advisory_xact_lock($1)::TEXT",
        };
        self.query(sql, values![key], |_| Ok(())).await.map(drop)
    }

    /// An account's gate, as a key's: what is sent in the account's own name passes it. Ids are positive, so the numbers
    /// below zero are free for accounts.
    pub(crate) async fn account_gate(&mut self, account: i64, gate: Gate) -> Result<()> {
        self.gate(-account, gate).await
    }

    /// A partner record's gate, as a key's: whoever gives it a lead passes it, before a lead or a record is locked. Its numbers
    /// are those that are left, from the least up.
    pub(crate) async fn record_gate(&mut self, record: i64, gate: Gate) -> Result<()> {
        self.gate(i64::MIN + record, gate).await
    }

    /// Takes numbers in the order given and holds them to the end of the transaction, in one statement. Whoever takes
    /// several takes them in the order of the numbers. On SQLite the one writer has them all.
    pub(crate) async fn take_turns(&mut self, turns: &[(Turn, i64)]) -> Result<()> {
        if turns.is_empty() || matches!(self.link, Link::Sqlite(_)) {
            return Ok(());
        }
        let call = |(place, (turn, _)): (usize, &(Turn, i64))| {
            let name = match turn {
                Turn::Alone => "pg_advisory_xact_lock",
                Turn::Beside => "pg_advisory_xact_lock_shared",
                Turn::BesideOrNot => "pg_try_advisory_xact_lock_shared",
            };
            format!("{name}(${})::TEXT", place + 1)
        };
        let calls: Vec<_> = turns.iter().enumerate().map(call).collect();
        let numbers = turns.iter().map(|(_, number)| (*number).into()).collect();
        self.query(&format!("SELECT {}", calls.join(", ")), numbers, |_| Ok(())).await.map(drop)
    }

    /// Takes a lock to the end of the transaction if nobody has it; whether it did. On SQLite the one writer has it. The
    /// two halves of the number are a space of their own: a key's gate has one whole number.
    pub(crate) async fn try_hold(&mut self, words: i64) -> Result<bool> {
        if matches!(self.link, Link::Sqlite(_)) {
            return Ok(true);
        }
        let bytes = words.to_be_bytes();
        let [high, low] = [[bytes[0], bytes[1], bytes[2], bytes[3]], [bytes[4], bytes[5], bytes[6], bytes[7]]];
        let bound = values![i32::from_be_bytes(high), i32::from_be_bytes(low)];
        let held = self.query_opt("SELECT pg_try_advisory_xact_lock($1, $2)", bound, |row| row.get(0)).await?;
        Ok(held.unwrap_or(false))
    }

    /// Whether a server only follows another, as an SQL expression: what it says of a key may be old.
    pub(crate) fn is_replica(&self) -> &'static str {
        if matches!(self.link, Link::Sqlite(_)) { "FALSE" } else { "pg_is_in_recovery()" }
    }

    /// Microseconds since 1970 by the database's clock, as an SQL expression: what kills keys by time.
    pub(crate) fn database_now(&self) -> &'static str {
        match self.link {
            Link::Sqlite(_) => "CAST(unixepoch('subsec') * 1000000 AS BIGINT)",
            _ => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
        }
    }

    /// Runs a statement and reads its rows.
    pub(crate) async fn query<T>(
        &mut self,
        sql: &str,
        values: Vec<Value>,
        mut read: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Vec<T>> {
        #[cfg(test)]
        self.statements.push((sql.to_owned(), values.clone()));
        let rows = match &mut self.link {
            Link::Sqlite(connection) => return sqlite::query(connection, sql, values, read),
            Link::Postgres(client) => {
                let statement = prepared(&client.statement_cache, client.prepare_cached(sql)).await?;
                client.query(&statement, &postgres_values(values).as_params()).await?
            }
            Link::Transaction(transaction) => {
                let statement = prepared(&transaction.statement_cache, transaction.prepare_cached(sql)).await?;
                transaction.query(&statement, &postgres_values(values).as_params()).await?
            }
        };
        rows.iter().map(|row| read(&Row::Postgres(row))).collect()
    }

    /// Runs a statement that gives one row or none.
    pub(crate) async fn query_opt<T>(
        &mut self,
        sql: &str,
        values: Vec<Value>,
        read: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Option<T>> {
        Ok(self.query(sql, values, read).await?.into_iter().next())
    }

    /// Runs a statement that gives exactly one number, such as a count or a new id.
    pub(crate) async fn query_int(&mut self, sql: &str, values: Vec<Value>) -> Result<i64> {
        let number = self.query_opt(sql, values, |row| row.get(0)).await?;
        number.ok_or_else(|| crate::Error::internal("a statement that always gives a row gave none"))
    }

    /// Runs a statement that gives no rows; answers how many it changed.
    pub(crate) async fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<u64> {
        match &mut self.link {
            Link::Sqlite(connection) => sqlite::execute(connection, sql, values),
            Link::Postgres(client) => {
                let statement = prepared(&client.statement_cache, client.prepare_cached(sql)).await?;
                Ok(client.execute(&statement, &postgres_values(values).as_params()).await?)
            }
            Link::Transaction(transaction) => {
                let statement = prepared(&transaction.statement_cache, transaction.prepare_cached(sql)).await?;
                Ok(transaction.execute(&statement, &postgres_values(values).as_params()).await?)
            }
        }
    }
}

/// The text and the values of a composed statement. PostgreSQL's `$n` is understood by SQLite too.
pub(crate) fn compose(statement: &impl QueryStatementWriter) -> (String, Vec<Value>) {
    let (sql, values) = statement.build(PostgresQueryBuilder);
    (sql, values.0)
}

/// Statements that a PostgreSQL connection keeps prepared, here and in the server. Their texts vary with what callers filter
/// by and change, and nothing else bounds them.
const PREPARED: usize = 512;

/// A statement that is kept by its connection, which forgets all of them when they are too many.
async fn prepared(
    kept: &deadpool_postgres::StatementCache,
    statement: impl Future<Output = std::result::Result<tokio_postgres::Statement, tokio_postgres::Error>>,
) -> Result<tokio_postgres::Statement> {
    if kept.size() >= PREPARED {
        kept.clear();
    }
    Ok(statement.await?)
}

fn postgres_values(values: Vec<Value>) -> PostgresValues {
    PostgresValues(values.into_iter().map(PostgresValue).collect())
}
