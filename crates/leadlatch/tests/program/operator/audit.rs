//! The audit trail by command line: listed, exported, verified where it is and elsewhere.

use crate::common::{Database, both};
use serde_json::Value;

const EVENTS: [&str; 7] = [
    "account.created",
    "partner.created",
    "key.created",
    "key.created",
    "key.deleted",
    "partner.deactivated",
    "partner.activated",
];

/// An account with a trail of [`EVENTS`].
fn busy_account(database: &Database) -> &'static str {
    let acme = database.account("acme");
    let north = database.partner(acme, "introducer", "North");
    database.key(acme, Some(&north), &["read_leads"]);
    let (id, _) = database.key(acme, None, &["read_leads"]);
    database.run(&["key", "delete", "--account", acme, &id, "--reason", "left"]);
    database.run(&["partner", "deactivate", "--account", acme, &north]);
    database.run(&["partner", "activate", "--account", acme, &north]);
    acme
}

fn export(database: &Database, account: &str) -> Vec<String> {
    database.lines(&["audit", "export", "--account", account])
}

/// Verifies lines as a file, against a head if one is given.
fn verify(database: &Database, lines: &[String], head: Option<&[String]>) -> Result<Value, String> {
    let write = |name: &str, lines: &[String]| {
        let path = database.folder.path().join(name);
        std::fs::write(&path, lines.join("\n")).expect("a file");
        path.display().to_string()
    };
    let mut line = vec!["audit".into(), "verify".into(), "--file".into(), write("export", lines)];
    if let Some(head) = head {
        line.extend(["--head".into(), write("head", head)]);
    }
    database.try_run(&line.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_trail_is_listed_exported_and_verified() {
    for database in both() {
        let acme = busy_account(&database);
        let listed = database.run(&["audit", "list", "--account", acme]);
        let entries = listed["entries"].as_array().expect("entries");
        let events: Vec<&str> = entries.iter().map(|entry| entry["event"].as_str().expect("an event")).collect();
        assert_eq!(events, EVENTS);
        assert!(entries[4]["details"].as_str().expect("details").contains("\"reason\":\"left\""), "{listed}");
        let people = database.lines(&["audit", "list", "--account", acme]);
        assert!(people.iter().skip(1).zip(EVENTS).all(|(line, event)| line.contains(event)), "{people:?}");

        let lines = export(&database, acme);
        let exported: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(&exported, entries);
        for head in [None, Some(lines.as_slice()), Some(&lines[6..]), Some(&lines[..3])] {
            let report = verify(&database, &lines, head).expect("it holds");
            assert_eq!((&report["number"], &report["hash"]), (&7.into(), &exported[6]["hash"]));
        }
        let chains = database.run(&["audit", "verify"]);
        let counts: Vec<_> = chains.as_array().expect("chains").iter().map(|chain| chain["number"].clone()).collect();
        assert_eq!(counts, [7, 1], "the account's chain, and the server's own");
        assert_eq!(database.lines(&["audit", "list", "--server"]).len(), 2, "a heading and one entry");
    }
}

#[test]
fn an_edited_export_names_its_entry() {
    let [database, _] = both();
    let acme = busy_account(&database);
    let lines = export(&database, acme);
    let edits = [
        ("\"key.deleted\"", "\"key.created\""),
        ("\\\"left\\\"", "\\\"lost\\\""),
        ("\"actor\":\"command_line\"", "\"actor\":\"user\""),
        ("\"number\":5", "\"number\":8"),
        ("\"hash\":\"", "\"hash\":\"00"),
        ("\"target_id\":2", "\"target_id\":3"),
    ];
    for (from, to) in edits {
        let mut edited = lines.clone();
        edited[4] = edited[4].replacen(from, to, 1);
        assert_ne!(edited, lines, "{from} is not in {}", lines[4]);
        let said = verify(&database, &edited, None).expect_err("an edited line");
        assert!(said.contains("BROKEN") && said.contains("entry 5"), "{to}: {said}");
    }
    let mut missing = lines.clone();
    missing.remove(4);
    let said = verify(&database, &missing, None).expect_err("a missing line");
    assert!(said.contains("entry 5"), "{said}");
}

#[test]
fn a_cut_export_is_shown_by_the_head_of_the_whole() {
    let [database, _] = both();
    let acme = busy_account(&database);
    let lines = export(&database, acme);
    verify(&database, &lines[..5], None).expect("nothing shows without a head");
    let said = verify(&database, &lines[..5], Some(&lines)).expect_err("a cut tail");
    assert!(said.contains("BROKEN") && said.contains("entry 7"), "{said}");
}

#[test]
fn what_is_changed_in_the_database_shows_and_what_is_erased_is_counted() {
    for database in both() {
        let acme = busy_account(&database);
        let erased = "DELETE FROM audit_details WHERE number = 2 AND account_id <> 0";
        database.sql(erased);
        let report = database.run(&["audit", "verify", "--account", acme]);
        assert_eq!((&report[0]["number"], &report[0]["erased"]), (&7.into(), &1.into()));
        database.sql("UPDATE audit_details SET details = '{}' WHERE number = 3 AND account_id <> 0");
        let said = database.try_run(&["audit", "verify"]).expect_err("changed details");
        assert!(said.contains("entry 3"), "{said}");
    }
}

/// Verifies the database's chains against kept heads, as `audit verify --json` printed them or otherwise.
fn verify_kept(database: &Database, line: &[&str], kept: &Value) -> Result<Value, String> {
    let path = database.folder.path().join("kept.json");
    std::fs::write(&path, kept.to_string()).expect("a file");
    let path = path.display().to_string();
    database.try_run(&[&["audit", "verify", "--head", &path], line].concat())
}

/// Cuts the last entries of the account's chain off, and its details with them.
fn cut(database: &Database, after: i64) {
    database.sql(&format!("DELETE FROM audit_details WHERE account_id <> 0 AND number > {after}"));
    database.sql(&format!("DELETE FROM audit_entries WHERE account_id <> 0 AND number > {after}"));
}

#[test]
fn a_kept_head_adds_to_the_live_one_and_shows_what_both_hide() {
    for database in both() {
        let acme = busy_account(&database);
        let whole = database.run(&["audit", "verify"]);
        database.run(&["key", "create", "--account", acme, "--kind", "full", "--name", "n", "--scope", "read_leads"]);
        verify_kept(&database, &[], &whole).expect("an older head still holds");
        cut(&database, 7);
        let said = verify_kept(&database, &[], &whole).expect_err("a tail cut after the kept head");
        assert!(said.contains("entry 8"), "{said}");
        cut(&database, 5);
        database.sql(
            "UPDATE audit_heads SET number = 5, hash = (SELECT e.hash FROM audit_entries e WHERE e.number = 5 \
             AND e.account_id = audit_heads.account_id) WHERE account_id <> 0",
        );
        database.run(&["audit", "verify"]);
        let said = verify_kept(&database, &[], &whole).expect_err("a tail cut, the head moved after it");
        assert!(said.contains("entry 7") && said.contains("the chain ends before"), "{said}");
    }
}

#[test]
fn entries_behind_the_live_head_show() {
    for database in both() {
        let acme = busy_account(&database);
        database.sql(
            "UPDATE audit_heads SET number = 6, hash = (SELECT e.hash FROM audit_entries e WHERE e.number = 6 \
             AND e.account_id = audit_heads.account_id) WHERE account_id <> 0",
        );
        let said = database.try_run(&["audit", "verify", "--account", acme]).expect_err("a longer chain");
        assert!(said.contains("entry 7") && said.contains("behind the end"), "{said}");
    }
}

#[test]
fn a_kept_head_that_nothing_was_held_against_is_refused() {
    let [database, other] = both();
    let acme = busy_account(&database);
    let kept = database.run(&["audit", "verify", "--account", acme]);
    database.account("birch");
    let said = verify_kept(&database, &["--account", "birch"], &kept).expect_err("another account's head");
    assert!(said.contains("the kept head is of account"), "{said}");
    for nothing in [serde_json::json!([]), serde_json::json!({})] {
        verify_kept(&database, &[], &nothing).expect_err("no head");
    }
    let (mut started, mut note) = (kept[0].clone(), kept[0].clone());
    started["number"] = 0.into();
    note["note"] = "x".into();
    for head in [started, note] {
        let said = verify_kept(&database, &[], &head).expect_err("no head that was printed");
        assert!(!said.contains("BROKEN"), "{said}");
    }
    database.run(&["account", "delete", "--account", acme]);
    let trail = database.run(&["audit", "list", "--server"]);
    let events: Vec<_> = trail["entries"].as_array().expect("entries").iter().map(|entry| &entry["event"]).collect();
    assert!(events.contains(&&"account.erasure_begun".into()), "{trail}");
    let said = verify_kept(&database, &[], &kept).expect_err("a removed account");
    assert!(said.contains("it was deleted, or this is another database"), "{said}");
    let said = verify_kept(&other, &[], &kept).expect_err("another database");
    assert!(said.contains("the kept head is of account"), "{said}");
}

#[test]
fn details_moved_into_the_salt_and_columns_of_no_entry_show() {
    for database in both() {
        let acme = busy_account(&database);
        let lines = export(&database, acme);
        let mut edited = lines.clone();
        edited[4] = edited[4].replacen('{', "{\"note\":\"approved\",", 1);
        let said = verify(&database, &edited, None).expect_err("a column that nothing hashed");
        assert!(said.contains("line 5") && said.contains("note"), "{said}");
        let said = verify(&database, &lines, Some(&edited[4..5])).expect_err("a head of such a line");
        assert!(said.contains("neither a head nor an export"), "{said}");
        let moved = if database.url.starts_with("sqlite:") {
            "CAST(salt || CAST(details AS BLOB) AS BLOB)"
        } else {
            "salt || convert_to(details, 'UTF8')"
        };
        database.sql(&format!(
            "UPDATE audit_details SET salt = {moved}, details = '' WHERE number = 5 AND account_id <> 0"
        ));
        let said = database.try_run(&["audit", "verify", "--account", acme]).expect_err("an emptied text");
        assert!(said.contains("entry 5") && said.contains("details"), "{said}");
        let file = export(&database, acme);
        verify(&database, &file, None).expect_err("the same, exported");
    }
}

#[test]
fn a_file_is_checked_as_the_chain_of_the_account_that_is_named() {
    let [database, _] = both();
    let acme = busy_account(&database);
    let path = database.folder.path().join("export");
    std::fs::write(&path, export(&database, acme).join("\n")).expect("a file");
    let path = path.display().to_string();
    database.run(&["audit", "verify", "--file", &path]);
    database.run(&["audit", "verify", "--file", &path, "--account", acme]);
    database.account("other");
    let said = database.try_run(&["audit", "verify", "--account", "other", "--file", &path]).expect_err("another's");
    assert!(said.contains("not of other"), "{said}");
}
