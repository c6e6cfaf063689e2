//! The configuration: a TOML file, then the `LEADLATCH_*` variables of the settings, then the command line.

pub(crate) mod check;
mod file;
mod shown;

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use leadlatch_domain::fault::Fault;
use leadlatch_domain::support::SupportContact;
use leadlatch_store::Beside;
use serde::{Deserialize, Serialize};
use tracing::level_filters::LevelFilter;

pub(crate) use self::shown::without_password;
use crate::output::{Failure, Outcome};

/// What the operator can set.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Where the server listens.
    pub(crate) listen: String,
    /// `sqlite:PATH` or `postgres://...`
    pub(crate) database: String,
    /// Where what must outlive a restore is written down; beside the SQLite file when absent.
    pub(crate) deletions_file: Option<PathBuf>,
    /// The key that secrets in the database are sealed with; beside the SQLite file when absent.
    pub(crate) sealing_key_file: Option<PathBuf>,
    /// The address that people and programs reach the server by, such as `https://leads.example.com`.
    pub(crate) public_url: Option<String>,
    /// Where people get help: an e-mail address or a page.
    pub(crate) support_contact: Option<String>,
    /// The certificate's chain, PEM.
    pub(crate) tls_cert: Option<PathBuf>,
    /// Its private key, PEM.
    pub(crate) tls_key: Option<PathBuf>,
    /// Whose word about a client's address, scheme and host is believed.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Whether plain http is answered on an address that is not loopback.
    pub(crate) allow_plain_http: bool,
    /// Where `/metrics` listens; nowhere when absent.
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// Addresses that hooks may go to although they are not public, and by plain http too.
    pub(crate) hook_allowed_ranges: Vec<IpNet>,
    /// Connections that are open at the same time, at the most.
    pub(crate) max_connections: usize,
    /// Down to which level of `docs/logging.md` is logged.
    pub(crate) log: LogLevel,
}

/// Without what it holds: a database's URL may have a password in it.
impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").finish_non_exhaustive()
    }
}

/// A level of the log; each holds those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
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

impl TryFrom<String> for LogLevel {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        match text.as_str() {
            "error" => Ok(Self::Error),
            "warn" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            _ => Err("a level of the log is error, warn, info or debug"),
        }
    }
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
            deletions_file: None,
            sealing_key_file: None,
            public_url: None,
            support_contact: None,
            tls_cert: None,
            tls_key: None,
            trusted_proxies: Vec::new(),
            allow_plain_http: false,
            metrics_listen: None,
            hook_allowed_ranges: Vec::new(),
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

# Which keys were deleted and which leads erased, so that restoring a backup brings none of them back.
# SQLite: PATH.deletions beside the database unless set. PostgreSQL: one on each node; none unless set.
# deletions_file = \"/var/lib/leadlatch/leadlatch.deletions\"

# The key that secrets are sealed with which the server must use itself, such as authenticator seeds. It is made at the
# first start and stands in no backup of the database: keep a copy apart. SQLite: PATH.sealing-key beside the database
# unless set. PostgreSQL: the same file for every node; none unless set.
# sealing_key_file = \"/var/lib/leadlatch/leadlatch.sealing-key\"

# The address that people and programs reach the server by; links begin with it.
# public_url = \"https://leads.example.com\"

# Where people get help, an e-mail address or a page: the help shows it to whoever is signed in.
# support_contact = \"support@example.com\"

# A certificate's chain and its private key, both PEM: the server then speaks TLS, and reads them again on SIGHUP.
# tls_cert = \"/etc/leadlatch/cert.pem\"
# tls_key = \"/etc/leadlatch/key.pem\"

# Proxies in front of the server, as addresses with their range: what they say of a client's address, scheme and host is
# believed, and nobody else is. As a variable: 127.0.0.1/32,10.0.0.0/8
trusted_proxies = []

# Plain http on an address that is not loopback carries keys in clear: refused unless this is true.
allow_plain_http = false

# Where Prometheus finds /metrics; nowhere unless set.
# metrics_listen = \"127.0.0.1:9090\"

# Hooks go by https to addresses that anybody on the internet can reach, and nowhere else but to these ranges, by plain
# http too. Whoever may subscribe may name an address in these ranges and learns whether it answered, Partner keys too:
# allow the one address of a receiver of your own, and no network. As a variable: 10.0.0.7/32,fd00::7/128
hook_allowed_ranges = []

# Connections that are open at the same time, at the most.
max_connections = 10000

# What is logged on stderr: error, warn, info or debug.
log = \"info\"
";

/// The names of the settings.
const NAMES: [&str; 14] = [
    "listen",
    "database",
    "deletions_file",
    "sealing_key_file",
    "public_url",
    "support_contact",
    "tls_cert",
    "tls_key",
    "trusted_proxies",
    "allow_plain_http",
    "metrics_listen",
    "hook_allowed_ranges",
    "max_connections",
    "log",
];

/// What every variable of ours begins with.
const PREFIX: &str = "LEADLATCH_";

impl Config {
    /// Reads the file, if one is named, and the environment over it.
    pub(crate) fn read(file: Option<&str>) -> Outcome<Self> {
        Self::from(file, std::env::vars().collect())
    }

    fn from(file: Option<&str>, variables: Vec<(String, String)>) -> Outcome<Self> {
        let mut builder = config::Config::builder();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).map_err(|error| Failure::new(format!("{path}: {error}")))?;
            file::check::<Self>(path, &text, &NAMES)?;
            builder = builder.add_source(config::File::from_str(&text, config::FileFormat::Toml));
        }
        // Other programs have variables that begin like ours: only those of a setting are read.
        let ours = variables.into_iter().filter(|(name, value)| setting(name).is_some() && !value.is_empty()).collect();
        let environment = config::Environment::with_prefix("LEADLATCH")
            .try_parsing(true)
            .list_separator(",")
            .with_list_parse_key("trusted_proxies")
            .with_list_parse_key("hook_allowed_ranges")
            .source(Some(ours));
        let read = builder.add_source(environment).build().and_then(config::Config::try_deserialize);
        let read: Self = read.map_err(|error| Failure::new(format!("configuration: {error}")))?;
        read.validate()?;
        Ok(read)
    }

    /// What no single value shows: settings that need each other, and addresses of the wrong form.
    pub(crate) fn validate(&self) -> Outcome {
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), None) => return Err(Failure::new("tls_cert needs tls_key beside it")),
            (None, Some(_)) => return Err(Failure::new("tls_key needs tls_cert beside it")),
            _ => {}
        }
        if !is_listen(&self.listen) {
            let text = format!("listen is an address and a port, such as 127.0.0.1:8080, and not {}", self.listen);
            return Err(Failure::new(text));
        }
        if self.max_connections == 0 {
            return Err(Failure::new("max_connections is at least 1"));
        }
        self.support_contact()?;
        match &self.public_url {
            Some(url) if !is_public_url(url) => {
                Err(Failure::new(format!("public_url is http:// or https:// and a host, with nothing after it: {url}")))
            }
            _ => Ok(()),
        }
    }

    /// Where people get help.
    pub(crate) fn support_contact(&self) -> Outcome<Option<SupportContact>> {
        let read = |text: &String| SupportContact::parse(text);
        let said = |fault: Fault| Failure::new(format!("support_contact: {}", fault.detail));
        self.support_contact.as_ref().map(read).transpose().map_err(said)
    }

    /// The files beside the database.
    pub(crate) fn beside(&self) -> Beside<'_> {
        Beside { deletions: self.deletions_file.as_deref(), sealing_key: self.sealing_key_file.as_deref() }
    }

    /// The configuration as it may be shown: without the password of the database.
    pub(crate) fn shown(&self) -> Self {
        Self { database: without_password(&self.database), ..self.clone() }
    }
}

/// Variables that begin like ours and are no setting, each with the setting that it may be meant for.
pub(crate) fn ignored_variables() -> Vec<String> {
    let names = std::env::vars().map(|(name, _)| name);
    let unknown = names.filter(|name| name.starts_with(PREFIX) && setting(name).is_none());
    let note = |name: String| {
        let meant = file::nearest(&name[PREFIX.len()..].to_lowercase(), &NAMES);
        let meant = meant.map(|meant| format!("; is {PREFIX}{} meant?", meant.to_uppercase())).unwrap_or_default();
        format!("{name} is no setting and is not read{meant}")
    };
    unknown.map(note).collect()
}

/// The setting that a variable is for.
fn setting(variable: &str) -> Option<&'static str> {
    let name = variable.strip_prefix(PREFIX)?;
    NAMES.into_iter().find(|known| known.to_uppercase() == name)
}

/// `HOST:PORT`; the host may be a name.
fn is_listen(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

fn is_public_url(text: &str) -> bool {
    let Ok(url) = text.parse::<axum::http::Uri>() else { return false };
    let scheme = matches!(url.scheme_str(), Some("http" | "https"));
    let bare = url.path() == "/" && url.query().is_none() && !text.ends_with('/');
    scheme && bare && url.authority().is_some_and(|host| !host.as_str().contains('@'))
}

#[cfg(test)]
mod tests {
    use super::{Config, EXAMPLE, NAMES, is_listen, is_public_url};

    fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_example_is_the_default_and_names_every_setting() {
        let source = config::File::from_str(EXAMPLE, config::FileFormat::Toml);
        let read: Config = config::Config::builder().add_source(source).build().unwrap().try_deserialize().unwrap();
        assert_eq!(read, Config::default());
        for name in NAMES {
            let shown = |line: &str| line.trim_start_matches("# ").starts_with(&format!("{name} = "));
            assert_eq!(EXAMPLE.lines().filter(|line| shown(line)).count(), 1, "{name}");
        }
    }

    #[test]
    fn the_names_are_those_of_the_fields() {
        let fields = serde_json::to_value(Config::default()).unwrap();
        let fields: Vec<_> = fields.as_object().unwrap().keys().cloned().collect();
        let mut names = NAMES.to_vec();
        assert_eq!(fields.len(), names.len());
        names.retain(|name| !fields.contains(&(*name).to_owned()));
        assert!(names.is_empty(), "{names:?}");
    }

    #[test]
    fn only_variables_of_a_setting_are_read() {
        let unrelated = variables(&[("LEADLATCH_TEST_PG_BIN", "/x"), ("LEADLATCH_UNRELATED", "y"), ("HOME", "/")]);
        assert_eq!(Config::from(None, unrelated).unwrap(), Config::default());
        let set = variables(&[
            ("LEADLATCH_MAX_CONNECTIONS", "7"),
            ("LEADLATCH_TRUSTED_PROXIES", "127.0.0.1/32,10.0.0.0/8"),
            ("LEADLATCH_METRICS_LISTEN", "127.0.0.1:9090"),
            ("LEADLATCH_PUBLIC_URL", ""),
        ]);
        let read = Config::from(None, set).unwrap();
        assert_eq!((read.max_connections, read.trusted_proxies.len(), read.public_url), (7, 2, None));
        let wrong = Config::from(None, variables(&[("LEADLATCH_MAX_CONNECTIONS", "many")])).unwrap_err().to_string();
        assert!(wrong.contains("max_connections"), "{wrong}");
    }

    #[test]
    fn a_certificate_needs_its_key() {
        let said = Config::from(None, variables(&[("LEADLATCH_TLS_CERT", "cert.pem")])).unwrap_err().to_string();
        assert!(said.contains("tls_key"), "{said}");
    }

    #[test]
    fn a_public_url_is_scheme_and_host() {
        for good in ["https://leads.example.com", "http://localhost:8080"] {
            assert!(is_public_url(good), "{good}");
        }
        for bad in ["leads.example.com", "ftp://x", "https://x/", "https://x/path", "https://x?q=1", "https://a:b@x"] {
            assert!(!is_public_url(bad), "{bad}");
        }
    }

    #[test]
    fn a_place_to_listen_is_host_and_port() {
        for good in ["127.0.0.1:8080", "[::1]:0", "localhost:80"] {
            assert!(is_listen(good), "{good}");
        }
        for bad in ["18080", ":80", "localhost", "localhost:http", "127.0.0.1:99999", ""] {
            assert!(!is_listen(bad), "{bad}");
        }
    }

    #[test]
    fn a_level_of_the_log_that_there_is_not_is_answered_with_those_there_are() {
        let said = Config::from(None, variables(&[("LEADLATCH_LOG", "loud")])).unwrap_err().to_string();
        assert!(said.contains("log") && said.contains("error, warn, info or debug"), "{said}");
    }
}
