//! What commands print: one JSON value with `--json`, lines for people without it; errors on stderr.

use leadlatch_store::Error;
use serde::Serialize;

/// Why a command failed, in words for the terminal.
#[derive(Debug)]
pub(crate) struct Failure(String);

/// The result of a command.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(what) => Self(format!("there is no such {}", what.replace('_', " "))),
            Error::Conflict(text) | Error::Unavailable(text) => Self(text),
            Error::InUse(by) => Self(by.to_string()),
            Error::Invalid(faults) => {
                Self(faults.iter().map(|f| format!("{}: {}", f.field, f.detail)).collect::<Vec<_>>().join("\n"))
            }
            other => Self(other.to_string()),
        }
    }
}

impl From<leadlatch_domain::fault::Fault> for Failure {
    fn from(fault: leadlatch_domain::fault::Fault) -> Self {
        Self(fault.detail.into_owned())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

/// How a command prints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub(crate) json: bool,
}

impl Output {
    /// One value: as JSON, or as `name: value` lines.
    pub(crate) fn show(self, value: &impl Serialize) -> Outcome {
        let value = serde_json::to_value(value).map_err(|error| Failure::new(error.to_string()))?;
        if self.json {
            line(&value.to_string());
        } else if let serde_json::Value::Array(rows) = &value {
            for row in rows {
                line(&in_a_line(row));
            }
        } else {
            members(&value).for_each(|(name, value)| line(&format!("{name}: {}", plain(value))));
        }
        Ok(())
    }
}

fn in_a_line(row: &serde_json::Value) -> String {
    members(row).map(|(name, value)| format!("{name}={}", plain(value))).collect::<Vec<_>>().join("  ")
}

fn members(value: &serde_json::Value) -> impl Iterator<Item = (&String, &serde_json::Value)> {
    value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null())
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A line on stdout.
#[expect(clippy::print_stdout, reason = "this is what a command is for")]
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// A line on stderr.
#[expect(clippy::print_stderr, reason = "errors and progress belong there")]
pub(crate) fn error(text: &str) {
    eprintln!("{text}");
}
