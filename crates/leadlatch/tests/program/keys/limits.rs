//! The limits of a key: where it is used from, how often, and how long it may lie idle.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::common::{Database, Server, both};
use crate::keys::{age, events, show};
use serde_json::{Value, json};

const WHOAMI: &str = "/api/v1/whoami";

/// An answer with its headers.
struct Headed {
    status: u16,
    code: String,
    body: Value,
    headers: reqwest::header::HeaderMap,
}

impl Headed {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a text"))
    }
}

/// Asks from an address of this machine.
async fn ask_from(server: &Server, from: &str, key: &str, path: &str) -> Headed {
    let from: IpAddr = from.parse().expect("an address");
    let client = reqwest::Client::builder().local_address(from).build().expect("a client");
    let answer = client.get(format!("{}{path}", server.base)).bearer_auth(key).send().await.expect("an answer");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body: Value = answer.json().await.expect("JSON");
    Headed { status, code: body["code"].as_str().unwrap_or_default().to_owned(), body, headers }
}

async fn ask(server: &Server, key: &str) -> Headed {
    ask_from(server, "127.0.0.1", key, WHOAMI).await
}

fn set(database: &Database, account: &str, id: &str, changes: &[&str]) -> Value {
    database.run(&[&["key", "set", "--account", account, id][..], changes].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_let_in_from_its_ranges_alone() {
    for database in both() {
        let acme = database.account("acme");
        let (id, key) = database.key(acme, None, &["read_leads"]);
        let server = database.serve();
        let from = async |address: &str| {
            let answer = ask_from(&server, address, &key, WHOAMI).await;
            (answer.status, answer.code)
        };
        let refused = || (403, "address_not_allowed".to_owned());
        let open = || (200, String::new());
        assert_eq!((from("127.0.0.1").await, from("127.0.0.9").await), (open(), open()));
        set(&database, acme, &id, &["--ip", "127.0.0.8/30", "--ip", "2001:db8::/32"]);
        assert_eq!((from("127.0.0.1").await, from("127.0.0.9").await), (refused(), open()));
        assert_eq!(
            (from("127.0.0.7").await, from("127.0.0.11").await, from("127.0.0.12").await),
            (refused(), open(), refused())
        );

        let answer = ask(&server, &key).await;
        assert_eq!(answer.body["denied_by"], "ip");
        assert_eq!(answer.body.get("granted_scopes"), None, "{}", answer.body);
        assert!(!answer.body.to_string().contains("127.0.0"), "nothing is said about the ranges: {}", answer.body);
        let users = ask_from(&server, "127.0.0.1", &key, "/api/v1/leads?nonsense=1").await;
        assert_eq!(users.code, "address_not_allowed", "the address is judged before the rest of the request");

        set(&database, acme, &id, &["--ip", "::ffff:127.0.0.1"]);
        assert_eq!((from("127.0.0.1").await, from("127.0.0.9").await), (open(), refused()));
        let shown = show(&database, acme, &id);
        assert_eq!(shown["address_ranges"], json!(["127.0.0.1"]), "what was given takes the place of what was there");
        set(&database, acme, &id, &["--no-ip"]);
        assert_eq!((from("127.0.0.1").await, from("127.0.0.9").await), (open(), open()));

        for wrong in ["localhost", "10.0.0.0/33"] {
            let line = ["key", "set", "--account", acme, &id, "--ip", wrong];
            assert!(database.try_run(&line).expect_err("no range").contains(wrong));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_is_under_way_is_checked_by_the_address_again() {
    for database in both() {
        let acme = database.account("acme");
        let (id, key) = database.key(acme, None, &["create_leads", "read_leads"]);
        let (_, other) = database.key(acme, None, &["read_leads"]);
        let server = Arc::new(database.serve());
        let callers: Vec<_> = (0..16)
            .map(|_| {
                let (server, key) = (Arc::clone(&server), key.clone());
                tokio::spawn(async move {
                    while server.create(&key, json!({"email": "x@example.com"})).await.status == 201 {}
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(700)).await;
        set(&database, acme, &id, &["--ip", "192.0.2.1"]);
        let total = async || server.get("/api/v1/leads?total=true&limit=1", &other).await.json()["total"].clone();
        let at_change = total().await;
        for caller in callers {
            caller.await.expect("every caller is refused in the end");
        }
        assert_eq!(total().await, at_change, "nothing is committed after the change was answered");
        assert!(at_change.as_i64() > Some(20), "{at_change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_per_minute_are_exact_and_said_in_headers() {
    for database in both() {
        let acme = database.account("acme");
        let (id, key) = database.key(acme, None, &["read_leads"]);
        let server = Arc::new(database.serve());
        assert_eq!(ask(&server, &key).await.header("ratelimit"), None, "a key without a limit is told of none");
        set(&database, acme, &id, &["--rate", "40", "--ip", "127.0.0.1"]);

        let refused = ask_from(&server, "127.0.0.2", &key, WHOAMI).await;
        assert_eq!((refused.status, refused.header("ratelimit")), (403, None), "it uses nothing up");
        let first = ask_from(&server, "127.0.0.1", &key, "/api/v1/leads/1").await;
        assert_eq!((first.status, first.header("ratelimit-policy")), (404, Some("\"minute\";q=40;w=60")));
        assert_eq!(first.header("ratelimit"), Some("\"minute\";r=39;t=60"));
        let denied = server.send("POST", "/api/v1/leads", Some(&key), Some(json!({}))).await;
        assert_eq!(denied.status, 403, "what the scope refuses counts too");

        let callers: Vec<_> = (0..100)
            .map(|_| {
                let (server, key) = (Arc::clone(&server), key.clone());
                tokio::spawn(async move { server.get(WHOAMI, &key).await.status.as_u16() })
            })
            .collect();
        let (mut accepted, mut over) = (0, 0);
        for caller in callers {
            match caller.await.expect("a caller") {
                200 => accepted += 1,
                429 => over += 1,
                other => panic!("{other}"),
            }
        }
        assert_eq!((accepted, over), (38, 62), "to the request");

        let answer = ask(&server, &key).await;
        assert_eq!((answer.status, answer.code.as_str()), (429, "rate_limited"));
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let wait: u64 = answer.header("retry-after").and_then(|wait| wait.parse().ok()).expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(answer.header("ratelimit"), Some(format!("\"minute\";r=0;t={wait}").as_str()));
        let refused = server.get("/api/v1/users?key=x", &key).await;
        assert_eq!(refused.code(), "rate_limited", "the rate is judged before scope and kind");

        let rotated = database.run(&["key", "rotate", "--account", acme, &id]);
        let successor = rotated["secret"].as_str().expect("a secret");
        assert_eq!(ask(&server, successor).await.status, 429, "a successor goes on in the window of the old key");
        set(&database, acme, &id, &["--rate", "41"]);
        assert_eq!((ask(&server, &key).await.status, ask(&server, &key).await.status), (200, 429));
        set(&database, acme, &id, &["--no-rate"]);
        let free = ask(&server, &key).await;
        assert_eq!((free.status, free.header("ratelimit")), (200, None));
        for wrong in ["0", "1000001"] {
            assert!(database.try_run(&["key", "set", "--account", acme, &id, "--rate", wrong]).is_err(), "{wrong}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_key_is_refused_until_it_is_enabled() {
    for database in both() {
        let acme = database.account("acme");
        let line = ["key", "create", "--account", acme, "--kind", "full", "--name", "quiet", "--scope", "voice"];
        let made = database.run(&[&line[..], &["--idle-days", "30", "--ip", "127.0.0.1"]].concat());
        let (id, key) = (made["id"].to_string(), made["secret"].as_str().expect("a secret").to_owned());
        let server = database.serve();
        let counted = async || tokio::time::sleep(Duration::from_millis(1600)).await;
        let code = async || ask(&server, &key).await.code;
        assert_eq!(code().await, "");
        counted().await;

        age(&database, &id, 29);
        assert_eq!(show(&database, acme, &id)["warnings"][0]["code"], "idle_soon");
        assert_eq!(ask_from(&server, "127.0.0.2", &key, WHOAMI).await.status, 403);
        counted().await;
        age(&database, &id, 2);
        assert_eq!(code().await, "idle_key", "a request that was refused is no use");
        counted().await;
        assert_eq!((code().await.as_str(), &show(&database, acme, &id)["state"]), ("idle_key", &json!("idle")));

        let idle = database.run(&["key", "list", "--account", acme, "--state", "idle"]);
        assert_eq!(idle[0]["id"], made["id"]);
        database.run(&["key", "enable", "--account", acme, &id]);
        assert_eq!(code().await, "");
        assert_eq!(events(&database, acme, "key.enabled").len(), 1);
        assert!(database.try_run(&["key", "enable", "--account", acme, &id]).is_err(), "it is not idle any more");

        counted().await;
        age(&database, &id, 31);
        assert_eq!(code().await, "idle_key");
        set(&database, acme, &id, &["--no-idle-days"]);
        assert_eq!(code().await, "");
        let (never, unused) = database.key(acme, None, &["voice"]);
        age(&database, &never, 4000);
        assert_eq!(ask(&server, &unused).await.status, 200, "no key is idle by default");
    }
}

#[test]
fn the_document_says_of_every_operation_that_a_key_may_be_limited() {
    let document = serde_json::to_value(leadlatch_api::openapi()).expect("a document");
    let mut seen = 0;
    for item in document["paths"].as_object().expect("paths").values() {
        for operation in item.as_object().expect("an item").values() {
            let answers = operation["responses"].as_object().expect("answers");
            assert!(answers["429"]["headers"]["Retry-After"].is_object(), "{operation}");
            for (status, answer) in answers {
                let limited =
                    answer["headers"]["RateLimit"].is_object() && answer["headers"]["RateLimit-Policy"].is_object();
                assert_eq!(limited, status != "401", "{status} of {operation}");
            }
            seen += 1;
        }
    }
    assert!(seen >= 24, "{seen}");
}
