//! Servers that share what waits, servers that die in the middle, and very much that waits.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::common::hooks::{A_WHILE, CREATED, LEADS, pass, subscribe, until};
use crate::common::receiver::{ALLOWED, Got, Receiver};
use crate::common::{Server, both, postgresql};
use serde_json::{Value, json};

/// After this what a dead server had taken is another's.
const LEASE: Duration = Duration::from_secs(31);
const DELIVERED: &str = "SELECT COUNT(*) FROM hook_deliveries WHERE outcome = 'delivered'";

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
        pass(&database, LEASE);
        let server = database.serve_with(&[], &[ALLOWED]);
        until(&database, DELIVERED, 20).await;
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
    for number in 0..4 {
        subscribe(&nodes[0], &key, to(&receiver, &format!("/{number}"), &CREATED)).await;
    }
    for number in 0..100 {
        nodes[number % 2].lead(&key, &format!("shared{number}")).await;
    }
    until(&database, DELIVERED, 400).await;
    assert_eq!(receiver.twice_at_a_time(), 0);
    let counts = by_id(&receiver.after(A_WHILE).await);
    assert_eq!(counts.len(), 100);
    assert!(counts.values().all(|count| *count == 4), "each event once for each subscription: {counts:?}");
}

/// One of two nodes is killed in the middle: nothing is lost, each delivery is one node's at a time, and of each lead they
/// come in order, under the same ids.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_node_leaves_its_share_to_the_other() {
    let database = postgresql();
    database.account("acme");
    let (_, key) = database.key("acme", None, &LEADS);
    let [killed, other] = [database.serve_with(&[], &[ALLOWED]), database.serve_with(&[], &[ALLOWED])];
    let receiver = Receiver::start().await;
    receiver.delay(Duration::from_millis(30));
    let events = ["lead.created", "lead.updated"];
    let mut hooks = Vec::new();
    for number in 0..2 {
        hooks.push(subscribe(&other, &key, to(&receiver, &format!("/{number}"), &events)).await);
    }
    let mut leads = Vec::new();
    for number in 0..20 {
        leads.push(killed.lead(&key, &format!("shared{number}")).await);
    }
    for number in 0..5 {
        for lead in &leads {
            let body = json!({"lastname": format!("{number}")});
            other.send("PATCH", &format!("/api/v1/leads/{lead}"), Some(&key), Some(body)).await;
        }
    }
    // Now it has some that it does not record any more.
    receiver.delay(Duration::from_secs(3));
    let before = receiver.got().len();
    other.lead(&key, "last").await;
    receiver.wait_for(before + 1).await;
    drop(killed);
    receiver.delay(Duration::ZERO);
    // The dead node's leases run out in true time: time that is moved by hand would run out the living one's too.
    until(&database, DELIVERED, 2 * (20 * 6 + 1)).await;
    assert_eq!(receiver.twice_at_a_time(), 0);
    for (number, hook) in hooks.iter().enumerate() {
        for lead in &leads {
            let queued = database.texts(&format!(
                "SELECT event_id FROM hook_deliveries WHERE subscription_id = {hook} AND lead_id = {lead} ORDER BY id"
            ));
            assert_eq!(first_times(&receiver.got(), &format!("/{number}"), *lead), queued, "lead {lead} of {hook}");
        }
    }
}

/// The events of a lead at a path, in the order in which each came first.
fn first_times(got: &[Got], path: &str, lead: i64) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for one in got.iter().filter(|got| got.path == path && got.json()["data"]["id"] == lead) {
        if !ids.contains(&one.id()) {
            ids.push(one.id());
        }
    }
    ids
}

/// A subscription's body that leads to a path of a receiver.
fn to(receiver: &Receiver, path: &str, events: &[&str]) -> Value {
    json!({"target_url": receiver.url(path), "events": events})
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
