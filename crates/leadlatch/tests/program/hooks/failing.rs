//! Receivers that fail, are slow, or want no more.

use std::time::{Duration, Instant};

use crate::common::hooks::{A_WHILE, CREATED, LEADS, pass, pass_rest, state, subscribe, tried, until, with_outcome};
use crate::common::receiver::{ALLOWED, Got, Receiver};
use crate::common::{Database, Server, both};
use serde_json::json;

async fn what_fails_is_tried_again_under_the_same_id(database: &Database, server: &Server) {
    let (_, key) = database.key("acme", None, &LEADS);
    let receiver = Receiver::start().await;
    let hook = subscribe(server, &key, receiver.hook(&CREATED)).await;
    receiver.answer(302);
    server.lead(&key, "again").await;
    tried(database, &hook, 1).await;
    assert_eq!(state(server, &key, &hook).await["state"], "failing");
    assert_eq!(state(server, &key, &hook).await["last_delivery"]["state"], "failing");
    assert_eq!(receiver.after(A_WHILE).await.len(), 1, "it rests, and a redirect is not followed");
    receiver.answer(200);
    pass_rest(database, &hook);
    let got = receiver.wait_for(2).await;
    assert_eq!(got[0].id(), got[1].id());
    tried(database, &hook, 2).await;
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
    pass_rest(database, &hook);
    until(database, &with_outcome(&hook, "delivered"), 12).await;
    for lead in leads {
        assert_eq!(told(&receiver, lead), queued(database, &hook, lead), "lead {lead} is told out of its turn");
    }
}

/// 300 updates wait behind a delivery that fails: the other leads of the subscription are told meanwhile, and when the
/// receiver takes it, everything comes, in order.
async fn what_waits_behind_a_failure_holds_up_nobody(database: &Database, server: &Server) {
    let (_, key) = database.key("acme", None, &LEADS);
    let receiver = Receiver::start().await;
    let hook = subscribe(server, &key, receiver.hook(&["lead.created", "lead.updated"])).await;
    receiver.refuse(Some("poison"));
    let poison = server.lead(&key, "poison").await;
    tried(database, &hook, 1).await;
    for number in 0..300 {
        let body = json!({"lastname": format!("{number}")});
        let path = format!("/api/v1/leads/{poison}");
        assert_eq!(server.send("PATCH", &path, Some(&key), Some(body)).await.status, 200);
    }
    let good = server.lead(&key, "good").await;
    let waits = format!(
        "SELECT COUNT(*) FROM hook_deliveries WHERE subscription_id = {hook} AND lead_id = {good} AND outcome IS NULL"
    );
    // The receiver rests after each failure: at the latest behind one more of them the good one has its turn.
    for _ in 0..4 {
        pass_rest(database, &hook);
        tokio::time::sleep(Duration::from_secs(1)).await;
        if database.number(&waits) == 0 {
            break;
        }
    }
    assert_eq!(database.number(&waits), 0, "the good one is not held up");
    assert_eq!(database.number(&with_outcome(&hook, "delivered")), 1, "the others wait for the one that fails");
    receiver.refuse(None);
    receiver.clear();
    pass(database, Duration::from_mins(10));
    until(database, &with_outcome(&hook, "delivered"), 302).await;
    assert_eq!(told(&receiver, poison), queued(database, &hook, poison));
    assert_eq!(state(server, &key, &hook).await["state"], "active");
}

/// The events of a lead in the order in which they happened.
fn queued(database: &Database, hook: &str, lead: i64) -> Vec<String> {
    let sql =
        format!("SELECT event_id FROM hook_deliveries WHERE subscription_id = {hook} AND lead_id = {lead} ORDER BY id");
    database.texts(&sql)
}

/// The events of a lead in the order in which they came.
fn told(receiver: &Receiver, lead: i64) -> Vec<String> {
    let of_lead = |got: &Got| (got.json()["data"]["id"] == lead).then(|| got.id());
    receiver.got().iter().filter_map(of_lead).collect()
}

/// The slow one and the other have a host in common, as all of Zapier's have.
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

/// Lets the pauses of a subscription go by until it is disabled: how many tries that took, and how long.
async fn fail_for_days(database: &Database, hook: &str) -> (i64, Duration) {
    let disabled = format!("SELECT COUNT(*) FROM hook_subscriptions WHERE id = {hook} AND disabled_at IS NOT NULL");
    let (mut tries, mut passed) = (1, Duration::ZERO);
    while database.number(&disabled) == 0 {
        assert!(tries < 20, "it is never disabled");
        passed += pass_rest(database, hook);
        tries += 1;
        let failures = format!("SELECT failures FROM hook_subscriptions WHERE id = {hook}");
        until(database, &failures, tries).await;
    }
    (tries, passed)
}

async fn days_of_failures_disable(database: &Database, server: &Server) {
    let (_, key) = database.key("acme", None, &LEADS);
    let receiver = Receiver::start().await;
    let hook = subscribe(server, &key, receiver.hook(&CREATED)).await;
    receiver.answer(503);
    server.lead(&key, "dead").await;
    tried(database, &hook, 1).await;
    let (tries, passed) = fail_for_days(database, &hook).await;
    assert_eq!(tries, 15);
    assert!((70..76).contains(&(passed.as_secs() / 3600)), "{passed:?}");
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
    let got = receiver.wait_for(16).await;
    assert_eq!(got[15].id(), got[0].id());
    assert_eq!(state(server, &key, &hook).await["state"], "active");
}

/// However many wait, so that each is tried once and none for days; and when it is enabled again, all come at once.
async fn a_dead_receiver_is_disabled_whatever_waits(database: &Database, server: &Server) {
    let (_, key) = database.key("acme", None, &LEADS);
    let receiver = Receiver::start().await;
    let hook = subscribe(server, &key, receiver.hook(&CREATED)).await;
    receiver.answer(500);
    for number in 0..230 {
        server.lead(&key, &format!("dead{number}")).await;
    }
    let failing = format!("SELECT COUNT(*) FROM hook_subscriptions WHERE id = {hook} AND failures > 0");
    until(database, &failing, 1).await;
    let (tries, passed) = fail_for_days(database, &hook).await;
    assert!(tries == 15 && passed.as_secs() / 3600 < 76, "{tries} in {passed:?}");
    receiver.answer(200);
    let enabled = database.run(&["hook", "enable", "--account", "acme", &hook]);
    assert_eq!(enabled["waiting"], 230);
    until(database, &with_outcome(&hook, "delivered"), 230).await;
}

/// What an admin has sent again goes at once, though the receiver rests; and so does what waits when it is enabled.
async fn an_admin_need_not_wait(database: &Database, server: &Server) {
    let (_, key) = database.key("acme", None, &LEADS);
    let receiver = Receiver::start().await;
    let hook = subscribe(server, &key, receiver.hook(&CREATED)).await;
    let fail = async |name: &str| {
        receiver.answer(500);
        let before = database
            .number(&format!("SELECT COALESCE(SUM(attempts), 0) FROM hook_deliveries WHERE subscription_id = {hook}"));
        server.lead(&key, name).await;
        tried(database, &hook, before + 1).await;
        // Of the pauses only the first is as short as a test.
        let later = "= CASE WHEN {} IS NULL THEN NULL ELSE {} + 3600000000 END";
        let (rests, due) = (later.replace("{}", "rests_until"), later.replace("{}", "due_at"));
        database.sql(&format!("UPDATE hook_subscriptions SET rests_until {rests} WHERE id = {hook}"));
        database.sql(&format!(
            "UPDATE hook_deliveries SET due_at {due} WHERE subscription_id = {hook} AND outcome IS NULL"
        ));
        receiver.answer(200);
        receiver.clear();
    };
    fail("replayed").await;
    let listed = database.run(&["hook", "deliveries", "--account", "acme", &hook]);
    database.run(&["hook", "replay", "--account", "acme", &listed[0]["id"].to_string()]);
    receiver.wait_for(1).await;
    until(database, &with_outcome(&hook, "delivered"), 1).await;
    fail("enabled").await;
    database.run(&["hook", "enable", "--account", "acme", &hook]);
    receiver.wait_for(1).await;
    until(database, &with_outcome(&hook, "delivered"), 2).await;
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
        what_waits_behind_a_failure_holds_up_nobody(&database, &server).await;
        a_dead_receiver_is_disabled_whatever_waits(&database, &server).await;
        an_admin_need_not_wait(&database, &server).await;
    }
}

/// What a fault of ours makes of one subscription is tried seldom, and is the others' in no way.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_served_rests_and_holds_up_nobody() {
    for database in both() {
        database.account("acme");
        let server = database.serve_with(&[], &[ALLOWED]);
        let (_, key) = database.key("acme", None, &LEADS);
        let receiver = Receiver::start().await;
        let broken = subscribe(&server, &key, receiver.hook(&CREATED)).await;
        let whole = subscribe(&server, &key, receiver.hook(&CREATED)).await;
        database.sql(&format!("UPDATE hook_subscriptions SET format = 'none' WHERE id = {broken}"));
        server.lead(&key, "told").await;
        until(&database, &with_outcome(&whole, "delivered"), 1).await;
        assert!(server.logs("a subscription cannot be served").await);
        receiver.after(A_WHILE).await;
        let tried = server.log.text().matches("a subscription cannot be served").count();
        assert!(tried <= 2, "{tried} times within a moment");
        database.sql(&format!("UPDATE hook_subscriptions SET format = 'json' WHERE id = {broken}"));
        until(&database, &with_outcome(&broken, "delivered"), 1).await;
    }
}
