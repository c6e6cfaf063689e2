//! Plain http off loopback, and browsers on pages of other origins.

use reqwest::Method;

use super::world::{CREATE_UPDATE, LEAD, SCOPES, World, element};
use crate::common::{Answer, Database, both};

const FORM: &str = "/api/APIHTTPPost.php";

/// The world behind a proxy that says how its client came.
fn behind_a_proxy(database: Database) -> World {
    let mut world = World::build(database);
    world.server = world.database.serve_with(&[], &[("LEADLATCH_TRUSTED_PROXIES", "127.0.0.1/32")]);
    world
}

async fn sent(world: &World, path: &str, scheme: &str, body: String) -> Answer {
    let request = world.server.client.post(format!("{}{path}", world.server.base));
    let request = request.header("x-forwarded-for", "192.0.2.9").header("x-forwarded-proto", scheme);
    let answer = request.body(body).send().await.expect("an answer");
    Answer { status: answer.status(), text: answer.text().await.expect("a body") }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_for_the_account_to_allow_and_marks_the_key() {
    for database in both() {
        let world = behind_a_proxy(database);
        let (id, key) = world.database.key("acme", None, &SCOPES);
        let create = format!("<data><lead><key>{key}</key><email>a@example.com</email></lead></data>");
        let search = format!("<data><key>{key}</key><request>search</request></data>");
        let marked = || world.database.run(&["key", "show", "--account", "acme", &id])["sent_in_clear_at"].is_string();
        assert_eq!(sent(&world, CREATE_UPDATE, "https", create.clone()).await.status, 200);
        assert!(!marked());
        for (path, body) in [(CREATE_UPDATE, &create), (LEAD, &search)] {
            let refused = sent(&world, path, "http", body.clone()).await;
            assert_eq!((refused.status.as_u16(), element(&refused.text, "code").as_str()), (403, "403"));
            assert!(element(&refused.text, "message").contains("--plain-http"), "{}", refused.text);
        }
        assert!(marked(), "it came in clear, whatever it was answered");
        let form = "intLeadGroupID=40001&strLeadEmail=a@example.com".to_owned();
        world.database.run(&["lead-group", "web-form", "--account", "acme", "Loans", "--on"]);
        assert_eq!(sent(&world, FORM, "http", form.clone()).await.status, 403);
        assert_eq!(sent(&world, FORM, "https", form.clone()).await.status, 200);
        world.database.run(&["account", "set", "--account", "acme", "--plain-http", "on"]);
        for (path, body) in [(CREATE_UPDATE, &create), (LEAD, &search), (FORM, &form)] {
            assert_eq!(sent(&world, path, "http", body.clone()).await.status, 200, "{path}");
        }
        let other = sent(&world, "/api/v1/whoami", "http", String::new()).await;
        assert_eq!(other.code(), "plain_http_refused", "for these three paths alone");
        let shown = world.database.run(&["key", "show", "--account", "acme", &id]);
        assert!(shown["warnings"].to_string().contains("sent_in_clear"), "{shown}");
        let audit = world.database.run(&["audit", "list", "--account", "acme"]).to_string();
        assert_eq!(audit.matches("key.sent_in_clear").count(), 1, "once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_origins_post_to_two_paths_alone() {
    for database in both() {
        let world = World::build(database);
        for (path, open) in [(CREATE_UPDATE, true), (FORM, true), (LEAD, false), ("/api/v1/leads", false)] {
            let url = format!("{}{path}", world.server.base);
            let asked = world.server.client.request(Method::OPTIONS, &url).header("origin", "https://www.example.com");
            let asked = asked.header("access-control-request-method", "POST").send().await.expect("an answer");
            assert_eq!(asked.status().is_success(), open, "{path}");
            let answer = world.server.client.post(&url).header("origin", "https://www.example.com").body("<data>");
            let answer = answer.send().await.expect("an answer");
            for headers in [asked.headers(), answer.headers()] {
                let origin = headers.get("access-control-allow-origin").map(|origin| origin.to_str().expect("a text"));
                assert_eq!(origin, open.then_some("*"), "{path}");
                assert!(!headers.contains_key("access-control-allow-credentials"));
                assert!(!headers.contains_key("set-cookie"));
            }
        }
    }
}
