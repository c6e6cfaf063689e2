//! The server under test: the real program, set up by its command line.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value as Json;

use crate::fixture::{GROUP, Roster};
use crate::output::{Failure, Outcome, progress};
use crate::process::Server;

/// Commands that run at the same time.
const COMMANDS: usize = 4;
const ACCOUNT: &str = "bench";

/// A program and a database of its own.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) program: PathBuf,
    pub(crate) database: String,
}

/// How much is in the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) leads: usize,
    pub(crate) keys: usize,
}

impl Sizes {
    /// One key in ten is a Full key.
    const fn full(self) -> usize {
        if self.keys < 10 { 1 } else { self.keys / 10 }
    }

    /// A partner has about nine keys.
    fn partners(self) -> usize {
        (self.keys - self.full()).clamp(1, 100)
    }
}

impl Subject {
    /// The program beside this one, built in the same way.
    pub(crate) fn program() -> Outcome<PathBuf> {
        let program = std::env::current_exe()?.with_file_name("leadlatch");
        if program.is_file() {
            Ok(program)
        } else {
            Err(Failure::new(format!("{} is missing: cargo build --release -p leadlatch", program.display())))
        }
    }

    /// Starts it.
    pub(crate) fn serve(&self) -> Outcome<Server> {
        let mut command = Command::new(&self.program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--database", &self.database]);
        Server::start(command)
    }

    fn run(&self, line: &[&str]) -> Outcome<Json> {
        self.run_with(line, "")
    }

    /// As [`Subject::run`], with a text on standard input.
    fn run_with(&self, line: &[&str], input: &str) -> Outcome<Json> {
        let mut command = Command::new(&self.program);
        command.args(line).args(["--json", "--database", &self.database]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| Failure::of("leadlatch", error))?;
        child.stdin.take().expect("a pipe was asked for").write_all(input.as_bytes())?;
        let output = child.wait_with_output().map_err(|error| Failure::of("leadlatch", error))?;
        if !output.status.success() {
            return Err(Failure::of(&line.join(" "), String::from_utf8_lossy(&output.stderr)));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| Failure::of(&line.join(" "), error))
    }

    /// Runs a command for each of `0..count`, a few at a time; the results are in their order.
    fn run_many(&self, count: usize, line: impl Fn(usize) -> Vec<String> + Sync) -> Outcome<Vec<Json>> {
        let (next, results) = (Mutex::new(0..count), Mutex::new(vec![Json::Null; count]));
        let work = || -> Outcome {
            loop {
                let Some(at) = next.lock().unwrap_or_else(PoisonError::into_inner).next() else { return Ok(()) };
                let line = line(at);
                let result = self.run(&line.iter().map(String::as_str).collect::<Vec<_>>())?;
                results.lock().unwrap_or_else(PoisonError::into_inner)[at] = result;
            }
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..COMMANDS).map(|_| scope.spawn(work)).collect();
            threads.into_iter().try_for_each(|thread| thread.join().expect("a command does not panic"))
        })?;
        Ok(results.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes a person who signs in to the pages.
    pub(crate) fn make_admin(&self, email: &str, password: &str) -> Outcome {
        let line = ["user", "create", "--account", ACCOUNT, "--email", email, "--name", "Bench", "--role", "admin"];
        self.run_with(&line, password).map(drop)
    }

    /// Makes the account, its partners and its keys.
    pub(crate) fn set_up(&self, sizes: Sizes) -> Outcome<Roster> {
        progress(&format!("{} partners and {} keys", sizes.partners(), sizes.keys));
        self.run(&["account", "create", "--name", ACCOUNT, "--slug", ACCOUNT])?;
        let fields = ["--field", "data1=Loan size:text:partner=rw", "--field", "data2=Purpose:text:partner=rw"];
        self.run(&[&["lead-group", "create", "--account", ACCOUNT, "--name", GROUP], &fields[..]].concat())?;
        let partner = |at: usize| {
            let company = format!("Partner {at}");
            let line = ["partner", "create", "--account", ACCOUNT, "--kind", "introducer", "--company", &company];
            [&line[..], &["--link-lead-group", GROUP]].concat().into_iter().map(str::to_owned).collect()
        };
        let partners = ids(&self.run_many(sizes.partners(), partner)?)?;
        let full = |_| key(&["--kind", "full"], &["create_leads", "read_leads"]);
        let full_keys = secrets(&self.run_many(sizes.full(), full)?)?;
        let own = |at: usize| {
            let partner = partners[at % partners.len()].to_string();
            key(&["--kind", "partner", "--partner", &partner], &["create_leads", "read_leads"])
        };
        let partner_keys = secrets(&self.run_many(sizes.keys - sizes.full(), own)?)?;
        Ok(Roster { full_keys, partner_keys, partners })
    }
}

fn key(kind: &[&str], scopes: &[&str]) -> Vec<String> {
    let line = ["key", "create", "--account", ACCOUNT, "--name", "Bench"];
    let scopes = scopes.iter().flat_map(|scope| ["--scope", *scope]);
    line.into_iter().chain(kind.iter().copied()).chain(scopes).map(str::to_owned).collect()
}

fn ids(records: &[Json]) -> Outcome<Vec<i64>> {
    records.iter().map(|record| record["id"].as_i64().ok_or_else(|| Failure::new("a record without an id"))).collect()
}

fn secrets(keys: &[Json]) -> Outcome<Vec<Arc<str>>> {
    let secret =
        |key: &Json| key["secret"].as_str().map(Arc::from).ok_or_else(|| Failure::new("a key without a secret"));
    keys.iter().map(secret).collect()
}
