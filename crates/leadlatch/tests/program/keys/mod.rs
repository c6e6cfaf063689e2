//! What the tests of keys share. The database is reached behind the server's back for dates that lie in the past, which no
//! door of the product lets in.

mod accountability;
mod changes;
mod deletion;
mod hostile;
mod hostile_form;
mod limits;
mod manage_partners;
mod operations;
mod partners;
mod rotation;

use std::process::Command;

use leadlatch_testkit::postgres;
use serde_json::Value;

use crate::common::Database;

/// Microseconds in a day.
pub(crate) const DAY: i64 = 86_400_000_000;

/// A key as its admin sees it.
pub(crate) fn show(database: &Database, account: &str, id: &str) -> Value {
    database.run(&["key", "show", "--account", account, id])
}

/// The entries of one event in the account's trail, with their details read.
pub(crate) fn events(database: &Database, account: &str, event: &str) -> Vec<Value> {
    let trail = database.run(&["audit", "list", "--account", account]);
    let entries = trail["entries"].as_array().expect("entries").iter().filter(|entry| entry["event"] == event);
    let read = |entry: &Value| {
        let details = entry["details"].as_str().map(|text| serde_json::from_str(text).expect("JSON"));
        let mut entry = entry.clone();
        entry["details"] = details.expect("details");
        entry
    };
    entries.map(read).collect()
}

/// Runs a statement.
pub(crate) fn execute(database: &Database, sql: &str) {
    if let Some(path) = database.url.strip_prefix("sqlite:") {
        let connection = rusqlite::Connection::open(path).expect("the file");
        connection.busy_timeout(std::time::Duration::from_secs(10)).expect("a time-out");
        connection.execute_batch(sql).expect(sql);
        return;
    }
    let psql = postgres::server().bin().join("psql");
    let said =
        Command::new(psql).args(["-v", "ON_ERROR_STOP=1", "-q", "-c", sql, &database.url]).output().expect("psql");
    assert!(said.status.success(), "{sql}: {}", String::from_utf8_lossy(&said.stderr));
}

/// Moves the times of a key so many days into the past.
pub(crate) fn age(database: &Database, key: &str, days: i64) {
    let by = days * DAY;
    execute(
        database,
        &format!(
            "UPDATE access_keys SET created_at = created_at - {by}, enabled_at = enabled_at - {by}, \
             expires_at = expires_at - {by}, ends_at = ends_at - {by} WHERE id = {key}; \
             UPDATE access_key_last_used SET used_at = used_at - {by}, let_in_at = let_in_at - {by} WHERE key_id = {key}"
        ),
    );
}
