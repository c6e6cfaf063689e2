//! Every operation of the OpenAPI document with every kind of caller.

mod common;

use common::both;
use serde_json::Value;

fn document() -> Value {
    serde_json::to_value(leadlatch_api::openapi()).expect("a document")
}

#[test]
fn the_document_that_is_checked_in_is_the_one_that_the_code_gives() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/openapi.json");
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("the file")).expect("JSON");
    assert!(kept == document(), "write it anew: cargo run -- openapi > openapi/openapi.json");
    assert_eq!(kept["openapi"], "3.1.0");
}

/// Method, path, scope that is needed, whether Partner keys ever reach it.
fn operations() -> Vec<(String, String, Option<String>, bool)> {
    let mut found = Vec::new();
    for (path, item) in document()["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            let scope = operation["x-scope"].as_str().expect("every operation says its scope");
            let scope = (scope != "any key").then(|| scope.to_owned());
            let partner = operation["x-partner-key"] != "No access, 403";
            found.push((method.clone(), path.replace("{id}", "1"), scope, partner));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_refuses_whom_it_must() {
    let every = ["create_leads", "read_leads", "update_delete_leads", "manage_activities", "voice", "appointments"];
    let leads = ["create_leads", "read_leads", "update_delete_leads"];
    for database in both() {
        let (acme, other) = (database.account("acme"), database.account("other"));
        let (north, idle) =
            (database.partner(acme, "introducer", "North"), database.partner(acme, "introducer", "Idle"));
        let (deleted_id, deleted) = database.key(acme, None, &every);
        database.run(&["key", "delete", "--account", acme, &deleted_id]);
        let line = ["key", "create", "--account", acme, "--kind", "full", "--name", "old", "--scope", "read_leads"];
        let expired = database.run(&[&line[..], &["--expires", "2020-01-01"]].concat());
        let expired = expired["secret"].as_str().expect("a secret").to_owned();
        let (_, bare) = database.key(acme, None, &["voice"]);
        let (_, partner_bare) = database.key(acme, Some(&north), &["create_leads"]);
        let (_, partner) = database.key(acme, Some(&north), &leads);
        let (_, inactive) = database.key(acme, Some(&idle), &leads);
        database.run(&["partner", "deactivate", "--account", acme, &idle]);
        let (_, suspended) = database.key(other, None, &every);
        database.run(&["account", "suspend", "--account", other]);
        let server = database.serve();
        let unknown = leadlatch_domain::key_secret::KeySecret::generate(
            leadlatch_domain::key_secret::KeyKind::Full,
            &leadlatch_domain::random::Randomness::system(),
        );
        let operations = operations();
        assert!(operations.len() >= 24, "{}", operations.len());
        for (method, path, scope, open) in operations {
            let ask = async |key: Option<&str>| {
                let answer = server.send(&method, &path, key, None).await;
                let code = if answer.status.is_success() { String::new() } else { answer.code() };
                (answer.status.as_u16(), code)
            };
            let what = format!("{method} {path}");
            assert_eq!(ask(None).await, (401, "missing_credential".into()), "{what}");
            assert_eq!(ask(Some("lk_full_nonsense")).await, (401, "malformed_key".into()), "{what}");
            assert_eq!(ask(Some(unknown.expose())).await, (401, "unknown_key".into()), "{what}");
            assert_eq!(ask(Some(&deleted)).await, (401, "deleted_key".into()), "{what}");
            assert_eq!(ask(Some(&expired)).await, (401, "expired_key".into()), "{what}");
            assert_eq!(ask(Some(&suspended)).await, (401, "account_suspended".into()), "{what}");
            assert_eq!(ask(Some(&inactive)).await, (403, "partner_inactive".into()), "{what}");
            if scope.is_some() {
                assert_eq!(ask(Some(&bare)).await, (403, "insufficient_scope".into()), "{what}");
            }
            if !open {
                assert_eq!(ask(Some(&partner)).await, (403, "not_for_partner_keys".into()), "{what}");
            } else if scope.as_deref().is_some_and(|scope| scope != "create_leads") {
                assert_eq!(ask(Some(&partner_bare)).await, (403, "insufficient_scope".into()), "{what}");
            }
            let in_url = format!("{path}?key={partner}");
            assert_eq!(server.send(&method, &in_url, Some(&partner), None).await.code(), "key_in_url", "{what}");
        }
    }
}
