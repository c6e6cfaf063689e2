//! "May I delete this key?": what the report, the log and a key's page say is what a client did, on both engines.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use crate::common::{Database, Server, both, hooks, sqlite};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// What a client counted: requests by status and scope, and rows where it saw them.
type Counted = BTreeMap<(i64, String), i64>;

/// Requests of every outcome, in an order that depends on the number: the status and the scope of each.
async fn one(server: &Server, key: &str, number: usize) -> (i64, String) {
    let (answer, scope) = match number % 6 {
        0 => (server.get("/api/v1/leads?limit=1", key).await, "read_leads"),
        1 => (server.create(key, json!({"email": "x@example.com"})).await, "create_leads"),
        2 => (server.send("DELETE", "/api/v1/leads/1", Some(key), None).await, "update_delete_leads"),
        3 => (server.get("/api/v1/leads/999999", key).await, "read_leads"),
        4 => (server.create(key, json!({"email": "no address"})).await, "create_leads"),
        _ => (server.get("/api/v1/statuses", key).await, ""),
    };
    (i64::from(answer.status.as_u16()), scope.to_owned())
}

async fn hammer(servers: &[Arc<Server>], key: &str, callers: usize, each: usize) -> Counted {
    let call = |caller: usize| {
        let (server, key) = (Arc::clone(&servers[caller % servers.len()]), key.to_owned());
        tokio::spawn(async move {
            let mut counted = Counted::new();
            for number in 0..each {
                *counted.entry(one(&server, &key, caller + number).await).or_default() += 1;
            }
            counted
        })
    };
    let calling: Vec<_> = (0..callers).map(call).collect();
    let mut all = Counted::new();
    for caller in calling {
        for (kind, number) in caller.await.expect("a caller") {
            *all.entry(kind).or_default() += number;
        }
    }
    all
}

fn reported(database: &Database, account: &str, id: &str) -> Value {
    let id: i64 = id.parse().expect("an id");
    let report = database.run(&["key", "report", "--account", account]);
    let found = report["keys"].as_array().expect("keys").iter().find(|key| key["id"] == id);
    found.expect("the key").clone()
}

fn counts_of(key: &Value) -> Counted {
    let read = |count: &Value| {
        let scope = count["scope"].as_str().unwrap_or_default().to_owned();
        ((count["status"].as_i64().expect("a status"), scope), count["requests"].as_i64().expect("a number"))
    };
    key["by_status"].as_array().expect("counts").iter().map(read).collect()
}

/// The report, once what was counted is in it: within seconds, or as it is then.
async fn settled(database: &Database, account: &str, id: &str, total: i64) -> Value {
    for _ in 0..40 {
        let key = reported(database, account, id);
        if key["requests"]["total"] == total {
            return key;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    reported(database, account, id)
}

async fn counts_are_equal(database: &Database, servers: Vec<Arc<Server>>) {
    let acme = database.account("acme");
    let (id, key) = database.key(acme, None, &["create_leads", "read_leads"]);
    let counted = hammer(&servers, &key, 12, 60).await;
    let statuses: Vec<i64> = counted.keys().map(|(status, _)| *status).collect();
    for status in [200, 201, 403, 404, 422] {
        assert!(statuses.contains(&status), "{statuses:?}");
    }
    let found = settled(database, acme, &id, 720).await;
    assert_eq!(counts_of(&found), counted);
    let by =
        |class: fn(i64) -> bool| counted.iter().filter(|((status, _), _)| class(*status)).map(|(_, n)| n).sum::<i64>();
    assert_eq!(found["requests"]["accepted"], by(|status| status < 400));
    assert_eq!(found["requests"]["refused"], by(|status| status == 403));
    assert_eq!(found["requests"]["invalid"], by(|status| status == 404 || status == 422));
    assert_eq!(found["scopes_never_used"], json!([]));
    assert_eq!(found["last_refused"]["route"], "/api/v1/leads/{id}");
    assert_eq!(found["warnings"], json!(["never_expires", "refused_often"]));
    assert_eq!(found["log_dropped"], 0);
    assert!(found["last_used_at"].is_string() && found["addresses"] == 1, "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_says_what_a_client_counted() {
    for database in both() {
        let server = Arc::new(database.serve());
        counts_are_equal(&database, vec![server]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_so_over_two_nodes_and_the_last_use_never_goes_back() {
    let [_, database] = both();
    let nodes = vec![Arc::new(database.serve()), Arc::new(database.serve())];
    counts_are_equal(&database, nodes.clone()).await;
    let acme = "acme";
    let (id, key) = database.key(acme, None, &["create_leads", "read_leads"]);
    let called = nodes.clone();
    let hammering = tokio::spawn(async move { hammer(&called, &key, 4, 300).await });
    let mut last = String::new();
    while !hammering.is_finished() {
        let shown = database.run(&["key", "show", "--account", acme, &id]);
        let used = shown["last_used_at"].as_str().unwrap_or_default().to_owned();
        assert!(used >= last, "{used} after {last}");
        last = used;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!last.is_empty());
    let counted = hammering.await.expect("the callers");
    assert_eq!(counts_of(&settled(&database, acme, &id, 1200).await), counted);
}

/// Who still uses a key that is let in no more is seen: its refusals are its own, and no use of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_key_s_refusals_are_counted_and_logged() {
    for database in both() {
        let acme = database.account("acme");
        let server = database.serve();
        let (id, key) = database.key(acme, None, &["read_leads"]);
        for _ in 0..3 {
            assert_eq!(server.get("/api/v1/leads", &key).await.status, StatusCode::OK);
        }
        let show = || database.run(&["key", "show", "--account", acme, &id]);
        let counted = "SELECT COALESCE(SUM(requests), 0) FROM access_key_usage";
        hooks::until(&database, counted, 3).await;
        let used = show()["last_used_at"].clone();
        database.run(&["key", "set", "--account", acme, &id, "--expires", "2020-01-01"]);
        for path in ["/api/v1/leads", "/api/v1/leads/1", "/api/v1/whoami", "/api/v1/leads/export"] {
            assert_eq!(server.get(path, &key).await.code(), "expired_key", "{path}");
        }
        let xml = format!("<data><key>{key}</key><request>read</request><id>1</id></data>");
        let wire = server.client.post(format!("{}/api/APILead.php", server.base)).body(xml).send().await;
        assert_eq!(wire.expect("an answer").status(), StatusCode::UNAUTHORIZED);
        hooks::until(&database, counted, 8).await;
        let shown = show();
        let week = &shown["last_7_days"];
        assert_eq!((&week["total"], &week["accepted"], &week["refused"]), (&json!(8), &json!(3), &json!(5)));
        assert_eq!((&shown["last_used_at"], &shown["last_refused"]["status"]), (&used, &json!(401)), "{shown}");
        hooks::until(&database, "SELECT COUNT(*) FROM request_log WHERE status = 401", 5).await;
        let log = database.run(&["key", "log", "--account", acme, &id, "--status", "401"]);
        assert_eq!(log["entries"].as_array().map(Vec::len), Some(5), "{log}");
        // Whoever presents the same key with another ending is nobody.
        assert_eq!(server.get("/api/v1/leads", &format!("{key}x")).await.code(), "malformed_key");
        tokio::time::sleep(hooks::A_WHILE).await;
        assert_eq!(database.number(counted), 8);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_writes_what_was_counted_and_logged() {
    for database in both() {
        let acme = database.account("acme");
        let (id, key) = database.key(acme, None, &["create_leads", "read_leads"]);
        let server = Arc::new(database.serve());
        let counted = hammer(&[Arc::clone(&server)], &key, 4, 30).await;
        let pid = server.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
        let mut server = Arc::into_inner(server).expect("nobody else has it");
        assert!(server.process.wait().expect("it ends").success());
        assert_eq!(counts_of(&reported(&database, acme, &id)), counted, "at once, without waiting for a second");
        let log = database.run(&["key", "log", "--account", acme, &id, "--limit", "1000"]);
        assert_eq!(log["entries"].as_array().expect("entries").len(), 120);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_holds_templates_and_never_a_path_a_query_or_a_body() {
    for database in both() {
        let (acme, _) = (database.account("acme"), database.account("other"));
        let (id, key) = database.key(acme, None, &["create_leads", "read_leads"]);
        let (_, noise) = database.key("other", None, &["create_leads", "read_leads"]);
        let server = database.serve();
        let lead = server.lead(&key, "secretname").await;
        server.get(&format!("/api/v1/leads/{lead}"), &key).await;
        server.get("/api/v1/leads?email=secret@example.com", &key).await;
        server.get("/api/v1/leads/31415926", &key).await;
        server.send("DELETE", "/api/v1/leads/27182818", Some(&key), None).await;
        server.get("/api/v1/leads", &noise).await;
        tokio::time::sleep(Duration::from_millis(2500)).await;
        let log = |more: &[&str]| database.run(&[&["key", "log", "--account", acme, &id], more].concat());
        let all = log(&[]);
        for hidden in ["secret", "31415926", "27182818", "email", &key[8..20]] {
            assert!(!all.to_string().contains(hidden), "{hidden}: {all}");
        }
        let entries = |log: &Value| log["entries"].as_array().expect("entries").clone();
        assert_eq!(entries(&all).len(), 5, "{all}");
        let newest = &entries(&all)[0];
        assert_eq!((&newest["method"], &newest["status"]), (&json!("DELETE"), &json!(403)));
        assert_eq!(newest["request_id"].as_str().expect("an id").len(), 24);
        assert_eq!(entries(&log(&["--status", "4xx"])).len(), 2);
        assert_eq!(entries(&log(&["--status", "403"])).len(), 1);
        assert_eq!(entries(&log(&["--route", "/api/v1/leads/{id}", "--method", "get"])).len(), 2);
        assert_eq!(entries(&log(&["--until", "2020-01-01"])).len(), 0);
        let first = log(&["--limit", "2"]);
        let before = first["next_before"].to_string();
        assert_eq!(entries(&log(&["--before", &before])).len(), 3);
        assert_eq!(entries(&database.run(&["key", "log", "--account", "other"])).len(), 1);
        let denied = database.try_run(&["key", "log", "--account", "other", &id]).expect_err("another account's");
        assert_eq!(denied.trim(), format!("there is no key {id}"));
        let refused = database.try_run(&["key", "log", "--account", acme, "--status", "4"]).expect_err("no status");
        assert!(refused.contains("4xx"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn may_i_delete_this_key() {
    for database in both() {
        let acme = database.account("acme");
        let north = database.partner(acme, "introducer", "North");
        let (used, key) = database.key(acme, Some(&north), &["create_leads", "read_leads"]);
        let (unused, _) = database.key(acme, None, &["read_leads"]);
        let every = ["create_leads", "read_leads", "update_delete_leads", "manage_activities", "voice"];
        let every = [&every[..], &["appointments", "journeys", "manage_partners"]].concat();
        let (broad, _) = database.key(acme, None, &every);
        let server = database.serve();
        let send = async |agent: String| {
            let request = server.client.get(format!("{}/api/v1/leads", server.base)).bearer_auth(&key);
            assert_eq!(request.header("user-agent", agent).send().await.expect("an answer").status(), 200);
        };
        for number in 0..7 {
            send(format!("agent/{number}")).await;
        }
        send("x".repeat(900)).await;
        settled(&database, acme, &used, 8).await;
        let shown = database.run(&["key", "show", "--account", acme, &used]);
        assert_eq!(shown["last_accepted"]["route"], "/api/v1/leads");
        assert_eq!((&shown["last_7_days"]["total"], &shown["last_30_days"]["accepted"]), (&json!(8), &json!(8)));
        assert_eq!(shown["scopes_never_used"], json!(["create_leads"]));
        assert_eq!(shown["addresses"][0]["name"], "127.0.0.1");
        let agents = shown["user_agents"].as_array().expect("programs");
        assert_eq!((agents.len(), &agents[0]["name"]), (5, &json!("x".repeat(200))));
        let found = reported(&database, acme, &used);
        assert_eq!((&found["partner_company"], &found["user_agents"]), (&json!("North"), &json!(8)));
        let ids = |flags: &[&str]| {
            database.run(&[&["key", "report", "--account", acme, "--ids"], flags].concat()).to_string()
        };
        assert_eq!(ids(&[]), format!("[{broad},{unused},{used}]"));
        assert_eq!(ids(&["--over-broad"]), format!("[{broad}]"));
        assert_eq!(ids(&["--unused"]), "[]", "they are of today");
        assert_eq!(ids(&["--never-expires", "--over-broad"]), format!("[{broad}]"));
        assert_eq!(ids(&["--idle", "--days", "1"]), "[]");
        database.run(&["key", "delete", "--account", acme, &broad]);
        assert_eq!(ids(&[]), format!("[{unused},{used}]"), "live keys alone");
        let human = output(&database, &["key", "report", "--account", acme]);
        assert!(human.contains("North") && human.contains("never_expires"), "{human}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_is_counted() {
    use tokio::io::AsyncWriteExt;
    for database in both() {
        let acme = database.account("acme");
        let (id, key) = database.key(acme, None, &["create_leads", "read_leads"]);
        let server = database.serve();
        for patience in 0..60 {
            let address = server.base.strip_prefix("http://").expect("an address");
            let mut stream = tokio::net::TcpStream::connect(address).await.expect("connected");
            let body = r#"{"email":"x@example.com"}"#;
            let head = format!(
                "POST /api/v1/leads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(head.as_bytes()).await.expect("sent");
            tokio::time::sleep(Duration::from_millis(patience)).await;
        }
        let made = async || server.get("/api/v1/leads?total=true&limit=1", &key).await.json()["total"].as_i64();
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let made = made().await.expect("a total");
        let found = reported(&database, acme, &id);
        let creates: i64 =
            counts_of(&found).iter().filter(|((_, scope), _)| scope == "create_leads").map(|(_, n)| n).sum();
        let gone: i64 = counts_of(&found).iter().filter(|((status, _), _)| *status == 499).map(|(_, n)| n).sum();
        assert!(gone > 0, "nobody was cut off while a request was worked on: {found}");
        assert!(made > 0 && creates >= made, "{made} leads were made by {creates} requests that were counted");
    }
}

fn output(database: &Database, line: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leadlatch"));
    let output = command.args(line).args(["--database", &database.url]).stdin(Stdio::null()).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn lists_are_tables_and_survive_a_reader_that_stops() {
    let database = sqlite();
    let acme = database.account("acme");
    for _ in 0..3 {
        database.key(acme, None, &["read_leads"]);
    }
    let keys = output(&database, &["key", "list", "--account", acme]);
    assert!(keys.starts_with("ID") && keys.lines().count() == 4, "{keys}");
    assert!(output(&database, &["audit", "list", "--account", acme]).contains("key.created"));
    assert_eq!(output(&database, &["site", "list", "--account", acme]), "none\n");
    assert_eq!(output(&database, &["key", "report", "--account", acme, "--ids", "--idle"]), "");
    let binary = env!("CARGO_BIN_EXE_leadlatch");
    for line in
        ["openapi", "audit list --account acme", "audit export --account acme", "--json audit list --account acme"]
    {
        // The reader has gone before the first line is written.
        let script =
            format!("set -o pipefail; '{binary}' {line} --database '{}' | (exec <&-; sleep 0.5)", database.url);
        let ended = Command::new("bash").args(["-c", &script]).output().expect("bash runs");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(ended.status.success() && said.is_empty(), "{line}: {said}");
    }
    let full = format!("'{binary}' openapi > /dev/full");
    let ended = Command::new("bash").args(["-c", &full]).output().expect("bash runs");
    assert!(!ended.status.success(), "what cannot be written is no success");
}
