//! What never stands in the log, at its most talkative, whatever goes wrong.

use crate::common::{Database, Server, postgresql, sqlite};
use leadlatch_domain::audit::Hash;
use leadlatch_domain::key_secret::KeyDigest;
use reqwest::Method;
use serde_json::json;

const SCOPES: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];
/// What a lead of the test holds.
const VALUES: [&str; 7] =
    ["Quillonby", "quillonby@private.example", "07700 900461", "7700900461", "Larkspur", "ref-8823", "mauve"];

fn lead() -> serde_json::Value {
    json!({"firstname": "Quillonby", "email": "quillonby@private.example", "phone1": "07700 900461",
        "address": "Larkspur", "reference": "ref-8823", "data": {"data1": "mauve"}})
}

/// Reads and writes that are done, and requests that are refused.
async fn use_it(server: &Server, key: &str) -> i64 {
    let made = server.create(key, lead()).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.json()["id"].as_i64().expect("an id");
    let one = format!("/api/v1/leads/{id}");
    let found = "/api/v1/leads?email=quillonby@private.example&phone=07700900461&reference=ref-8823&total=true";
    for (path, status) in [(one.as_str(), 200), (found, 200), ("/api/v1/leads?Quillonby=mauve", 422)] {
        assert_eq!(server.get(path, key).await.status, status, "{path}");
    }
    let changed = server.send("PATCH", &one, Some(key), Some(json!({"lastname": "Larkspur"}))).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let refused = server.send("PATCH", &one, Some(key), Some(json!({"email": "Quillonby"}))).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert_eq!(server.get(&format!("/api/v1/Quillonby/{key}"), key).await.status, 401);
    assert_eq!(server.get(&format!("/api/v1/leads?key={key}"), key).await.code(), "key_in_url");
    id
}

/// Keys in every place where a caller may put one.
async fn present(server: &Server, key: &str) {
    let url = format!("{}/api/v1/leads", server.base);
    let request = |name: &'static str, value: String| server.client.request(Method::POST, &url).header(name, value);
    let body = format!("{{\"firstname\": \"Quillonby\", \"note\": \"{key}");
    let json = |request: reqwest::RequestBuilder| request.header("content-type", "application/json").body(body.clone());
    for (sent, status) in [
        (json(request("x-api-key", key.to_owned())), 400),
        (json(request("authorization", format!("Basic {key}"))), 401),
        (json(request("cookie", format!("key={key}"))), 401),
        (request("x-api-key", key.to_owned()).body(body.clone()), 415),
        (request("x-api-key", format!("{key}x")), 401),
    ] {
        assert_eq!(sent.send().await.expect("an answer").status(), status);
    }
}

/// Faults of ours: a stored value that cannot be read, and a row that the database refuses.
async fn fail(database: &Database, server: &Server, key: &str, id: i64) {
    database.sql(&format!("UPDATE leads SET data = '\"mauve\"' WHERE id = {id}"));
    assert_eq!(server.get(&format!("/api/v1/leads/{id}"), key).await.code(), "internal");
    database.sql("ALTER TABLE leads ADD COLUMN narrow BIGINT CHECK (length(title) < 5)");
    let mut body = lead();
    body["title"] = json!("Quillonby");
    let failed = server.create(key, body).await;
    assert_eq!(failed.code(), "internal", "{}", failed.text);
    let request_id = failed.json()["request_id"].as_str().expect("an id").to_owned();
    assert!(server.logs(&request_id).await, "the log names the request that failed");
}

fn assert_nothing_of(log: &str, secret: &str) {
    let random = secret.rsplit('_').next().expect("a random part");
    for from in 0..random.len() - 8 {
        assert!(!log.contains(&random[from..from + 8]), "a part of a key: {log}");
    }
    let digest = KeyDigest::of_presented(secret).expect("a key");
    let hex = Hash::from_slice(digest.as_bytes()).expect("32 bytes").to_string();
    assert!(!log.contains(&hex[..16]), "a digest: {log}");
}

async fn nothing_private_is_logged(database: Database) {
    let acme = database.account("acme");
    let north = database.partner(acme, "introducer", "North");
    let (_, full) = database.key(acme, None, &SCOPES);
    let (_, partner) = database.key(acme, Some(&north), &["create_leads", "read_leads", "update_delete_leads"]);
    let server = database.serve_with(&[], &[("LEADLATCH_LOG", "debug"), ("RUST_LOG", "trace")]);
    let id = use_it(&server, &full).await;
    present(&server, &full).await;
    present(&server, &partner).await;
    fail(&database, &server, &full, id).await;
    // The counts of use are written once a second.
    tokio::time::sleep(std::time::Duration::from_millis(1300)).await;
    for said in ["/api/v1/leads/{id}", "status=422", "a request failed"] {
        assert!(server.logs(said).await, "a log that says nothing shows nothing: {said}");
    }
    let log = server.log.text();
    assert_nothing_of(&log, &full);
    assert_nothing_of(&log, &partner);
    for value in VALUES {
        assert!(!log.to_lowercase().contains(&value.to_lowercase()), "{value}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_private_is_logged_on_sqlite() {
    nothing_private_is_logged(sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_private_is_logged_on_postgresql() {
    let mut database = postgresql();
    // The server of the tests trusts everybody, so that any password will do.
    database.url = database.url.replace("postgres@", "postgres:Quillonby@");
    nothing_private_is_logged(database).await;
    let mut away = sqlite();
    away.url = "postgres://postgres:Quillonby@127.0.0.1:1/nowhere".to_owned();
    let said = away.try_run(&["account", "list"]).expect_err("no server");
    assert!(!said.contains("Quillonby"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_logged_only_when_asked_for() {
    let database = sqlite();
    let server = database.serve();
    assert_eq!(server.send("GET", "/api/v1/leads", None, None).await.status, 401);
    assert!(!server.log.text().contains("answered"), "{}", server.log.text());
}
