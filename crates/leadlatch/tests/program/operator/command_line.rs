//! The command line as people meet it when something is not as they think: where the database is, and what is said.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Runs it in a folder, with nothing of the environment that it would read.
fn leadlatch(folder: &Path, line: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leadlatch"));
    command.args(line).current_dir(folder).env_remove("LEADLATCH_DATABASE").envs(variables.iter().copied());
    command.stdin(Stdio::null()).output().expect("the binary runs")
}

/// What it says when it refuses.
fn refused(folder: &Path, line: &[&str]) -> String {
    let output = leadlatch(folder, line, &[]);
    assert!(!output.status.success() && output.stdout.is_empty(), "{line:?}: {output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let found = std::fs::read_dir(folder).expect("a folder");
    found.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn a_command_makes_no_database_where_there_is_none() {
    let folder = folder();
    let path = folder.path();
    for line in [
        &["key", "list", "--account", "acme"][..],
        &["account", "list"],
        &["audit", "verify"],
        &["backup", "x.db"],
        &["partner", "list", "--account", "acme", "--database", "sqlite:elsewhere.db"],
    ] {
        let said = refused(path, line);
        assert!(said.contains("there is no database at ") && said.contains("--database URL"), "{said}");
        assert!(names(path).is_empty(), "{line:?}: {:?}", names(path));
    }
    assert!(refused(path, &["account", "list"]).contains("leadlatch.db"));
    assert!(leadlatch(path, &["account", "create", "--name", "Acme", "--slug", "acme"], &[]).status.success());
    assert!(leadlatch(path, &["key", "list", "--account", "acme"], &[]).status.success());
}

#[test]
fn every_command_reads_the_configuration_file() {
    let folder = folder();
    let path = folder.path();
    let file = |name: &str| format!("database = \"sqlite:{}\"\n", path.join(name).display());
    std::fs::write(path.join("leadlatch.toml"), file("one.db")).expect("a write");
    let with = |line: &[&str], variables: &[(&str, &str)]| {
        let output = leadlatch(path, &[line, &["--config", "leadlatch.toml", "--json"]].concat(), variables);
        assert!(output.status.success(), "{line:?}: {output:?}");
        serde_json::from_slice::<Value>(&output.stdout).expect("one JSON value")
    };
    with(&["account", "create", "--name", "One", "--slug", "one"], &[]);
    let two = [("LEADLATCH_DATABASE", "sqlite:two.db")];
    with(&["account", "create", "--name", "Two", "--slug", "two"], &two);
    let slug = |found: Value| found[0]["slug"].as_str().map(str::to_owned);
    assert_eq!(slug(with(&["account", "list"], &[])).as_deref(), Some("one"), "the file");
    assert_eq!(slug(with(&["account", "list"], &two)).as_deref(), Some("two"), "the variable is over the file");
    let line = ["account", "list", "--database", "sqlite:one.db"];
    assert_eq!(slug(with(&line, &two)).as_deref(), Some("one"), "and the flag over both");
    assert_eq!(with(&["backup", "copy.db"], &[])["file"], "copy.db");
    assert!(names(path).iter().all(|name| name != "leadlatch.db"), "{:?}", names(path));
}

#[test]
fn a_database_that_names_no_engine_is_answered_with_those_there_are() {
    let folder = folder();
    for url in ["leadlatch.db", "foo:bar", "sqlite:", "mysql://ann:hidden@db/leads"] {
        for line in [&["account", "list"][..], &["serve"], &["backup", "x.db"], &["config", "check"]] {
            let said = refused(folder.path(), &[line, &["--database", url]].concat());
            assert!(said.contains("sqlite:PATH") && said.contains("postgres://"), "{url} {line:?}: {said}");
            assert!(!said.contains("hidden"), "{said}");
        }
    }
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_postgresql_that_cannot_be_reached_is_named_with_the_cause() {
    let folder = folder();
    let said = refused(folder.path(), &["account", "list", "--database", "postgres://ann:hidden@127.0.0.1:1/leads"]);
    assert!(said.contains("127.0.0.1:1") && said.contains("refused"), "{said}");
    assert!(!said.contains("hidden"), "{said}");
    let missing = leadlatch_testkit::postgres::server().url_of("nowhere");
    let said = refused(folder.path(), &["account", "list", "--database", &missing]);
    assert!(said.contains("127.0.0.1:") && said.contains("\"nowhere\" does not exist"), "{said}");
}

#[test]
fn json_is_one_value_of_the_configuration_and_of_the_demo() {
    let folder = folder();
    let output = leadlatch(folder.path(), &["config", "example", "--json"], &[]);
    let shown: Value = serde_json::from_slice(&output.stdout).expect("one JSON value");
    assert_eq!((&shown["listen"], &shown["log"]), (&"127.0.0.1:8080".into(), &"info".into()));

    let mut command = Command::new(env!("CARGO_BIN_EXE_leadlatch"));
    command.args(["demo", "--json", "--leads", "1", "--listen", "127.0.0.1:0"]);
    let mut demo = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary runs");
    let mut lines = BufReader::new(demo.stdout.take().expect("a pipe")).lines();
    let first = lines.next().expect("a line").expect("UTF-8");
    demo.kill().expect("it runs");
    demo.wait().expect("it ends");
    let said: Value = serde_json::from_str(&first).expect("one JSON value");
    assert!(said["address"].as_str().is_some_and(|address| address.starts_with("http://127.0.0.1:")), "{said}");
    assert!(said["keys"]["full"].as_str().is_some_and(|key| key.starts_with("lk_full_")), "{said}");
    assert_eq!(said["curl"].as_array().map(Vec::len), Some(5));
    assert_eq!(lines.count(), 0, "nothing after it");
}

#[test]
fn a_configuration_is_checked_and_not_only_read() {
    let folder = folder();
    let path = folder.path();
    std::fs::write(path.join("cert.pem"), "nothing").expect("a write");
    std::fs::write(
        path.join("l.toml"),
        "deletions_file = \"nowhere/l.deletions\"\ntls_cert = \"cert.pem\"\ntls_key = \"cert.pem\"\n",
    )
    .expect("a write");
    let said = refused(path, &["config", "check", "--config", "l.toml", "--database", "leadlatch.db"]);
    for wrong in ["sqlite:PATH", "cert.pem: no PEM certificates", "deletions_file: nowhere/l.deletions"] {
        assert!(said.contains(wrong), "{wrong}: {said}");
    }
    for (name, value, wanted) in [
        ("LEADLATCH_LISTEN", "18080", "listen is an address and a port"),
        ("LEADLATCH_LOG", "loud", "error, warn, info or debug"),
    ] {
        let output = leadlatch(path, &["config", "check"], &[(name, value)]);
        assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(wanted), "{output:?}");
    }
    let before = names(path);
    assert!(leadlatch(path, &["config", "check"], &[]).status.success());
    assert!(refused(path, &["serve", "--listen", "18080"]).contains("listen is an address and a port"));
    assert_eq!(names(path), before, "neither makes a file");
}
