//! What commands print: one JSON value with `--json`, lines for people without it; errors on stderr.

mod table;

use std::io::{ErrorKind, Write};

use leadlatch_domain::time::Timestamp;
use leadlatch_store::Error;
use serde::Serialize;

pub(crate) use self::table::Table;

/// Why a command failed, in words for the terminal.
#[derive(Debug)]
pub(crate) struct Failure {
    text: String,
    /// What is missing, where the store does not say which.
    missing: Option<&'static str>,
}

/// The result of a command.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), missing: None }
    }

    /// That there is none of this name or id.
    pub(crate) fn no_such(what: &str, which: impl std::fmt::Display) -> Self {
        Self::new(format!("there is no {} {which}", what.replace('_', " ")))
    }

    /// Whether one of these is what is missing.
    pub(crate) fn misses(&self, what: &[&str]) -> bool {
        self.missing.is_some_and(|missing| what.contains(&missing))
    }

    /// Says which one is missing, where it is one of these.
    pub(crate) fn naming(self, what: &'static str, which: impl std::fmt::Display) -> Self {
        if self.misses(&[what]) { Self::no_such(what, which) } else { self }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(what) => {
                let text = format!("there is no such {}", what.replace('_', " "));
                Self { text, missing: Some(what) }
            }
            Error::NoSuch { what, name } => Self::no_such(what, name),
            Error::Conflict(text) | Error::Unavailable(text) => Self::new(text),
            Error::InUse(by) => Self::new(by.to_string()),
            Error::Invalid(faults) => {
                Self::new(faults.iter().map(|f| format!("{}: {}", f.field, f.detail)).collect::<Vec<_>>().join("\n"))
            }
            other => Self::new(other.to_string()),
        }
    }
}

impl From<leadlatch_domain::fault::Fault> for Failure {
    fn from(fault: leadlatch_domain::fault::Fault) -> Self {
        Self::new(fault.detail)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}

/// How a command prints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub(crate) json: bool,
}

impl Output {
    /// A list with columns of its own for people.
    pub(crate) fn list(self, value: &impl Serialize, table: impl FnOnce() -> String) -> Outcome {
        if self.json {
            return self.show(value);
        }
        line(&table());
        Ok(())
    }

    /// One value: as JSON, or for people: a list as a table, one thing as `name: value` lines.
    pub(crate) fn show(self, value: &impl Serialize) -> Outcome {
        let value = serde_json::to_value(value).map_err(|error| Failure::new(error.to_string()))?;
        match &value {
            value if self.json => line(&value.to_string()),
            serde_json::Value::Array(rows) if rows.is_empty() => line("none"),
            serde_json::Value::Array(rows) => line(&Table::of(rows).to_string()),
            value => members(value).for_each(|(name, value)| member(name, value)),
        }
        Ok(())
    }
}

/// A time to the minute, in UTC.
pub(crate) fn minute(at: Timestamp) -> String {
    at.to_string().get(..16).unwrap_or_default().replace('T', " ")
}

/// A value in words, for a cell of a table.
pub(crate) fn words(value: &serde_json::Value) -> String {
    table::text(value)
}

/// A member of one thing; a list of things within it stands below its name.
fn member(name: &str, value: &serde_json::Value) {
    match value.as_array().filter(|rows| rows.iter().any(serde_json::Value::is_object)) {
        Some(rows) => {
            line(&format!("{name}:"));
            Table::of(rows).to_string().lines().for_each(|row| line(&format!("  {row}")));
        }
        None => line(&format!("{name}: {}", table::text(value))),
    }
}

fn members(value: &serde_json::Value) -> impl Iterator<Item = (&String, &serde_json::Value)> {
    value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null())
}

/// A line on stdout. Whoever reads it may stop reading, as `head` does: the rest is for nobody then. Any other failure,
/// such as a full disk behind `>`, ends the command: what it was asked for is not there.
pub(crate) fn line(text: &str) {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(failed) if failed.kind() != ErrorKind::BrokenPipe => {
            error(&format!("stdout: {failed}"));
            std::process::exit(1);
        }
        _ => {}
    }
}

/// A line on stderr.
pub(crate) fn error(text: &str) {
    // With nobody at stderr there is nobody to tell.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
