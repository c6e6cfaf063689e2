//! The configuration as the operator meets it: `config check` and the variables of the real binary.

use std::process::{Command, Output};

fn leadlatch(line: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leadlatch"));
    command.args(line).envs(variables.iter().copied()).output().expect("the binary runs")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("a write");
    file
}

#[test]
fn variables_of_other_programs_are_not_read_and_are_said() {
    let others = [("LEADLATCH_TEST_PG_BIN", "/x"), ("LEADLATCH_UNRELATED", "y"), ("LEADLATCH_LISTNE", "z")];
    let output = leadlatch(&["--json", "config", "check"], &others);
    assert!(output.status.success(), "{output:?}");
    let said = stderr(&output);
    assert!(said.contains("LEADLATCH_LISTNE is no setting and is not read; is LEADLATCH_LISTEN meant?"), "{said}");
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON value");
    assert_eq!(shown["listen"], "127.0.0.1:8080");
}

#[test]
fn an_unknown_setting_in_the_file_is_an_error_by_name() {
    let file = file("listen = \"127.0.0.1:1\"\ndatabse = \"sqlite:x.db\"\n");
    let path = file.path().to_str().expect("a path");
    for command in [&["config", "check", "--config", path][..], &["serve", "--config", path]] {
        let output = leadlatch(command, &[]);
        assert_eq!(output.status.code(), Some(1));
        let said = stderr(&output);
        assert!(said.contains(&format!("{path}:2: there is no setting databse; is database meant?")), "{said}");
    }
}

#[test]
fn a_password_is_shown_nowhere() {
    let variables = [("LEADLATCH_DATABASE", "postgres://ann:hidden@db/leads")];
    let output = leadlatch(&["config", "check"], &variables);
    assert!(output.status.success() && !format!("{output:?}").contains("hidden"), "{output:?}");
    let broken = file("database = \"postgres://ann:hidden@db/leads\nlisten = 1\n");
    let output = leadlatch(&["config", "check", "--config", broken.path().to_str().expect("a path")], &[]);
    assert!(!output.status.success() && !format!("{output:?}").contains("hidden"), "{output:?}");
}
