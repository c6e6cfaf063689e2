//! Deliveries: what each kind of key is told, and that nobody is told what it may not see.

use std::time::Duration;

use crate::common::receiver::{ALLOWED, Got, Receiver};
use crate::common::{Database, Server, both};
use serde_json::{Value, json};

const LEADS: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];
const EVENTS: [&str; 4] = ["lead.created", "lead.updated", "lead.status_changed", "lead.deleted"];
/// Long enough for what must not come to come.
const A_WHILE: Duration = Duration::from_millis(1_200);

/// Makes a subscription: its id and its secret.
async fn subscribe(server: &Server, key: &str, body: Value) -> (String, String) {
    let made = server.send("POST", "/api/v1/hooks", Some(key), Some(body)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    (made["id"].to_string(), made["secret"].as_str().expect("a secret").to_owned())
}

async fn update(server: &Server, key: &str, id: i64, body: Value) {
    let answer = server.send("PATCH", &format!("/api/v1/leads/{id}"), Some(key), Some(body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

fn types(got: &[Got]) -> Vec<String> {
    got.iter().map(|got| got.json()["type"].as_str().expect("a type").to_owned()).collect()
}

async fn a_delivery_is_the_lead_as_its_key_reads_it(database: &Database, server: &Server) {
    let north = database.partner("acme", "introducer", "North");
    let (_, full) = database.key("acme", None, &LEADS);
    let (_, partner) = database.key("acme", Some(&north), &LEADS);
    let [to_full, to_partner] = [Receiver::start().await, Receiver::start().await];
    let (_, secret) = subscribe(server, &full, to_full.hook(&EVENTS)).await;
    let (_, partner_secret) = subscribe(server, &partner, to_partner.hook(&EVENTS)).await;
    let body = json!({"firstname": "Ann", "email": "ann@example.com", "cost": "2.50", "source": "paper",
        "introducer_id": north.parse::<i64>().expect("an id")});
    let lead = server.create(&full, body).await.json();
    let path = format!("/api/v1/leads/{}", lead["id"]);
    for (receiver, key, secret) in [(&to_full, &full, &secret), (&to_partner, &partner, &partner_secret)] {
        let got = receiver.wait_for(1).await.remove(0);
        let told = got.json();
        assert_eq!(told["data"], server.get(&path, key).await.json());
        assert_eq!((&told["type"], &told["changed"]), (&json!("lead.created"), &json!([])));
        assert_eq!(told["id"], json!(got.id()));
        assert!(got.signed_by(secret), "{:?}", got.headers);
        assert_eq!(got.header("content-type"), "application/json");
    }
    assert!(!to_partner.got()[0].body.contains("paper") && to_partner.got()[0].json()["data"].get("cost").is_none());
    let ids = [&to_full, &to_partner].map(|receiver| receiver.got()[0].id());
    assert_eq!(ids[0], ids[1], "one event, told twice");
    // A change of what only the account sees is not told to the partner, and one of both names what it sees.
    let id = lead["id"].as_i64().expect("an id");
    update(server, &full, id, json!({"cost": "3.00"})).await;
    update(server, &full, id, json!({"cost": "4.00", "firstname": "Anne"})).await;
    assert_eq!(to_full.wait_for(3).await[2].json()["changed"], json!(["cost", "firstname"]));
    let told = to_partner.wait_for(2).await[1].json();
    assert_eq!((&told["type"], &told["changed"]), (&json!("lead.updated"), &json!(["firstname"])));
    assert_eq!(to_partner.after(A_WHILE).await.len(), 2, "a change that it does not see is not told");
    update(server, &full, id, json!({"status": "Contacted"})).await;
    let told = to_partner.wait_for(4).await;
    assert_eq!(types(&told[2..]), ["lead.updated", "lead.status_changed"]);
    server.send("DELETE", &path, Some(&full), None).await;
    let gone = to_partner.wait_for(5).await[4].json();
    assert_eq!(gone["type"], "lead.deleted");
    assert_eq!(gone["data"]["id"], lead["id"]);
    assert_eq!(gone["data"].as_object().expect("an object").len(), 2, "its number and a time");
}

async fn others_leads_are_not_told(database: &Database, server: &Server) {
    let (north, south) = (database.partner("acme", "introducer", "N2"), database.partner("acme", "introducer", "S2"));
    let (_, key) = database.key("acme", Some(&north), &LEADS);
    let (_, other) = database.key("acme", Some(&south), &LEADS);
    let (_, full) = database.key("acme", None, &LEADS);
    let receiver = Receiver::start().await;
    subscribe(server, &key, receiver.hook(&EVENTS)).await;
    let foreign = server.lead(&other, "foreign").await;
    server.lead(&full, "house").await;
    update(server, &full, foreign, json!({"firstname": "changed"})).await;
    server.create(&key, json!({"email": "test@example.com", "test": true})).await;
    let own = server.lead(&key, "own").await;
    assert_eq!(receiver.wait_for(1).await[0].json()["data"]["id"], own);
    assert_eq!(receiver.after(A_WHILE).await.len(), 1);
}

async fn a_referral_begins_and_ends_what_a_buyer_is_told(database: &Database, server: &Server) {
    let (buyer, other) = (database.partner("acme", "partner", "B3"), database.partner("acme", "partner", "O3"));
    let (_, full) = database.key("acme", None, &LEADS);
    let (_, key) = database.key("acme", Some(&buyer), &["read_leads"]);
    let receiver = Receiver::start().await;
    subscribe(server, &key, receiver.hook(&EVENTS)).await;
    let lead = server.lead(&full, "sold").await;
    update(server, &full, lead, json!({"lastname": "before"})).await;
    let lead = lead.to_string();
    let refer = |to: &str| database.run(&["lead", "refer", "--account", "acme", &lead, "--partner", to]);
    refer(&buyer);
    let got = receiver.wait_for(1).await;
    assert_eq!(types(&got), ["lead.created"]);
    assert_eq!(got[0].json()["data"]["lastname"], "before");
    refer(&other);
    assert_eq!(types(&receiver.wait_for(2).await), ["lead.created", "lead.deleted"]);
    update(server, &full, lead.parse().expect("an id"), json!({"lastname": "after"})).await;
    assert_eq!(receiver.after(A_WHILE).await.len(), 2);
}

async fn filters_narrow_what_is_told(database: &Database, server: &Server) {
    let (_, full) = database.key("acme", None, &LEADS);
    let receiver = Receiver::start().await;
    let mut body = receiver.hook(&["lead.created"]);
    body["filter"] = json!({"status": "contacted"});
    subscribe(server, &full, body).await;
    server.create(&full, json!({"email": "no@example.com"})).await;
    let told = server.create(&full, json!({"email": "yes@example.com", "status": "Contacted"})).await.json();
    assert_eq!(receiver.wait_for(1).await[0].json()["data"]["id"], told["id"]);
    assert_eq!(receiver.after(A_WHILE).await.len(), 1);
}

async fn forms_have_flat_names_and_the_query_goes_along(database: &Database, server: &Server) {
    let (_, full) = database.key("acme", None, &LEADS);
    let receiver = Receiver::start().await;
    let target = receiver.url("/form?token=hush");
    let body = json!({"target_url": target, "events": ["lead.created"], "format": "form"});
    let (_, secret) = subscribe(server, &full, body).await;
    let lead = server.create(&full, json!({"firstname": "Ann", "email": "ann+1@example.com"})).await.json();
    let got = receiver.wait_for(1).await.remove(0);
    assert_eq!(got.path, "/form?token=hush");
    assert_eq!(got.header("content-type"), "application/x-www-form-urlencoded");
    assert!(got.signed_by(&secret));
    assert!(got.body.starts_with(&format!("id={}&title=&firstname=Ann&", lead["id"])), "{}", got.body);
    assert!(got.body.contains("&email=ann%2B1%40example.com&") && got.body.ends_with("&data50="), "{}", got.body);
    assert!(got.body.contains("&leadgroupname=General&"));
}

async fn two_signatures_while_a_secret_changes(database: &Database, server: &Server) {
    let (_, full) = database.key("acme", None, &LEADS);
    let receiver = Receiver::start().await;
    let (id, old) = subscribe(server, &full, receiver.hook(&["lead.created"])).await;
    let changed = server.send("POST", &format!("/api/v1/hooks/{id}/secret"), Some(&full), None).await.json();
    server.lead(&full, "signed").await;
    let got = receiver.wait_for(1).await.remove(0);
    assert!(got.signed_by(&old) && got.signed_by(changed["secret"].as_str().expect("a secret")));
    database.sql(&format!("UPDATE hook_subscriptions SET former_secret_until = 1 WHERE id = {id}"));
    server.lead(&full, "signed-again").await;
    let got = receiver.wait_for(2).await.remove(1);
    assert!(!got.signed_by(&old) && got.signed_by(changed["secret"].as_str().expect("a secret")));
}

/// Rights are those of the moment of the delivery, not of the subscription.
async fn reach_is_judged_when_it_is_told(database: &Database, server: &Server) {
    let north = database.partner("acme", "introducer", "N6");
    let (id, key) = database.key("acme", Some(&north), &LEADS);
    let receiver = Receiver::start().await;
    let (hook, _) = subscribe(server, &key, receiver.hook(&EVENTS)).await;
    database.run(&["partner", "deactivate", "--account", "acme", &north]);
    let (_, full) = database.key("acme", None, &LEADS);
    let body = json!({"email": "n6@example.com", "introducer_id": north.parse::<i64>().expect("an id")});
    server.create(&full, body).await;
    assert!(receiver.after(A_WHILE).await.is_empty(), "an inactive partner is told nothing");
    let state = "SELECT COUNT(*) FROM hook_deliveries WHERE outcome = 'dropped' AND reason = 'partner_inactive'";
    assert_eq!(database.number(&format!("{state} AND subscription_id = {hook}")), 1);
    database.run(&["partner", "activate", "--account", "acme", &north]);
    server.lead(&key, "again").await;
    assert_eq!(receiver.wait_for(1).await.len(), 1);
    let before = database.number(&format!("SELECT COUNT(*) FROM hook_deliveries WHERE subscription_id = {hook}"));
    database.run(&["key", "delete", "--account", "acme", &id]);
    let body = json!({"email": "n7@example.com", "introducer_id": north.parse::<i64>().expect("an id")});
    server.create(&full, body).await;
    let after = database.number(&format!("SELECT COUNT(*) FROM hook_deliveries WHERE subscription_id = {hook}"));
    assert_eq!(before, after, "nothing is queued for a key that is gone");
}

async fn an_erased_lead_leaves_no_delivery(database: &Database, server: &Server) {
    let (_, full) = database.key("acme", None, &LEADS);
    let receiver = Receiver::start().await;
    subscribe(server, &full, receiver.hook(&EVENTS)).await;
    let lead = server.lead(&full, "forgotten").await;
    receiver.wait_for(1).await;
    let kept = format!("SELECT COUNT(*) FROM hook_deliveries WHERE lead_id = {lead} AND body LIKE '%forgotten%'");
    for _ in 0..100 {
        if database.number(&kept) > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(database.number(&kept) > 0, "what was sent is kept");
    database.run(&["lead", "erase", "--account", "acme", &lead.to_string()]);
    assert_eq!(database.number(&kept), 0);
    assert_eq!(types(&receiver.wait_for(2).await), ["lead.created", "lead.deleted"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_to_whom() {
    for database in both() {
        database.account("acme");
        let server = database.serve_with(&[], &[ALLOWED]);
        a_delivery_is_the_lead_as_its_key_reads_it(&database, &server).await;
        others_leads_are_not_told(&database, &server).await;
        a_referral_begins_and_ends_what_a_buyer_is_told(&database, &server).await;
        filters_narrow_what_is_told(&database, &server).await;
        forms_have_flat_names_and_the_query_goes_along(&database, &server).await;
        two_signatures_while_a_secret_changes(&database, &server).await;
        reach_is_judged_when_it_is_told(&database, &server).await;
        an_erased_lead_leaves_no_delivery(&database, &server).await;
    }
}
