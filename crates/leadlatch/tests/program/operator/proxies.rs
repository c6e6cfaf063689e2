//! Behind a proxy: who is believed, and what becomes of it.

use crate::common::{Server, both, sqlite};
use reqwest::StatusCode;

async fn ask(server: &Server, key: &str, lines: &[(&str, &str)]) -> StatusCode {
    let mut request = server.client.get(format!("{}/api/v1/whoami", server.base)).bearer_auth(key);
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer").status()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_proxy_is_believed_and_nobody_else() {
    for database in both() {
        let acme = database.account("acme");
        let address = async |id: &str, range: &str, lines: &[(&str, &str)], key: &str| {
            let server = database.serve_with(&[], &[("LEADLATCH_TRUSTED_PROXIES", range)]);
            assert_eq!(ask(&server, key, lines).await, StatusCode::OK);
            tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
            let shown = database.run(&["key", "show", "--account", acme, id]);
            shown["last_used_address"].as_str().unwrap_or_default().to_owned()
        };
        let (id, key) = database.key(acme, None, &["read_leads"]);
        let lines = [("x-forwarded-for", "203.0.113.7, 127.0.0.1"), ("x-forwarded-proto", "https")];
        assert_eq!(address(&id, "127.0.0.0/8", &lines, &key).await, "203.0.113.7");
        assert_eq!(address(&id, "10.0.0.0/8", &lines, &key).await, "127.0.0.1");
        assert_eq!(address(&id, "127.0.0.0/8", &[("forwarded", "for=\"[2001:db8::9]\"")], &key).await, "2001:db8::9");

        // The address goes into the audit trail too.
        let server = database.serve_with(&[], &[("LEADLATCH_TRUSTED_PROXIES", "127.0.0.1/32")]);
        let deletion = server.client.delete(format!("{}/api/v1/whoami", server.base)).bearer_auth(&key);
        let answer = deletion.header("x-forwarded-for", "203.0.113.8").send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert!(database.run(&["audit", "list", "--account", acme]).to_string().contains("203.0.113.8"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheme_that_was_http_and_words_that_cannot_be_read_are_refused() {
    let database = sqlite();
    let acme = database.account("acme");
    let (_, key) = database.key(acme, None, &["read_leads"]);
    let server = database.serve_with(&[], &[("LEADLATCH_TRUSTED_PROXIES", "127.0.0.1/32")]);
    assert_eq!(ask(&server, &key, &[("x-forwarded-proto", "https")]).await, StatusCode::OK);
    assert_eq!(ask(&server, &key, &[("x-forwarded-proto", "http")]).await, StatusCode::FORBIDDEN);
    assert_eq!(ask(&server, &key, &[("x-forwarded-for", "somebody")]).await, StatusCode::BAD_REQUEST);
    let direct = database.serve();
    assert_eq!(ask(&direct, &key, &[("x-forwarded-proto", "http")]).await, StatusCode::OK, "nobody is named");
    assert_eq!(ask(&direct, &key, &[("x-forwarded-for", "somebody")]).await, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_names_the_public_address() {
    let database = sqlite();
    let server = database.serve_with(&[], &[("LEADLATCH_PUBLIC_URL", "https://leads.example.com")]);
    let document = server.send("GET", "/openapi.json", None, None).await.json();
    assert_eq!(document["servers"][0]["url"], "https://leads.example.com");
}
