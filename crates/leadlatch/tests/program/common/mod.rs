//! The real binary on a real database, as its users meet it: by command line and by HTTP.

pub(crate) mod browser;
pub(crate) mod callers;
pub(crate) mod hammer;
pub(crate) mod hooks;
pub(crate) mod keys_page;
pub(crate) mod operation;
pub(crate) mod receiver;
pub(crate) mod world;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use leadlatch_testkit::postgres::{self, FreshDatabase};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A database of one engine that goes away with the test.
pub(crate) struct Database {
    pub(crate) url: String,
    pub(crate) folder: TempDir,
    /// On PostgreSQL, what makes it go.
    _held: Option<FreshDatabase>,
}

/// One of each engine.
pub(crate) fn both() -> [Database; 2] {
    [sqlite(), postgresql()]
}

pub(crate) fn postgresql() -> Database {
    let database = postgres::server().fresh_database();
    Database { url: database.to_owned(), folder: tempfile::tempdir().expect("a folder"), _held: Some(database) }
}

pub(crate) fn sqlite() -> Database {
    let folder = tempfile::tempdir().expect("a folder");
    Database { url: format!("sqlite:{}", folder.path().join("leadlatch.db").display()), folder, _held: None }
}

impl Database {
    /// The binary, with a sealing key of the test's own where there is none beside the database.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_leadlatch"));
        if !self.url.starts_with("sqlite:") {
            command.env("LEADLATCH_SEALING_KEY_FILE", self.folder.path().join("sealing-key"));
        }
        command
    }

    /// Runs a command with `--json` and a text on stdin: its value, or what it said on stderr.
    fn try_run_with(&self, line: &[&str], stdin: &str) -> Result<Value, String> {
        let mut command = self.command();
        command.args(line).args(["--json", "--database", &self.url]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("the binary runs");
        // A command that reads nothing may have ended before the text is written.
        let _ = process.stdin.take().expect("a pipe").write_all(stdin.as_bytes());
        let output = process.wait_with_output().expect("the binary ends");
        if output.status.success() {
            Ok(serde_json::from_slice(&output.stdout).expect("stdout is exactly one JSON value"))
        } else {
            assert!(output.stdout.is_empty(), "nothing on stdout when a command fails");
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Runs a command with `--json`: its value, or what it said on stderr.
    pub(crate) fn try_run(&self, line: &[&str]) -> Result<Value, String> {
        self.try_run_with(line, "")
    }

    /// What a statement of the test's own counts in the database.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            let connection = rusqlite::Connection::open(path).expect("the file");
            return connection.query_row(sql, [], |row| row.get(0)).expect("a number");
        }
        let mut command = Command::new(postgres::server().bin().join("psql"));
        let output = command.args(["-X", "-q", "-A", "-t", "-c", sql, &self.url]).output().expect("psql runs");
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
    }

    /// The texts of a statement of the test's own, a row each.
    pub(crate) fn texts(&self, sql: &str) -> Vec<String> {
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            let connection = rusqlite::Connection::open(path).expect("the file");
            let mut statement = connection.prepare(sql).expect("a statement");
            let rows = statement.query_map([], |row| row.get(0)).expect("rows");
            return rows.collect::<Result<_, _>>().expect("texts");
        }
        let mut command = Command::new(postgres::server().bin().join("psql"));
        let output = command.args(["-X", "-q", "-A", "-t", "-c", sql, &self.url]).output().expect("psql runs");
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }

    pub(crate) fn run(&self, line: &[&str]) -> Value {
        self.run_with(line, "")
    }

    /// Runs a command that reads a text, such as a password, from stdin.
    pub(crate) fn run_with(&self, line: &[&str], stdin: &str) -> Value {
        self.try_run_with(line, stdin).unwrap_or_else(|said| panic!("{line:?}: {said}"))
    }

    /// Runs a command as people do, and gives its lines.
    pub(crate) fn lines(&self, line: &[&str]) -> Vec<String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_leadlatch"));
        let output = command.args(line).args(["--database", &self.url]).stdin(Stdio::null()).output();
        let output = output.expect("the binary runs");
        assert!(output.status.success(), "{line:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
    }

    /// Runs a command and gives the id of the record that it made.
    pub(crate) fn id(&self, line: &[&str]) -> String {
        self.run(line)["id"].to_string()
    }

    /// Makes an account and gives its slug back.
    pub(crate) fn account(&self, slug: &'static str) -> &'static str {
        self.run(&["account", "create", "--name", slug, "--slug", slug]);
        slug
    }

    pub(crate) fn partner(&self, account: &str, kind: &str, company: &str) -> String {
        let line = ["partner", "create", "--account", account, "--kind", kind, "--company", company];
        self.id(&[&line[..], &["--link-lead-group", "General"]].concat())
    }

    /// Makes a key with the scopes: its id and its secret.
    pub(crate) fn key(&self, account: &str, partner: Option<&str>, scopes: &[&str]) -> (String, String) {
        let mut line = vec!["key", "create", "--account", account, "--name", "test"];
        line.extend(match partner {
            Some(id) => ["--kind", "partner", "--partner", id].to_vec(),
            None => ["--kind", "full"].to_vec(),
        });
        line.extend(scopes.iter().flat_map(|scope| ["--scope", *scope]));
        let made = self.run(&line);
        (made["id"].to_string(), made["secret"].as_str().expect("a secret").to_owned())
    }

    /// Starts a server on the database and waits until it listens.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(&[], &[])
    }

    /// As [`Database::serve`], with more arguments and variables.
    pub(crate) fn serve_with(&self, line: &[&str], variables: &[(&str, &str)]) -> Server {
        let mut command = self.command();
        command.envs(variables.iter().copied());
        self.serve_by(command, line)
    }

    /// As [`Database::serve_with`], by a command that ends in running the binary.
    pub(crate) fn serve_by(&self, mut command: Command, line: &[&str]) -> Server {
        command.args(["serve", "--listen", "127.0.0.1:0", "--database", &self.url]).args(line).stderr(Stdio::piped());
        let mut process = command.env("NO_COLOR", "1").spawn().expect("the server starts");
        let mut lines = BufReader::new(process.stderr.take().expect("a pipe")).lines();
        let log = Log::default();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("no address: {}", log.text())).expect("a line");
            log.add(&line);
            if let Some((_, address)) = line.split_once("address=") {
                break address.trim().to_owned();
            }
        };
        // The pipe is read to its end, or the server would block on a full one.
        let kept = log.clone();
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| kept.add(&line)));
        Server { base: format!("http://{address}"), process, client: Client::new(), log }
    }

    /// Runs a statement behind the server's back.
    pub(crate) fn sql(&self, statement: &str) {
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            let opened = rusqlite::Connection::open(path).expect("the file");
            return opened.execute_batch(statement).expect("a statement");
        }
        let psql = postgres::server().bin().join("psql");
        let line = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &self.url, "-c", statement];
        let output = Command::new(psql).args(line).stdin(Stdio::null()).output().expect("psql runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// What a server said on stderr.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<String>>);

impl Log {
    fn add(&self, line: &str) {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(line);
        text.push('\n');
    }

    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A running server; it is killed with the test.
pub(crate) struct Server {
    pub(crate) base: String,
    pub(crate) process: Child,
    pub(crate) client: Client,
    pub(crate) log: Log,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The body without the request's own id.
    pub(crate) fn without_id(&self) -> Value {
        let mut body = self.json();
        body["request_id"] = Value::Null;
        body
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Server {
    pub(crate) async fn send(&self, method: &str, path: &str, key: Option<&str>, body: Option<Value>) -> Answer {
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("an answer");
        Answer { status: answer.status(), text: answer.text().await.expect("a body") }
    }

    /// Whether a text is logged, or will be in a moment.
    pub(crate) async fn logs(&self, text: &str) -> bool {
        for _ in 0..100 {
            if self.log.text().contains(text) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        false
    }

    pub(crate) async fn get(&self, path: &str, key: &str) -> Answer {
        self.send("GET", path, Some(key), None).await
    }

    pub(crate) async fn create(&self, key: &str, body: Value) -> Answer {
        self.send("POST", "/api/v1/leads", Some(key), Some(body)).await
    }

    /// Creates a lead of a type, in the type's group, and gives its id.
    pub(crate) async fn lead_of_type(&self, key: &str, lead_type: &str) -> String {
        let found = self.get(&format!("/api/v1/lead-types/{lead_type}"), key).await.json();
        let (group, id) = (&found["lead_group_id"], &found["id"]);
        let body = json!({"email": "lead@example.com", "lead_group_id": group, "lead_type_id": id});
        let answer = self.create(key, body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()["id"].to_string()
    }

    /// Creates a lead with a name and gives its id.
    pub(crate) async fn lead(&self, key: &str, name: &str) -> i64 {
        let answer = self.create(key, json!({"firstname": name, "email": format!("{name}@example.com")})).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()["id"].as_i64().expect("an id")
    }
}
