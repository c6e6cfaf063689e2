//! An export holds exactly what its key reaches, and stops when the key dies.

use std::sync::Arc;
use std::time::Duration;

use crate::common::{Answer, Database, Server, both};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const ALL: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];

/// Sends leads from many hands at once.
async fn fill(server: &Arc<Server>, key: &str, count: usize, body: &Value) -> Vec<i64> {
    let hands: Vec<_> = (0..8)
        .map(|hand| {
            let (server, key, body) = (Arc::clone(server), key.to_owned(), body.clone());
            tokio::spawn(async move {
                let mut ids = Vec::new();
                for _ in (hand..count).step_by(8) {
                    let made = server.create(&key, body.clone()).await;
                    ids.push(made.json()["id"].as_i64().unwrap_or_else(|| panic!("{}", made.text)));
                }
                ids
            })
        })
        .collect();
    let mut ids = Vec::new();
    for hand in hands {
        ids.extend(hand.await.expect("a hand"));
    }
    ids.sort_unstable();
    ids
}

fn ndjson(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn ids(rows: &[Value]) -> Vec<i64> {
    rows.iter().map(|row| row["id"].as_i64().expect("an id")).collect()
}

/// The names and the rows of a CSV file.
fn table(answer: &Answer) -> (Vec<String>, Vec<Vec<String>>) {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let mut reader = csv::ReaderBuilder::new().terminator(csv::Terminator::CRLF).from_reader(answer.text.as_bytes());
    let names = reader.headers().expect("names").iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
    (names, rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_holds_exactly_what_its_key_reaches() {
    for database in both() {
        let (acme, other) = (database.account("acme"), database.account("other"));
        let partners = [("introducer", "North"), ("introducer", "South"), ("partner", "Buyer"), ("both", "Both")]
            .map(|(kind, company)| database.partner(acme, kind, company));
        let keys = partners.each_ref().map(|partner| database.key(acme, Some(partner), &ALL));
        let [(north_id, north), (_, south), (_, buyer), (_, own)] = keys;
        let (_, full) = database.key(acme, None, &ALL);
        let (_, foreign) = database.key(other, None, &ALL);
        let server = Arc::new(database.serve());
        let body = json!({"email": "a@example.com"});
        let of_north = fill(&server, &north, 430, &body).await;
        let of_south = fill(&server, &south, 3, &body).await;
        let of_both = fill(&server, &own, 2, &body).await;
        let of_foreign = fill(&server, &foreign, 2, &body).await;
        for id in &of_south[..2] {
            database.run(&["lead", "refer", "--account", acme, &id.to_string(), "--partner", &partners[2]]);
        }
        let mut all = [&of_north[..], &of_south, &of_both].concat();
        all.sort_unstable();
        let bought = of_south[..2].to_vec();
        let expected = [
            (&north, of_north),
            (&south, of_south),
            (&buyer, bought),
            (&own, of_both),
            (&full, all),
            (&foreign, of_foreign),
        ];
        for (key, leads) in expected {
            for path in ["/api/v1/leads/export?format=ndjson", "/api/v1/leads/export?format=ndjson&status=New"] {
                assert_eq!(ids(&ndjson(&server.get(path, key).await)), leads, "{path}");
            }
            let (names, rows) = table(&server.get("/api/v1/leads/export", key).await);
            let found: Vec<i64> = rows.iter().map(|row| row[0].parse().expect("an id")).collect();
            assert_eq!((names[0].as_str(), found), ("id", leads));
        }
        assert_eq!(server.get("/api/v1/leads/export?format=ndjson&email=b@example.com", &north).await.text, "");
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let counted = format!("SELECT SUM(row_count) FROM access_key_usage WHERE key_id = {north_id}");
        assert_eq!(database.number(&counted), 3 * 430, "every row that was written is counted");
        let requests =
            format!("SELECT SUM(requests) FROM access_key_usage WHERE key_id = {north_id} AND scope = 'read_leads'");
        assert_eq!(database.number(&requests), 4, "and no request twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_has_the_columns_of_its_reader_and_nothing_that_runs() {
    for database in both() {
        let acme = database.account("acme");
        let line = ["lead-group", "create", "--account", acme, "--name"];
        for (name, field, more) in
            [("Loans", "data1=Sum:text", "data2=Secret:text:partner=none"), ("Hidden", "data7=X:text", "data8=Y:text")]
        {
            database.run(&[&line[..], &[name, "--field", field, "--field", more]].concat());
        }
        let group = |name: &str| {
            let all = database.run(&["lead-group", "list", "--account", acme]);
            all.as_array().expect("groups").iter().find(|group| group["name"] == name).expect("the group")["id"].clone()
        };
        let north = database.partner(acme, "introducer", "North");
        database.run(&["partner", "link", "--account", acme, &north, "--link-lead-group", "Loans"]);
        let (_, full) = database.key(acme, None, &ALL);
        let (_, key) = database.key(acme, Some(&north), &ALL);
        let server = database.serve();
        let introducer = north.parse::<i64>().expect("an id");
        let body = json!({"email": "a@example.com", "firstname": "=HYPERLINK(\"http://x\")", "lastname": "Ähm, \"Ö\"",
            "phone1": "+44 20 7946 0958", "cost": "-2.50", "reference": "@x", "introducer_id": introducer,
            "lead_group_id": group("Loans"), "data": {"data1": "+1+1", "data2": "hidden"}});
        let made = server.create(&full, body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);

        let (names, rows) = table(&server.get("/api/v1/leads/export?format=csv", &key).await);
        let cell = |name: &str| rows[0][names.iter().position(|own| own == name).expect("the column")].as_str();
        assert_eq!((cell("firstname"), cell("lastname")), ("'=HYPERLINK(\"http://x\")", "Ähm, \"Ö\""));
        assert_eq!((cell("phone1"), cell("reference"), cell("data1")), ("+44 20 7946 0958", "'@x", "'+1+1"));
        let seen = server.get("/api/v1/leads", &key).await.json()["data"][0].clone();
        let mut allowed: Vec<_> =
            seen.as_object().expect("a lead").keys().filter(|name| *name != "data").cloned().collect();
        allowed.push("data1".into());
        let (mut sorted, mut own) = (allowed, names.clone());
        sorted.sort();
        own.sort();
        assert_eq!(
            own, sorted,
            "the closed list, and of custom fields what it may read in the groups where it has leads"
        );
        assert!(!rows.concat().contains(&"hidden".to_owned()));
        let hidden = group("Hidden");
        let (names, rows) = table(&server.get(&format!("/api/v1/leads/export?lead_group_id={hidden}"), &key).await);
        assert!(rows.is_empty() && !names.contains(&"data7".to_owned()), "nothing of a group that is not its own");

        let raw = table(&server.get("/api/v1/leads/export?raw=true", &full).await);
        let cell = |name: &str| raw.1[0][raw.0.iter().position(|own| own == name).expect("the column")].as_str();
        assert_eq!(
            (cell("firstname"), cell("data1"), cell("data2"), cell("cost")),
            ("=HYPERLINK(\"http://x\")", "+1+1", "hidden", "-2.50")
        );
        assert_eq!(raw.0.iter().filter(|name| name.starts_with("data")).count(), 50);
        let guarded = server.get("/api/v1/leads/export", &full).await.text;
        assert!(
            guarded.contains("\r\n") && guarded.contains(",-2.50,") && guarded.contains("'=HYPERLINK"),
            "{guarded}"
        );
        let exact = ndjson(&server.get("/api/v1/leads/export?format=ndjson", &key).await);
        assert_eq!(exact[0], seen, "NDJSON is what the list says");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_refused_as_the_list_is() {
    for database in both() {
        let acme = database.account("acme");
        let north = database.partner(acme, "introducer", "North");
        let (_, full) = database.key(acme, None, &ALL);
        let (_, key) = database.key(acme, Some(&north), &ALL);
        let server = database.serve();
        let refused = async |query: &str, key: &str| {
            let answer = server.get(&format!("/api/v1/leads/export?{query}"), key).await;
            (answer.status.as_u16(), answer.code())
        };
        assert_eq!(refused("cost=1&format=x", &key).await, (403, "field_not_permitted".into()));
        assert_eq!(refused("sort=-source", &key).await, (403, "field_not_permitted".into()));
        assert_eq!(refused("introducer_id=999", &key).await, (403, "out_of_reach".into()));
        for query in [
            "format=xml",
            "raw=maybe",
            "limit=5",
            "cursor=x",
            "total=true",
            "colour=red",
            "sort=-id",
            "status_id=x",
            "data1=x",
        ] {
            assert_eq!(refused(query, &full).await, (422, "invalid_fields".into()), "{query}");
        }
        let address = server.base.strip_prefix("http://").expect("http");
        let mut old = tokio::net::TcpStream::connect(address).await.expect("a connection");
        let request = format!("GET /api/v1/leads/export HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer {full}\r\n\r\n");
        old.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        old.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.contains("400 Bad Request") && answer.contains("HTTP/1.1 or newer"), "{answer}");
    }
}

/// Begins an export and reads nothing of it until the key has died; gives the whole rows that came, and the end.
async fn cut(database: &Database, server: &Server, key: &str, kill: &[&str]) -> (usize, bool) {
    let path = format!("{}/api/v1/leads/export?format=ndjson", server.base);
    let mut answer = server.client.get(path).bearer_auth(key).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    tokio::time::sleep(Duration::from_millis(300)).await;
    if !database.url.starts_with("sqlite:") {
        // Other tests' databases stand on the same server.
        let open = "SELECT COUNT(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' \
                    AND datname = current_database()";
        assert_eq!(database.number(open), 0, "a client that does not read holds no transaction");
    }
    database.run(kill);
    let mut bytes = Vec::new();
    let whole = loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    (bytes.split(|byte| *byte == b'\n').count() - 1, whole)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_ends_with_its_key_and_shows_that_it_is_cut() {
    for database in both() {
        let acme = database.account("acme");
        let fields: Vec<String> = (1..=5).map(|number| format!("data{number}=F{number}:long_text")).collect();
        let mut line = vec!["lead-group", "create", "--account", acme, "--name", "Long"];
        line.extend(fields.iter().flat_map(|field| ["--field", field.as_str()]));
        let group = database.id(&line).parse::<i64>().expect("an id");
        let north = database.partner(acme, "introducer", "North");
        let (_, full) = database.key(acme, None, &ALL);
        let (deleted_id, deleted) = database.key(acme, None, &["read_leads"]);
        let (_, inactive) = database.key(acme, Some(&north), &["read_leads"]);
        let server = Arc::new(database.serve());
        let long = "x".repeat(20_000);
        let data: serde_json::Map<_, _> = (1..=5).map(|number| (format!("data{number}"), json!(long))).collect();
        let body = json!({"email": "a@example.com", "lead_group_id": group, "data": data,
            "introducer_id": north.parse::<i64>().expect("an id")});
        fill(&server, &full, 410, &body).await;
        for (key, kill) in [
            (&deleted, &["key", "delete", "--account", acme, &deleted_id][..]),
            (&inactive, &["partner", "deactivate", "--account", acme, &north]),
            (&full, &["account", "suspend", "--account", acme]),
        ] {
            let (rows, whole) = cut(&database, &server, key, kill).await;
            assert!(!whole, "the client sees that the file is not complete: {kill:?}");
            assert!(rows <= 200, "nothing after the block that was being written: {rows} {kill:?}");
        }
        database.run(&["account", "resume", "--account", acme]);
        let whole = ndjson(&server.get("/api/v1/leads/export?format=ndjson", &full).await);
        assert_eq!(whole.len(), 410, "a key that lives gets it all");
    }
}
