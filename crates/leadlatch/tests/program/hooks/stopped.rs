//! Deliveries that are not made: who is told no more, where nothing is sent, and what becomes of what waits.

use std::time::{Duration, Instant};

use crate::common::hooks::{A_WHILE, CREATED, LEADS, pass, state, subscribe, tried, until, with_outcome};
use crate::common::receiver::{ALLOWED, Receiver};
use crate::common::{Database, Server, both};
use serde_json::{Value, json};

const DAY: Duration = Duration::from_hours(24);

fn dropped(hook: &str, reason: &str) -> String {
    format!(
        "SELECT COUNT(*) FROM hook_deliveries WHERE subscription_id = {hook} AND outcome = 'dropped' AND reason = '{reason}'"
    )
}

fn show(database: &Database, hook: &str) -> Value {
    database.run(&["hook", "show", "--account", "acme", hook])
}

/// Moves what an idle limit is judged by.
fn age(database: &Database, key: &str, by: Duration) {
    let by = by.as_micros();
    database.sql(&format!("UPDATE access_keys SET created_at = created_at - {by} WHERE id = {key}"));
    database.sql(&format!("UPDATE access_key_last_used SET let_in_at = let_in_at - {by} WHERE key_id = {key}"));
}

async fn receiving_keeps_a_key_in_use(database: &Database, server: &Server) {
    let line = ["key", "create", "--account", "acme", "--name", "zap", "--kind", "full", "--scope", "read_leads"];
    let made = database.run(&[&line[..], &["--idle-days", "2"]].concat());
    let (id, key) = (made["id"].to_string(), made["secret"].as_str().expect("a secret"));
    let (_, writer) = database.key("acme", None, &LEADS);
    let receiver = Receiver::start().await;
    let hook = subscribe(server, key, receiver.hook(&CREATED)).await;
    // The count of its request is written first, or it would be written over what is moved.
    let counted = format!("SELECT COUNT(*) FROM access_key_last_used WHERE key_id = {id} AND let_in_at > 0");
    until(database, &counted, 1).await;
    for name in ["first", "second", "third"] {
        age(database, &id, DAY * 3 / 2);
        assert_eq!(show(database, &hook)["key_idle"], false, "{name}");
        let before = database.number(&with_outcome(&hook, "delivered"));
        server.lead(&writer, name).await;
        until(database, &with_outcome(&hook, "delivered"), before + 1).await;
    }
    age(database, &id, DAY * 2);
    let idle = show(database, &hook);
    assert_eq!((&idle["key_idle"], &idle["state"]), (&json!(true), &json!("active")));
    assert!(database.lines(&["hook", "list", "--account", "acme"]).iter().any(|line| line.contains("key idle")));
    server.lead(&writer, "unheard").await;
    until(database, &dropped(&hook, "idle_key"), 1).await;
    // It is not lost: it is listed, and sent again when the key is enabled.
    database.run(&["key", "enable", "--account", "acme", &id]);
    let listed = database.run(&["hook", "deliveries", "--account", "acme", &hook]);
    database.run(&["hook", "replay", "--account", "acme", &listed[0]["id"].to_string()]);
    until(database, &with_outcome(&hook, "delivered"), 4).await;
    assert!(receiver.got()[3].body.contains("unheard"));
}

async fn a_buyer_learns_nothing_of_a_lead_that_it_lost(database: &Database, server: &Server) {
    let [buyer, other] = ["Buyer", "Other"].map(|name| database.partner("acme", "partner", name));
    let (_, full) = database.key("acme", None, &LEADS);
    let (_, key) = database.key("acme", Some(&buyer), &["read_leads"]);
    let receiver = Receiver::start().await;
    let mut body = receiver.hook(&["lead.deleted"]);
    body["filter"] = json!({"status": "New"});
    let hook = subscribe(server, &key, body).await;
    let lead = server.lead(&full, "sold").await.to_string();
    let refer = |to: &str| database.run(&["lead", "refer", "--account", "acme", &lead, "--partner", to]);
    refer(&buyer);
    receiver.answer(500);
    refer(&other);
    tried(database, &hook, 1).await;
    let path = format!("/api/v1/leads/{lead}");
    server.send("PATCH", &path, Some(&full), Some(json!({"status": "Contacted"}))).await;
    receiver.answer(200);
    pass(database, Duration::from_secs(10));
    until(database, &with_outcome(&hook, "delivered"), 1).await;
}

/// Nobody listens there, so nothing was sent, and nothing is kept as sent.
async fn what_was_not_sent_is_not_kept_as_sent(database: &Database, server: &Server) {
    let (_, key) = database.key("acme", None, &LEADS);
    let hook = subscribe(server, &key, json!({"target_url": "http://127.0.0.1:9/", "events": CREATED})).await;
    server.lead(&key, "unsent").await;
    tried(database, &hook, 1).await;
    let listed = database.run(&["hook", "deliveries", "--account", "acme", &hook]);
    let one = database.run(&["hook", "delivery", "--account", "acme", &listed[0]["id"].to_string()]);
    assert_eq!((&one["last_error"], &one["body"]), (&json!("no_connection"), &Value::Null));
}

async fn what_waits_for_a_disabled_subscription_goes_after_its_days(database: &Database, server: &Server) {
    let (_, key) = database.key("acme", None, &LEADS);
    let receiver = Receiver::start().await;
    receiver.answer(500);
    let hook = subscribe(server, &key, receiver.hook(&CREATED)).await;
    server.lead(&key, "kept").await;
    tried(database, &hook, 1).await;
    let now = "(SELECT last_at FROM hook_subscriptions s WHERE s.id = hook_subscriptions.id)";
    database.sql(&format!("UPDATE hook_subscriptions SET disabled_at = {now} WHERE id = {hook}"));
    assert_eq!(state(server, &key, &hook).await["state"], "disabled");
    let kept = format!("SELECT COUNT(*) FROM hook_deliveries WHERE subscription_id = {hook} AND body IS NOT NULL");
    let retention = |what: &str| database.run(&["retention", what, "--account", "acme"]).to_string();
    pass(database, DAY * 29);
    retention("run");
    assert_eq!(database.number(&kept), 1);
    pass(database, DAY * 2);
    retention("run");
    assert_eq!(database.number(&kept), 0);
}

async fn a_suspended_account_is_told_nothing(database: &Database, server: &Server) {
    let partner = database.partner("acme", "partner", "Late");
    let (_, key) = database.key("acme", None, &LEADS);
    let receiver = Receiver::start().await;
    let target = receiver.url("/own");
    let line = ["hook", "create", "--account", "acme", "--target", &target, "--event", "lead.updated"];
    let config = database.folder.path().join("allowed.toml");
    std::fs::write(&config, "hook_allowed_ranges = [\"127.0.0.0/8\"]\n").expect("a file");
    let with = ["--config", config.to_str().expect("a path")];
    let hook = database.run(&[&line[..], &with].concat())["id"].to_string();
    let lead = server.lead(&key, "suspended").await.to_string();
    database.run(&["account", "suspend", "--account", "acme"]);
    database.run(&["lead", "refer", "--account", "acme", &lead, "--partner", &partner]);
    until(database, &dropped(&hook, "account_suspended"), 1).await;
    assert!(receiver.after(A_WHILE).await.is_empty());
    database.run(&["account", "resume", "--account", "acme"]);
}

/// Deliveries in the account's own name hold the account while they begin; a suspension gets its turn among any number of
/// them, and none begins after it.
#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_gets_its_turn_among_deliveries() {
    for database in both() {
        database.account("acme");
        let server = database.serve_with(&[], &[ALLOWED]);
        let (_, key) = database.key("acme", None, &LEADS);
        let receiver = Receiver::start().await;
        // Sixteen at a time, they go on for a minute.
        receiver.delay(Duration::from_secs(2));
        let config = database.folder.path().join("allowed.toml");
        std::fs::write(&config, "hook_allowed_ranges = [\"127.0.0.0/8\"]\n").expect("a file");
        for number in 0..8 {
            let target = receiver.url(&format!("/{number}"));
            let line = ["hook", "create", "--account", "acme", "--target", &target, "--event", "lead.created"];
            let with = ["--config", config.to_str().expect("a path")];
            database.run(&[&line[..], &with].concat());
        }
        for number in 0..60 {
            server.lead(&key, &format!("stream{number}")).await;
        }
        receiver.wait_for(1).await;
        let began = Instant::now();
        database.run(&["account", "suspend", "--account", "acme"]);
        let suspended = Instant::now();
        assert!(suspended - began < Duration::from_secs(20), "{:?}", suspended - began);
        let all = receiver.after(A_WHILE).await;
        assert!(all.iter().all(|got| got.at <= suspended), "a delivery began after the suspension");
        assert!(all.len() < 480, "there was something to stop");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_told_no_more() {
    for database in both() {
        database.account("acme");
        let server = database.serve_with(&[], &[ALLOWED]);
        receiving_keeps_a_key_in_use(&database, &server).await;
        a_buyer_learns_nothing_of_a_lead_that_it_lost(&database, &server).await;
        what_was_not_sent_is_not_kept_as_sent(&database, &server).await;
        what_waits_for_a_disabled_subscription_goes_after_its_days(&database, &server).await;
        a_suspended_account_is_told_nothing(&database, &server).await;
    }
}

/// What the operator no longer allows is looked at again when it is delivered, by what its name leads to then.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_judged_at_each_delivery() {
    for database in both() {
        database.account("acme");
        let (_, key) = database.key("acme", None, &LEADS);
        let receiver = Receiver::start().await;
        let port = receiver.base.rsplit(':').next().expect("a port").to_owned();
        let allowed = ("LEADLATCH_HOOK_ALLOWED_RANGES", "127.0.0.0/8,::1/128");
        let server = database.serve_with(&[], &[allowed]);
        let mut hooks = Vec::new();
        for host in ["localhost", "LOCALHOST", "127.0.0.1"] {
            let body = json!({"target_url": format!("http://{host}:{port}/"), "events": CREATED});
            hooks.push(subscribe(&server, &key, body).await);
        }
        drop(server);
        let server = database.serve();
        server.lead(&key, "near").await;
        for hook in &hooks {
            tried(&database, hook, 1).await;
            let listed = database.run(&["hook", "deliveries", "--account", "acme", hook]);
            assert_eq!(listed[0]["last_error"], "address_not_allowed");
        }
        assert!(receiver.got().is_empty());
    }
}
