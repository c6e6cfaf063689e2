//! Two partners and two accounts: nothing of one reaches the other.

mod common;

use common::{Answer, Server, both};
use reqwest::StatusCode;
use serde_json::json;

const ALL: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];

fn ids(answer: &Answer) -> Vec<i64> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()["data"].as_array().expect("rows").iter().map(|row| row["id"].as_i64().expect("an id")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_reaches_its_own_leads_alone() {
    for database in both() {
        let (acme, other) = (database.account("acme"), database.account("other"));
        let (north, south) =
            (database.partner(acme, "introducer", "North"), database.partner(acme, "introducer", "South"));
        let buyer = database.partner(acme, "partner", "Buyer");
        let (_, full) = database.key(acme, None, &ALL);
        let (_, foreign) = database.key(other, None, &ALL);
        let (_, north_key) = database.key(acme, Some(&north), &ALL);
        let (_, south_key) = database.key(acme, Some(&south), &ALL);
        let (_, buyer_key) = database.key(acme, Some(&buyer), &ALL);
        let server = database.serve();
        let a = server.lead(&north_key, "ann").await;
        let b = server.lead(&south_key, "ben").await;
        let c = server.lead(&full, "cleo").await;

        assert_eq!(ids(&server.get("/api/v1/leads?sort=id", &full).await), [a, b, c]);
        assert_eq!(ids(&server.get("/api/v1/leads", &north_key).await), [a]);
        assert_eq!(ids(&server.get("/api/v1/leads", &buyer_key).await), [] as [i64; 0]);
        assert_eq!(ids(&server.get("/api/v1/leads", &foreign).await), [] as [i64; 0]);
        let total = server.get("/api/v1/leads?total=true&status=new", &north_key).await.json();
        assert_eq!(total["total"], 1);
        for filter in ["email=ben@example.com", "status=New", "updated_since=2020-01-01", "sort=-updated_at"] {
            assert!(!ids(&server.get(&format!("/api/v1/leads?{filter}"), &north_key).await).contains(&b), "{filter}");
        }
        same_refusal_for_missing_and_foreign(&server, &north_key, b, &south).await;

        let id = b.to_string();
        database.run(&["lead", "refer", "--account", acme, &id, "--partner", &buyer]);
        assert_eq!(ids(&server.get("/api/v1/leads", &buyer_key).await), [b]);
        let seen = server.get(&format!("/api/v1/leads/{b}"), &buyer_key).await.json();
        assert_eq!(seen["introducer_id"], json!(null), "the buyer is not told who supplied it");
        let seen = server.get(&format!("/api/v1/leads/{b}"), &south_key).await.json();
        assert_eq!(seen["partner_id"], json!(null), "the supplier is not told who bought it");
        assert_eq!(seen["updated_at"], seen["created_at"], "nor by the time of the last change");
        database.run(&["lead", "unrefer", "--account", acme, &id]);
        assert_eq!(ids(&server.get("/api/v1/leads", &buyer_key).await), [] as [i64; 0]);
    }
}

/// What belongs to another and what does not exist get the same bytes, the request's own id aside.
async fn same_refusal_for_missing_and_foreign(server: &Server, key: &str, foreign: i64, other_partner: &str) {
    for method in ["GET", "PATCH", "DELETE"] {
        let body = (method == "PATCH").then(|| json!({"firstname": "x"}));
        let mut answers = Vec::new();
        for id in [foreign.to_string(), "999999".into(), "nonsense".into(), "-1".into()] {
            let answer = server.send(method, &format!("/api/v1/leads/{id}"), Some(key), body.clone()).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {id}: {}", answer.text);
            assert_eq!(answer.code(), "out_of_reach");
            answers.push(answer.without_id());
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{method}");
    }
    let named = server.create(key, json!({"email": "x@example.com", "introducer_id": other_partner})).await;
    let missing = server.create(key, json!({"email": "x@example.com", "introducer_id": 999_999})).await;
    assert_eq!(named.status, StatusCode::FORBIDDEN);
    assert_eq!(named.without_id(), missing.without_id());
    let group = server.create(key, json!({"email": "x@example.com", "lead_group_id": 999_999})).await;
    assert_eq!(group.status, StatusCode::FORBIDDEN, "{}", group.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_closed_lists_hold() {
    for database in both() {
        let acme = database.account("acme");
        let north = database.partner(acme, "introducer", "North");
        let (_, full) = database.key(acme, None, &ALL);
        let (_, key) = database.key(acme, Some(&north), &ALL);
        let server = database.serve();
        let id = server.lead(&key, "ann").await;
        let seen = server.get(&format!("/api/v1/leads/{id}"), &key).await.json();
        for hidden in ["cost", "value", "source", "user_id", "site_id", "ip_address", "duplicate_of"] {
            assert!(seen.get(hidden).is_none(), "{hidden}");
            let filtered = server.get(&format!("/api/v1/leads?{hidden}=1"), &key).await;
            assert_eq!((filtered.status, filtered.code().as_str()), (StatusCode::FORBIDDEN, "field_not_permitted"));
        }
        let change = json!({"cost": "1.00"});
        let refused = server.send("PATCH", &format!("/api/v1/leads/{id}"), Some(&key), Some(change.clone())).await;
        assert_eq!(refused.json()["denied_by"], "field");
        let own = server.get("/api/v1/introducers", &key).await.json();
        assert_eq!(own["data"].as_array().map(Vec::len), Some(1));
        assert_eq!((&own["data"][0]["company"], own["data"][0].get("active")), (&json!("North"), None));
        assert_eq!(server.get("/api/v1/partners", &key).await.json()["data"], json!([]));
        let unknown = server.create(&key, json!({"email": "x", "colour": "red"})).await;
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(unknown.json()["errors"].as_array().map(Vec::len), Some(2), "{}", unknown.text);
        let before = seen["updated_at"].clone();
        let changed = server.send("PATCH", &format!("/api/v1/leads/{id}"), Some(&full), Some(change)).await;
        assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
        let seen = server.get(&format!("/api/v1/leads/{id}"), &key).await.json();
        assert_eq!(seen["updated_at"], before, "what it does not see does not show by time");

        let gone = server.send("DELETE", &format!("/api/v1/leads/{id}"), Some(&key), None).await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
        assert_eq!(server.get(&format!("/api/v1/leads/{id}"), &key).await.status, StatusCode::FORBIDDEN);
        assert_eq!(server.get(&format!("/api/v1/leads/{id}"), &full).await.status, StatusCode::NOT_FOUND);
        database.run(&["lead", "restore", "--account", acme, &id.to_string()]);
        assert_eq!(server.get(&format!("/api/v1/leads/{id}"), &key).await.status, StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_walks_every_row_once_and_belongs_to_its_request() {
    for database in both() {
        let acme = database.account("acme");
        let north = database.partner(acme, "both", "North");
        let (_, key) = database.key(acme, Some(&north), &ALL);
        let server = database.serve();
        let mut made = Vec::new();
        for number in 0..7 {
            made.push(server.lead(&key, &format!("lead{number}")).await);
        }
        let (mut seen, mut path) = (Vec::new(), "/api/v1/leads?limit=3&sort=id".to_owned());
        loop {
            let page = server.get(&path, &key).await;
            seen.extend(ids(&page));
            let Some(cursor) = page.json()["next_cursor"].as_str().map(str::to_owned) else { break };
            path = format!("/api/v1/leads?limit=3&sort=id&cursor={cursor}");
            let other = server.get(&format!("{path}&status=New"), &key).await;
            assert_eq!(other.code(), "invalid_cursor");
        }
        assert_eq!(seen, made);
    }
}
