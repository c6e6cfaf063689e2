//! A deletion that holds: what starts after it was answered is refused, and nothing of the key's is committed after it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::hammer::Hammer;
use crate::common::{Database, Server, both, sqlite};
use serde_json::json;

async fn nothing_after(database: &Database, servers: Vec<Arc<Server>>) {
    let acme = database.account("acme");
    let north = database.partner(acme, "introducer", "North");
    let (id, key) = database.key(acme, Some(&north), &["create_leads", "read_leads"]);
    let hammer = Hammer::begin(&servers, &key, 200).await;
    database.run(&["key", "delete", "--account", acme, &id]);
    let deleted = Instant::now();
    let at_deletion = database.number("SELECT COUNT(*) FROM leads");
    hammer.refused_after(deleted).await;
    let count = database.number("SELECT COUNT(*) FROM leads");
    assert_eq!(count, at_deletion, "nothing was committed after the deletion was answered");
    let trail = database.run(&["audit", "list", "--account", acme]);
    assert!(trail.to_string().contains("key.deleted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_passes_after_a_deletion_from_the_command_line() {
    for database in both() {
        let server = Arc::new(database.serve());
        nothing_after(&database, vec![server]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_passes_on_either_of_two_nodes() {
    let [_, database] = both();
    let nodes = vec![Arc::new(database.serve()), Arc::new(database.serve())];
    nothing_after(&database, nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_twenty_kills_once() {
    let database = sqlite();
    let acme = database.account("acme");
    let (_, key) = database.key(acme, None, &["create_leads", "read_leads"]);
    let (number, answered) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Vec::new())));
    for _ in 0..20 {
        let mut server = database.serve();
        let base = server.base.clone();
        let callers: Vec<_> = (0..8)
            .map(|_| {
                let (base, key, number, answered) = (base.clone(), key.clone(), number.clone(), answered.clone());
                tokio::spawn(async move {
                    let client = reqwest::Client::new();
                    loop {
                        let reference = format!("r{}", number.fetch_add(1, Ordering::SeqCst));
                        let body = json!({"email": "x@example.com", "reference": reference});
                        let sent = client.post(format!("{base}/api/v1/leads")).bearer_auth(&key).json(&body).send();
                        match sent.await {
                            Ok(answer) if answer.status() == 201 => answered.lock().expect("a lock").push(reference),
                            _ => break,
                        }
                    }
                })
            })
            .collect();
        // In the middle of the writing, however slow the machine is.
        let before = answered.lock().expect("a lock").len();
        while answered.lock().expect("a lock").len() < before + 10 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.process.kill().expect("a kill");
        for caller in callers {
            caller.await.expect("a caller");
        }
    }
    let server = database.serve();
    let answered = answered.lock().expect("a lock").clone();
    assert!(answered.len() >= 200, "{}", answered.len());
    let mut kept: Vec<String> = Vec::new();
    let mut path = "/api/v1/leads?limit=200&sort=id".to_owned();
    loop {
        let page = server.get(&path, &key).await.json();
        let rows = page["data"].as_array().expect("rows").iter();
        kept.extend(rows.map(|row| row["reference"].as_str().expect("a reference").to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/v1/leads?limit=200&sort=id&cursor={cursor}");
    }
    for reference in &answered {
        assert_eq!(kept.iter().filter(|found| *found == reference).count(), 1, "{reference}");
    }
    database.run(&["audit", "verify"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_used_says_when_and_from_where() {
    for database in both() {
        let acme = database.account("acme");
        let (id, key) = database.key(acme, None, &["create_leads"]);
        let server = database.serve();
        server.lead(&key, "ann").await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let shown = database.run(&["key", "show", "--account", acme, &id]);
        assert!(shown["last_used_at"].is_string(), "{shown}");
        assert_eq!(shown["last_used_address"], "127.0.0.1");
        database.run(&["audit", "verify"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_found_nowhere() {
    let database = sqlite();
    let acme = database.account("acme");
    let (_, key) = database.key(acme, None, &["create_leads"]);
    let server = database.serve();
    server.lead(&key, "ann").await;
    tokio::time::sleep(Duration::from_millis(1300)).await;
    let random = &key["lk_full_".len()..];
    for entry in std::fs::read_dir(database.folder.path()).expect("a folder") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("a file");
        assert!(!bytes.windows(random.len()).any(|part| part == random.as_bytes()), "{}", path.display());
    }
    assert!(!database.run(&["audit", "export", "--account", acme]).to_string().contains(random));
    let shown = database.run(&["key", "list", "--account", acme]);
    assert!(!shown.to_string().contains(random));
    assert!(shown[0]["last_used_at"].is_string(), "{shown}");
}

#[test]
fn the_database_is_one_file_that_only_its_owner_reads() {
    use std::os::unix::fs::PermissionsExt;
    let database = sqlite();
    database.account("acme");
    let files = std::fs::read_dir(database.folder.path()).expect("a folder").map(|entry| entry.expect("an entry"));
    for file in files {
        let mode = file.metadata().expect("metadata").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
        assert!(!file.file_name().to_string_lossy().contains("-wal"), "what was written is in the file itself");
    }
}
