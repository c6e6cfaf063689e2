//! What goes by itself when its days are over, what a preview says of it, and what stays.

use std::time::Duration;

use crate::common::{Database, Server, both};
use crate::keys::{DAY, events};
use serde_json::{Value, json};

const ALL: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];

/// Moves a time of some rows so many days into the past.
fn age(database: &Database, table: &str, column: &str, days: i64, which: &str) {
    database.sql(&format!("UPDATE {table} SET {column} = {column} - {days} * {DAY} WHERE {which}"));
}

fn preview(database: &Database) -> Value {
    database.run(&["retention", "preview", "--account", "acme"])
}

fn run(database: &Database) -> Value {
    database.run(&["retention", "run", "--account", "acme"])
}

fn counts(of: &Value) -> (i64, i64) {
    (of["now"].as_i64().expect("a count"), of["next_30_days"].as_i64().expect("a count"))
}

/// An account whose group *Loans* keeps leads 100 days and whose status *Closed* 50.
fn account(database: &Database) -> i64 {
    let acme = database.account("acme");
    let group = database.id(&["lead-group", "create", "--account", acme, "--name", "Loans"]);
    database.run(&["lead-group", "set", "--account", acme, "--lead-group", "Loans", "--retention-days", "100"]);
    database.run(&["status", "set", "--account", acme, "--status", "Closed", "--retention-days", "50"]);
    group.parse().expect("an id")
}

async fn made(server: &Server, key: &str, body: Value) -> i64 {
    server.create(key, body).await.json()["id"].as_i64().expect("an id")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_counts_what_a_run_takes() {
    for database in both() {
        let loans = account(&database);
        let (_, key) = database.key("acme", None, &ALL);
        let server = database.serve();
        let (email, mut ids) = ("a@example.com", Vec::new());
        // The group and status of a lead, days without a change, and whether it goes now or within 30 days.
        let leads = [
            (true, "New", 101, "now"),
            (true, "New", 71, "later"),
            (true, "New", 69, "no"),
            (true, "Closed", 51, "now"),
            (true, "Closed", 101, "now"),
            (false, "Closed", 51, "now"),
            (false, "Closed", 21, "later"),
            (false, "New", 3000, "no"),
        ];
        for (in_loans, status, days, _) in leads {
            let mut body = json!({"email": email, "status": status});
            if in_loans {
                body["lead_group_id"] = json!(loans);
            }
            let id = made(&server, &key, body).await;
            age(&database, "leads", "updated_at", days, &format!("id = {id}"));
            ids.push(id);
        }
        let mut others = Vec::new();
        for (column, days) in [("deleted_at", 31), ("deleted_at", 1), ("created_at", 8), ("created_at", 1)] {
            let test = column == "created_at";
            let id = made(&server, &key, json!({"email": email, "test": test})).await;
            let now = "(SELECT MAX(received_at) FROM leads)";
            database.sql(&format!("UPDATE leads SET {column} = {now} - {days} * {DAY} WHERE id = {id}"));
            others.push(id);
        }
        let before = preview(&database);
        assert_eq!(counts(&before["leads"]), (4, 2), "each lead once: {before}");
        let of = |list: &str| {
            let one = &before[list][0];
            assert_eq!(before[list].as_array().map(Vec::len), Some(1), "{before}");
            (one["name"].as_str().expect("a name").to_owned(), one["days"].clone(), counts(one))
        };
        assert_eq!(of("lead_groups"), ("Loans".into(), json!(100), (2, 1)));
        assert_eq!(of("statuses"), ("Closed".into(), json!(50), (3, 1)));
        assert_eq!((counts(&before["bin"]), counts(&before["test_leads"])), ((1, 1), (1, 1)), "{before}");
        let people = database.lines(&["retention", "preview", "--account", "acme"]).join("\n");
        assert!(people.starts_with("at: ") && people.contains("\nleads: now 4 next_30_days 2\n"), "{people}");
        assert_eq!(counts(&preview(&database)["leads"]), (4, 2), "a preview changes nothing");

        let gone = run(&database);
        assert_eq!((&gone["leads"], &gone["bin"], &gone["test_leads"]), (&json!(4), &json!(1), &json!(1)), "{gone}");
        for (id, (.., goes)) in ids.iter().zip(leads) {
            let status = server.get(&format!("/api/v1/leads/{id}"), &key).await.status.as_u16();
            assert_eq!(status, if goes == "now" { 404 } else { 200 }, "{id}");
        }
        let history = database.run(&["lead", "history", "--account", "acme", &ids[0].to_string()]);
        assert_eq!((&history[0]["action"], &history[0]["actor"]["kind"]), (&json!("retired"), &json!("role")));
        let told = events(&database, "acme", "lead.retired");
        let mut taken: Vec<i64> = serde_json::from_value(told[0]["details"]["leads"].clone()).expect("ids");
        taken.sort_unstable();
        assert_eq!(taken, [ids[0], ids[3], ids[4], ids[5]]);
        assert_eq!((told.len(), &told[0]["details"]["count"], &told[0]["actor"]), (1, &json!(4), &json!("role")));
        for gone in [others[0], others[2]] {
            assert!(database.try_run(&["lead", "show", "--account", "acme", &gone.to_string()]).is_err(), "erased");
        }
        for kept in [others[1], others[3]] {
            database.run(&["lead", "show", "--account", "acme", &kept.to_string()]);
        }

        database.run(&["lead", "restore", "--account", "acme", &ids[0].to_string()]);
        assert_eq!(run(&database)["leads"], 0, "what was put back has its days before it again");
        age(&database, "leads", "deleted_at", 31, "deleted_at IS NOT NULL");
        assert_eq!(run(&database)["bin"], 4, "the bin gives them up after its own days");
        database.run(&["audit", "verify"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_does_it_by_itself_in_blocks() {
    for database in both() {
        let acme = database.account("acme");
        database.account("other");
        let path = database.folder.path().join("leads.csv");
        let rows: Vec<_> = (0..1_200).map(|row| format!("lead{row}@example.com")).collect();
        std::fs::write(&path, format!("email\n{}\n", rows.join("\n"))).expect("a file");
        for account in [acme, "other"] {
            let line = ["import", path.to_str().expect("a path"), "--account", account, "--lead-group", "General"];
            assert_eq!(database.run(&line)["imported"], 1_200);
        }
        database.run(&["lead-group", "set", "--account", acme, "--lead-group", "General", "--retention-days", "10"]);
        age(&database, "leads", "updated_at", 11, "id > 5");
        let live = |account: &str| {
            let of = format!("account_id = (SELECT id FROM accounts WHERE slug = '{account}')");
            database.number(&format!("SELECT COUNT(*) FROM leads WHERE deleted_at IS NULL AND {of}"))
        };
        let _server = database.serve();
        for _ in 0..200 {
            if live(acme) <= 5 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!((live(acme), live("other")), (5, 1_200), "one account's days are no other's");
        let blocks = events(&database, acme, "lead.retired");
        let counts: Vec<_> = blocks.iter().map(|entry| entry["details"]["count"].clone()).collect();
        assert_eq!(counts, [json!(500), json!(500), json!(195)]);
        let written = database.number("SELECT COUNT(*) FROM lead_changes WHERE action = 'retired'");
        assert_eq!(written, 1_195, "each has it in its history");
        assert!(!blocks.iter().any(|entry| entry.to_string().contains("example.com")), "ids and counts alone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn details_of_old_audit_entries_go_and_the_chain_stays() {
    for database in both() {
        let (acme, other) = (database.account("acme"), database.account("other"));
        for account in [acme, other] {
            database.run(&["account", "set", "--account", account, "--audit-details-days", "10"]);
            database.run(&["site", "create", "--account", account, "--name", "acme.example"]);
        }
        let log = "INSERT INTO request_log (account_id, key_id, at, request_id, method, route, status, scope, row_count, \
                   duration, address, user_agent) SELECT account_id, id, created_at - 40 * 86400000000, '', '', '', 200, \
                   '', 0, 0, '', '' FROM access_keys";
        database.key(acme, None, &["voice"]);
        database.sql(log);
        age(&database, "audit_details", "written_at", 11, "number <= 3");
        age(&database, "audit_details", "written_at", 9, "number = 4");
        let details = || database.number("SELECT COUNT(*) FROM audit_details");
        let all = details();
        let before = preview(&database);
        assert_eq!(counts(&before["audit_details"]).0, 3, "{before}");
        assert!(counts(&before["audit_details"]).1 >= 1 && before["audit_details"]["days"] == 10, "{before}");
        assert_eq!(counts(&before["request_log"]), (1, 0));
        let gone = run(&database);
        assert_eq!((&gone["audit_details"], &gone["request_log"]), (&json!(3), &json!(1)), "{gone}");
        assert_eq!(details(), all - 3, "neither the other account's nor the server's own");
        let verified = database.run(&["audit", "verify"]);
        let erased: Vec<_> = verified.as_array().expect("chains").iter().map(|chain| chain["erased"].clone()).collect();
        assert_eq!(erased, [json!(3), json!(0), json!(0)], "{verified}");
        let trail = database.run(&["audit", "list", "--account", acme]);
        let kept: Vec<bool> =
            trail["entries"].as_array().expect("entries").iter().map(|entry| entry["details"].is_string()).collect();
        assert!(kept[..3].iter().all(|kept| !kept) && kept[3..].iter().all(|kept| *kept), "{kept:?}");

        // The server does it by itself; to its own chain nothing happens however old it is.
        age(&database, "audit_details", "written_at", 4000, "TRUE");
        let of_server = database.number("SELECT COUNT(*) FROM audit_entries WHERE account_id = 0");
        let _server = database.serve();
        for _ in 0..200 {
            if details() <= of_server {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(of_server > 0 && details() == of_server, "{} of {of_server}", details());
    }
}

#[test]
fn details_written_before_their_age_was_kept_have_the_time_of_their_entry() {
    let migrations = [
        include_str!("../../../../store/migrations/sqlite/V0011__age_of_audit_details.sql"),
        include_str!("../../../../store/migrations/postgres/V0011__age_of_audit_details.sql"),
    ];
    for (database, migration) in both().into_iter().zip(migrations) {
        let acme = database.account("acme");
        database.key(acme, None, &["voice"]);
        let times = "SELECT SUM(written_at * (number + 3 * account_id)) FROM audit_details WHERE written_at > 0";
        let written = database.number(times);
        database.sql("UPDATE audit_details SET written_at = NULL");
        assert_eq!(run(&database)["audit_details"], 0, "no time is no reason");
        let fill = migration.split(';').find(|statement| statement.contains("UPDATE")).expect("the statement");
        database.sql(fill);
        assert_eq!(database.number(times), written);
    }
}

/// Block by block, so that no statement and nobody's write waits for all of it; the others keep what they have.
#[test]
fn an_account_is_erased_however_much_it_has() {
    for database in both() {
        let [acme, other] = ["acme", "other"].map(|slug| database.account(slug));
        for slug in [acme, other] {
            database.key(slug, None, &["read_leads"]);
        }
        database.sql(
            "INSERT INTO leads (account_id, lead_group_id, status_id, progress, contact_phone, contact_sms, contact_email, \
             contact_mail, contact_fax, data, test, received_at, created_at, updated_at, introducer_updated_at, \
             partner_updated_at) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) \
             SELECT s.account_id, g.id, s.id, 'new', 'yes', 'yes', 'yes', 'yes', 'yes', '{}', FALSE, i, i, i, i, i FROM n \
             CROSS JOIN statuses s JOIN lead_groups g ON g.account_id = s.account_id WHERE s.position = 1",
        );
        assert_eq!(database.number("SELECT COUNT(*) FROM leads"), 2_400);
        database.run(&["account", "delete", "--account", acme]);
        assert_eq!(database.number("SELECT COUNT(*) FROM leads"), 1_200);
        assert_eq!(database.number("SELECT COUNT(*) FROM access_keys"), 1);
        let left = database.run(&["account", "list"]);
        assert_eq!(
            left.as_array().map(|all| all.iter().map(|one| one["slug"].clone()).collect()),
            Some(vec![json!(other)])
        );
        assert!(database.run(&["audit", "list", "--server"]).to_string().contains("account.deleted"));
    }
}
