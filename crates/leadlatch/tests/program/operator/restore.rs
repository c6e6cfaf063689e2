//! A restored backup revives no key that was rotated out and no person who was erased, on the same machine and on another.

use std::path::{Path, PathBuf};

use crate::common::{Database, Server, sqlite};
use serde_json::{Value, json};

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

fn file_of(database: &Database) -> PathBuf {
    PathBuf::from(database.url.trim_start_matches("sqlite:"))
}

fn list_of(database: &Database) -> PathBuf {
    PathBuf::from(format!("{}.deletions", file_of(database).display()))
}

async fn status(server: &Server, key: &str) -> u16 {
    server.get("/api/v1/whoami", key).await.status.as_u16()
}

fn stop(mut server: Server) {
    server.process.kill().expect("a kill");
    server.process.wait().expect("an end");
}

fn rotate(database: &Database, id: &str, overlap: &str) -> String {
    let made = database.run(&["key", "rotate", "--account", "acme", id, "--overlap", overlap]);
    made["secret"].as_str().expect("a secret").to_owned()
}

/// Lets the time come at which a rotated key ends: its line of the file is dated back.
fn time_comes(database: &Database, id: &str) {
    let lines = std::fs::read_to_string(list_of(database)).expect("the deletions file");
    let past = |line: &str| match line.split(' ').collect::<Vec<_>>()[..] {
        ["key", at, key, digest] if key == id => {
            assert!(at > "2026", "{line}");
            format!("key 2026-01-01T00:00:00.000Z {key} {digest}\n")
        }
        _ => format!("{line}\n"),
    };
    let dated: Vec<_> = lines.lines().map(past).collect();
    assert_ne!(dated.concat(), lines, "a rotated key is in the file from the rotation on");
    std::fs::write(list_of(database), dated.concat()).expect("a write");
}

/// Restores a backup of a database in its own place, and on a machine that has but its deletions file.
fn restored(old: Database, backup: &Path) -> [(Database, Value); 2] {
    let new = sqlite();
    let elsewhere = new.run(&["restore", text(backup), "--deletions", text(&list_of(&old))]);
    let here = old.run(&["restore", text(backup)]);
    [(old, here), (new, elsewhere)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_revives_no_key_that_was_rotated_out() {
    let database = sqlite();
    let acme = database.account("acme");
    let keys: Vec<_> = (0..6).map(|_| database.key(acme, None, &["read_leads"])).collect();
    let [now, used, unused, over, lasting, other] = &keys[..] else { unreachable!("six were made") };
    let (before_id, before) = database.key(acme, None, &["read_leads"]);
    let before_new = rotate(&database, &before_id, "first-use");
    let backup = database.folder.path().join("backup.db");
    database.run(&["backup", text(&backup)]);

    let server = database.serve();
    assert_eq!(status(&server, &before_new).await, 200, "the first use of a successor that the backup has");
    rotate(&database, &now.0, "now");
    let successor = rotate(&database, &used.0, "first-use");
    assert_eq!(status(&server, &successor).await, 200);
    assert_eq!([status(&server, &used.1).await, status(&server, &before).await], [401, 401]);
    stop(server);
    // From here on no server runs: nobody is there to see the end of an overlap.
    rotate(&database, &unused.0, "first-use");
    rotate(&database, &over.0, "24h");
    rotate(&database, &lasting.0, "24h");
    time_comes(&database, &over.0);
    for (database, told) in restored(database, &backup) {
        assert_eq!(told["keys_deleted"], 4, "{told}");
        let server = database.serve();
        for (dead, _) in [(&now.1, "now"), (&used.1, "used"), (&over.1, "over"), (&before, "before")] {
            assert_eq!(status(&server, dead).await, 401);
        }
        assert_eq!(status(&server, &before_new).await, 200);
        for live in [&unused.1, &lasting.1, &other.1] {
            assert_eq!(status(&server, live).await, 200, "what has not ended has not ended");
        }
        stop(server);
        for id in [&lasting.0, &unused.0] {
            time_comes(&database, id);
        }
        let server = database.serve();
        for dead in [&lasting.1, &unused.1] {
            assert_eq!(status(&server, dead).await, 401, "it ends when it was to end");
        }
        assert_eq!(status(&server, &other.1).await, 200);
        database.run(&["audit", "verify"]);
    }
}

/// Sends a create that may be sent again.
async fn create_once(server: &Server, key: &str, body: &Value) -> (u16, Value) {
    let request = server.client.post(format!("{}/api/v1/leads", server.base)).bearer_auth(key);
    let answer = request.header("Idempotency-Key", "order-1").json(body).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_revives_no_person_who_was_erased() {
    const ALL: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];
    let database = sqlite();
    let acme = database.account("acme");
    let north = database.partner(acme, "introducer", "North");
    let (_, full) = database.key(acme, None, &ALL);
    let (_, key) = database.key(acme, Some(&north), &ALL);
    let server = database.serve();
    let body = json!({"email": "erased@example.com", "lastname": "Vanished", "contact_email": "yes"});
    let (made, lead) = create_once(&server, &key, &body).await;
    assert_eq!(made, 201, "{lead}");
    let (path, id) = (format!("/api/v1/leads/{}", lead["id"]), lead["id"].to_string());
    let change = json!({"firstname": "Forgotten"});
    assert_eq!(server.send("PATCH", &path, Some(&full), Some(change)).await.status, 200);
    let kept = server.lead(&full, "ben").await;
    let backup = database.folder.path().join("backup.db");
    database.run(&["backup", text(&backup)]);
    database.run(&["lead", "erase", "--account", acme, &id]);
    let gone = create_once(&server, &key, &body).await;
    stop(server);
    for (database, told) in restored(database, &backup) {
        assert_eq!(told["leads_erased"], 1, "{told}");
        let bytes = std::fs::read(file_of(&database)).expect("the file");
        for word in ["erased@example.com", "Vanished", "Forgotten"] {
            assert!(!bytes.windows(word.len()).any(|part| part == word.as_bytes()), "{word} is left in the file");
        }
        let server = database.serve();
        assert_eq!(server.get(&path, &full).await.status, 404);
        assert_eq!(server.get(&format!("{path}/history"), &full).await.status, 404);
        assert_eq!(server.get(&format!("/api/v1/leads/{kept}"), &full).await.status, 200);
        // A retry that is late finds the lead gone, as it did before the restore, and does not make it anew.
        let (status, refusal) = create_once(&server, &key, &body).await;
        assert_eq!((status, &refusal["code"]), (gone.0, &gone.1["code"]));
        assert!(status >= 400, "{refusal}");
        for table in ["leads", "lead_changes WHERE action = 'updated'", "lead_preferences"] {
            let left = database.number(&format!("SELECT COUNT(*) FROM {table}"));
            assert_eq!(left, i64::from(table == "leads"), "{table}");
        }
        assert_eq!(database.number("SELECT COUNT(*) FROM idempotency_keys WHERE LENGTH(body_digest) > 0"), 0);
        assert!(database.run(&["audit", "list", "--account", acme]).to_string().contains("lead.purged"));
        database.run(&["audit", "verify"]);
    }
}
