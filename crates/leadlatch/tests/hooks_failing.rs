//! Receivers that fail, are slow, or want no more; and servers that die in the middle.

mod common;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use common::receiver::{ALLOWED, Got, Receiver};
use common::{Database, Server, both, postgresql};
use serde_json::{Value, json};

const LEADS: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];
const CREATED: [&str; 1] = ["lead.created"];
const A_WHILE: Duration = Duration::from_millis(1_200);

async fn subscribe(server: &Server, key: &str, body: Value) -> String {
    let made = server.send("POST", "/api/v1/hooks", Some(key), Some(body)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json()["id"].to_string()
}

async fn state(server: &Server, key: &str, id: &str) -> Value {
    server.get(&format!("/api/v1/hooks/{id}"), key).await.json()
}

/// Waits until a count is reached.
async fn until(database: &Database, sql: &str, count: i64) {
    for _ in 0..400 {
        if database.number(sql) == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{sql} is {} and not {count}", database.number(sql));
}

/// Lets what waits be due, as if the pauses were over.
fn let_time_pass(database: &Database) {
    database.sql("UPDATE hook_subscriptions SET rests_until = 0");
    database.sql("UPDATE hook_deliveries SET due_at = 0 WHERE finished_at IS NULL");
}

async fn failed(database: &Database, hook: &str, attempts: i64) {
    let sql = format!(
        "SELECT COUNT(*) FROM hook_attempts a JOIN hook_deliveries d ON d.account_id = a.account_id \
         AND d.id = a.delivery_id WHERE d.subscription_id = {hook} AND a.took IS NOT NULL"
    );
    until(database, &sql, attempts).await;
}

async fn what_fails_is_tried_again_under_the_same_id(database: &Database, server: &Server) {
    let (_, key) = database.key("acme", None, &LEADS);
    let receiver = Receiver::start().await;
    let hook = subscribe(server, &key, receiver.hook(&CREATED)).await;
    receiver.answer(302);
    server.lead(&key, "again").await;
    failed(database, &hook, 1).await;
    assert_eq!(state(server, &key, &hook).await["state"], "failing");
    assert_eq!(state(server, &key, &hook).await["last_delivery"]["state"], "failing");
    assert_eq!(receiver.after(A_WHILE).await.len(), 1, "it rests, and a redirect is not followed");
    receiver.answer(200);
    let_time_pass(database);
    let got = receiver.wait_for(2).await;
    assert_eq!(got[0].id(), got[1].id());
    failed(database, &hook, 2).await;
    assert_eq!(state(server, &key, &hook).await["state"], "active");
}

async fn a_receiver_that_is_gone_is_told_no_more(database: &Database, server: &Server) {
    let (_, key) = database.key("acme", None, &LEADS);
    let receiver = Receiver::start().await;
    let hook = subscribe(server, &key, receiver.hook(&CREATED)).await;
    receiver.answer(410);
    server.lead(&key, "gone").await;
    receiver.wait_for(1).await;
    for _ in 0..100 {
        if server.get(&format!("/api/v1/hooks/{hook}"), &key).await.status == 404 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(server.get(&format!("/api/v1/hooks/{hook}"), &key).await.status, 404);
    server.lead(&key, "after").await;
    assert_eq!(receiver.after(A_WHILE).await.len(), 1);
}

async fn order_is_kept_for_each_lead(database: &Database, server: &Server) {
    let (_, key) = database.key("acme", None, &LEADS);
    let receiver = Receiver::start().await;
    let hook = subscribe(server, &key, receiver.hook(&["lead.created", "lead.updated"])).await;
    receiver.answer(500);
    let leads = [server.lead(&key, "one").await, server.lead(&key, "two").await];
    for number in 0..5 {
        for lead in leads {
            let body = json!({"lastname": format!("{number}")});
            server.send("PATCH", &format!("/api/v1/leads/{lead}"), Some(&key), Some(body)).await;
        }
    }
    let tried = format!("SELECT COUNT(*) FROM hook_subscriptions WHERE id = {hook} AND failures > 0");
    until(database, &tried, 1).await;
    receiver.answer(200);
    receiver.clear();
    let done = format!("SELECT COUNT(*) FROM hook_deliveries WHERE subscription_id = {hook} AND outcome = 'delivered'");
    let_time_pass(database);
    until(database, &done, 12).await;
    let queued = |lead: i64, place: usize| {
        format!(
            "SELECT COUNT(*) FROM hook_deliveries d WHERE d.subscription_id = {hook} AND d.lead_id = {lead} \
             AND d.event_id = '{}' AND (SELECT COUNT(*) FROM hook_deliveries e WHERE e.subscription_id = {hook} \
             AND e.lead_id = {lead} AND e.id < d.id) = {place}",
            of(&receiver.got(), lead)[place].id()
        )
    };
    for lead in leads {
        for place in 0..6 {
            assert_eq!(database.number(&queued(lead, place)), 1, "the {place}th of lead {lead} is out of its turn");
        }
    }
}

fn of(got: &[Got], lead: i64) -> Vec<Got> {
    got.iter().filter(|got| got.json()["data"]["id"] == lead).cloned().collect()
}

async fn slow_receivers_delay_nobody(database: &Database, server: &Server) {
    let (_, slow_key) = database.key("acme", None, &LEADS);
    let (_, key) = database.key("acme", None, &LEADS);
    let [slow, well] = [Receiver::start().await, Receiver::start().await];
    slow.delay(Duration::from_mins(1));
    for _ in 0..20 {
        subscribe(server, &slow_key, slow.hook(&CREATED)).await;
    }
    for number in 0..30 {
        server.lead(&slow_key, &format!("slow{number}")).await;
    }
    slow.wait_for(8).await;
    let hook = subscribe(server, &key, well.hook(&CREATED)).await;
    let began = Instant::now();
    server.lead(&key, "prompt").await;
    well.wait_for(1).await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert!(slow.most_at_a_time() <= 16, "{} at a time", slow.most_at_a_time());
    server.send("DELETE", &format!("/api/v1/hooks/{hook}"), Some(&key), None).await;
    database.sql("UPDATE hook_subscriptions SET ended_at = 1 WHERE ended_at IS NULL");
}

async fn days_of_failures_disable(database: &Database, server: &Server) {
    let (_, key) = database.key("acme", None, &LEADS);
    let receiver = Receiver::start().await;
    let hook = subscribe(server, &key, receiver.hook(&CREATED)).await;
    receiver.answer(503);
    server.lead(&key, "dead").await;
    failed(database, &hook, 1).await;
    database.sql(&format!("UPDATE hook_attempts SET number = 14 WHERE delivery_id IN (SELECT id FROM hook_deliveries WHERE subscription_id = {hook})"));
    database.sql(&format!("UPDATE hook_deliveries SET attempts = 14 WHERE subscription_id = {hook}"));
    let_time_pass(database);
    let disabled = format!("SELECT COUNT(*) FROM hook_subscriptions WHERE id = {hook} AND disabled_at IS NOT NULL");
    until(database, &disabled, 1).await;
    assert_eq!(state(server, &key, &hook).await["state"], "disabled");
    assert!(server.logs("is disabled").await);
    let entries = database.run(&["audit", "export", "--account", "acme"]).to_string();
    assert!(entries.contains("hook.disabled"));
    // An admin looks at it, and has it sent again.
    receiver.answer(200);
    database.run(&["hook", "enable", "--account", "acme", &hook]);
    let listed = database.run(&["hook", "deliveries", "--account", "acme", &hook]);
    assert_eq!((&listed[0]["state"], &listed[0]["reason"]), (&json!("failed"), &json!("given_up")), "{listed}");
    let id = listed[0]["id"].to_string();
    database.run(&["hook", "replay", "--account", "acme", &id]);
    let got = receiver.wait_for(3).await;
    assert_eq!(got[2].id(), got[0].id());
    assert_eq!(state(server, &key, &hook).await["state"], "active");
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_that_do_not_do_well() {
    for database in both() {
        database.account("acme");
        let server = database.serve_with(&[], &[ALLOWED]);
        what_fails_is_tried_again_under_the_same_id(&database, &server).await;
        a_receiver_that_is_gone_is_told_no_more(&database, &server).await;
        order_is_kept_for_each_lead(&database, &server).await;
        slow_receivers_delay_nobody(&database, &server).await;
        days_of_failures_disable(&database, &server).await;
    }
}

/// Another process deletes the key: no delivery of its is begun after that was answered, of those that were queued either.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_key_ends_what_is_queued() {
    for database in both() {
        database.account("acme");
        let server = database.serve_with(&[], &[ALLOWED]);
        let (id, key) = database.key("acme", None, &LEADS);
        let receiver = Receiver::start().await;
        receiver.delay(Duration::from_millis(50));
        for _ in 0..10 {
            subscribe(&server, &key, receiver.hook(&CREATED)).await;
        }
        for number in 0..60 {
            server.lead(&key, &format!("queued{number}")).await;
        }
        receiver.wait_for(20).await;
        database.run(&["key", "delete", "--account", "acme", &id]);
        let deleted = Instant::now();
        let all = receiver.after(Duration::from_secs(3)).await;
        let late = all.iter().filter(|got| got.at > deleted).count();
        assert_eq!(late, 0, "of {} deliveries", all.len());
        assert!(all.len() < 600, "there was something to end: {}", all.len());
        until(&database, "SELECT COUNT(*) FROM hook_deliveries WHERE finished_at IS NULL", 0).await;
    }
}

fn by_id(got: &[Got]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for one in got {
        *counts.entry(one.id()).or_default() += 1;
    }
    counts
}

/// Killed between commit and delivery, and between delivery and its record: nothing is lost, and the ids are the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_loses_nothing() {
    for database in both() {
        database.account("acme");
        let (_, key) = database.key("acme", None, &LEADS);
        let receiver = Receiver::start().await;
        let server = database.serve_with(&[], &[ALLOWED]);
        subscribe(&server, &key, receiver.hook(&CREATED)).await;
        // It has what it is sent, and does not say so before the server dies.
        receiver.delay(Duration::from_secs(10));
        for number in 0..20 {
            server.lead(&key, &format!("kept{number}")).await;
        }
        let first = by_id(&receiver.wait_for(1).await);
        drop(server);
        receiver.delay(Duration::ZERO);
        let_time_pass(&database);
        let server = database.serve_with(&[], &[ALLOWED]);
        until(&database, "SELECT COUNT(*) FROM hook_deliveries WHERE outcome = 'delivered'", 20).await;
        let all = by_id(&receiver.got());
        assert_eq!(all.len(), 20, "{all:?}");
        assert!(first.keys().all(|id| all[id] >= 2), "what was not recorded comes again under its id: {all:?}");
        drop(server);
    }
}

/// Two nodes share what waits, and deliver each once.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_deliver_each_once() {
    let database = postgresql();
    database.account("acme");
    let (_, key) = database.key("acme", None, &LEADS);
    let nodes = [database.serve_with(&[], &[ALLOWED]), database.serve_with(&[], &[ALLOWED])];
    let receiver = Receiver::start().await;
    receiver.delay(Duration::from_millis(20));
    for _ in 0..4 {
        subscribe(&nodes[0], &key, receiver.hook(&CREATED)).await;
    }
    for number in 0..100 {
        nodes[number % 2].lead(&key, &format!("shared{number}")).await;
    }
    until(&database, "SELECT COUNT(*) FROM hook_deliveries WHERE outcome = 'delivered'", 400).await;
    let counts = by_id(&receiver.after(A_WHILE).await);
    assert_eq!(counts.len(), 100);
    assert!(counts.values().all(|count| *count == 4), "each event once for each subscription: {counts:?}");
}

/// What a process holds in memory, in MiB.
fn memory(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process.id())).expect("a process");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line");
    line.split_whitespace().nth(1).expect("a number").parse::<u64>().expect("a number") / 1024
}

/// A hundred thousand that nobody takes stand in the database, and neither in memory nor in anybody's way.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_queue_costs_no_memory_and_no_time() {
    for database in both() {
        database.account("acme");
        let server = database.serve_with(&[], &[ALLOWED]);
        let (_, key) = database.key("acme", None, &LEADS);
        let (_, other) = database.key("acme", None, &LEADS);
        let [dead, well] = [Receiver::start().await, Receiver::start().await];
        dead.answer(500);
        let hook = subscribe(&server, &key, dead.hook(&CREATED)).await;
        let before = memory(&server);
        database.sql(&format!(
            "INSERT INTO hook_deliveries (account_id, subscription_id, event_id, event, lead_id, sides, changed, \
             occurred_at, due_at) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
             SELECT s.account_id, s.id, 'evt_' || i, 'lead.created', 1000000 + i, 0, '[]', 0, 0 FROM n \
             CROSS JOIN hook_subscriptions s WHERE s.id = {hook}"
        ));
        subscribe(&server, &other, well.hook(&CREATED)).await;
        for number in 0..5 {
            let began = Instant::now();
            server.lead(&other, &format!("prompt{number}")).await;
            well.wait_for(number + 1).await;
            assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        }
        assert!(memory(&server) < before + 40, "{} MiB, and {before} before", memory(&server));
    }
}
