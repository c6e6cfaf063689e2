//! Searching in a body: the list's filters, rules and refusals, word for word.

use crate::common::{Answer, Database, Server, both};
use reqwest::StatusCode;
use serde_json::{Value, json};

const ALL: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];

async fn search(server: &Server, key: &str, body: Value) -> Answer {
    server.send("POST", "/api/v1/leads/search", Some(key), Some(body)).await
}

fn ids(answer: &Answer) -> Vec<i64> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()["data"].as_array().expect("rows").iter().map(|row| row["id"].as_i64().expect("an id")).collect()
}

/// An account with two suppliers, a buyer, a Full key, and a Full key of another account.
struct World {
    keys: [String; 5],
    buyer: String,
}

fn world(database: &Database) -> World {
    let (acme, other) = (database.account("acme"), database.account("other"));
    let partners = [("introducer", "North"), ("introducer", "South"), ("partner", "Buyer")]
        .map(|(kind, company)| database.partner(acme, kind, company));
    let [north, south, buyer] = partners.each_ref().map(|partner| database.key(acme, Some(partner), &ALL).1);
    let keys = [database.key(acme, None, &ALL).1, north, south, buyer, database.key(other, None, &ALL).1];
    let [_, _, buyer] = partners;
    World { keys, buyer }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_what_the_list_finds_and_nothing_of_anothers() {
    for database in both() {
        let World { keys: [full, north, south, buyer, foreign], buyer: buyer_id } = world(&database);
        let server = database.serve();
        let mut made = Vec::new();
        for (key, name) in [(&north, "ann"), (&south, "ann"), (&full, "ben"), (&foreign, "ann")] {
            made.push(server.lead(key, name).await);
        }
        database.run(&["lead", "refer", "--account", "acme", &made[1].to_string(), "--partner", &buyer_id]);
        let mail = json!({"email": "ANN@example.com", "sort": "id", "total": true});
        let expected = [
            (&full, vec![made[0], made[1]]),
            (&north, vec![made[0]]),
            (&south, vec![made[1]]),
            (&buyer, vec![made[1]]),
            (&foreign, vec![made[3]]),
        ];
        for (key, leads) in expected {
            let found = search(&server, key, mail.clone()).await;
            assert_eq!(ids(&found), leads);
            assert_eq!(found.json()["total"], leads.len());
            let listed = server.get("/api/v1/leads?email=ANN@example.com&sort=id&total=true", key).await;
            assert_eq!(found.json(), listed.json());
        }
        for body in [
            json!({"status": "New"}),
            json!({"status": "New", "total": "true"}),
            json!({}),
            json!({"updated_since": "2020-01-01", "sort": "-updated_at"}),
            json!({"email": "", "phone": null}),
        ] {
            assert_eq!(ids(&search(&server, &north, body.clone()).await), [made[0]], "{body}");
            assert_eq!(ids(&search(&server, &buyer, body.clone()).await), [made[1]], "{body}");
        }
        // The boxes that an integration tool leaves empty.
        let unfilled = "/api/v1/leads?limit=&cursor=&total=&sort=&status=&email=&received_from=";
        assert_eq!(ids(&server.get(unfilled, &north).await), [made[0]]);
        let types = server.get("/api/v1/lead-types?lead_group_id=&cursor=", &full).await;
        assert_eq!((types.status, types.json()["data"].is_array()), (StatusCode::OK, true));
        let exported = server.get("/api/v1/leads/export?format=&raw=&status=", &full).await;
        assert_eq!((exported.status, exported.text.starts_with("id,")), (StatusCode::OK, true), "{}", exported.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_refused_as_the_list_is() {
    for database in both() {
        let World { keys: [full, north, ..], buyer } = world(&database);
        let server = database.serve();
        for (body, query) in [
            (json!({"cost": "x", "status_id": "x"}), "cost=x&status_id=x"),
            (json!({"sort": "-source"}), "sort=-source"),
            (json!({"user_id": null}), "user_id="),
            (json!({"introducer_id": 999}), "introducer_id=999"),
            (json!({"partner_id": buyer.parse::<i64>().expect("an id")}), &format!("partner_id={buyer}")),
            (json!({"colour": "red", "status_id": 0, "limit": 500}), "colour=red&status_id=0&limit=500"),
            (json!({"data1": "x"}), "data1=x"),
            (json!({"cursor": "nonsense"}), "cursor=nonsense"),
        ] {
            for key in [&north, &full] {
                let searched = search(&server, key, body.clone()).await;
                let listed = server.get(&format!("/api/v1/leads?{query}"), key).await;
                assert_eq!(searched.status, listed.status, "{body}: {} {}", searched.text, listed.text);
                if searched.status != StatusCode::OK {
                    assert_eq!(searched.without_id(), listed.without_id(), "{body}");
                }
            }
            assert!(search(&server, &north, body.clone()).await.status.is_client_error(), "{body}");
        }
        let shaped = search(&server, &full, json!({"email": ["x"], "status": {"a": 1}})).await;
        assert_eq!(
            (shaped.status, shaped.json()["errors"].as_array().map(Vec::len)),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(2))
        );
        let hidden = search(&server, &north, json!({"cost": ["x"]})).await;
        assert_eq!(hidden.code(), "field_not_permitted", "the name is judged before any value");
        let in_url =
            server.send("POST", "/api/v1/leads/search?email=a@example.com", Some(&full), Some(json!({}))).await;
        assert_eq!(
            (in_url.status, &in_url.json()["errors"][0]["field"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("email"))
        );
        let in_url = server.send("POST", "/api/v1/leads/search?cost=1", Some(&north), Some(json!({}))).await;
        assert_eq!(in_url.code(), "field_not_permitted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_walked_by_its_cursor() {
    for database in both() {
        let World { keys: [_, north, south, ..], .. } = world(&database);
        let server = database.serve();
        let mut made = Vec::new();
        for number in 0..5 {
            made.push(server.lead(&north, &format!("lead{number}")).await);
            server.lead(&south, "other").await;
        }
        let (mut seen, mut body) = (Vec::new(), json!({"limit": 2, "sort": "id", "status": "New"}));
        loop {
            let page = search(&server, &north, body.clone()).await;
            seen.extend(ids(&page));
            let Some(cursor) = page.json()["next_cursor"].as_str().map(str::to_owned) else { break };
            body["cursor"] = json!(cursor);
            let other = json!({"limit": 2, "sort": "id", "cursor": cursor});
            assert_eq!(search(&server, &north, other).await.code(), "invalid_cursor");
        }
        assert_eq!(seen, made);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_and_its_rows_are_of_one_moment() {
    for database in both() {
        let World { keys: [full, north, ..], .. } = world(&database);
        let server = std::sync::Arc::new(database.serve());
        let writer = {
            let (server, north) = (std::sync::Arc::clone(&server), north.clone());
            tokio::spawn(async move {
                for _ in 0..150 {
                    server.lead(&north, "ann").await;
                }
            })
        };
        let mut seen = 0;
        while !writer.is_finished() {
            let page = server.get("/api/v1/leads?total=true&limit=200", &full).await;
            let rows = ids(&page).len();
            assert_eq!(page.json()["total"], rows);
            seen += usize::from((1..150).contains(&rows));
        }
        writer.await.expect("a writer");
        assert!(seen > 5, "{seen} were read while leads came in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_twice_is_refused_by_its_name() {
    let database = crate::common::sqlite();
    let World { keys: [full, ..], .. } = world(&database);
    let server = database.serve();
    for path in ["/api/v1/leads?", "/api/v1/leads/export?", "/api/v1/sites?limit=1&"] {
        let refused = server.get(&format!("{path}status=new&limit=1&status=closed"), &full).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (422, "invalid_fields"), "{}", refused.text);
        let errors = refused.json()["errors"].clone();
        let twice = |error: &Value| error["field"] == "status" && error["code"] == "repeated";
        assert_eq!(errors.as_array().expect("errors").iter().filter(|error| twice(error)).count(), 1, "{errors}");
    }
    let send = async |path: &str, body: &'static str| {
        let request = server.client.post(format!("{}{path}", server.base)).bearer_auth(&full);
        let answer = request.header("content-type", "application/json").body(body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json::<Value>().await.expect("JSON"))
    };
    for path in ["/api/v1/leads", "/api/v1/leads/search"] {
        let (status, problem) = send(path, r#"{"email": "a@example.com", "email": "b@example.com"}"#).await;
        assert_eq!((status, problem["code"].as_str()), (400, Some("malformed_json")), "{problem}");
        assert!(problem["detail"].as_str().expect("words").contains("email stands twice"), "{problem}");
    }
    assert_eq!(server.get("/api/v1/leads?total=true", &full).await.json()["total"], 0);
}
