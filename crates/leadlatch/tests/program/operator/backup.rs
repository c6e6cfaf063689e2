//! Backups, restores, and the deletions that outlive them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::common::{Database, Server, both, sqlite};
use rusqlite::Connection;
use serde_json::{Value, json};

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

fn file_of(database: &Database) -> PathBuf {
    PathBuf::from(database.url.trim_start_matches("sqlite:"))
}

fn deletions_of(database: &Database) -> String {
    std::fs::read_to_string(format!("{}.deletions", file_of(database).display())).expect("the deletions file")
}

async fn status(server: &Server, key: &str) -> u16 {
    server.get("/api/v1/whoami", key).await.status.as_u16()
}

fn stop(mut server: Server) {
    server.process.kill().expect("a kill");
    server.process.wait().expect("an end");
}

/// Makes leads until it is told to stop; answers the highest id.
fn write_on(server: &Arc<Server>, key: &str, stop: &Arc<AtomicBool>) -> tokio::task::JoinHandle<i64> {
    let (server, key, stop) = (Arc::clone(server), key.to_owned(), Arc::clone(stop));
    tokio::spawn(async move {
        let mut highest = 0;
        while !stop.load(Ordering::SeqCst) {
            highest = highest.max(server.lead(&key, "ann").await);
        }
        highest
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_made_while_writes_run_and_no_deleted_key_comes_back() {
    let database = sqlite();
    let acme = database.account("acme");
    let north = database.partner(acme, "introducer", "North");
    let (first_id, first) = database.key(acme, None, &["create_leads"]);
    let (_, itself) = database.key(acme, None, &["create_leads"]);
    let (_, partner) = database.key(acme, Some(&north), &["create_leads"]);
    let (_, live) = database.key(acme, None, &["create_leads", "read_leads"]);
    let server = Arc::new(database.serve());
    let enough = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4).map(|_| write_on(&server, &live, &enough)).collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let backup = database.folder.path().join("backup.db");
    let made = database.run(&["backup", text(&backup)]);
    assert!(made["bytes"].as_u64() > Some(10_000) && made["schema"].as_i64() >= Some(5), "{made}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&backup.metadata().expect("a file").permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert!(database.try_run(&["backup", text(&backup)]).expect_err("a refusal").contains("overwrites nothing"));

    // Deleted in each of the ways, after the backup. The file has each at the moment that it is answered.
    let lines = || deletions_of(&database).lines().filter(|line| line.starts_with("key ")).count();
    database.run(&["key", "delete", "--account", acme, &first_id]);
    assert_eq!(lines(), 1);
    assert_eq!(server.send("DELETE", "/api/v1/whoami", Some(&itself), None).await.status, 204);
    assert_eq!(lines(), 2);
    database.run(&["partner", "delete", "--account", acme, &north]);
    assert_eq!(lines(), 3);
    enough.store(true, Ordering::SeqCst);
    let mut highest = 0;
    for writer in writers {
        highest = highest.max(writer.await.expect("a writer"));
    }

    let refused = database.try_run(&["restore", text(&backup)]).expect_err("a refusal");
    assert!(refused.contains("has it open"), "{refused}");
    stop(Arc::into_inner(server).expect("the only one"));
    let restored = database.run(&["restore", text(&backup)]);
    assert_eq!(restored["keys_deleted"], 3, "{restored}");
    assert!(Path::new(restored["kept"].as_str().expect("a path")).exists());
    let server = database.serve();
    for dead in [&first, &itself, &partner] {
        assert_eq!(status(&server, dead).await, 401);
    }
    assert_eq!(status(&server, &live).await, 200);
    assert!(server.lead(&live, "new").await > highest, "ids go on after the highest that was given out");
    database.run(&["audit", "verify"]);
    assert!(database.run(&["audit", "list", "--server"]).to_string().contains("server.restored"));
    let trail = database.run(&["audit", "list", "--account", acme]).to_string();
    assert!(trail.contains("a restore had brought it back"), "{trail}");

    // What was kept can be put back in the same way.
    stop(server);
    database.run(&["restore", restored["kept"].as_str().expect("a path")]);
    let server = database.serve();
    let total = server.get("/api/v1/leads?limit=1&sort=-id", &live).await.json();
    assert_eq!(total["data"][0]["id"], highest);
    assert_eq!(status(&server, &first).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_new_folder_somebody_has_to_say_what_was_deleted() {
    let old = sqlite();
    let acme = old.account("acme");
    let (id, deleted) = old.key(acme, None, &["read_leads"]);
    let (_, other) = old.key(acme, None, &["read_leads"]);
    let backup = old.folder.path().join("backup.db");
    old.run(&["backup", text(&backup)]);
    old.run(&["key", "delete", "--account", acme, &id]);
    let list = format!("{}.deletions", file_of(&old).display());
    // The flags, how many keys they delete, and how the two are answered afterwards.
    let ways: [(&[&str], i64, [u16; 2]); 3] = [
        (&["--deletions", &list], 1, [401, 200]),
        (&["--delete-keys"], 2, [401, 401]),
        // Whoever says this takes the risk: the deleted key is live again.
        (&["--trust-keys"], 0, [200, 200]),
    ];
    for (flags, keys_deleted, answers) in ways {
        let new = sqlite();
        let refused = new.try_run(&["restore", text(&backup)]).expect_err("a refusal");
        assert!(refused.contains("--deletions FILE") && refused.contains("--delete-keys"), "{refused}");
        assert!(!file_of(&new).exists());
        let restored = new.run(&[&["restore", text(&backup)], flags].concat());
        assert_eq!((&restored["keys_deleted"], &restored["kept"]), (&json!(keys_deleted), &Value::Null), "{restored}");
        let server = new.serve();
        assert_eq!([status(&server, &deleted).await, status(&server, &other).await], answers, "{flags:?}");
        stop(server);
        // From now on the machine has a file of its own.
        let again = new.run(&["restore", text(&backup)]);
        assert_eq!(again["keys_deleted"], keys_deleted, "{again}");
        let left: Vec<_> = std::fs::read_dir(new.folder.path()).expect("a folder").flatten().collect();
        assert!(left.iter().all(|entry| !entry.file_name().to_string_lossy().starts_with('.')), "{left:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_was_erased_is_erased_again() {
    let database = sqlite();
    let acme = database.account("acme");
    let (_, key) = database.key(acme, None, &["create_leads", "read_leads", "update_delete_leads"]);
    let server = database.serve();
    let (erased, kept) = (server.lead(&key, "ann").await, server.lead(&key, "ben").await);
    let backup = database.folder.path().join("backup.db");
    database.run(&["backup", text(&backup)]);
    assert_eq!(server.send("DELETE", &format!("/api/v1/leads/{erased}"), Some(&key), None).await.status, 204);
    stop(server);
    // Its time in the bin is over; the server erases it when it starts.
    let long_ago = "UPDATE leads SET deleted_at = 1 WHERE deleted_at IS NOT NULL";
    Connection::open(file_of(&database)).expect("the file").execute(long_ago, []).expect("an update");
    let server = database.serve();
    for _ in 0..100 {
        if deletions_of(&database).contains("\nlead ") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(deletions_of(&database).contains("\nlead "), "the file has it");
    stop(server);
    let restored = database.run(&["restore", text(&backup)]);
    assert_eq!(restored["leads_erased"], 1, "{restored}");
    let server = database.serve();
    assert_eq!(server.get(&format!("/api/v1/leads/{erased}"), &key).await.status, 404);
    assert_eq!(server.get(&format!("/api/v1/leads/{kept}"), &key).await.status, 200);
    let restored = std::fs::read(file_of(&database)).expect("the file");
    assert!(!restored.windows(15).any(|part| part == b"ann@example.com"), "nothing of it is left in the file");
}

#[test]
fn what_is_no_backup_changes_nothing() {
    let database = sqlite();
    database.account("acme");
    let folder = database.folder.path();
    let (noise, empty, foreign) = (folder.join("noise"), folder.join("empty"), folder.join("foreign.db"));
    std::fs::write(&noise, "no database".repeat(1000)).expect("a write");
    std::fs::write(&empty, "").expect("a write");
    Connection::open(&foreign).expect("a file").execute_batch("CREATE TABLE x (y)").expect("a table");
    let (backup, damaged) = (folder.join("backup.db"), folder.join("damaged.db"));
    database.run(&["backup", text(&backup)]);
    let mut bytes = std::fs::read(&backup).expect("a backup");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(0xff);
    std::fs::write(&damaged, bytes).expect("a write");
    let newer = folder.join("newer.db");
    std::fs::copy(&backup, &newer).expect("a copy");
    let ahead = "UPDATE refinery_schema_history SET version = 9999 WHERE version = 1";
    Connection::open(&newer).expect("a file").execute(ahead, []).expect("an update");
    for bad in [&noise, &empty, &foreign, &damaged, &newer, &folder.join("absent")] {
        database.try_run(&["restore", text(bad)]).expect_err("a refusal");
    }
    assert_eq!(database.run(&["account", "list"])[0]["slug"], "acme");
}

#[test]
fn a_backup_that_is_killed_leaves_no_half_file_under_its_name() {
    let database = sqlite();
    database.account("acme");
    let filler = "CREATE TABLE filler (x); INSERT INTO filler SELECT randomblob(1000000) FROM \
                  (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60) SELECT i FROM n)";
    Connection::open(file_of(&database)).expect("the file").execute_batch(filler).expect("sixty megabytes");
    let backup = database.folder.path().join("backup.db");
    let mut killed = 0;
    for wait in [5, 20, 40, 60, 80, 120, 200] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_leadlatch"));
        command.args(["backup", text(&backup), "--database", &database.url]).stdout(Stdio::null());
        let mut process = command.spawn().expect("the binary runs");
        std::thread::sleep(Duration::from_millis(wait));
        process.kill().expect("a kill");
        if !process.wait().expect("an end").success() {
            killed += 1;
        }
        if backup.exists() {
            let check = Connection::open(&backup).expect("a file");
            let said: String = check.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("an answer");
            let rows: i64 = check.query_row("SELECT COUNT(*) FROM filler", [], |row| row.get(0)).expect("a count");
            assert_eq!((said.as_str(), rows), ("ok", 60));
            drop(check);
            std::fs::remove_file(&backup).expect("a removal");
        }
    }
    assert!(killed >= 2, "{killed}");
}

/// Runs a statement on a database of either engine, as a restore under the server's feet would change it.
async fn meddle(database: &Database, sql: &str) {
    if database.url.starts_with("sqlite:") {
        Connection::open(file_of(database)).expect("the file").execute_batch(sql).expect("a statement");
        return;
    }
    let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.expect("PostgreSQL");
    let driver = tokio::spawn(connection);
    client.batch_execute(sql).await.expect("a statement");
    driver.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_node_has_the_deletions_of_all_and_revives_none() {
    for database in both() {
        let (acme, gone) = (database.account("acme"), database.account("gone"));
        let (id, key) = database.key(acme, None, &["read_leads"]);
        let (_, of_account) = database.key(gone, None, &["read_leads"]);
        database.run(&["key", "delete", "--account", acme, &id]);
        database.run(&["account", "delete", "--account", gone]);
        // A node that heard of neither learns of both when it starts.
        let list = database.folder.path().join("node.deletions");
        let node = || database.serve_with(&[], &[("LEADLATCH_DELETIONS_FILE", text(&list))]);
        stop(node());
        let lines = std::fs::read_to_string(&list).expect("the file");
        assert_eq!(lines.lines().filter(|line| line.starts_with("key ")).count(), 2, "{lines}");
        stop(node());
        assert_eq!(std::fs::read_to_string(&list).expect("the file"), lines, "nothing is written twice");
        meddle(&database, "UPDATE access_keys SET deleted_at = NULL, access_version = access_version + 1").await;
        let server = node();
        assert_eq!(status(&server, &key).await, 401);
        assert_eq!(status(&server, &of_account).await, 401);
        let trail = database.run(&["audit", "list", "--account", acme]).to_string();
        assert_eq!(trail.matches("key.deleted").count(), 2, "{trail}");
    }
}

#[test]
fn postgresql_has_its_own_programs() {
    let [_, database] = both();
    for command in ["backup", "restore"] {
        let said = database.try_run(&[command, "leads.dump"]).expect_err("a refusal");
        assert!(said.contains("pg_dump --format=custom --file=leads.dump") && said.contains("pg_restore"), "{said}");
    }
}

/// A file, or a folder with a file in it, that is a day old.
fn left(path: PathBuf, is_folder: bool) -> PathBuf {
    let file = if is_folder { path.join("leadlatch.db") } else { path.clone() };
    if is_folder {
        std::fs::create_dir(&path).expect("a folder");
    }
    let file = std::fs::File::create(file).expect("a file");
    let yesterday = file.metadata().and_then(|file| file.modified()).expect("a time") - Duration::from_hours(24);
    file.set_modified(yesterday).expect("another time");
    path
}

#[test]
fn what_a_killed_backup_or_restore_left_goes_with_the_next() {
    let database = sqlite();
    database.account("acme");
    let folder = database.folder.path();
    let (dead, alive) = (left(folder.join(".leadlatch-backup-dead"), false), folder.join(".leadlatch-backup-alive"));
    let held = std::fs::File::open(left(alive.clone(), false)).expect("a file");
    held.lock().expect("as a backup that is still being made holds it");
    let backup = folder.join("backup.db");
    database.run(&["backup", text(&backup)]);
    assert!(!dead.exists() && alive.exists());
    let name = file_of(&database).file_name().expect("a name").to_string_lossy().into_owned();
    let dead = left(folder.join(format!(".{name}.restore-dead")), true);
    let of_another = left(folder.join(".another.db.restore-dead"), true);
    database.run(&["restore", text(&backup)]);
    assert!(!dead.exists() && of_another.exists());
    let names = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.file_name());
    let hidden: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with('.')).collect();
    assert_eq!(hidden.len(), 2, "nothing else was left: {hidden:?}");
}
