//! What is kept for so many days: how much of it comes due, and until when it goes.

use leadlatch_domain::time::Timestamp;
use serde::Serialize;

use crate::Result;
use crate::engine::{Connection, values};

/// Microseconds in a day.
pub(crate) const DAY: i64 = 86_400_000_000;

/// Rows that are removed in one transaction, so that others get their turn.
pub const PURGED_AT_ONCE: u64 = 500;

/// Rows of a table that go so many days after a time of theirs.
pub(crate) struct Kept {
    /// The table.
    pub(crate) rows: &'static str,
    /// The column of that time.
    pub(crate) at: &'static str,
    /// The days.
    pub(crate) days: KeptDays,
}

/// How many days a row is kept.
#[derive(Clone, Copy)]
pub(crate) enum KeptDays {
    /// As a column of the account says.
    Setting(&'static str),
    /// As many for every account.
    Always(i64),
}

/// A span of time: what comes due in it is not due before and is at its end.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    after: i64,
    until: i64,
}

impl Span {
    /// All that is due at a time.
    pub fn up_to(now: Timestamp) -> Self {
        // Half of what a number holds, so that days can be taken from it.
        Self { after: i64::MIN / 2, until: now.as_micros() }
    }

    /// The span so many days before: rows of those times come due in this one.
    pub(crate) const fn days_before(self, days: i64) -> (i64, i64) {
        (self.after - days * DAY, self.until - days * DAY)
    }

    /// The days after a time, one by one: a count of a month may be more than one read is given.
    pub fn days_after(now: Timestamp, days: i64) -> impl Iterator<Item = Self> {
        let start = now.as_micros();
        (0..days).map(move |day| Self { after: start + day * DAY, until: start + (day + 1) * DAY })
    }
}

/// How many come due, and after how many days each does.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Due {
    /// Days that one is kept.
    pub days: i64,
    /// How many.
    pub count: i64,
}

async fn days(db: &mut Connection<'_>, account: i64, kept: &Kept) -> Result<i64> {
    match kept.days {
        KeptDays::Setting(column) => {
            db.query_int(&format!("SELECT {column} FROM accounts WHERE id = $1"), values![account]).await
        }
        KeptDays::Always(days) => Ok(days),
    }
}

/// How many of an account's rows come due in a span.
pub(crate) async fn due(db: &mut Connection<'_>, account: i64, kept: &Kept, span: Span) -> Result<Due> {
    let days = days(db, account, kept).await?;
    let Kept { rows, at, .. } = kept;
    let sql = format!("SELECT COUNT(*) FROM {rows} WHERE account_id = $1 AND {at} > $2 AND {at} <= $3");
    let (after, until) = span.days_before(days);
    Ok(Due { days, count: db.query_int(&sql, values![account, after, until]).await? })
}

/// The last time whose rows are due now.
pub(crate) async fn end(db: &mut Connection<'_>, account: i64, kept: &Kept) -> Result<i64> {
    Ok(db.now().as_micros() - days(db, account, kept).await? * DAY)
}
