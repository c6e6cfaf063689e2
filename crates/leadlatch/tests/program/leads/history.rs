//! Every change of a lead is in its history with its actor; erasing takes everything along.

use crate::common::{Answer, both};
use reqwest::StatusCode;
use serde_json::{Value, json};

const ALL: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];

fn rows(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()["data"].as_array().expect("rows").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_stands_in_the_history_with_its_actor() {
    for database in both() {
        let (acme, other) = (database.account("acme"), database.account("other"));
        let north = database.partner(acme, "introducer", "North");
        let buyer = database.partner(acme, "partner", "Buyer");
        let (full_id, full) = database.key(acme, None, &ALL);
        let (north_id, key) = database.key(acme, Some(&north), &ALL);
        let (_, buyer_key) = database.key(acme, Some(&buyer), &ALL);
        let (_, foreign) = database.key(other, None, &ALL);
        let (_, bare) = database.key(acme, None, &["create_leads"]);
        let server = database.serve();
        let made = server
            .create(&key, json!({"email": "a@example.com", "contact_email": "yes", "contact_fax": "unknown"}))
            .await;
        let id = made.json()["id"].as_i64().expect("an id");
        let (path, lead) = (format!("/api/v1/leads/{id}/history"), format!("/api/v1/leads/{id}"));
        let change = json!({"cost": "2.50", "status": "Contacted", "contact_sms": "no", "data": {"data1": "x"}});
        assert_eq!(server.send("PATCH", &lead, Some(&full), Some(change.clone())).await.status, StatusCode::OK);
        assert_eq!(server.send("PATCH", &lead, Some(&full), Some(change)).await.status, StatusCode::OK);
        database.run(&["lead", "refer", "--account", acme, &id.to_string(), "--partner", &buyer]);
        assert_eq!(server.send("DELETE", &lead, Some(&buyer_key), None).await.status, StatusCode::NO_CONTENT);

        let told = rows(&server.get(&path, &full).await);
        let actions: Vec<_> = told.iter().map(|row| row["action"].as_str().expect("an action")).collect();
        assert_eq!(actions, ["reach_ended", "referred", "updated", "created"], "what changed nothing is no change");
        assert_eq!(
            told[3]["actor"],
            json!({"kind": "key", "id": north_id.parse::<i64>().expect("an id"), "name": "test"})
        );
        assert_eq!(told[3]["changed"], json!({}), "a new lead's values stand in it alone");
        assert_eq!(told[2]["actor"]["id"].to_string(), full_id);
        assert_eq!(told[2]["changed"]["cost"], json!({"before": null, "after": "2.50"}));
        assert_eq!(told[2]["changed"]["status"], json!({"before": "New", "after": "Contacted"}));
        assert_eq!(told[2]["changed"]["data.data1"], json!({"before": null, "after": "x"}));
        assert_eq!(told[1]["actor"], json!({"kind": "command_line", "id": null, "name": null}));
        assert_eq!(told[1]["changed"]["partner_id"]["after"].to_string(), buyer);

        let first = server.get(&format!("{path}?limit=3"), &full).await.json();
        let next = first["next_cursor"].as_str().expect("a cursor");
        assert_eq!(rows(&server.get(&format!("{path}?limit=3&cursor={next}"), &full).await), told[3..]);
        let second = server.lead(&full, "ben").await;
        let elsewhere = server.get(&format!("/api/v1/leads/{second}/history?limit=3&cursor={next}"), &full).await;
        assert_eq!(elsewhere.code(), "invalid_cursor");
        assert_eq!(server.get(&path, &key).await.code(), "not_for_partner_keys");
        assert_eq!(server.get("/api/v1/leads/999999/history", &key).await.code(), "not_for_partner_keys");
        assert_eq!(server.get(&path, &bare).await.code(), "insufficient_scope");
        assert_eq!(server.get(&path, &foreign).await.status, StatusCode::NOT_FOUND);

        let shown = database.run(&["lead", "show", "--account", acme, &id.to_string()]);
        let set: Vec<_> = shown["preferences"].as_array().expect("preferences").iter().collect();
        assert_eq!(
            (set.len(), &set[0]["field"], &set[1]["field"]),
            (2, &json!("contact_email"), &json!("contact_sms"))
        );
        assert_eq!((set[0]["actor"]["id"].to_string(), &set[0]["address"]), (north_id.clone(), &json!("127.0.0.1")));
        assert_eq!((set[1]["actor"]["id"].to_string(), &set[1]["value"]), (full_id.clone(), &json!("no")));
        assert!(shown["partner_ended_at"].is_string(), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bin_is_looked_into_by_the_command_line_and_erasing_leaves_nothing() {
    for database in both() {
        let (acme, other) = (database.account("acme"), database.account("other"));
        let (_, full) = database.key(acme, None, &ALL);
        let server = database.serve();
        let mut ids = Vec::new();
        for name in ["ann", "ben", "cleo"] {
            let made =
                server.create(&full, json!({"email": format!("{name}@example.com"), "contact_sms": "yes"})).await;
            ids.push(made.json()["id"].to_string());
        }
        let line = |command: &'static str, account: &'static str, ids: &[String]| {
            let mut line = vec!["lead", command, "--account", account];
            line.extend(ids.iter().map(String::as_str));
            database.try_run(&line)
        };
        assert!(line("delete", other, &ids[..1]).is_err() && line("erase", other, &ids[..1]).is_err());
        assert!(line("show", other, &ids[..1]).is_err() && line("history", other, &ids[..1]).is_err());
        assert!(line("delete", acme, &[ids[0].clone(), "999999".into()]).is_err(), "all or none");
        assert_eq!(server.get("/api/v1/leads?total=true", &full).await.json()["total"], 3);
        line("delete", acme, &ids[..2]).expect("deletes");
        assert_eq!(server.get(&format!("/api/v1/leads/{}/history", ids[0]), &full).await.status, StatusCode::NOT_FOUND);
        let shown = line("show", acme, &ids[..2]).expect("shows");
        assert!(shown[0]["deleted_at"].is_string() && shown[1]["email"] == "ben@example.com", "{shown}");
        let told = line("history", acme, &ids[..1]).expect("a history");
        assert_eq!((&told[0]["action"], &told[0]["actor"]["kind"]), (&json!("deleted"), &json!("command_line")));
        database.run(&["lead", "restore", "--account", acme, &ids[1]]);
        let told = rows(&server.get(&format!("/api/v1/leads/{}/history", ids[1]), &full).await);
        assert_eq!(told[0]["action"], "restored");

        line("erase", acme, &ids[..2]).expect("erases");
        assert!(line("show", acme, &ids[..1]).is_err() && line("history", acme, &ids[..1]).is_err());
        for table in ["leads", "lead_changes", "lead_preferences"] {
            let left = format!("SELECT COUNT(*) FROM {table} WHERE account_id > 0");
            assert_eq!(database.number(&left), 1, "{table}: only the third lead's");
        }
        let trail = database.run(&["audit", "list", "--account", acme]).to_string();
        assert_eq!(trail.matches("lead.erased").count(), 2);
        assert!(!trail.contains("example.com"), "a lead's values are never in the trail");
        database.run(&["audit", "verify"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_moves_only_the_time_of_the_side_that_sees_it() {
    for database in both() {
        let acme = database.account("acme");
        let both = database.partner(acme, "both", "Both");
        let buyer = database.partner(acme, "partner", "Buyer");
        let (_, key) = database.key(acme, Some(&both), &ALL);
        let (_, full) = database.key(acme, None, &ALL);
        let server = database.serve();
        let id = server.lead(&key, "ann").await;
        let (path, id) = (format!("/api/v1/leads/{id}"), id.to_string());
        let seen =
            async |key: &str| server.get(&path, key).await.json()["updated_at"].as_str().expect("a time").to_owned();
        let made = seen(&key).await;
        database.run(&["lead", "refer", "--account", acme, &id, "--partner", &buyer]);
        assert_eq!(seen(&key).await, made, "who buys it is not shown to its supplier");
        assert!(seen(&full).await > made);
        database.run(&["lead", "refer", "--account", acme, &id, "--partner", &both]);
        let own = seen(&key).await;
        assert!(own > made, "it is now shown as its own buyer");
        database.run(&["lead", "unrefer", "--account", acme, &id]);
        assert!(seen(&key).await > own, "and then no longer: a time never goes back");
    }
}
