//! What a hostile partner tried: each that once got through, kept as a test.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::common::{Server, both};
use serde_json::{Value, json};

const ALL: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];

/// An account with a group that is linked to nobody, beside one that a partner may use.
fn account(database: &crate::common::Database) -> (String, String, String, String) {
    let acme = database.account("acme");
    let fields =
        ["--field", "data1=Word:text", "--field", "data2=Long:long_text", "--field", "data3=Pick:choice:choices=A|B"];
    let group = |name: &str| {
        let line = ["lead-group", "create", "--account", acme, "--name", name];
        database.id(&[&line[..], &fields].concat())
    };
    let (open, hidden) = (group("Open"), group("Hidden"));
    let line = ["partner", "create", "--account", acme, "--kind", "introducer", "--company", "North"];
    let north = database.id(&[&line[..], &["--link-lead-group", "Open"]].concat());
    let (_, key) = database.key(acme, Some(&north), &ALL);
    (open, hidden, north, key)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_stands_once() {
    for database in both() {
        let (open, _, _, key) = account(&database);
        let server = database.serve();
        let many = "&data1=a".repeat(2_000);
        let answer = server.get(&format!("/api/v1/leads?lead_group_id={open}{many}"), &key).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert!(answer.text.contains("repeated"), "{}", answer.text);
        let two = server.get("/api/v1/leads?status=New&status=Closed", &key).await;
        assert_eq!(two.status, 422, "{}", two.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_not_linked_is_one_that_does_not_exist() {
    for database in both() {
        let (_, hidden, _, key) = account(&database);
        let server = database.serve();
        let ask = async |group: &str| server.get(&format!("/api/v1/leads?lead_group_id={group}&data1=x"), &key).await;
        let (other, missing) = (ask(&hidden).await, ask("999999").await);
        assert_eq!((other.status.as_u16(), other.without_id()), (403, missing.without_id()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_filter_is_a_fault_of_ours_or_finds_what_it_does_not_name() {
    for database in both() {
        let (.., key) = account(&database);
        let server = database.serve();
        server.create(&key, json!({"email": "nophone@example.com"})).await;
        for query in ["status=%00", "reference=%00", "phone=%00", "phone=abc", "email=%00"] {
            let answer = server.get(&format!("/api/v1/leads?{query}"), &key).await;
            assert_eq!(answer.status, 422, "{query}: {}", answer.text);
        }
        let none = server.get("/api/v1/leads?phone=0000000", &key).await.json();
        assert_eq!(none["data"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn large_leads_end_a_page_sooner_and_none_is_too_large() {
    for database in both() {
        let (.., key) = account(&database);
        let server = database.serve();
        let text = "\u{1F600}".repeat(20_000);
        let made = server.create(&key, json!({"email": "a@example.com", "data": {"data2": text}})).await;
        assert_eq!(made.status, 201, "{}", made.text);
        for number in 0..60 {
            let body = json!({"email": format!("a{number}@example.com"), "data": {"data2": text}});
            assert_eq!(server.create(&key, body).await.status, 201);
        }
        let (mut seen, mut path) = (0, "/api/v1/leads?limit=200&sort=id".to_owned());
        loop {
            let page = server.get(&path, &key).await;
            assert!(page.text.len() < 5 << 20, "{} bytes", page.text.len());
            let page = page.json();
            seen += page["data"].as_array().expect("rows").len();
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/api/v1/leads?limit=200&sort=id&cursor={cursor}");
        }
        assert_eq!(seen, 61);
    }
}

/// A request whose body comes in two parts, with a pause between them in which something is done.
async fn in_two_parts(server: &Server, key: &str, meanwhile: impl AsyncFnOnce()) -> String {
    let address = server.base.trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).expect("a connection");
    let head = format!(
        "POST /api/v1/leads/search HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: 13\r\n\r\n{{\"lim"
    );
    stream.write_all(head.as_bytes()).expect("the first part");
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    meanwhile().await;
    stream.write_all(b"it\": 50}").expect("the rest");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_began_before_the_deletion_reads_nothing_after_it() {
    for database in both() {
        let (.., north, _) = account(&database);
        let (id, key) = database.key("acme", Some(&north), &ALL);
        let server = database.serve();
        server.create(&key, json!({"email": "before@example.com"})).await;
        let alive = in_two_parts(&server, &key, async || ()).await;
        assert!(alive.contains("before@example.com"), "{alive}");
        let answer = in_two_parts(&server, &key, async || {
            database.run(&["key", "delete", "--account", "acme", &id]);
        });
        let answer = answer.await;
        assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("deleted_key"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_without_read_leads_says_what_was_sent() {
    for database in both() {
        let (.., north, key) = account(&database);
        let (_, blind) = database.key("acme", Some(&north), &["create_leads"]);
        let server = database.serve();
        let send = async || {
            let request = server.client.post(format!("{}/api/v1/leads", server.base)).bearer_auth(&blind);
            let body = json!({"firstname": "Ann", "email": "ann@example.com"});
            let answer = request.header("Idempotency-Key", "once").json(&body).send().await.expect("an answer");
            assert_eq!(answer.status(), 201);
            serde_json::from_str::<Value>(&answer.text().await.expect("a body")).expect("JSON")
        };
        let first = send().await;
        let change = json!({"firstname": "Bea", "data": {"data1": "later"}});
        let path = format!("/api/v1/leads/{}", first["id"]);
        assert_eq!(server.send("PATCH", &path, Some(&key), Some(change)).await.status, 200);
        assert_eq!(send().await, first, "nothing of what became of it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn marketing_texts_of_a_partner_wait_for_a_user() {
    for database in both() {
        let (.., key) = account(&database);
        let (_, full) = database.key("acme", None, &ALL);
        let server = database.serve();
        let made = server.create(&key, json!({"email": "a@example.com", "source": "theirs"})).await.json();
        let path = format!("/api/v1/leads/{}", made["id"]);
        let list = async || server.get("/api/v1/marketing/sources", &full).await.json()["data"].clone();
        server.send("PATCH", &path, Some(&full), Some(json!({"title": "Mr"}))).await;
        assert_eq!(list().await, json!([]));
        server.send("PATCH", &path, Some(&full), Some(json!({"source": "ours"}))).await;
        assert_eq!(list().await, json!([{"name": "ours"}]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_s_labels_and_choices_are_told_to_those_who_may_use_it() {
    for database in both() {
        let (open, hidden, north, key) = account(&database);
        let (_, full) = database.key("acme", None, &ALL);
        let server = database.serve();
        let group: i64 = hidden.parse().expect("an id");
        let made = json!({"email": "a@example.com", "lead_group_id": group, "introducer_id": north.parse::<i64>().expect("an id")});
        let id = server.create(&full, made).await.json()["id"].clone();
        let wrong = json!({"data": {"data3": "zzz"}});
        let told = server.send("PATCH", &format!("/api/v1/leads/{id}"), Some(&key), Some(wrong.clone())).await;
        assert_eq!(told.status, 422);
        assert!(!told.text.contains("A, B") && !told.text.contains("Pick"), "{}", told.text);
        let own = json!({"email": "a@example.com", "lead_group_id": open.parse::<i64>().expect("an id"), "data": {"data3": "zzz"}});
        assert!(server.create(&key, own).await.text.contains("A, B"), "in a linked group it is");
    }
}
