//! `manage_partners`: partner records and referrals by the API, and what becomes of the keys concerned at the same moment.

use std::collections::BTreeSet;

use crate::common::{Answer, Database, Server, both};
use reqwest::StatusCode;
use serde_json::{Value, json};

const ACME: &str = "acme";
const LEADS: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];

/// An account with a lead group *Loans* and types, served, and a key that manages partners and does nothing else.
struct Account {
    database: Database,
    server: Server,
    manager: String,
    general: i64,
    loans: i64,
    car: i64,
}

impl Account {
    async fn build(database: Database) -> Self {
        database.account(ACME);
        let loans = database.run(&["lead-group", "create", "--account", ACME, "--name", "Loans"]);
        let line = ["lead-type", "create", "--account", ACME, "--lead-group", "Loans", "--name", "Car"];
        let car = database.run(&line);
        let (_, manager) = database.key(ACME, None, &["manage_partners"]);
        let server = database.serve();
        let groups = server.get("/api/v1/lead-groups", &manager).await.json();
        let id = |value: &Value| value["id"].as_i64().expect("an id");
        let (general, loans, car) = (id(&groups["data"][0]), id(&loans), id(&car));
        Self { database, server, manager, general, loans, car }
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> Answer {
        let body = (method != "DELETE").then_some(body);
        self.server.send(method, &format!("/api/v1{path}"), Some(&self.manager), body).await
    }

    async fn made(&self, path: &str, body: Value) -> Value {
        let answer = self.send("POST", path, body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()
    }

    /// The entries about a record of a kind, oldest first.
    fn trail(&self, kind: &str, target: &str) -> Vec<Value> {
        let entries = self.database.run(&["audit", "list", "--account", ACME]);
        let mut of: Vec<Value> = entries["entries"].as_array().expect("entries").clone();
        let is_of = |entry: &Value| entry["event"].as_str().expect("an event").starts_with(&format!("{kind}."));
        of.retain(|entry| is_of(entry) && entry["target_id"].as_i64() == target.parse().ok());
        of.sort_by_key(|entry| entry["number"].as_i64());
        of
    }
}

fn events(trail: &[Value]) -> Vec<&str> {
    trail.iter().map(|entry| entry["event"].as_str().expect("an event")).collect()
}

fn details(entry: &Value) -> Value {
    serde_json::from_str(entry["details"].as_str().expect("details")).expect("JSON")
}

fn id(record: &Value) -> String {
    record["id"].to_string()
}

fn faults(answer: &Answer) -> BTreeSet<String> {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    let errors = answer.json()["errors"].as_array().expect("errors").clone();
    errors.iter().map(|fault| fault["field"].as_str().expect("a name").to_owned()).collect()
}

fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_made_changed_and_read_by_its_path() {
    for database in both() {
        let account = Account::build(database).await;
        let body = json!({"company": " North Homes ", "contact_name": "Ann", "email": "ann@north.example",
            "phone": "", "lead_group_ids": [account.general, account.general.to_string()], "lead_type_ids": [account.car]});
        let north = account.made("/introducers", body).await;
        let expected = json!({"id": north["id"], "kind": "introducer", "company": "North Homes", "contact_name": "Ann",
            "email": "ann@north.example", "phone": null, "active": true, "lead_group_ids": [account.general],
            "lead_type_ids": [account.car]});
        assert_eq!(north, expected);

        let path = format!("/introducers/{}", id(&north));
        let change = json!({"company": "North", "email": null, "contact_name": "", "lead_group_ids": [account.loans]});
        let answer = account.send("PATCH", &path, change).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let expected = json!({"id": north["id"], "kind": "introducer", "company": "North", "contact_name": "Ann",
            "email": null, "phone": null, "active": true, "lead_group_ids": [account.loans],
            "lead_type_ids": [account.car]});
        assert_eq!(answer.json(), expected);
        assert_eq!(account.send("GET", &path, json!({})).await.json(), expected);
        assert_eq!(account.send("PATCH", &path, json!({})).await.json(), expected);

        let trail = account.trail("partner", &id(&north));
        assert_eq!(events(&trail), ["partner.created", "partner.changed", "partner.linked", "partner.unlinked"]);
        assert_eq!(trail[1]["changed"], json!(["company", "email"]));
        assert_eq!(trail[1]["actor"], "key");
        assert_eq!(details(&trail[1])["before"], json!({"company": "North Homes", "email": "ann@north.example"}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kind_is_by_the_path_and_the_path_of_the_other_kind_is_a_404() {
    for database in both() {
        let account = Account::build(database).await;
        for (path, sent, kind, location, other) in [
            ("/introducers", Value::Null, "introducer", Some("introducers"), Some("/partners")),
            ("/partners", Value::Null, "partner", Some("partners"), Some("/introducers")),
            ("/partners", json!("both"), "both", Some("introducers"), None),
            ("/introducers", json!("partner"), "partner", Some("partners"), Some("/introducers")),
        ] {
            let mut body = json!({"company": "South"});
            if !sent.is_null() {
                body["kind"] = sent;
            }
            let request = account.server.client.post(format!("{}/api/v1{path}", account.server.base));
            let answer = request.bearer_auth(&account.manager).json(&body).send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::CREATED);
            let at = answer.headers()["location"].to_str().expect("a path").to_owned();
            let made: Value = answer.json().await.expect("JSON");
            assert_eq!(made["kind"], kind);
            assert_eq!(at, format!("/api/v1/{}/{}", location.expect("a side"), made["id"]));
            let Some(other) = other else { continue };
            let other = format!("{other}/{}", made["id"]);
            for method in ["GET", "PATCH", "DELETE"] {
                assert_refused(&account.send(method, &other, json!({"company": "x"})).await, 404, "not_found");
            }
            let still = account.server.get(&at, &account.manager).await.json();
            assert_eq!(still["company"], "South", "nothing happened on the wrong path");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_value_is_named_and_nothing_is_kept() {
    for database in both() {
        let account = Account::build(database).await;
        let body = json!({"kind": "buyer", "email": "x", "phone": "abc", "active": "maybe", "lead_group_ids": "1",
            "id": 7, "colour": "red"});
        let named = faults(&account.send("POST", "/introducers", body).await);
        let all = ["active", "colour", "company", "email", "id", "kind", "lead_group_ids", "phone"];
        assert_eq!(named, all.map(str::to_owned).into());
        assert_eq!(faults(&account.send("POST", "/partners", json!({})).await), ["company".to_owned()].into());

        let north = account.made("/introducers", json!({"company": "North"})).await;
        let path = format!("/introducers/{}", id(&north));
        let bad = json!({"company": null, "kind": null, "active": null, "email": "ann@north.example", "phone": "1"});
        let named = faults(&account.send("PATCH", &path, bad).await);
        assert_eq!(named, ["active", "company", "kind", "phone"].map(str::to_owned).into());
        // Records that are named come before values, and one that is missing keeps the good values out too.
        for (field, ids) in [("lead_group_ids", json!([account.general, 999_999])), ("lead_type_ids", json!([999_999]))]
        {
            let answer = account.send("PATCH", &path, json!({field: ids, "company": "x", "phone": "1"})).await;
            assert_refused(&answer, 404, "not_found");
            assert_eq!(answer.json()["errors"][0]["field"], field);
        }
        assert_refused(&account.send("PATCH", "/introducers/999999", json!({"colour": 1})).await, 404, "not_found");
        assert_eq!(account.send("GET", &path, json!({})).await.json(), north);
        assert_eq!(account.send("GET", "/introducers", json!({})).await.json()["data"], json!([north]));
        assert_eq!(events(&account.trail("partner", &id(&north))), ["partner.created"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_s_groups_are_none() {
    for database in both() {
        let account = Account::build(database).await;
        account.database.account("other");
        let line = ["lead-group", "create", "--account", "other", "--name", "Theirs"];
        let theirs = account.database.run(&line)["id"].clone();
        let body = json!({"company": "North", "lead_group_ids": [theirs]});
        assert_refused(&account.send("POST", "/introducers", body).await, 404, "not_found");
        assert_eq!(account.send("GET", "/introducers", json!({})).await.json()["data"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_makes_nothing_twice() {
    for database in both() {
        let account = Account::build(database).await;
        let post = async |path: &str, body: &Value| {
            let request = account.server.client.post(format!("{}/api/v1{path}", account.server.base));
            let request = request.bearer_auth(&account.manager).header("idempotency-key", "one").json(body);
            let answer = request.send().await.expect("an answer");
            let again = answer.headers().contains_key("idempotent-replayed");
            let status = answer.status();
            (Answer { status, text: answer.text().await.expect("a body") }, again)
        };
        let body = json!({"company": "North"});
        let (first, again) = post("/introducers", &body).await;
        assert_eq!((first.status, again), (StatusCode::CREATED, false), "{}", first.text);
        let path = format!("/introducers/{}", id(&first.json()));
        account.send("PATCH", &path, json!({"phone": "020 7946 0000"})).await;
        let (second, again) = post("/introducers", &body).await;
        assert_eq!((second.status, again), (StatusCode::CREATED, true), "{}", second.text);
        assert_eq!(second.json()["phone"], "020 7946 0000", "it is read anew");
        let (other, _) = post("/introducers", &json!({"company": "South"})).await;
        assert_refused(&other, 422, "idempotency_key_reused");
        let (elsewhere, again) = post("/partners", &body).await;
        assert_eq!((elsewhere.status, again), (StatusCode::CREATED, false), "another route is another request");
        assert_eq!(account.database.number("SELECT COUNT(*) FROM partner_records"), 2);
        assert_eq!(account.send("DELETE", &path, json!({})).await.status, StatusCode::NO_CONTENT);
        assert_refused(&post("/introducers", &body).await.0, 404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_takes_the_keys_along() {
    for database in both() {
        let account = Account::build(database).await;
        let north =
            account.made("/introducers", json!({"company": "North", "lead_group_ids": [account.general]})).await;
        let keys: Vec<_> = (0..2).map(|_| account.database.key(ACME, Some(&id(&north)), &LEADS)).collect();
        let lead = account.server.lead(&keys[0].1, "ann").await;
        let path = format!("/introducers/{}", id(&north));
        let (_, reader) = account.database.key(ACME, None, &LEADS);
        assert_refused(
            &account.server.send("DELETE", &format!("/api/v1{path}"), Some(&reader), None).await,
            403,
            "insufficient_scope",
        );
        assert_refused(
            &account.server.send("DELETE", &format!("/api/v1{path}"), Some(&keys[0].1), None).await,
            403,
            "not_for_partner_keys",
        );

        assert_eq!(account.send("DELETE", &path, json!({})).await.status, StatusCode::NO_CONTENT);
        for (key, secret) in &keys {
            assert_refused(&account.server.get("/api/v1/whoami", secret).await, 401, "deleted_key");
            let trail = account.trail("key", key);
            let deleted = trail.iter().find(|entry| entry["event"] == "key.deleted").expect("an entry");
            assert_eq!(details(deleted)["reason"], "its partner record was deleted");
            assert_eq!(deleted["actor"], "key");
        }
        for method in ["GET", "PATCH", "DELETE"] {
            assert_refused(&account.send(method, &path, json!({})).await, 404, "not_found");
        }
        let kept = account.server.get(&format!("/api/v1/leads/{lead}"), &reader).await.json();
        assert_eq!(kept["introducer_id"], north["id"], "its leads stay, and its number on them");
        assert_eq!(events(&account.trail("partner", &id(&north))).last(), Some(&"partner.deleted"));
        account.database.run(&["audit", "verify"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_keys_reach_changes_with_the_record() {
    for database in both() {
        let account = Account::build(database).await;
        let body = json!({"company": "West", "kind": "both", "lead_group_ids": [account.general]});
        let west = account.made("/partners", body).await;
        let path = format!("/partners/{}", id(&west));
        let (_, key) = account.database.key(ACME, Some(&id(&west)), &LEADS);
        let supplied = account.server.lead(&key, "ann").await;
        let at = format!("/api/v1/leads/{supplied}");
        assert_eq!(account.server.get(&at, &key).await.status, StatusCode::OK);

        account.send("PATCH", &path, json!({"active": false})).await;
        assert_refused(&account.server.get(&at, &key).await, 403, "partner_inactive");
        account.send("PATCH", &path, json!({"active": true, "lead_group_ids": []})).await;
        assert_eq!(account.server.get(&at, &key).await.status, StatusCode::OK, "links never decide reach");
        assert_eq!(account.server.get("/api/v1/lead-groups", &key).await.json()["data"], json!([]));

        let answer = account.send("PATCH", &path, json!({"kind": "partner"})).await;
        assert_eq!(answer.json()["kind"], "partner");
        assert_refused(&account.server.get(&at, &key).await, 403, "out_of_reach");
        // A key that is made while the record only buys never supplies, whatever the record becomes.
        let (_, buyer) = account.database.key(ACME, Some(&id(&west)), &LEADS);
        account.send("PATCH", &path, json!({"kind": "both"})).await;
        assert_eq!(account.server.get(&at, &key).await.status, StatusCode::OK);
        assert_refused(&account.server.get(&at, &buyer).await, 403, "out_of_reach");
        account.send("PATCH", &path, json!({"kind": "introducer"})).await;
        assert_refused(&account.send("GET", &path, json!({})).await, 404, "not_found");
        assert_eq!(account.server.get("/api/v1/partners", &buyer).await.json()["data"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_referral_begins_and_ends_a_buyers_reach() {
    for database in both() {
        let account = Account::build(database).await;
        let (_, full) = account.database.key(ACME, None, &LEADS);
        let lead = account.server.lead(&full, "ann").await;
        let (path, at) = (format!("/leads/{lead}/referral"), format!("/api/v1/leads/{lead}"));
        let south = account.made("/partners", json!({"company": "South"})).await;
        let east = account.made("/partners", json!({"company": "East"})).await;
        let north = account.made("/introducers", json!({"company": "North"})).await;
        let (_, south_key) = account.database.key(ACME, Some(&id(&south)), &["read_leads"]);
        let (_, east_key) = account.database.key(ACME, Some(&id(&east)), &["read_leads"]);

        let referred = account.send("POST", &path, json!({"partner_id": south["id"]})).await;
        assert_eq!(
            (referred.status, referred.text.as_str()),
            (StatusCode::NO_CONTENT, ""),
            "no lead to a key that reads none"
        );
        assert_eq!(account.server.get(&at, &south_key).await.json()["partner_id"], south["id"]);
        account.send("POST", &path, json!({"partner_id": id(&east)})).await;
        assert_refused(&account.server.get(&at, &south_key).await, 403, "out_of_reach");
        assert_eq!(account.server.get(&at, &east_key).await.status, StatusCode::OK);
        for _ in 0..2 {
            assert_eq!(account.send("DELETE", &path, json!({})).await.status, StatusCode::NO_CONTENT);
            assert_refused(&account.server.get(&at, &east_key).await, 403, "out_of_reach");
        }

        assert_eq!(faults(&account.send("POST", &path, json!({"price": 1})).await).len(), 2);
        assert_refused(&account.send("POST", &path, json!({"partner_id": north["id"]})).await, 409, "conflict");
        let answer = account.send("POST", &path, json!({"partner_id": 999_999})).await;
        assert_refused(&answer, 404, "not_found");
        assert_eq!(answer.json()["errors"][0]["field"], "partner_id");
        for missing in ["999999", "0", "x"] {
            let path = format!("/leads/{missing}/referral");
            assert_refused(&account.send("POST", &path, json!({"price": 1})).await, 404, "not_found");
            assert_refused(&account.send("DELETE", &path, json!({})).await, 404, "not_found");
        }
        let history = account.server.get(&format!("{at}/history"), &full).await.json();
        let actions: Vec<_> =
            history["data"].as_array().expect("rows").iter().map(|row| row["action"].clone()).collect();
        assert_eq!(actions, ["unreferred", "referred", "referred", "created"]);
        let trail = account.trail("lead", &lead.to_string());
        assert_eq!(events(&trail), ["lead.referred", "lead.referred", "lead.unreferred"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_without_the_scope_and_partner_keys_are_refused() {
    for database in both() {
        let account = Account::build(database).await;
        let north = account.made("/introducers", json!({"company": "North", "kind": "both"})).await;
        let (_, own) = account.database.key(ACME, Some(&id(&north)), &LEADS);
        let (_, full) = account.database.key(ACME, None, &LEADS);
        let lead = account.server.lead(&full, "ann").await;
        for (method, path) in [
            ("POST", "/introducers".to_owned()),
            ("POST", "/partners".to_owned()),
            ("PATCH", format!("/introducers/{}", id(&north))),
            ("DELETE", format!("/partners/{}", id(&north))),
            ("POST", format!("/leads/{lead}/referral")),
            ("DELETE", format!("/leads/{lead}/referral")),
        ] {
            let path = format!("/api/v1{path}");
            let body = (method != "DELETE").then(|| json!({"company": "x"}));
            let answer = account.server.send(method, &path, Some(&own), body.clone()).await;
            assert_refused(&answer, 403, "not_for_partner_keys");
            let answer = account.server.send(method, &path, Some(&full), body).await;
            assert_refused(&answer, 403, "insufficient_scope");
            assert_eq!(answer.json()["required_scopes"], json!(["manage_partners"]));
        }
        assert_eq!(account.database.number("SELECT COUNT(*) FROM partner_records WHERE deleted_at IS NULL"), 1);
    }
}
