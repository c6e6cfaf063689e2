//! Importing files: every row once, whatever they hold and whenever the import dies.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::common::{Database, Server, both, postgresql, sqlite};
use serde_json::{Value, json};

/// A messy file of the workshop's, and what must be found in it.
struct Messy {
    path: PathBuf,
    rows: i64,
    bad: BTreeSet<i64>,
    duplicates: BTreeSet<i64>,
}

impl Messy {
    fn make(database: &Database, rows: i64, options: &[&str]) -> Self {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
        let mut command = Command::new(env!("CARGO"));
        command.args(["run", "-q", "-p", "xtask", "--manifest-path", manifest, "--", "messy-leads", "--rows"]);
        let made = command.arg(rows.to_string()).args(options).stdin(Stdio::null()).output().expect("xtask runs");
        let said = String::from_utf8_lossy(&made.stderr).into_owned();
        assert!(made.status.success(), "{said}");
        let told: Value = serde_json::from_str(said.lines().last().expect("a line")).expect("JSON");
        let numbers = |name: &str| told[name].as_array().expect("rows").iter().filter_map(Value::as_i64).collect();
        let path = database.folder.path().join("messy.csv");
        std::fs::write(&path, made.stdout).expect("a file");
        Self { path, rows, bad: numbers("bad_rows"), duplicates: numbers("duplicate_rows") }
    }

    fn refused(&self) -> BTreeSet<i64> {
        self.bad.union(&self.duplicates).copied().collect()
    }
}

fn import<'a>(file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["import", file, "--account", "acme", "--lead-group", "General"], more].concat()
}

fn refuse_duplicates(database: &Database) {
    let rule = ["--duplicates", "all", "--duplicate-match", "email,phone", "--duplicate-outcome", "refuse"];
    database.run(&[&["account", "set", "--account", "acme"][..], &rule].concat());
}

/// The references of every lead, page by page.
async fn references(server: &Server, key: &str) -> Vec<String> {
    let (mut found, mut path) = (Vec::new(), "/api/v1/leads?limit=200&sort=id".to_owned());
    loop {
        let page = server.get(&path, key).await.json();
        let rows = page["data"].as_array().expect("rows").iter();
        found.extend(rows.map(|row| row["reference"].as_str().expect("a reference").to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { return found };
        path = format!("/api/v1/leads?limit=200&sort=id&cursor={cursor}");
    }
}

async fn nothing_lost_nothing_twice(database: &Database, messy: &Messy) {
    let (_, key) = database.key("acme", None, &["read_leads"]);
    let server = database.serve();
    let found = references(&server, &key).await;
    let refused = messy.refused();
    let expected: Vec<_> = (1..=messy.rows).filter(|row| !refused.contains(row)).map(|row| format!("r{row}")).collect();
    assert_eq!(found.len(), expected.len());
    assert_eq!(found.iter().collect::<BTreeSet<_>>(), expected.iter().collect::<BTreeSet<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_messy_file_is_imported_but_for_the_rows_that_cannot_be() {
    for (database, options) in
        both().into_iter().zip([&["--seed", "1"][..], &["--seed", "2", "--latin1", "--delimiter", ";"]])
    {
        database.account("acme");
        refuse_duplicates(&database);
        let messy = Messy::make(&database, 3000, options);
        let file = messy.path.to_str().expect("a path");
        let count = |set: &BTreeSet<i64>| set.len() as i64;
        let refused = count(&messy.refused());
        assert!(count(&messy.bad) > 80 && count(&messy.duplicates) > 150);

        let dry = database.run(&import(file, &["--dry-run"]));
        assert_eq!((&dry["imported"], &dry["refused"]), (&json!(3000 - refused), &json!(refused)), "{dry}");
        assert_eq!(dry["import_id"], Value::Null);

        let report = database.folder.path().join("refused.csv");
        let report = report.to_str().expect("a path");
        let done = database.run(&import(file, &["--report", report]));
        assert_eq!((&done["rows"], &done["imported"]), (&json!(3000), &json!(3000 - refused)), "{done}");
        assert_eq!(
            (&done["refused"], &done["resumed_after"]),
            (&json!(refused), &json!(0)),
            "nothing was there: {done}"
        );
        assert!(done["ambiguous_dates"].as_i64().is_some_and(|count| count > 50));
        nothing_lost_nothing_twice(&database, &messy).await;

        let text = std::fs::read_to_string(report).expect("a report");
        let mut rows = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let headers = rows.headers().expect("headers").clone();
        assert_eq!((&headers[0], &headers[1], &headers[12]), ("refused_line", "refused_because", "External ID"));
        let rows: Vec<_> = rows.records().map(|row| row.expect("a row")).collect();
        let told: BTreeSet<i64> = rows.iter().map(|row| row[12][1..].parse().expect("a number")).collect();
        assert_eq!((told, rows.len()), (messy.refused(), messy.refused().len()));
        assert!(rows.iter().all(|row| row[1].contains(": ")), "each says why");

        let again = database.run(&import(file, &["--report", report]));
        assert_eq!((&again["already_imported"], &again["imported"]), (&json!(true), &done["imported"]));
        assert_eq!(std::fs::read_to_string(report).expect("a report"), text, "the same report");
        let once_more = database.run(&import(report, &[]));
        assert_eq!((&once_more["imported"], &once_more["refused"]), (&json!(0), &json!(refused)), "{once_more}");
        nothing_lost_nothing_twice(&database, &messy).await;
    }
}

/// Starts an import, waits until a block of its own is done, and kills it a moment later.
fn kill_in_the_middle(database: &Database, line: &[&str], after: Duration) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leadlatch"));
    command.args(line).args(["--json", "--database", &database.url]).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("the import starts");
    let mut said = String::new();
    let mut lines = BufReader::new(process.stderr.take().expect("a pipe"));
    lines.read_line(&mut said).expect("a line");
    std::thread::sleep(after);
    process.kill().expect("a kill");
    process.wait().expect("an end");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_killed_goes_on_and_has_every_row_once() {
    for database in both() {
        database.account("acme");
        refuse_duplicates(&database);
        let messy = Messy::make(&database, 12_000, &["--seed", "3"]);
        let file = messy.path.to_str().expect("a path");
        let report = database.folder.path().join("refused.csv");
        let line = import(file, &["--report", report.to_str().expect("a path")]);
        for kill in 0..5 {
            let said = kill_in_the_middle(&database, &line, Duration::from_millis(kill * 23));
            assert!(said.contains(" of 12000 rows"), "{said}");
        }
        let names = std::fs::read_dir(database.folder.path()).expect("a folder");
        let names: Vec<_> = names.map(|entry| entry.expect("an entry").file_name()).collect();
        let left = |name: &std::ffi::OsString| name.to_string_lossy().starts_with(".tmp");
        assert!(!names.iter().any(left), "{names:?}");
        std::fs::write(&report, "\u{feff}refused_line,refused_because\n").expect("another run's report");
        assert!(database.try_run(&line).is_err_and(|said| said.contains("the report of another run")));
        std::fs::remove_file(&report).expect("a report");
        let done = database.run(&line);
        let resumed = done["resumed_after"].as_i64().expect("a number");
        assert!((2500..12_000).contains(&resumed), "five were in the middle: {done}");
        assert_eq!(done["refused"], json!(messy.refused().len()));
        let report = std::fs::read_to_string(&report).expect("a report");
        assert!(report.lines().count() > messy.refused().len(), "of the whole import");
        nothing_lost_nothing_twice(&database, &messy).await;
    }
}

/// The database is away for the first five tries of a block and for the eighth: the sixth attempt does two and fails.
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_brought_the_import_forward_was_not_in_vain() {
    let database = postgresql();
    database.account("acme");
    // A sequence goes on counting where the transaction is taken back.
    database.sql(
        "CREATE SEQUENCE tries; \
         CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF nextval('tries') IN (1, 2, 3, 4, 5, 8) THEN RAISE EXCEPTION 'away' USING ERRCODE = '57P03'; END IF; \
         RETURN NEW; END $$; \
         CREATE TRIGGER away BEFORE UPDATE OF records ON imports FOR EACH ROW EXECUTE FUNCTION away();",
    );
    let rows: Vec<_> = (0..1200).map(|row| format!("r{row}@x.example")).collect();
    let path = database.folder.path().join("leads.csv");
    std::fs::write(&path, format!("email\n{}\n", rows.join("\n"))).expect("a file");
    let done = database.run(&import(path.to_str().expect("a path"), &[]));
    assert_eq!((&done["imported"], &done["refused"]), (&json!(1200), &json!(0)), "{done}");
    assert_eq!(database.number("SELECT last_value FROM tries"), 9, "three blocks and six failures");
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_known_by_their_names_and_records_by_theirs() {
    for database in both() {
        let acme = database.account("acme");
        let group = ["lead-group", "create", "--account", acme, "--name", "Mortgages"];
        database
            .run(&[&group[..], &["--field", "data1=Loan size:currency", "--field", "data2=Move date:date"]].concat());
        database.run(&["lead-type", "create", "--account", acme, "--lead-group", "Mortgages", "--name", "Remortgage"]);
        let north = database.partner(acme, "introducer", "North Homes");
        let text = "Name;Mobile;Lead type;Supplier;LOAN SIZE;Move date;Opt in;Status;Notes\n\
                    Ann Mary Lee;07700 900123;remortgage;north homes;£120,000;03/04/2026;Y;qualified;x\n\
                    \"Bob\nLee\";07700 900124;;;1,5;03-Apr-2026;;;\n\
                    ;;;;;;;;\n\
                    Cy;07700 900125;Second charge;South;1;2026-04-03;;Nowhere;\n";
        let path = database.folder.path().join("leads.csv");
        std::fs::write(&path, text).expect("a file");
        let report = database.folder.path().join("refused.csv");
        let line = ["import", path.to_str().expect("a path"), "--account", acme, "--lead-group", "mortgages"];
        let more = ["--map", "opt in=contact_phone", "--report", report.to_str().expect("a path")];
        let done = database.run(&[&line[..], &more].concat());
        assert_eq!((&done["imported"], &done["refused"], &done["rows"]), (&json!(2), &json!(1), &json!(3)), "{done}");
        assert_eq!(
            (&done["ignored_columns"], &done["columns"]["LOAN SIZE"]),
            (&json!(["Notes"]), &json!("data.data1"))
        );
        assert_eq!((&done["ambiguous_dates"], &done["first_ambiguous_line"]), (&json!(1), &json!(2)));
        let (_, key) = database.key(acme, None, &["read_leads"]);
        let server = database.serve();
        let leads = server.get("/api/v1/leads?sort=id", &key).await.json();
        let (ann, bob) = (&leads["data"][0], &leads["data"][1]);
        assert_eq!((&ann["firstname"], &ann["lastname"]), (&json!("Ann Mary"), &json!("Lee")));
        assert_eq!(ann["data"], json!({"data1": "120000.00", "data2": "2026-04-03"}));
        assert_eq!((&ann["contact_phone"], &ann["conversion_point"]), (&json!("yes"), &json!("qualified")));
        assert_eq!((ann["introducer_id"].to_string(), bob["data"]["data1"].clone()), (north, json!("1.50")));
        assert!(ann["lead_type_id"].is_i64() && bob["lead_type_id"].is_null());
        let refused = std::fs::read_to_string(report).expect("a report");
        for said in ["6,", "Lead type: The account has no such lead type", "Supplier: ", "Status: "] {
            assert!(refused.contains(said), "{said}: {refused}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_linked_to_leads_and_to_rows_before_them() {
    for database in both() {
        let acme = database.account("acme");
        let rule = ["--duplicates", "all", "--duplicate-match", "email,phone", "--duplicate-outcome", "link_and_copy"];
        database.run(&[&["account", "set", "--account", acme][..], &rule].concat());
        let (_, key) = database.key(acme, None, &["create_leads", "read_leads"]);
        let server = database.serve();
        let ann = server.lead(&key, "ann").await;
        let text = "email,phone,surname,reference\nann@example.com,07700 900001,Lee,one\nbob@example.com,,,two\n\
                    BOB@example.com,07700 900002,Ray,three\n,+447700900002,,four\n";
        let path = database.folder.path().join("leads.csv");
        std::fs::write(&path, text).expect("a file");
        let done = database.run(&import(path.to_str().expect("a path"), &[]));
        assert_eq!((&done["imported"], &done["linked"], &done["refused"]), (&json!(4), &json!(3), &json!(0)), "{done}");
        let leads = server.get("/api/v1/leads?sort=id", &key).await.json()["data"].clone();
        let of = |reference: &str| {
            let found = leads.as_array().expect("rows").iter().find(|lead| lead["reference"] == reference);
            found.expect("a lead").clone()
        };
        let (old, two) = (leads[0].clone(), of("two"));
        assert_eq!(
            (&old["id"], &old["lastname"], &old["phone1"]),
            (&json!(ann), &json!("Lee"), &json!("07700 900001"))
        );
        assert_eq!((&of("one")["duplicate_of"], &two["duplicate_of"]), (&json!(ann), &Value::Null));
        assert_eq!((&two["lastname"], &two["phone1"]), (&json!("Ray"), &json!("07700 900002")));
        assert_eq!((&of("three")["duplicate_of"], &of("four")["duplicate_of"]), (&two["id"], &two["id"]));
    }
}

/// Rows behind a quotation mark that nobody closed, and files that a report would take the place of.
fn what_would_be_lost_is_refused(database: &Database, path: &Path) {
    let file = path.to_str().expect("a path");
    let imported = database.number("SELECT COUNT(*) FROM leads");
    std::fs::write(path, "email,lastname\na@x.example,\"open\nb@x.example,x\nc@x.example,y\n").expect("a file");
    assert!(database.try_run(&import(file, &[])).is_err_and(|said| said.contains("line 2: a quotation mark")));
    let leads = "email\nreported@x.example\nno address\n";
    std::fs::write(path, leads).expect("a file");
    let [letter, nowhere, circle] = ["letter.txt", "no/where.csv", "circle.csv"].map(|name| path.with_file_name(name));
    std::fs::write(&letter, "Dear Ann").expect("a file");
    std::os::unix::fs::symlink(&circle, &circle).expect("a link");
    for (report, why) in
        [(path, "is imported"), (&letter, "no report"), (&nowhere, "No such file"), (&circle, "circle.csv: Too many")]
    {
        for more in [&["--dry-run"][..], &[]] {
            let line = [&["--report", report.to_str().expect("a path")], more].concat();
            let said = database.try_run(&import(file, &line)).expect_err(why);
            assert!(said.contains(why), "{said}");
        }
    }
    assert_eq!(std::fs::read_to_string(path).expect("the file"), leads);
    assert_eq!(std::fs::read_to_string(&letter).expect("the letter"), "Dear Ann");
    assert_eq!(database.number("SELECT COUNT(*) FROM leads"), imported);
}

/// The same command again writes its report anew; in that of another run somebody may have corrected rows.
#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_report_is_left_as_it_is() {
    for database in both() {
        database.account("acme");
        let [file, other, report, new] =
            ["a.csv", "b.csv", "report.csv", "new.csv"].map(|name| database.folder.path().join(name));
        std::fs::write(&file, "email\na@x.example\nno address\n").expect("a file");
        std::fs::write(&other, "email\nb@x.example\nno address\n").expect("a file");
        let [file, other, to, new] = [&file, &other, &report, &new].map(|path| path.to_str().expect("a path"));
        database.run(&import(file, &["--report", to]));
        let whole = std::fs::read_to_string(&report).expect("a report");
        let corrected = whole.replace(",no address", ",address@x.example");
        assert_ne!(corrected, whole);
        std::fs::write(&report, &corrected).expect("a report");

        let counts = || ["leads", "imports"].map(|table| database.number(&format!("SELECT COUNT(*) FROM {table}")));
        let before = counts();
        for (file, more) in [
            (other, &[][..]),
            (other, &["--dry-run"][..]),
            (file, &["--dry-run"][..]),
            (file, &["--again"][..]),
            (file, &[][..]),
        ] {
            let line = import(file, &[&["--report", to][..], more].concat());
            let said = database.try_run(&line).expect_err("a report is there");
            assert!(said.contains("report.csv: the report of another run is there"), "{line:?}: {said}");
        }
        assert_eq!(std::fs::read_to_string(&report).expect("the report"), corrected);
        assert_eq!(counts(), before, "nothing was begun");

        for there in [Some(&whole), None] {
            match there {
                Some(text) => std::fs::write(&report, text).expect("a report"),
                None => std::fs::remove_file(&report).expect("a report"),
            }
            let repeated = database.run(&import(file, &["--report", to]));
            assert_eq!((&repeated["already_imported"], &repeated["refused"]), (&json!(true), &json!(1)), "{repeated}");
            assert_eq!(std::fs::read_to_string(&report).expect("a report"), whole);
        }
        let elsewhere = database.run(&import(other, &["--report", new]));
        assert_eq!((&elsewhere["resumed_after"], &elsewhere["imported"]), (&json!(0), &json!(1)), "{elsewhere}");
        std::fs::remove_file(&report).expect("a report");
        let again = database.run(&import(file, &["--again", "--report", to]));
        assert_eq!((&again["already_imported"], &again["imported"]), (&json!(false), &json!(1)), "{again}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_says_what_it_will_not_do() {
    let database = sqlite();
    database.account("acme");
    let path = database.folder.path().join("leads.csv");
    std::fs::write(&path, "email,Email address,tel\na@example.com,,1\n").expect("a file");
    let file = path.to_str().expect("a path");
    assert!(database.try_run(&import(file, &[])).is_err_and(|said| said.contains("both taken for email")));
    let other = ["import", file, "--account", "acme", "--lead-group", "Nothing"];
    assert!(database.try_run(&other).is_err_and(|said| said.contains("no lead group")));
    let told = ["--map", "email address=ignore"];
    let done = database.run(&import(file, &told));
    assert_eq!(
        (&done["imported"], &done["refused"]),
        (&json!(0), &json!(1)),
        "a telephone number of one digit: {done}"
    );
    std::fs::write(&path, "email\na@example.com\n").expect("a file");
    assert_eq!(database.run(&import(file, &[]))["imported"], json!(1));
    assert_eq!(database.run(&import(file, &[]))["already_imported"], json!(true));
    let again = database.run(&import(file, &["--again"]));
    assert_eq!((&again["already_imported"], &again["imported"]), (&json!(false), &json!(1)));
    database.sql("UPDATE imports SET finished_at = NULL, records = 0");
    let other = import(file, &["--date-format", "mdy"]);
    assert!(database.try_run(&other).is_err_and(|said| said.contains("--again")));
    what_would_be_lost_is_refused(&database, &path);
    for name in ["empty.csv", "nothing-there.csv"] {
        let path = database.folder.path().join(name);
        if name == "empty.csv" {
            std::fs::write(&path, "").expect("a file");
        }
        assert!(database.try_run(&import(path.to_str().expect("a path"), &[])).is_err());
    }
}
