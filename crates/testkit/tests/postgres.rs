//! The throw-away PostgreSQL: it starts, its databases are separate, and it ends with its process.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use leadlatch_testkit::postgres::{TestPostgres, server};

/// Runs a statement with `psql`, and gives its bare output.
fn ask(url: &str, statement: &str) -> String {
    let psql = server().bin().join("psql");
    let output = Command::new(psql).args(["-X", "-A", "-t", "-q", url, "-c", statement]).output();
    let output = output.expect("psql runs");
    assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the database is in UTF-8").trim().to_owned()
}

#[test]
fn starts_with_the_encoding_and_order_of_texts_that_we_support() {
    let url = server().fresh_database();
    assert!(url.starts_with(&format!("postgres://postgres@127.0.0.1:{}/", server().port())), "{}", &*url);
    assert_eq!(ask(&url, "SHOW server_encoding"), "UTF8");
    assert_eq!(ask(&url, "SELECT datcollate FROM pg_database WHERE datname = current_database()"), "C.UTF-8");
}

#[test]
fn fresh_databases_are_separate() {
    let (one, other) = (server().fresh_database(), server().fresh_database());
    assert_ne!(*one, *other);
    ask(&one, "CREATE TABLE here (id BIGINT)");
    let count = "SELECT count(*) FROM pg_tables WHERE tablename = 'here'";
    assert_eq!(ask(&one, count), "1");
    assert_eq!(ask(&other, count), "0");
}

#[test]
fn a_fresh_database_goes_with_its_test_and_takes_who_is_connected_along() {
    let database = server().fresh_database();
    let mut connected = Command::new(server().bin().join("psql"));
    let mut connected =
        connected.args(["-X", "-q", &database]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    writeln!(connected.stdin.as_ref().unwrap(), "\\echo here").unwrap();
    BufReader::new(connected.stdout.take().unwrap()).lines().next().unwrap().unwrap();

    let name = database.rsplit_once('/').unwrap().1.to_owned();
    let count = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    assert_eq!(ask(&server().url_of("postgres"), &count), "1");
    drop(database);
    assert_eq!(ask(&server().url_of("postgres"), &count), "0");
    drop(connected.stdin.take());
    connected.wait().unwrap();
}

#[test]
fn a_durable_server_syncs_and_is_gone_once_dropped() {
    assert_eq!(ask(&server().url_of("postgres"), "SHOW fsync"), "off");
    let durable = TestPostgres::start(true);
    assert_eq!(ask(&durable.url_of("postgres"), "SHOW fsync"), "on");
    assert_eq!(ask(&durable.fresh_database(), "SHOW full_page_writes"), "on");

    let (port, folder) = (durable.port(), durable.folder().to_owned());
    drop(durable);
    assert!(!lives(port) && !folder.exists(), "{} was left behind", folder.display());
}

const CHILD: &str = "LEADLATCH_TEST_PG_CHILD";

#[test]
fn ends_with_its_process_even_when_that_is_killed() {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child_that_is_killed", "--ignored", "--nocapture"])
        .env(CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap)
        .find_map(|line| line.split_once("cluster ").map(|(_, rest)| rest.to_owned()))
        .unwrap();
    let (port, folder) = said.split_once(' ').unwrap();
    let (port, folder) = (port.parse().unwrap(), PathBuf::from(folder));
    assert!(lives(port) && folder.is_dir(), "{said}");

    child.kill().unwrap();
    child.wait().unwrap();
    assert!(goes_within(Duration::from_secs(30), port, &folder), "{said} outlived its process");
}

#[test]
#[ignore = "the other half of ends_with_its_process_even_when_that_is_killed"]
fn child_that_is_killed() {
    if env::var_os(CHILD).is_some() {
        writeln!(io::stdout(), "cluster {} {}", server().port(), server().folder().display()).unwrap();
        io::stdin().lines().for_each(drop);
    }
}

fn lives(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn goes_within(limit: Duration, port: u16, folder: &Path) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < limit {
        if !lives(port) && !folder.exists() {
            return true;
        }
        thread::sleep(Duration::from_millis(50));
    }
    false
}
