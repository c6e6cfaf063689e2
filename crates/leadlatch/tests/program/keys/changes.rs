//! What admins change of keys and find out about them: changes, warnings, keys in URLs, lists and deletion in bulk.

use crate::common::{Database, both};
use crate::keys::{DAY, events, execute, show};
use leadlatch_domain::key_secret::{KeyKind, KeySecret};
use leadlatch_domain::random::Randomness;
use leadlatch_domain::time::{Clock, Timestamp};
use serde_json::json;

fn in_days(days: i64) -> String {
    Timestamp::from_micros(Clock::system().now().as_micros() + days * DAY).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_audited_and_an_expiry_only_comes_sooner() {
    for database in both() {
        let acme = database.account("acme");
        let (id, key) = database.key(acme, None, &["read_leads"]);
        let server = database.serve();
        let set = |changes: &[&str]| database.try_run(&[&["key", "set", "--account", acme, &id][..], changes].concat());
        let (later, sooner) = (in_days(200), in_days(100));
        let changed = set(&["--name", "Back office", "--note", "asked by Ann", "--expires", &later]).expect("a change");
        assert_eq!((&changed["name"], &changed["note"]), (&json!("Back office"), &json!("asked by Ann")));
        assert_eq!(changed["expires_at"], json!(later));
        set(&["--expires", &sooner]).expect("an expiry may come sooner");
        let said = set(&["--expires", &later]).expect_err("and never later");
        assert!(said.contains("never put off"), "{said}");
        assert!(set(&[]).is_err(), "nothing to change");
        set(&["--name", "Back office"]).expect("what is so already");
        let cleared = set(&["--note", "", "--rate", "5"]).expect("a change");
        assert_eq!((&cleared["note"], &cleared["requests_per_minute"]), (&json!(null), &json!(5)));

        let entries = events(&database, acme, "key.changed");
        assert_eq!(entries.len(), 3, "a change that changes nothing leaves no entry");
        assert_eq!(entries[0]["changed"], json!(["name", "note", "expires_at"]));
        assert_eq!(entries[0]["details"]["before"], json!({"name": "test", "note": null, "expires_at": null}));
        assert_eq!(entries[2]["changed"], json!(["note", "requests_per_minute"]));
        assert_eq!(server.get("/api/v1/whoami", &key).await.json()["key"]["name"], "Back office");

        set(&["--expires", "2020-01-01"]).expect("an end at once");
        assert_eq!(server.get("/api/v1/whoami", &key).await.code(), "expired_key");
        database.run(&["key", "delete", "--account", acme, &id]);
        assert!(set(&["--name", "again"]).expect_err("it is deleted").contains("deleted"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_either_kind_is_warned_of_its_own_end() {
    for database in both() {
        let acme = database.account("acme");
        let north = database.partner(acme, "introducer", "North");
        let server = database.serve();
        for partner in [None, Some(north.as_str())] {
            let (id, key) = database.key(acme, partner, &["read_leads"]);
            assert_eq!(server.get("/api/v1/whoami", &key).await.json()["warnings"], json!([]));
            let end = in_days(13);
            database.run(&["key", "set", "--account", acme, &id, "--expires", &end, "--idle-days", "10"]);
            let told = server.get("/api/v1/whoami", &key).await.json();
            assert_eq!(told["warnings"][0]["code"], "idle_soon", "{told}");
            assert_eq!(
                (&told["warnings"][1]["code"], &told["warnings"][1]["at"]),
                (&json!("expires_soon"), &json!(end))
            );
            assert!(told["warnings"][1]["detail"].is_string());
            let shown = show(&database, acme, &id);
            assert_eq!((&shown["state"], &shown["warnings"][1]["at"]), (&json!("expiring"), &json!(end)));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_a_url_is_marked_once_and_a_made_up_one_writes_nothing() {
    for database in both() {
        let acme = database.account("acme");
        let (id, key) = database.key(acme, None, &["read_leads"]);
        let (clean_id, clean) = database.key(acme, None, &["read_leads"]);
        let server = database.serve();
        let made_up = KeySecret::generate(KeyKind::Full, &Randomness::system());
        let answer = server.get(&format!("/api/v1/leads?x={}", made_up.expose()), &clean).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (401, "key_in_url".into()));
        assert!(events(&database, acme, "key.exposed").is_empty());
        for path in ["/api/v1/leads?status=new&anything=", "/api/v1/whoami?token=%20"] {
            let answer = server.send("GET", &format!("{path}{key}"), None, None).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (401, "key_in_url".into()));
        }
        let shown = show(&database, acme, &id);
        assert!(shown["exposed_at"].is_string(), "{shown}");
        assert_eq!((&shown["exposed_from"], &shown["state"]), (&json!("127.0.0.1"), &json!("active")));
        assert_eq!(show(&database, acme, &clean_id)["exposed_at"], json!(null));
        let entries = events(&database, acme, "key.exposed");
        assert_eq!(entries.len(), 1, "once");
        assert_eq!((&entries[0]["actor"], &entries[0]["target_id"]), (&json!("role"), &shown["id"]));
        assert_eq!(entries[0]["details"]["address"], "127.0.0.1");
        assert_eq!(server.get("/api/v1/whoami", &key).await.status.as_u16(), 200, "the mark refuses nothing by itself");
        database.run(&["audit", "verify"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_narrowed_by_partner_kind_and_state() {
    for database in both() {
        let (acme, other) = (database.account("acme"), database.account("other"));
        let (north, south) =
            (database.partner(acme, "introducer", "North"), database.partner(acme, "introducer", "South"));
        let (full, _) = database.key(acme, None, &["voice"]);
        let (of_north, _) = database.key(acme, Some(&north), &["read_leads"]);
        let (of_south, _) = database.key(acme, Some(&south), &["read_leads"]);
        let (gone, _) = database.key(acme, Some(&south), &["read_leads"]);
        database.key(other, None, &["voice"]);
        database.run(&["key", "delete", "--account", acme, &gone]);
        database.run(&["key", "set", "--account", acme, &full, "--expires", &in_days(1)]);
        let list = |narrow: &[&str]| {
            let rows = database.run(&[&["key", "list", "--account", acme][..], narrow].concat());
            rows.as_array().expect("rows").iter().map(|key| key["id"].to_string()).collect::<Vec<_>>()
        };
        assert_eq!(list(&[]), [&*of_south, &*of_north, &*full]);
        assert_eq!(list(&["--deleted"]), [&*gone, &*of_south, &*of_north, &*full]);
        assert_eq!(list(&["--partner", &north]), [&*of_north]);
        assert_eq!(list(&["--partner", &south, "--deleted"]), [&*gone, &*of_south]);
        assert_eq!(list(&["--kind", "full"]), [&*full]);
        assert_eq!(list(&["--state", "expiring"]), [&*full]);
        assert_eq!(list(&["--state", "active", "--kind", "partner"]), [&*of_south, &*of_north]);
        assert_eq!(list(&["--state", "deleted"]), [&*gone]);
        assert!(database.try_run(&["key", "list", "--account", acme, "--state", "asleep"]).is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_deleted_together_or_not_at_all() {
    for database in both() {
        let acme = database.account("acme");
        let ids: Vec<String> = (0..4).map(|_| database.key(acme, None, &["voice"]).0).collect();
        database.run(&["key", "delete", "--account", acme, &ids[3]]);
        let (foreign, _) = database.key(database.account("other"), None, &["voice"]);
        let delete = |ids: &[&str]| database.try_run(&[&["key", "delete", "--account", acme][..], ids].concat());
        let said = delete(&[&ids[0], &ids[3], &foreign, &ids[1]]).expect_err("two of them cannot be");
        assert!(said.contains(&format!("Key {}: ", ids[3])) && said.contains(&format!("Key {foreign}: ")), "{said}");
        assert!(!said.contains(&format!("Key {}: ", ids[0])), "{said}");
        assert_eq!(deleted(&database, acme), 1, "nothing was done");
        let gone = delete(&[&ids[2], &ids[0], &ids[1], &ids[0], "--reason", "tidied up"]).expect("all of them");
        assert_eq!(gone.as_array().map(Vec::len), Some(3));
        assert_eq!(gone[0]["delete_reason"], "tidied up");
        assert_eq!((deleted(&database, acme), events(&database, acme, "key.deleted").len()), (4, 4));
    }
}

fn deleted(database: &Database, account: &str) -> usize {
    let keys = database.run(&["key", "list", "--account", account, "--state", "deleted"]);
    keys.as_array().map(Vec::len).expect("keys")
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_that_cannot_be_read_let_nobody_in() {
    for database in both() {
        let acme = database.account("acme");
        let (id, key) = database.key(acme, None, &["voice"]);
        let server = database.serve();
        execute(&database, &format!("UPDATE access_keys SET address_ranges = 'everywhere' WHERE id = {id}"));
        assert_eq!(server.get("/api/v1/whoami", &key).await.status.as_u16(), 500);
    }
}
