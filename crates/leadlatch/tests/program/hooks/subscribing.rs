//! Subscribing: by which keys, to what, where to, and how a subscription ends.

use crate::common::receiver::ALLOWED;
use crate::common::{Answer, Database, Server, both};
use serde_json::{Value, json};

const HOOKS: &str = "/api/v1/hooks";

async fn subscribe(server: &Server, key: &str, body: Value) -> Answer {
    server.send("POST", HOOKS, Some(key), Some(body)).await
}

fn lead_created(url: &str) -> Value {
    json!({"target_url": url, "events": ["lead.created"]})
}

/// The code of the one fault of a field.
fn fault(answer: &Answer, field: &str) -> String {
    let errors = answer.json()["errors"].as_array().cloned().unwrap_or_default();
    let of = errors.iter().find(|error| error["field"] == field);
    of.unwrap_or_else(|| panic!("{field}: {}", answer.text))["code"].as_str().expect("a code").to_owned()
}

async fn each_event_needs_the_scope_of_its_data(database: &Database, server: &Server) {
    let north = database.partner("acme", "introducer", "North");
    let (_, reader) = database.key("acme", None, &["read_leads"]);
    let (_, writer) = database.key("acme", None, &["create_leads", "appointments"]);
    let (_, partner) = database.key("acme", Some(&north), &["read_leads"]);
    let (_, blind) = database.key("acme", Some(&north), &["create_leads"]);
    let ask = async |key: &str, event: &str| {
        subscribe(server, key, json!({"target_url": "http://127.0.0.1:9/", "events": [event]})).await
    };
    for event in ["lead.created", "lead.updated", "lead.status_changed", "lead.deleted"] {
        assert_eq!(ask(&reader, event).await.status, 201, "{event}");
        assert_eq!(ask(&partner, event).await.status, 201, "{event}");
        for key in [&writer, &blind] {
            let refused = ask(key, event).await;
            assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "insufficient_scope"));
            assert_eq!(refused.json()["required_scopes"], json!(["read_leads"]));
        }
    }
    // What there is no data of: by scope first, then said plainly.
    assert_eq!(ask(&reader, "appointment.booked").await.code(), "insufficient_scope");
    assert_eq!(fault(&ask(&writer, "appointment.booked").await, "events"), "not_available");
    assert_eq!(ask(&partner, "activity.created").await.code(), "not_for_partner_keys");
    assert_eq!(fault(&ask(&reader, "lead.made").await, "events"), "bad_choice");
}

async fn filters_obey_the_rule_of_lists(database: &Database, server: &Server) {
    let [north, south] = ["North B", "South B"].map(|name| database.partner("acme", "introducer", name));
    let line = ["lead-group", "create", "--account", "acme", "--name", "Secret"];
    let group = database.run(&[&line[..], &["--field", "data1=Rate:text:partner=w"]].concat())["id"].clone();
    database.run(&["partner", "link", "--account", "acme", &north, "--link-lead-group", "Secret"]);
    let (_, full) = database.key("acme", None, &["read_leads"]);
    let (_, key) = database.key("acme", Some(&north), &["read_leads"]);
    let ask = async |key: &str, filter: Value| {
        let mut body = lead_created("http://127.0.0.1:9/");
        body["filter"] = filter;
        subscribe(server, key, body).await
    };
    assert_eq!(
        ask(&key, json!({"status": "New", "introducer_id": north.parse::<i64>().expect("an id")})).await.status,
        201
    );
    for denied in [json!({"source": "x"}), json!({"cost": 1}), json!({"lead_group_id": group, "data1": "x"})] {
        let refused = ask(&key, denied.clone()).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "field_not_permitted"), "{denied}");
        assert_eq!(refused.json()["denied_by"], "field");
    }
    let foreign = ask(&key, json!({"introducer_id": south.parse::<i64>().expect("an id")})).await;
    assert_eq!((foreign.status.as_u16(), foreign.code().as_str()), (403, "out_of_reach"));
    assert_eq!(ask(&full, json!({"lead_group_id": group, "data1": "x"})).await.status, 201);
    for (wrong, field) in [
        (json!({"status_id": "x"}), "filter.status_id"),
        (json!({"colour": "x"}), "filter.colour"),
        (json!({"test": "true"}), "filter.test"),
        (json!({"sort": "id"}), "filter.sort"),
    ] {
        assert!(!fault(&ask(&full, wrong).await, field).is_empty());
    }
}

async fn targets_are_public_or_allowed(database: &Database, server: &Server) {
    let (_, key) = database.key("acme", None, &["read_leads"]);
    for url in [
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://169.254.169.254/latest/",
        "https://167772161/",
        "https://0x0a000001/",
        "https://192.168.1.1:8443/x",
        "https://[fe80::1]/",
        "https://0.0.0.0/",
    ] {
        assert_eq!(
            fault(&subscribe(server, &key, lead_created(url)).await, "target_url"),
            "address_not_allowed",
            "{url}"
        );
    }
    let cases = [
        ("http://1.1.1.1/", "not_encrypted"),
        ("https://a:b@1.1.1.1/", "bad_url"),
        ("ftp://1.1.1.1/", "bad_url"),
        ("nonsense", "bad_url"),
        ("https://nowhere.invalid/", "no_address"),
    ];
    for (url, code) in cases {
        assert_eq!(fault(&subscribe(server, &key, lead_created(url)).await, "target_url"), code, "{url}");
    }
    // A query may hold a secret: it is in no answer, and not readable in the database.
    let made = subscribe(server, &key, lead_created("http://127.0.0.1:9/in?token=hush")).await;
    assert_eq!(made.json()["target_url"], "http://127.0.0.1:9/in?***");
    assert!(!server.get(HOOKS, &key).await.text.contains("hush"));
}

/// Without a range of the operator's, a name that leads to loopback is refused too.
async fn nothing_is_allowed_by_default(database: &Database) {
    let server = database.serve();
    let (_, key) = database.key("acme", None, &["read_leads"]);
    for url in ["https://localhost/", "https://LocalHost:8443/", "https://127.0.0.1/", "http://2130706433/"] {
        assert_eq!(
            fault(&subscribe(&server, &key, lead_created(url)).await, "target_url"),
            "address_not_allowed",
            "{url}"
        );
    }
    // Some machines do not know it with a dot.
    let dotted = subscribe(&server, &key, lead_created("https://localhost./")).await;
    assert!(["address_not_allowed", "no_address"].contains(&fault(&dotted, "target_url").as_str()));
}

async fn the_secret_is_shown_once(database: &Database, server: &Server) {
    let (_, key) = database.key("acme", None, &["read_leads"]);
    let made = subscribe(server, &key, lead_created("http://127.0.0.1:9/")).await.json();
    let (id, secret) = (made["id"].to_string(), made["secret"].as_str().expect("a secret").to_owned());
    assert!(secret.starts_with("whsec_"));
    let path = format!("{HOOKS}/{id}");
    assert!(server.get(&path, &key).await.json().get("secret").is_none());
    let changed = server.send("POST", &format!("{path}/secret"), Some(&key), None).await.json();
    assert!(changed["secret"].as_str().is_some_and(|new| new.starts_with("whsec_") && new != secret));
    assert!(!server.get(HOOKS, &key).await.text.contains("whsec_"));
    let log = database.run(&["audit", "export", "--account", "acme"]).to_string();
    assert!(log.contains("hook.created") && !log.contains("whsec_") && !log.contains("hush"));
}

async fn a_retry_makes_nothing_twice(database: &Database, server: &Server) {
    let (_, key) = database.key("acme", None, &["read_leads"]);
    let send = async |body: &Value| {
        let request = server.client.post(format!("{}{HOOKS}", server.base)).bearer_auth(&key);
        let answer = request.header("idempotency-key", "one").json(body).send().await.expect("an answer");
        let replayed = answer.headers().get("idempotent-replayed").is_some();
        (answer.status().as_u16(), replayed, answer.text().await.expect("a body"))
    };
    let body = lead_created("http://127.0.0.1:9/");
    let (first, again) = (send(&body).await, send(&body).await);
    assert_eq!((first.0, first.1, again.0, again.1), (201, false, 201, true));
    let [first, again] = [first.2, again.2].map(|text| serde_json::from_str::<Value>(&text).expect("JSON"));
    assert_eq!(first["id"], again["id"]);
    assert!(first["secret"].is_string() && again.get("secret").is_none());
    assert_eq!(send(&lead_created("http://127.0.0.1:9/other")).await.0, 422);
    assert_eq!(server.get(HOOKS, &key).await.json()["data"].as_array().expect("rows").len(), 1);
}

async fn a_key_has_twenty_and_sees_its_own(database: &Database, server: &Server) {
    let (id, key) = database.key("acme", None, &["read_leads"]);
    let (_, other) = database.key("acme", None, &["read_leads"]);
    let mut made = Vec::new();
    for _ in 0..20 {
        made.push(subscribe(server, &key, lead_created("http://127.0.0.1:9/")).await.json()["id"].to_string());
    }
    assert_eq!(subscribe(server, &key, lead_created("http://127.0.0.1:9/")).await.code(), "conflict");
    let one = format!("{HOOKS}/{}", made[0]);
    for method in ["GET", "DELETE"] {
        assert_eq!(server.send(method, &one, Some(&other), None).await.status, 404);
    }
    assert_eq!(server.send("DELETE", &one, Some(&key), None).await.status, 204);
    assert_eq!(server.get(&one, &key).await.status, 404);
    assert_eq!(subscribe(server, &key, lead_created("http://127.0.0.1:9/")).await.status, 201);
    let left = "SELECT COUNT(*) FROM hook_subscriptions WHERE ended_at IS NULL AND key_id =";
    assert_eq!(database.number(&format!("{left} {id}")), 20);
    database.run(&["key", "delete", "--account", "acme", &id]);
    assert_eq!(database.number(&format!("{left} {id}")), 0, "they end with their key");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_subscribes_to_what() {
    for database in both() {
        database.account("acme");
        let server = database.serve_with(&[], &[ALLOWED]);
        each_event_needs_the_scope_of_its_data(&database, &server).await;
        filters_obey_the_rule_of_lists(&database, &server).await;
        targets_are_public_or_allowed(&database, &server).await;
        the_secret_is_shown_once(&database, &server).await;
        a_retry_makes_nothing_twice(&database, &server).await;
        a_key_has_twenty_and_sees_its_own(&database, &server).await;
        drop(server);
        nothing_is_allowed_by_default(&database).await;
    }
}
