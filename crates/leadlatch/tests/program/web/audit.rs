//! The page of the audit trail: who did what, filters, the chain's state, and the file that a command verifies.

use crate::common::browser::{Browser, PASSWORD, Page};
use crate::common::{Database, Server, both};
use reqwest::StatusCode;

const ACME: &str = "acme";

async fn signed_in(database: &Database) -> (Server, Browser) {
    database.account(ACME);
    database.user(ACME, "ann@acme.example", "admin");
    let server = database.serve();
    let mut ann = Browser::of(&server);
    ann.sign_in("ann@acme.example", PASSWORD).await;
    (server, ann)
}

fn numbers(page: &Page) -> Vec<i64> {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let parts = page.text.split("id=\"entry-").skip(1);
    parts.map(|part| part.split('"').next().expect("a number").parse().expect("a number")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_say_who_did_what_before_and_after() {
    for database in both() {
        let (_server, mut ann) = signed_in(&database).await;
        let north = database.partner(ACME, "introducer", "North Homes");
        ann.fill(&format!("/partners/{north}/edit"), &[("kind", "both"), ("company", "North")]).await;
        let page = ann.get("/audit-trail").await;
        for text in ["Partner changed", "Partner created", "ann@acme.example", "Command line", "Verified to entry"] {
            assert!(page.says(text), "no {text} in {}", page.text);
        }
        for text in ["127.0.0.1", "<del>North Homes</del>", "<b>North</b>", "<del>introducer</del>", "<b>both</b>"] {
            assert!(page.says(text), "no {text} in {}", page.text);
        }
        let all = numbers(&page);
        assert!(all.is_sorted_by(|one, other| one > other) && all.last() == Some(&1), "{all:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_stand_in_the_address_and_pages_go_back() {
    for database in both() {
        let (server, mut ann) = signed_in(&database).await;
        let (north, south) =
            (database.partner(ACME, "introducer", "North"), database.partner(ACME, "partner", "South"));
        let (id, manager) = database.key(ACME, None, &["manage_partners"]);
        server.send("DELETE", &format!("/api/v1/partners/{south}"), Some(&manager), None).await;
        for (query, says, not) in [
            ("actor=key", "Partner deleted", "Partner created"),
            (&*format!("actor=key%3A{id}"), "Partner deleted", "Partner created"),
            ("actor=command_line", "Partner created", "Partner deleted"),
            ("action=key", "Key created", "Partner created"),
            ("action=partner.deleted", "Partner deleted", "Partner created"),
            (&*format!("action=partner&target={north}"), "North", "South"),
            ("q=south", "South", "North"),
            ("days=1", "Partner created", "No entry is like this"),
            ("to=2020-01-01", "No entry is like this", "Partner created"),
        ] {
            let page = ann.get(&format!("/audit-trail?{query}")).await;
            let rows = page.text.split_once("class=\"trail\"").map_or(page.text.as_str(), |(_, rows)| rows);
            assert!(rows.contains(says) && !rows.contains(not), "{query}: {}", page.text);
        }
        for name in 0..60 {
            database.run(&["site", "create", "--account", ACME, "--name", &format!("{name}.example")]);
        }
        let first = ann.get("/audit-trail?action=site").await;
        assert_eq!(numbers(&first).len(), 50);
        let older = format!("/audit-trail?action=site&amp;before={}", numbers(&first)[49]);
        assert!(
            first.says(&older.replace("&amp;", "&")) || first.says(&older.replace("&amp;", "&#38;")),
            "{}",
            first.text
        );
        let second = numbers(&ann.get(&older.replace("&amp;", "&")).await);
        assert_eq!(second.len(), 10);
        assert!(second[0] < numbers(&first)[49]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_chain_is_shown_with_its_first_bad_entry() {
    for database in both() {
        let (_server, mut ann) = signed_in(&database).await;
        database.partner(ACME, "introducer", "North");
        let last = numbers(&ann.get("/audit-trail").await)[0];
        assert!(ann.get("/audit-trail").await.says(&format!("Verified to entry {last}")));
        database
            .sql("UPDATE audit_details SET details = '{\"company\":\"Forged\"}' WHERE number = 2 AND account_id <> 0");
        let page = ann.get("/audit-trail?verify=now").await;
        for text in ["The chain is broken", "entry 2: its details were changed", "?entry=2#entry-2"] {
            assert!(page.says(text), "no {text} in {}", page.text);
        }
        assert!(!page.says("Verified to entry"));
        assert!(ann.get("/audit-trail").await.says("The chain is broken"), "it stays broken without being asked again");
        database.sql("UPDATE audit_entries SET entry = hash WHERE number = 1 AND account_id <> 0");
        let page = ann.get("/audit-trail?verify=now&before=2").await;
        assert!(page.says("entry 1: its bytes are no entry") && page.says("Unreadable"), "{}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_is_verified_by_the_command_that_the_page_shows() {
    for database in both() {
        let (_server, mut ann) = signed_in(&database).await;
        database.partner(ACME, "introducer", "North");
        let file = ann.get("/audit-trail/export.jsonl").await;
        assert_eq!(file.status, StatusCode::OK, "{}", file.text);
        let name = file.headers["content-disposition"].to_str().expect("a name").to_owned();
        let name = name.split('"').nth(1).expect("a name");
        assert!(ann.get("/audit-trail").await.says(&format!("leadlatch audit verify --file {name}")));
        assert_eq!(file.text.lines().count() as i64, numbers(&ann.get("/audit-trail").await)[0]);
        let path = database.folder.path().join(name);
        std::fs::write(&path, &file.text).expect("a file");
        let path = path.to_str().expect("a path");
        database.run(&["audit", "verify", "--file", path]);
        std::fs::write(path, file.text.replacen("North", "Nerth", 1)).expect("a file");
        let refused = database.try_run(&["audit", "verify", "--file", path]).expect_err("a forged file");
        assert!(refused.contains("BROKEN"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_admins_of_the_account_read_its_trail() {
    for database in both() {
        let (server, mut ann) = signed_in(&database).await;
        database.partner(ACME, "introducer", "North Homes");
        database.account("other");
        database.user("other", "eve@other.example", "admin");
        database.user(ACME, "ben@acme.example", "member");
        let (mut eve, mut ben, mut nobody) = (Browser::of(&server), Browser::of(&server), Browser::of(&server));
        eve.sign_in("eve@other.example", PASSWORD).await;
        ben.sign_in("ben@acme.example", PASSWORD).await;
        for path in ["/audit-trail", "/audit-trail/export.jsonl"] {
            assert!(ann.get(path).await.says("North Homes"), "{path}");
            assert!(!eve.get(path).await.says("North Homes"), "{path}");
            assert_eq!(ben.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
            assert!(nobody.get(path).await.to().starts_with("/sign-in?next="), "{path}");
        }
        let (_, key) = database.key(ACME, None, &["manage_partners"]);
        assert!(!server.get("/audit-trail", &key).await.text.contains("North Homes"), "a key opens no page");
    }
}
