//! Rotation: a successor with the same access, and the end of the key that it follows, at its time and on every node.

use std::sync::Arc;

use std::time::{Duration, Instant};

use crate::common::hammer::Hammer;
use crate::common::{Database, Server, both};
use crate::keys::{DAY, events, execute, show};
use leadlatch_domain::time::Clock;
use serde_json::{Value, json};

/// Rotates a key: the successor's id, its secret, and what was printed.
fn rotate(database: &Database, account: &str, id: &str, overlap: &str) -> (String, String, Value) {
    let made = database.run(&["key", "rotate", "--account", account, id, "--overlap", overlap]);
    (made["id"].to_string(), made["secret"].as_str().expect("a secret").to_owned(), made)
}

async fn status(server: &Server, key: &str) -> (u16, String) {
    let answer = server.get("/api/v1/whoami", key).await;
    (answer.status.as_u16(), answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

const OPEN: fn() -> (u16, String) = || (200, String::new());
const ENDED: fn() -> (u16, String) = || (401, "rotated_key".to_owned());

#[tokio::test(flavor = "multi_thread")]
async fn a_successor_has_the_same_access_and_the_old_key_ends_as_it_was_said() {
    for database in both() {
        let acme = database.account("acme");
        let north = database.partner(acme, "introducer", "North");
        let line = ["key", "create", "--account", acme, "--kind", "partner", "--partner", &north, "--name", "North"];
        let limits = ["--scope", "read_leads", "--expires", "2030-01-01", "--ip", "127.0.0.0/8", "--rate", "500"];
        let old = database.run(&[&line[..], &limits, &["--idle-days", "90"]].concat());
        let (old_id, old_key) = (old["id"].to_string(), old["secret"].as_str().expect("a secret").to_owned());
        let server = database.serve();

        let (new_id, new_key, new) = rotate(&database, acme, &old_id, "24h");
        for same in ["kind", "partner_id", "scopes", "expires_at", "address_ranges", "requests_per_minute", "idle_days"]
        {
            assert_eq!(new[same], old[same], "{same}");
            assert!(!new[same].is_null(), "{same}");
        }
        assert_eq!((&new["name"], &new["rotated_from"]), (&json!("North"), &old["id"]));
        assert_ne!(new_key, old_key);
        assert_eq!((status(&server, &old_key).await, status(&server, &new_key).await), (OPEN(), OPEN()));
        let shown = show(&database, acme, &old_id);
        assert_eq!((&shown["state"], &shown["successor_id"]), (&json!("expiring"), &new["id"]));
        assert_eq!(shown["warnings"][0]["code"], "rotated");
        let told = server.get("/api/v1/whoami", &old_key).await.json();
        assert_eq!((&told["warnings"][0]["code"], &told["warnings"][0]["at"]), (&json!("rotated"), &shown["ends_at"]));

        let said = database.try_run(&["key", "rotate", "--account", acme, &old_id]).expect_err("it was rotated");
        assert!(said.contains(&format!("key {new_id}")), "{said}");
        execute(&database, &format!("UPDATE access_keys SET ends_at = ends_at - {DAY} WHERE id = {old_id}"));
        assert_eq!((status(&server, &old_key).await, status(&server, &new_key).await), (ENDED(), OPEN()));
        assert_eq!(show(&database, acme, &old_id)["state"], "rotated");

        let (last_id, last_key, _) = rotate(&database, acme, &new_id, "now");
        assert_eq!((status(&server, &new_key).await, status(&server, &last_key).await), (ENDED(), OPEN()));
        execute(&database, &format!("UPDATE access_keys SET ends_at = ends_at + {DAY} WHERE id = {new_id}"));
        assert_eq!(status(&server, &new_key).await, ENDED(), "a clock that is set back revives no key");
        let rotated = events(&database, acme, "key.rotated");
        assert_eq!(rotated.len(), 2);
        assert_eq!(rotated[0]["details"]["successor_id"], new["id"], "{}", rotated[0]);
        assert_eq!(events(&database, acme, "key.created").len(), 3);

        database.run(&["key", "delete", "--account", acme, &last_id]);
        let said = database.try_run(&["key", "rotate", "--account", acme, &last_id]).expect_err("it is deleted");
        assert!(said.contains("deleted"), "{said}");
        database.run(&["key", "delete", "--account", acme, &old_id, &new_id]);
        assert_eq!(status(&server, &old_key).await.1, "deleted_key");
        database.run(&["audit", "verify"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overlap_never_outlasts_the_keys_own_expiry_or_a_week() {
    for database in both() {
        let acme = database.account("acme");
        let (id, _) = database.key(acme, None, &["voice"]);
        let expires = Clock::system().now().plus(Duration::from_hours(1)).to_string();
        database.run(&["key", "set", "--account", acme, &id, "--expires", &expires]);
        let (new_id, ..) = rotate(&database, acme, &id, "first-use");
        let (old, new) = (show(&database, acme, &id), show(&database, acme, &new_id));
        assert_eq!((&old["ends_at"], &new["expires_at"]), (&old["expires_at"], &old["expires_at"]));
        assert_eq!(new["ends_predecessor"], true);

        let (id, key) = database.key(acme, None, &["voice"]);
        let (_, new_key, _) = rotate(&database, acme, &id, "first-use");
        let server = database.serve();
        assert_eq!(status(&server, &key).await, OPEN());
        execute(&database, &format!("UPDATE access_keys SET ends_at = ends_at - 7 * {DAY} WHERE id = {id}"));
        assert_eq!(status(&server, &key).await, ENDED(), "a week is over, and the successor was never used");
        assert_eq!(status(&server, &new_key).await, OPEN());
        assert!(events(&database, acme, "key.rotated_out").is_empty(), "time had ended it");

        let (id, _) = database.key(acme, None, &["voice"]);
        database.run(&["key", "set", "--account", acme, &id, "--expires", "2020-01-01"]);
        let said = database.try_run(&["key", "rotate", "--account", acme, &id]).expect_err("it has expired");
        assert!(said.contains("expired"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_first_uses_end_the_old_key_once() {
    for database in both() {
        let acme = database.account("acme");
        let (id, key) = database.key(acme, None, &["read_leads"]);
        let (new_id, new_key, _) = rotate(&database, acme, &id, "first-use");
        let server = Arc::new(database.serve());
        assert_eq!(status(&server, &key).await, OPEN());
        let outside = reqwest::Client::builder().build().expect("a client");
        let in_url =
            outside.get(format!("{}/api/v1/whoami?key={new_key}", server.base)).send().await.expect("an answer");
        assert_eq!(in_url.status().as_u16(), 401);
        assert_eq!(status(&server, &key).await, OPEN(), "a key in a URL is no use of it");
        let callers: Vec<_> = (0..40)
            .map(|_| {
                let (server, old, new) = (Arc::clone(&server), key.clone(), new_key.clone());
                tokio::spawn(async move { (status(&server, &new).await, status(&server, &old).await) })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.await.expect("a caller"), (OPEN(), ENDED()));
        }
        let out = events(&database, acme, "key.rotated_out");
        assert_eq!(out.len(), 1, "{out:?}");
        assert_eq!(out[0]["actor"], "role", "{}", out[0]);
        assert_eq!(out[0]["details"]["address"], "127.0.0.1");
        assert_eq!(show(&database, acme, &new_id)["ends_predecessor"], false);
        database.run(&["audit", "verify"]);
    }
}

async fn nothing_after_the_first_use(database: &Database, servers: Vec<Arc<Server>>) {
    let acme = database.account("acme");
    let (id, key) = database.key(acme, None, &["create_leads", "read_leads"]);
    let (_, new_key, _) = rotate(database, acme, &id, "first-use");
    let hammer = Hammer::begin(&servers, &key, 32).await;
    let total = async || servers[0].get("/api/v1/leads?total=true&limit=1", &new_key).await.json()["total"].to_string();
    let at_first_use = total().await;
    hammer.refused_after(Instant::now()).await;
    assert_eq!(total().await, at_first_use, "nothing of the old key was committed after that answer");
    assert_eq!(events(database, acme, "key.rotated_out").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_of_the_old_key_passes_after_the_first_answer_to_the_new_one() {
    for database in both() {
        let server = Arc::new(database.serve());
        nothing_after_the_first_use(&database, vec![server]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_on_the_other_of_two_nodes() {
    let [_, database] = both();
    let nodes = vec![Arc::new(database.serve()), Arc::new(database.serve())];
    nothing_after_the_first_use(&database, nodes).await;
}
