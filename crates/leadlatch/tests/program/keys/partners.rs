//! Two partners and two accounts: nothing of one reaches the other.

use crate::common::{Answer, Database, Server, both};
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

/// Every list but that of leads, with a Full key that has two rows of each.
const LISTS: [&str; 11] = [
    "lead-groups",
    "lead-types",
    "statuses",
    "sites",
    "users",
    "user-groups",
    "introducers",
    "partners",
    "marketing/sources",
    "marketing/mediums",
    "hooks",
];

async fn world_of_lists(database: &Database, server: &Server, key: &str) {
    for name in ["One", "Two"] {
        database.run(&["lead-group", "create", "--account", "acme", "--name", name]);
        database.run(&["lead-type", "create", "--account", "acme", "--lead-group", "General", "--name", name]);
        database.run(&["site", "create", "--account", "acme", "--name", name]);
        database.run(&["user-group", "create", "--account", "acme", "--name", name]);
        let email = format!("{name}@example.com");
        let user = ["user", "create", "--account", "acme", "--name", name, "--role", "member", "--email", &email];
        database.run_with(&user, "a long enough password");
        database.partner("acme", "both", name);
        let lead = json!({"email": email, "source": name, "medium": name});
        assert_eq!(server.create(key, lead).await.status, StatusCode::CREATED);
        let hook = json!({"target_url": "http://127.0.0.1:9/", "events": ["lead.created"]});
        assert_eq!(server.send("POST", "/api/v1/hooks", Some(key), Some(hook)).await.status, StatusCode::CREATED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_counts_and_takes_its_own_cursors_alone() {
    for database in both() {
        let acme = database.account("acme");
        let (_, key) = database.key(acme, None, &ALL);
        let server = database.serve_with(&[], &[("LEADLATCH_HOOK_ALLOWED_RANGES", "127.0.0.0/8")]);
        world_of_lists(&database, &server, &key).await;
        let mut cursors = Vec::new();
        for list in LISTS {
            let page = server.get(&format!("/api/v1/{list}?limit=1&total=true"), &key).await.json();
            let all = server.get(&format!("/api/v1/{list}"), &key).await.json();
            let rows = all["data"].as_array().expect("rows");
            assert!(rows.len() > 1, "{list}: {all}");
            assert_eq!((&page["total"], all.get("total")), (&json!(rows.len()), None), "{list}");
            let cursor = page["next_cursor"].as_str().expect("a cursor").to_owned();
            let next = server.get(&format!("/api/v1/{list}?limit=1&total=true&cursor={cursor}"), &key).await.json();
            assert_eq!((&next["data"][0], &next["total"]), (&rows[1], &page["total"]), "{list}");
            cursors.push((list, cursor));
        }
        for list in LISTS.into_iter().chain(["leads"]) {
            for (of, cursor) in cursors.iter().filter(|(of, _)| *of != list) {
                let refused = server.get(&format!("/api/v1/{list}?cursor={cursor}"), &key).await;
                assert_eq!(refused.code(), "invalid_cursor", "a cursor of {of} for {list}");
            }
        }
        let (_, partner) = database.key(acme, Some(&database.partner(acme, "introducer", "North")), &["read_leads"]);
        let own = server.get("/api/v1/introducers?total=true", &partner).await.json();
        assert_eq!((&own["total"], own["data"].as_array().map(Vec::len)), (&json!(1), Some(1)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_both_sides_names_its_record_where_it_stands() {
    for database in both() {
        let acme = database.account("acme");
        let [north, both_sides] =
            [("introducer", "North"), ("both", "Both")].map(|(k, n)| database.partner(acme, k, n));
        let (_, supplier) = database.key(acme, Some(&north), &ALL);
        let (_, key) = database.key(acme, Some(&both_sides), &ALL);
        let server = database.serve();
        let own: i64 = both_sides.parse().expect("an id");
        let bought = server.lead(&supplier, "bought").await;
        database.run(&["lead", "refer", "--account", acme, &bought.to_string(), "--partner", &both_sides]);
        let supplied = server.lead(&key, "supplied").await;
        let rival = database.partner(acme, "partner", "Rival");
        let sold = server.lead(&key, "sold").await;
        database.run(&["lead", "refer", "--account", acme, &sold.to_string(), "--partner", &rival]);
        for (lead, body, status) in [
            (bought, json!({"partner_id": own}), StatusCode::OK),
            (bought, json!({"introducer_id": own}), StatusCode::FORBIDDEN),
            // Whether another stands there is not told: both are shown as none.
            (bought, json!({"introducer_id": null}), StatusCode::OK),
            (sold, json!({"partner_id": null}), StatusCode::OK),
            (sold, json!({"partner_id": own}), StatusCode::FORBIDDEN),
            (bought, json!({"partner_id": null}), StatusCode::FORBIDDEN),
            (supplied, json!({"introducer_id": own}), StatusCode::OK),
            (supplied, json!({"partner_id": own}), StatusCode::FORBIDDEN),
            (supplied, json!({"introducer_id": null}), StatusCode::FORBIDDEN),
            (supplied, json!({"partner_id": null}), StatusCode::OK),
        ] {
            let answer = server.send("PATCH", &format!("/api/v1/leads/{lead}"), Some(&key), Some(body.clone())).await;
            assert_eq!(answer.status, status, "{body}: {}", answer.text);
            if status == StatusCode::FORBIDDEN {
                assert_eq!(
                    (answer.json()["denied_by"].as_str(), answer.code().as_str()),
                    (Some("field"), "field_not_permitted")
                );
            }
        }
    }
}

/// A deleted record keeps its leads and shares none: who is left deletes for both.
#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_only_a_deleted_record_had_beside_it_goes_to_the_bin() {
    for database in both() {
        let acme = database.account("acme");
        let [north, buyer] = [("introducer", "North"), ("partner", "Buyer")].map(|(k, n)| database.partner(acme, k, n));
        let (_, full) = database.key(acme, None, &ALL);
        let (_, key) = database.key(acme, Some(&north), &ALL);
        let server = database.serve();
        for (gone, status) in [(false, StatusCode::OK), (true, StatusCode::NOT_FOUND)] {
            let lead = server.lead(&key, &format!("shared{gone}")).await;
            database.run(&["lead", "refer", "--account", acme, &lead.to_string(), "--partner", &buyer]);
            if gone {
                database.run(&["partner", "delete", "--account", acme, &buyer]);
            }
            let path = format!("/api/v1/leads/{lead}");
            assert_eq!(server.send("DELETE", &path, Some(&key), None).await.status, StatusCode::NO_CONTENT);
            assert_eq!(server.get(&path, &full).await.status, status);
        }
    }
}
