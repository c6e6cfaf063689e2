//! The configuration: a TOML file, then `LEADLATCH_*` variables, then the command line.

use serde::{Deserialize, Serialize};
use tracing::level_filters::LevelFilter;

use crate::output::{Failure, Outcome};

/// What the operator can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Where the server listens.
    pub(crate) listen: String,
    /// `sqlite:PATH` or `postgres://...`
    pub(crate) database: String,
    /// Where `/metrics` listens; nowhere when absent.
    pub(crate) metrics_listen: Option<String>,
    /// Whether plain http is answered on an address that is not loopback.
    pub(crate) allow_plain_http: bool,
    /// Connections that are open at the same time, at the most.
    pub(crate) max_connections: usize,
    /// Down to which level of `docs/logging.md` is logged.
    pub(crate) log: LogLevel,
}

/// A level of the log; each holds those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    /// We failed.
    Error,
    /// We could not serve.
    Warn,
    /// What an operator did or should know once.
    Info,
    /// What helps a developer: a line for each request.
    Debug,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            database: "sqlite:leadlatch.db".into(),
            metrics_listen: None,
            allow_plain_http: false,
            max_connections: 10_000,
            log: LogLevel::Info,
        }
    }
}

/// A file with every setting at its default.
pub(crate) const EXAMPLE: &str = "\
# Leadlatch. Every line shows the default; a variable LEADLATCH_NAME overrides the line `name`.

# Where the server listens.
listen = \"127.0.0.1:8080\"

# sqlite:PATH for one machine, postgres://USER@HOST/NAME for many nodes.
database = \"sqlite:leadlatch.db\"

# Where Prometheus finds /metrics; nowhere unless set.
# metrics_listen = \"127.0.0.1:9090\"

# Plain http on an address that is not loopback carries keys in clear: refused unless this is true.
allow_plain_http = false

# Connections that are open at the same time, at the most.
max_connections = 10000

# What is logged on stderr: error, warn, info or debug.
log = \"info\"
";

impl Config {
    /// Reads the file, if one is named, and the environment over it.
    pub(crate) fn read(file: Option<&str>) -> Outcome<Self> {
        let builder = config::Config::builder();
        let builder = match file {
            Some(file) => builder.add_source(config::File::new(file, config::FileFormat::Toml)),
            None => builder,
        };
        let environment = config::Environment::with_prefix("LEADLATCH").try_parsing(true);
        let read = builder.add_source(environment).build().and_then(config::Config::try_deserialize);
        read.map_err(|error| Failure::new(format!("configuration: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, EXAMPLE};

    #[test]
    fn the_example_is_the_default() {
        let source = config::File::from_str(EXAMPLE, config::FileFormat::Toml);
        let read: Config = config::Config::builder().add_source(source).build().unwrap().try_deserialize().unwrap();
        assert_eq!(read, Config::default());
    }
}
