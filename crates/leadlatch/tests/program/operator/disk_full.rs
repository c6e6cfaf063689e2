//! A disk that fills up: a clear 503, nothing that was answered is lost, and it goes on when there is room again.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::common::Server;
use serde_json::json;

const SIZE: &str = "size=6m";

/// A command that runs its argument on a small file system of its own, mounted over the folder for that process alone,
/// with the database of the folder above copied into it.
fn on_small_disk(folder: &Path) -> Command {
    let mut command = Command::new("unshare");
    let small = folder.display();
    let mount = format!("mount -t tmpfs -o {SIZE} tmpfs '{small}' && cp '{small}'/../*.db '{small}' && exec \"$@\"");
    command.args(["--mount", "--map-root-user", "sh", "-c", &mount, "sh"]);
    command
}

/// The folder as the server's process sees it.
fn inside(server: &Server, folder: &Path) -> PathBuf {
    let root = PathBuf::from(format!("/proc/{}/root", server.process.id()));
    root.join(folder.strip_prefix("/").expect("an absolute path"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_and_nothing_answered_is_lost() {
    let database = crate::common::sqlite();
    let acme = database.account("acme");
    let (_, key) = database.key(acme, None, &["create_leads", "read_leads"]);
    let folder = database.folder.path().join("small");
    std::fs::create_dir(&folder).expect("a folder");
    let mut small = database;
    small.url = format!("sqlite:{}", folder.join("leadlatch.db").display());
    let mut serve = on_small_disk(&folder);
    serve.arg(env!("CARGO_BIN_EXE_leadlatch"));
    let server = small.serve_by(serve, &[]);
    let filler = inside(&server, &folder).join("filler");
    std::fs::write(&filler, vec![0; 1 << 20]).expect("room for the filler");

    let mut answered = Vec::new();
    let mut refused = None;
    for number in 0..20_000 {
        let reference = format!("r{number}");
        let body = json!({"email": "x@example.com", "reference": reference, "address": "a".repeat(250)});
        let answer = server.create(&key, body).await;
        if answer.status != 201 {
            refused = Some(answer);
            break;
        }
        answered.push(reference);
    }
    let refused = refused.expect("6 MiB are full at some time");
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (503, "no_room"), "{}", refused.text);
    assert_eq!(server.get("/api/v1/leads?limit=1", &key).await.status, 200, "reading goes on");

    std::fs::remove_file(&filler).expect("the filler");
    tokio::time::sleep(Duration::from_millis(100)).await;
    answered.push("after".into());
    let again = server.create(&key, json!({"email": "x@example.com", "reference": "after"})).await;
    assert_eq!(again.status, 201, "{}", again.text);
    for reference in &answered {
        let found = server.get(&format!("/api/v1/leads?reference={reference}"), &key).await.json();
        assert_eq!(found["data"].as_array().map(Vec::len), Some(1), "{reference}");
    }
    for file in ["leadlatch.db", "leadlatch.db-wal"] {
        std::fs::copy(inside(&server, &folder).join(file), folder.join(file)).expect("a copy");
    }
    small.run(&["audit", "verify"]);
}
