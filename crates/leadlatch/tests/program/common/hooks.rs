//! What the tests of deliveries share: subscribing, waiting, and time that passes.

use std::time::Duration;

use leadlatch_domain::time::Clock;
use serde_json::Value;

use super::{Database, Server};

pub(crate) const LEADS: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];
pub(crate) const CREATED: [&str; 1] = ["lead.created"];
/// Long enough for what must not come to come.
pub(crate) const A_WHILE: Duration = Duration::from_millis(1_200);

/// Makes a subscription and gives its id.
pub(crate) async fn subscribe(server: &Server, key: &str, body: Value) -> String {
    let made = server.send("POST", "/api/v1/hooks", Some(key), Some(body)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json()["id"].to_string()
}

/// A subscription as its key sees it.
pub(crate) async fn state(server: &Server, key: &str, id: &str) -> Value {
    server.get(&format!("/api/v1/hooks/{id}"), key).await.json()
}

/// Waits until a count is reached.
pub(crate) async fn until(database: &Database, sql: &str, count: i64) {
    for _ in 0..1_200 {
        if database.number(sql) == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{sql} is {} and not {count}", database.number(sql));
}

/// Waits until so many attempts of a subscription are over.
pub(crate) async fn tried(database: &Database, hook: &str, attempts: i64) {
    let sql = format!(
        "SELECT COUNT(*) FROM hook_attempts a JOIN hook_deliveries d ON d.account_id = a.account_id \
         AND d.id = a.delivery_id WHERE d.subscription_id = {hook} AND a.took IS NOT NULL"
    );
    until(database, &sql, attempts).await;
}

/// Lets time pass: every time of every row moves by the same span, so that what comes before what stays as it was.
pub(crate) fn pass(database: &Database, time: Duration) {
    let by = time.as_micros();
    let moved = |columns: &[&str]| -> String {
        columns.iter().map(|column| format!("{column} = {column} - {by}")).collect::<Vec<_>>().join(", ")
    };
    let subscriptions = moved(&["created_at", "failing_since", "rests_until", "disabled_at", "last_at"]);
    let deliveries = moved(&["occurred_at", "due_at", "first_attempt_at", "finished_at"]);
    database.sql(&format!(
        "UPDATE hook_subscriptions SET {subscriptions}; UPDATE hook_deliveries SET {deliveries}; \
         UPDATE hook_attempts SET {}",
        moved(&["at"])
    ));
}

/// Lets so much time pass that a subscription rests no more; how much that was.
pub(crate) fn pass_rest(database: &Database, hook: &str) -> Duration {
    let until = database.number(&format!("SELECT rests_until FROM hook_subscriptions WHERE id = {hook}"));
    let left = until.saturating_sub(Clock::system().now().as_micros()).max(0);
    let left = Duration::from_micros(u64::try_from(left).expect("days"));
    pass(database, left);
    left
}

/// The deliveries of a subscription with an outcome.
pub(crate) fn with_outcome(hook: &str, outcome: &str) -> String {
    format!("SELECT COUNT(*) FROM hook_deliveries WHERE subscription_id = {hook} AND outcome = '{outcome}'")
}
