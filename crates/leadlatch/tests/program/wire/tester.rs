//! The page where a document is tried: what it would do, by the same code, and nothing of it kept.

use reqwest::StatusCode;

use super::world::{SCOPES, World};
use crate::common::both;
use crate::common::browser::{Browser, PASSWORD};

const PAGE: &str = "/help/moving-an-integration/try";

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_tried_and_nothing_is_kept() {
    for database in both() {
        let world = World::build(database);
        world.database.user("acme", "mia@example.com", "member");
        let (id, key) = world.database.key("acme", None, &SCOPES);
        let kept = world.made(&world.full, "<email>kept@example.com</email><towncity>Leeds</towncity>").await;
        let mut browser = Browser::of(&world.server);
        assert!(browser.get(PAGE).await.to().starts_with("/sign-in"));
        browser.sign_in("mia@example.com", PASSWORD).await;
        let counts = || {
            let count = |table: &str| world.database.number(&format!("SELECT COUNT(*) FROM {table}"));
            [
                count("leads"),
                count("lead_changes"),
                count("leads WHERE towncity = 'Leeds'"),
                count("leads WHERE deleted_at IS NULL"),
            ]
        };
        let before = counts();
        let lead = |elements: &str| {
            format!(
                "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><data><lead><key>{key}</key>{elements}</lead></data>"
            )
        };
        let root = |elements: &str| format!("<data><key>{key}</key>{elements}</data>");
        for (xml, said) in [
            (
                lead("<firstname>René</firstname><email>r@example.com</email>"),
                vec!["would be created", "René", "HTTP 200", "&#60;message&#62;OK"],
            ),
            (
                lead(&format!("<id>{kept}</id><towncity>Hull</towncity>")),
                vec!["would be changed", "Hull", "kept@example.com"],
            ),
            (
                lead("<status>Nonsense</status><email>r@example.com</email>"),
                vec!["refused", "The account has no status Nonsense"],
            ),
            (root(&format!("<request>delete</request><id>{kept}</id>")), vec!["HTTP 200", "&#60;message&#62;OK"]),
            (root("<request>search</request>"), vec!["kept@example.com"]),
            ("<data>\n<lead></data>".into(), vec!["Line 2"]),
            ("<data><lead><email>a@example.com</email></lead></data>".into(), vec!["HTTP 401"]),
        ] {
            let page = browser.fill(PAGE, &[("xml", &xml)]).await;
            assert_eq!(page.status, StatusCode::OK);
            for words in said {
                assert!(page.says(words), "{words} of {xml}: {}", page.text);
            }
            assert!(!page.says(&key), "the key is not shown again");
            assert_eq!(counts(), before, "{xml}");
        }
        let shown = world.database.run(&["key", "show", "--account", "acme", &id]);
        assert!(shown["last_used_at"].is_null(), "a rehearsal is no use: {shown}");
        // A key of another account is none.
        world.database.account("other");
        let (_, foreign) = world.database.key("other", None, &SCOPES);
        let xml = format!("<data><key>{foreign}</key><request>search</request></data>");
        assert!(browser.fill(PAGE, &[("xml", &xml)]).await.says("No such access key exists."));
        let strange = browser.post(PAGE, &[("xml", &xml)]).await;
        assert_eq!(strange.status, StatusCode::FORBIDDEN, "a form that no page of ours made");
    }
}

/// A rotation is ended by the first use of the successor, and a rehearsal is none.
#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_ends_no_rotation() {
    for database in both() {
        let world = World::build(database);
        world.database.user("acme", "ann@example.com", "admin");
        let (id, old) = world.database.key("acme", None, &SCOPES);
        let rotated = world.database.run(&["key", "rotate", "--account", "acme", &id, "--overlap", "first-use"]);
        let new = rotated["secret"].as_str().expect("a secret");
        let mut browser = Browser::of(&world.server);
        browser.sign_in("ann@example.com", PASSWORD).await;
        let xml = format!("<data><key>{new}</key><request>search</request></data>");
        assert!(browser.fill(PAGE, &[("xml", &xml)]).await.says("HTTP 200"));
        assert_eq!(world.server.get("/api/v1/whoami", &old).await.status, StatusCode::OK);
    }
}
