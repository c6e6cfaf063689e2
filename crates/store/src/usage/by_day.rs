//! One key's requests by day and outcome, who makes them now, and when each scope was last needed.

use std::cmp::Reverse;
use std::time::Duration;

use leadlatch_domain::matrix::ManageKeys;
use leadlatch_domain::retention::Days;
use leadlatch_domain::scope::Scope;
use leadlatch_domain::time::Timestamp;

use super::report::first_day;
use crate::Result;
use crate::access::{Grant, Visible};
use crate::engine::{Connection, Row, values};

/// Entries of the log that are looked at for who uses a key now.
const LOOKED_AT: i64 = 10_000;
/// Clients that are named.
const CLIENTS: i64 = 20;

/// One key's requests by day.
#[derive(Debug)]
pub struct ByDay {
    /// The first of the days, since 1970, UTC.
    pub first_day: i64,
    /// Day, HTTP status, requests.
    pub counts: Vec<(i64, i64, i64)>,
    /// The last day on which each scope was needed.
    pub scopes: Vec<(Scope, i64)>,
}

/// A program at an address.
#[derive(Debug, Clone)]
pub struct Client {
    /// The address.
    pub address: String,
    /// What the program calls itself.
    pub user_agent: String,
    /// Its last request.
    pub last_used_at: Timestamp,
}

/// The requests of a key of the account in the last days.
pub async fn by_day(
    db: &mut Connection<'_>,
    grant: &Grant<ManageKeys>,
    key: i64,
    days: Days,
) -> Result<Visible<ByDay>> {
    let first_day = first_day(db.now(), days);
    let sql = "SELECT day, outcome, CAST(SUM(requests) AS BIGINT) FROM access_key_usage \
               WHERE account_id = $1 AND key_id = $2 AND day >= $3 GROUP BY day, outcome ORDER BY day, outcome";
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let counts = db.query(sql, values![grant.account(), key, first_day], read).await?;
    let sql = "SELECT scope, MAX(day) FROM access_key_usage WHERE account_id = $1 AND key_id = $2 AND scope <> '' \
               GROUP BY scope ORDER BY scope";
    let read = |row: &Row<'_>| Ok((row.get::<String>(0)?, row.get(1)?));
    let scopes = db.query(sql, values![grant.account(), key], read).await?;
    let scopes = scopes.into_iter().filter_map(|(scope, day)| Some((Scope::parse(&scope)?, day))).collect();
    Ok(Visible(ByDay { first_day, counts, scopes }))
}

/// Who used a key of the account in the last 24 hours, the last first: as the request log has it, or by address alone.
pub async fn clients(db: &mut Connection<'_>, grant: &Grant<ManageKeys>, key: i64) -> Result<Vec<Visible<Client>>> {
    let sql = "SELECT address, user_agent, MAX(at) FROM (SELECT address, user_agent, at FROM request_log \
               WHERE account_id = $1 AND key_id = $2 AND at >= $3 ORDER BY at DESC, id DESC LIMIT $4) newest \
               GROUP BY address, user_agent ORDER BY MAX(at) DESC, address, user_agent LIMIT $5";
    let since = db.now().minus(Duration::from_hours(24)).as_micros();
    let read = |row: &Row<'_>| {
        let last_used_at = Timestamp::from_micros(row.get(2)?);
        Ok(Visible(Client { address: row.get(0)?, user_agent: row.get(1)?, last_used_at }))
    };
    let mut found = db.query(sql, values![grant.account(), key, since, LOOKED_AT, CLIENTS], read).await?;
    for client in unlogged(db, grant, key, since).await? {
        if !found.iter().any(|known| known.address == client.address) {
            found.push(client);
        }
    }
    found.sort_by_key(|client| Reverse(client.last_used_at));
    Ok(found)
}

/// Addresses that are counted and of which the log has nothing: it is written a little later, and may have had no room.
async fn unlogged(
    db: &mut Connection<'_>,
    grant: &Grant<ManageKeys>,
    key: i64,
    since: i64,
) -> Result<Vec<Visible<Client>>> {
    let sql = "SELECT a.address, CASE WHEN u.address = a.address THEN u.user_agent ELSE '' END, a.last_used_at \
               FROM access_key_addresses a JOIN access_key_last_used u ON u.account_id = a.account_id \
               AND u.key_id = a.key_id WHERE a.account_id = $1 AND a.key_id = $2 AND a.last_used_at >= $3 \
               ORDER BY a.last_used_at DESC, a.address LIMIT $4";
    let read = |row: &Row<'_>| {
        let last_used_at = Timestamp::from_micros(row.get(2)?);
        Ok(Visible(Client { address: row.get(0)?, user_agent: row.get(1)?, last_used_at }))
    };
    db.query(sql, values![grant.account(), key, since, CLIENTS], read).await
}
