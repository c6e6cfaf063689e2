//! A messy file of two suppliers and nobody's leads: imported, walked, searched and exported, each key has exactly its own
//! rows. `LEADLATCH_TEST_ROWS=50000` for the size of a year; how long it took is said on stderr.

#![expect(clippy::print_stderr, reason = "numbers for whoever runs it in full size")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::common::{Database, Server, both};
use serde_json::{Value, json};

/// A good row, as the workshop tells of it.
#[derive(Debug, Clone, Copy)]
struct Row {
    number: i64,
    /// The numbers in its e-mail address and in its telephone number, by which rows are each other's duplicates.
    email: i64,
    phone: i64,
    /// 0 is nobody, 1 North, 2 South.
    whose: usize,
}

struct Input {
    path: PathBuf,
    rows: i64,
    good: Vec<Row>,
}

fn size() -> i64 {
    std::env::var("LEADLATCH_TEST_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(4_000)
}

fn input(database: &Database, name: &str, rows: i64, options: &[&str]) -> Input {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let mut command = Command::new(env!("CARGO"));
    command.args(["run", "-q", "-p", "xtask", "--manifest-path", manifest, "--", "messy-leads"]);
    command.args(["--rows", &rows.to_string(), "--introducers", "North,South"]).args(options);
    let made = command.stdin(Stdio::null()).output().expect("xtask runs");
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{said}");
    let told: Value = serde_json::from_str(said.lines().last().expect("a line")).expect("JSON");
    let good: Vec<(i64, i64, i64, usize)> = serde_json::from_value(told["leads"].clone()).expect("rows");
    let good = good.into_iter().map(|(number, email, phone, whose)| Row { number, email, phone, whose }).collect();
    let path = database.folder.path().join(name);
    std::fs::write(&path, made.stdout).expect("a file");
    Input { path, rows, good }
}

fn import(database: &Database, account: &str, input: &Input) -> Value {
    let file = input.path.to_str().expect("a path");
    let done = database.run(&["import", file, "--account", account, "--lead-group", "General"]);
    assert_eq!((&done["rows"], &done["imported"]), (&json!(input.rows), &json!(input.good.len())), "{done}");
    done
}

/// Whose rows a key reaches.
struct Caller {
    key: String,
    own: Vec<Row>,
    /// The id of each of its rows by its reference, as its first walk found them.
    ids: BTreeMap<String, i64>,
}

fn reference(row: &Row) -> String {
    format!("r{}", row.number)
}

impl Caller {
    fn new(key: String, rows: &[Row], whose: &[usize]) -> Self {
        let own = rows.iter().filter(|row| whose.contains(&row.whose)).copied().collect();
        Self { key, own, ids: BTreeMap::new() }
    }

    fn references(&self) -> BTreeSet<String> {
        self.own.iter().map(reference).collect()
    }

    /// The ids of its rows that something holds for.
    fn those(&self, holds: impl Fn(&Row) -> bool) -> BTreeSet<i64> {
        self.own.iter().filter(|row| holds(row)).map(|row| self.ids[&reference(row)]).collect()
    }

    /// Walks a list to its end: the ids in their order, with the references.
    async fn walk(&self, server: &Server, query: &str) -> Vec<(i64, String)> {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = server.get(&format!("/api/v1/leads?limit=200{query}{cursor}"), &self.key).await.json();
            let rows = page["data"].as_array().expect("rows").iter();
            found.extend(rows.map(|row| {
                (row["id"].as_i64().expect("an id"), row["reference"].as_str().expect("a reference").to_owned())
            }));
            let Some(next) = page["next_cursor"].as_str() else { return found };
            cursor = format!("&cursor={next}");
        }
    }

    async fn search(&self, server: &Server, body: Value) -> BTreeSet<i64> {
        let answer = server.send("POST", "/api/v1/leads/search", Some(&self.key), Some(body.clone())).await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.text);
        let found = answer.json();
        let rows = found["data"].as_array().expect("rows");
        assert!(found["next_cursor"].is_null(), "few rows are one page");
        rows.iter().map(|row| row["id"].as_i64().expect("an id")).collect()
    }

    async fn export(&self, server: &Server) -> [Vec<i64>; 2] {
        let lines = server.get("/api/v1/leads/export?format=ndjson", &self.key).await.text;
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let table = server.get("/api/v1/leads/export?format=csv", &self.key).await.text;
        let mut table = csv::Reader::from_reader(table.as_bytes());
        assert_eq!(&table.headers().expect("headers")[0], "id");
        let rows = table.records().map(|row| row.expect("a row")[0].parse().expect("an id"));
        [lines.map(|row| row["id"].as_i64().expect("an id")).collect(), rows.collect()]
    }
}

/// Lists, totals and exports hold exactly the caller's rows, each once.
async fn has_exactly_its_own(server: &Server, caller: &mut Caller) {
    for query in ["&sort=id", "", "&sort=-updated_at", "&status=New&sort=received_at"] {
        let walked = caller.walk(server, query).await;
        let ids: BTreeMap<String, i64> = walked.iter().map(|(id, reference)| (reference.clone(), *id)).collect();
        assert_eq!(walked.len(), caller.own.len(), "no fewer, and none twice: {query}");
        assert_eq!(ids.keys().cloned().collect::<BTreeSet<_>>(), caller.references(), "no more: {query}");
        assert!(caller.ids.is_empty() || caller.ids == ids);
        caller.ids = ids;
    }
    let total = server.get("/api/v1/leads?total=true&limit=1", &caller.key).await.json()["total"].clone();
    let count = i64::try_from(caller.own.len()).expect("a number");
    assert!(total == count || (total["at_least"].is_i64() && count >= 10_000), "{total}");
    let mut ids: Vec<i64> = caller.ids.values().copied().collect();
    ids.sort_unstable();
    for mut exported in caller.export(server).await {
        exported.sort_unstable();
        assert_eq!(exported, ids);
    }
}

/// Searches for rows of everybody, of which the caller finds its own alone; answers how many searches found something.
async fn finds_its_own_alone(server: &Server, caller: &Caller, rows: &[Row]) -> usize {
    let mut hits = 0;
    for row in rows.iter().step_by(rows.len() / 60) {
        let email = format!("Lead{}@EXAMPLE.com", row.email);
        let phone = format!("+44 (0)77 {:08}", row.phone);
        let reference = reference(row);
        let searches = [
            (json!({"email": email}), caller.those(|own| own.email == row.email)),
            (json!({"phone": phone}), caller.those(|own| own.phone == row.phone)),
            (json!({"reference": reference}), caller.those(|own| own.number == row.number)),
        ];
        for (body, expected) in searches {
            hits += usize::from(!expected.is_empty());
            assert_eq!(caller.search(server, body.clone()).await, expected, "{body} {row:?}");
        }
    }
    hits
}

async fn each_key_has_exactly_its_own(database: &Database, options: &[&str]) {
    let acme = database.account("acme");
    let rule = ["--duplicates", "all", "--duplicate-match", "email,phone", "--duplicate-outcome", "link"];
    for account in [acme, database.account("other")] {
        database.run(&[&["account", "set", "--account", account][..], &rule].concat());
    }
    let introducers = |account| ["North", "South"].map(|company| database.partner(account, "introducer", company));
    let [partners, _] = [introducers(acme), introducers("other")];
    let file = input(database, "acme.csv", size(), &[options, &["--seed", "50"]].concat());
    // The same people in another account, so that each of them could be mistaken for the other.
    let elsewhere = input(database, "other.csv", 300, &[options, &["--seed", "51"]].concat());
    let began = Instant::now();
    let done = import(database, acme, &file);
    eprintln!("{} rows imported in {:?}, {} linked", done["imported"], began.elapsed(), done["linked"]);
    import(database, "other", &elsewhere);
    let linked = done["linked"].as_u64().expect("a number");
    assert!(linked > file.rows.unsigned_abs() / 20, "duplicates, of other suppliers' rows too: {linked}");

    let mut callers = vec![
        Caller::new(database.key(acme, Some(&partners[0]), &["read_leads"]).1, &file.good, &[1]),
        Caller::new(database.key(acme, Some(&partners[1]), &["read_leads"]).1, &file.good, &[2]),
        Caller::new(database.key(acme, None, &["read_leads"]).1, &file.good, &[0, 1, 2]),
        Caller::new(database.key("other", None, &["read_leads"]).1, &elsewhere.good, &[0, 1, 2]),
    ];
    let server = database.serve();
    for caller in &mut callers {
        let began = Instant::now();
        has_exactly_its_own(&server, caller).await;
        let walked = began.elapsed();
        let hits = finds_its_own_alone(&server, caller, &file.good).await;
        eprintln!(
            "{} rows, {hits} hits: {walked:?}, then {:?}",
            caller.own.len(),
            began.elapsed().saturating_sub(walked)
        );
        assert!(hits >= 3);
    }
    let [north, south, ..] = &callers[..] else { unreachable!("four were made") };
    for (of, by, status) in [(north, north, 200), (south, north, 403), (north, south, 403), (south, south, 200)] {
        for id in of.ids.values().step_by(of.ids.len() / 20) {
            assert_eq!(server.get(&format!("/api/v1/leads/{id}"), &by.key).await.status, status);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_key_has_exactly_its_own_rows_of_a_messy_file() {
    for (database, options) in both().into_iter().zip([&["--latin1", "--delimiter", ";"][..], &[]]) {
        each_key_has_exactly_its_own(&database, options).await;
    }
}
