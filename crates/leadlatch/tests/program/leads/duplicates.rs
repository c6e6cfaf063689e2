//! What the API answers to duplicates and to too many test leads.

use crate::common::both;
use reqwest::StatusCode;
use serde_json::{Value, json};

const ALL: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_the_old_lead_to_who_may_read_it() {
    for database in both() {
        let acme = database.account("acme");
        let north = database.partner(acme, "introducer", "North");
        let south = database.partner(acme, "introducer", "South");
        let rule = ["--duplicates", "30", "--duplicate-match", "email", "--duplicate-outcome", "refuse"];
        database.run(&[&["account", "set", "--account", acme][..], &rule].concat());
        let (_, key) = database.key(acme, Some(&north), &ALL);
        let (_, blind) = database.key(acme, Some(&north), &["create_leads"]);
        let (_, other) = database.key(acme, Some(&south), &ALL);
        let server = database.serve();
        let old = server.lead(&key, "ann").await;
        let body = json!({"email": "ANN@example.com"});
        let named = server.create(&key, body.clone()).await;
        assert_eq!((named.status, named.code()), (StatusCode::CONFLICT, "duplicate_lead".into()));
        assert_eq!(named.json()["duplicate_of"], json!(old));
        let unnamed = server.create(&blind, body.clone()).await;
        assert_eq!((unnamed.status, unnamed.json().get("duplicate_of")), (StatusCode::CONFLICT, None));
        assert!(!unnamed.text.contains(&format!("{old}\"")) || old < 10, "{}", unnamed.text);
        let taken = server.create(&other, body.clone()).await;
        let fresh = server.create(&other, json!({"email": "new@example.com"})).await;
        let shape = |text: &Value| text.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
        assert_eq!((taken.status, shape(&taken.json())), (StatusCode::CREATED, shape(&fresh.json())));
        let faulty = server.create(&key, json!({"email": "ANN@example.com", "phone1": "x"})).await;
        assert_eq!(faulty.status, StatusCode::UNPROCESSABLE_ENTITY, "values are judged before conflicts");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn test_leads_are_few_a_day() {
    for database in both() {
        let acme = database.account("acme");
        let (_, key) = database.key(acme, None, &ALL);
        let server = database.serve();
        let test = json!({"email": "ann@example.com", "test": true});
        for _ in 0..100 {
            assert_eq!(server.create(&key, test.clone()).await.status, StatusCode::CREATED);
        }
        let request = server.client.post(format!("{}/api/v1/leads", server.base)).bearer_auth(&key).json(&test);
        let refused = request.send().await.expect("an answer");
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        let wait = refused.headers()["retry-after"].to_str().expect("a text").parse::<i64>().expect("seconds");
        assert!((1..=86_400).contains(&wait), "{wait}");
        assert_eq!(server.get("/api/v1/leads?total=true", &key).await.json()["total"], json!(0));
        assert_eq!(server.get("/api/v1/leads?total=true&test=true", &key).await.json()["total"], json!(100));
    }
}
