//! Killed at any moment, the server and its commands leave what was answered, and nothing in between: during an export and
//! during rotations. Imports are killed in `import.rs`, backups in `backup.rs`.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{Database, Server, both, sqlite};
use serde_json::{Value, json};

fn kill(server: Server) {
    // Dropped, it is killed with SIGKILL and waited for.
    drop(server);
}

/// Leads enough that an export of them fits into no buffer on its way: 3,000 of five thousand letters.
fn fill(database: &Database) -> usize {
    const ROWS: usize = 3_000;
    let line = ["lead-group", "create", "--account", "acme", "--name", "Long", "--field", "data1=Story:long_text"];
    database.run(&line);
    let path = database.folder.path().join("leads.csv");
    let story = "x".repeat(5_000);
    let rows: Vec<_> = (0..ROWS).map(|row| format!("lead{row}@example.com,{story}")).collect();
    std::fs::write(&path, format!("email,data1\n{}\n", rows.join("\n"))).expect("a file");
    let line = ["import", path.to_str().expect("a path"), "--account", "acme", "--lead-group", "Long"];
    assert_eq!(database.run(&line)["imported"], ROWS);
    ROWS
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_whose_server_is_killed_shows_that_it_is_not_whole() {
    for database in both() {
        let acme = database.account("acme");
        let all = fill(&database);
        let (_, key) = database.key(acme, None, &["read_leads"]);
        for format in ["ndjson", "csv"] {
            let server = database.serve();
            let path = format!("{}/api/v1/leads/export?format={format}", server.base);
            let mut answer = server.client.get(path).bearer_auth(&key).send().await.expect("an answer");
            assert_eq!(answer.status(), 200);
            let first = answer.chunk().await.expect("a part").expect("a beginning");
            kill(server);
            let mut came = first.len();
            let whole = loop {
                match answer.chunk().await {
                    Ok(Some(chunk)) => came += chunk.len(),
                    Ok(None) => break true,
                    Err(_) => break false,
                }
            };
            assert!(!whole && came < all * 5_000, "{came} bytes came, and the end: {whole}");
        }
        let server = database.serve();
        let lines = server.get("/api/v1/leads/export?format=ndjson", &key).await.text;
        assert_eq!(lines.lines().filter(|line| serde_json::from_str::<Value>(line).is_ok()).count(), all);
        let table = server.get("/api/v1/leads/export?format=csv", &key).await.text;
        let rows = csv::Reader::from_reader(table.as_bytes()).into_records().collect::<Result<Vec<_>, _>>();
        assert_eq!(rows.expect("a whole table").len(), all);
    }
}

/// Rotates a key and kills the command after a while: the successor's id and secret, if they were printed.
fn rotate(database: &Database, id: &str, until: Option<Duration>) -> Option<(String, String)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leadlatch"));
    command.args(["key", "rotate", "--account", "acme", id, "--overlap", "now", "--json", "--database", &database.url]);
    let mut process =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the command runs");
    if let Some(until) = until {
        std::thread::sleep(until);
        process.kill().expect("a kill");
    }
    let output = process.wait_with_output().expect("an end");
    let made: Value = serde_json::from_slice(&output.stdout).ok()?;
    Some((made["id"].to_string(), made["secret"].as_str().expect("a secret").to_owned()))
}

async fn accepted(server: &Server, key: &str) -> bool {
    let answer = server.get("/api/v1/whoami", key).await;
    assert!(answer.status == 200 || answer.code() == "rotated_key", "{}", answer.text);
    answer.status == 200
}

/// Callers with a key until its server is gone, so that the kill meets reads, writes and counts under way.
fn call_on(server: &Server, key: &str) -> Vec<tokio::task::JoinHandle<()>> {
    let caller = |_| {
        let (client, base, key) = (server.client.clone(), server.base.clone(), key.to_owned());
        tokio::spawn(async move {
            let body = json!({"email": "a@example.com"});
            while client.post(format!("{base}/api/v1/leads")).bearer_auth(&key).json(&body).send().await.is_ok() {}
        })
    };
    (0..4).map(caller).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_is_killed_happened_or_did_not() {
    const TURNS: u32 = 14;
    let database = sqlite();
    let acme = database.account("acme");
    let make = || database.key(acme, None, &["create_leads", "read_leads"]);
    let (first_id, first) = make();
    let began = Instant::now();
    let (mut id, mut key) = rotate(&database, &first_id, None).expect("one that nobody kills");
    let whole = began.elapsed();
    let (mut dead, mut answered, mut lost, mut undone) = (vec![first], 0, 0, 0);
    for turn in 0..TURNS {
        let server = database.serve();
        let callers = call_on(&server, &key);
        // Through the whole of it and a little beyond; the last is let go to its end.
        let until = Some(whole * turn / (TURNS - 3)).filter(|_| turn + 1 < TURNS);
        let successor = rotate(&database, &id, until);
        kill(server);
        for caller in callers {
            caller.await.expect("a caller");
        }
        let server = database.serve();
        let old = accepted(&server, &key).await;
        let ended = database.run(&["key", "show", "--account", acme, &id])["state"] == "rotated";
        assert_eq!(old, !ended, "the old key is let in as long as it has no successor");
        let listed = std::fs::read_to_string(format!("{}.deletions", database.url.trim_start_matches("sqlite:")));
        let listed = listed.expect("the deletions file");
        assert_eq!(listed.contains(&format!(" {id} ")), ended, "what ended is known after a restore too: {listed}");
        match successor {
            Some(next) => {
                assert!(!old && accepted(&server, &next.1).await, "what was answered holds");
                answered += 1;
                dead.push(std::mem::replace(&mut key, next.1));
                id = next.0;
            }
            // Nobody has heard the successor's secret.
            None if ended => {
                lost += 1;
                dead.push(key);
                (id, key) = make();
            }
            None => undone += 1,
        }
        for dead in &dead {
            assert!(!accepted(&server, dead).await, "a key that has ended has ended");
        }
        database.run(&["audit", "verify"]);
    }
    assert!(answered > 0 && undone > 0, "{answered} answered, {lost} done and not answered, {undone} not done");
    let live = database.run(&["key", "list", "--account", acme]);
    let live = live.as_array().expect("keys").iter().filter(|key| key["state"] == "active").count();
    assert_eq!(live, 1 + lost, "one a chain: {answered} answered, {lost} lost, {undone} not done");
}
