//! A create that is sent again makes nothing twice, and shows nobody what it may not see.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use crate::common::hooks::until;
use crate::common::{Database, Server, both};
use leadlatch_testkit::postgres;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

const ALL: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];

struct Sent {
    status: u16,
    replayed: bool,
    location: Option<String>,
    body: Value,
}

impl Sent {
    fn id(&self) -> i64 {
        assert_eq!(self.status, 201, "{}", self.body);
        self.body["id"].as_i64().expect("an id")
    }

    fn refusal(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }
}

fn request(server: &Server, key: &str, text: &str, body: &Value) -> RequestBuilder {
    let request = server.client.post(format!("{}/api/v1/leads", server.base)).bearer_auth(key);
    request.header("Idempotency-Key", text).json(body)
}

async fn send(request: RequestBuilder) -> Sent {
    let answer = request.send().await.expect("an answer");
    let header = |name| answer.headers().get(name).map(|value| value.to_str().expect("a text").to_owned());
    let (replayed, location) = (header("idempotent-replayed").as_deref() == Some("true"), header("location"));
    Sent { status: answer.status().as_u16(), replayed, location, body: answer.json().await.expect("JSON") }
}

async fn create(server: &Server, key: &str, text: &str, body: &Value) -> Sent {
    send(request(server, key, text, body)).await
}

fn leads(database: &Database) -> i64 {
    database.number("SELECT COUNT(*) FROM leads")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_leads_to_the_same_lead_for_the_same_key_alone() {
    for database in both() {
        let (acme, other) = (database.account("acme"), database.account("other"));
        let partners = ["North", "South"].map(|company| database.partner(acme, "introducer", company));
        let keys = [None, None, Some(&partners[0]), Some(&partners[0]), Some(&partners[1])];
        let mut keys = keys.map(|partner| database.key(acme, partner.map(String::as_str), &ALL).1).to_vec();
        keys.push(database.key(other, None, &ALL).1);
        let server = database.serve();
        let body = json!({"email": "a@example.com"});
        let mut ids = Vec::new();
        for key in &keys {
            let first = create(&server, key, "order-1", &body).await;
            let second = create(&server, key, "order-1", &body).await;
            assert!(!first.replayed && second.replayed);
            assert_eq!((first.id(), &first.location, &first.body), (second.id(), &second.location, &second.body));
            let changed = create(&server, key, "order-1", &json!({"email": "b@example.com"})).await;
            assert_eq!(changed.refusal(), (422, "idempotency_key_reused"));
            ids.push(first.id());
        }
        ids.dedup();
        assert_eq!((ids.len(), leads(&database)), (keys.len(), keys.len() as i64), "no two keys share a text");
        let stored = database.number("SELECT COUNT(*) FROM idempotency_keys WHERE LENGTH(body_digest) = 32");
        assert_eq!(stored, keys.len() as i64);

        let refused = create(&server, &keys[0], "order-2", &json!({"email": "nobody"})).await;
        assert_eq!(refused.status, 422);
        assert!(!create(&server, &keys[0], "order-2", &body).await.replayed, "a refusal leaves nothing behind");
        for bad in ["", "two words", &"x".repeat(256)] {
            assert_eq!(create(&server, &keys[0], bad, &body).await.refusal(), (400, "bad_request"), "{bad:?}");
        }
        let twice = request(&server, &keys[0], "a", &body).header("Idempotency-Key", "b");
        assert_eq!(send(twice).await.refusal(), (400, "bad_request"));
        let searched = server.client.post(format!("{}/api/v1/leads/search", server.base)).bearer_auth(&keys[0]);
        let searched =
            searched.header("Idempotency-Key", "two words").json(&json!({})).send().await.expect("an answer");
        assert_eq!(searched.status(), StatusCode::OK, "on a search it is ignored");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_authorised_read_and_reduced_anew() {
    for database in both() {
        let acme = database.account("acme");
        let north = database.partner(acme, "introducer", "North");
        let (_, full) = database.key(acme, None, &ALL);
        let (_, blind) = database.key(acme, None, &["create_leads"]);
        let (_, reader) = database.key(acme, Some(&north), &["create_leads", "read_leads"]);
        let (writer_id, writer) = database.key(acme, Some(&north), &["create_leads"]);
        let server = database.serve();
        let body = json!({"email": "a@example.com", "reference": "r"});
        let whole = json!({"email": "a@example.com", "data": {"data1": "x"}, "cost": "1.50", "reference": "r"});
        let (blind_made, made) =
            (create(&server, &blind, "t", &whole).await, create(&server, &writer, "t", &body).await);
        let read = create(&server, &reader, "t", &body).await;
        for id in [blind_made.id(), made.id(), read.id()] {
            let change = json!({"status": "Contacted", "reference": null, "data": {"data1": "y"}, "cost": "3.00"});
            let changed = server.send("PATCH", &format!("/api/v1/leads/{id}"), Some(&full), Some(change)).await;
            assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
        }
        for (key, body, first) in [(&blind, &whole, &blind_made), (&writer, &body, &made)] {
            let again = create(&server, key, "t", body).await;
            assert!(again.replayed);
            assert_eq!(again.body, first.body, "a key that does not read leads learns nothing of what became of it");
        }
        let again = create(&server, &reader, "t", &body).await;
        assert_eq!((&again.body["status"], &again.body["reference"]), (&json!("Contacted"), &Value::Null));
        assert!(again.body.get("cost").is_none(), "{}", again.body);

        database.run(&["lead", "delete", "--account", acme, &made.id().to_string(), &blind_made.id().to_string()]);
        assert_eq!(create(&server, &writer, "t", &body).await.refusal(), (403, "out_of_reach"));
        assert_eq!(create(&server, &blind, "t", &whole).await.refusal(), (404, "not_found"));
        let before = leads(&database);
        database.run(&["lead", "erase", "--account", acme, &made.id().to_string(), &blind_made.id().to_string()]);
        assert_eq!(create(&server, &writer, "t", &body).await.refusal(), (403, "out_of_reach"));
        let other = create(&server, &blind, "t", &json!({"email": "b@example.com"})).await;
        assert_eq!(other.refusal(), (404, "not_found"), "nothing is left of the erased body to compare with");
        assert_eq!(leads(&database), before - 2, "a late retry does not bring an erased person back");
        assert_eq!(database.number("SELECT COUNT(*) FROM idempotency_keys WHERE LENGTH(body_digest) = 0"), 2);
        database.run(&["key", "delete", "--account", acme, &writer_id]);
        assert_eq!(create(&server, &writer, "t", &body).await.refusal(), (401, "deleted_key"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_the_same_request_makes_one_lead() {
    for database in both() {
        let acme = database.account("acme");
        let (_, key) = database.key(acme, None, &ALL);
        let server = Arc::new(database.serve());
        let body = json!({"email": "a@example.com"});
        let callers: Vec<_> = (0..24)
            .map(|_| {
                let (server, key, body) = (Arc::clone(&server), key.clone(), body.clone());
                tokio::spawn(async move { create(&server, &key, "same", &body).await })
            })
            .collect();
        let (mut made, mut ids) = (0, Vec::new());
        for caller in callers {
            let sent = caller.await.expect("a caller");
            if sent.status == 409 {
                assert_eq!(sent.refusal().1, "idempotency_in_progress");
            } else {
                ids.push(sent.id());
                made += i32::from(!sent.replayed);
            }
        }
        ids.dedup();
        assert_eq!((made, ids.len(), leads(&database)), (1, 1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_still_runs_is_said_to_run() {
    let [_, database] = both();
    let acme = database.account("acme");
    let (_, key) = database.key(acme, None, &ALL);
    let server = Arc::new(database.serve());
    // Until its input ends.
    let mut holder = Command::new(postgres::server().bin().join("psql"))
        .args(["-q", &database.url])
        .stdin(Stdio::piped())
        .spawn()
        .expect("psql runs");
    let mut input = holder.stdin.take().expect("an input");
    input.write_all(b"BEGIN; LOCK TABLE leads IN EXCLUSIVE MODE;\n").expect("psql reads");
    let locks = |granted: &str| {
        format!(
            "SELECT COUNT(*) FROM pg_locks WHERE relation = 'leads'::regclass AND {granted} \
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND mode <> 'AccessShareLock'"
        )
    };
    until(&database, &locks("granted"), 1).await;
    let body = json!({"email": "a@example.com"});
    let first = {
        let (server, key, body) = (Arc::clone(&server), key.clone(), body.clone());
        tokio::spawn(async move { create(&server, &key, "slow", &body).await })
    };
    until(&database, &locks("NOT granted"), 1).await;
    assert_eq!(create(&server, &key, "slow", &body).await.refusal(), (409, "idempotency_in_progress"));
    drop(input);
    let first = first.await.expect("a caller");
    assert_eq!(create(&server, &key, "slow", &body).await.id(), first.id());
    holder.wait().expect("psql ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_a_retry_is_forgotten() {
    for database in both() {
        let acme = database.account("acme");
        let (_, key) = database.key(acme, None, &ALL);
        let server = database.serve();
        let body = json!({"email": "a@example.com"});
        let first = create(&server, &key, "t", &body).await.id();
        assert_eq!(create(&server, &key, "kept", &body).await.status, 201);
        let age = "UPDATE idempotency_keys SET created_at = created_at - 86400000001 WHERE lead_id = (SELECT MIN(lead_id) \
                   FROM idempotency_keys) RETURNING 1";
        assert_eq!(database.number(age), 1);
        let second = create(&server, &key, "t", &json!({"email": "b@example.com"})).await;
        assert!(!second.replayed && second.id() != first);
        let age = "UPDATE idempotency_keys SET created_at = created_at - 86400000001 WHERE lead_id = (SELECT MAX(lead_id) \
                   FROM idempotency_keys) RETURNING 1";
        assert_eq!(database.number(age), 1);
        drop(server);
        let server = database.serve();
        let left = || database.number("SELECT COUNT(*) FROM idempotency_keys");
        for _ in 0..50 {
            if left() == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(left(), 1, "the server forgets by itself");
        assert!(create(&server, &key, "kept", &body).await.replayed, "and only what is over its time");
    }
}
