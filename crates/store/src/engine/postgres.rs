//! PostgreSQL: a pool of connections that must reach a primary; writes in a transaction whose drop rolls back.

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime};
use tokio_postgres::config::{Host, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::sqlite::STATEMENT_LIMIT;
use crate::{Error, Result};

const CONNECTIONS: usize = 24;
/// How long a connection may be quiet before the network is asked whether the server is still there.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// A pool of connections to one database.
pub(crate) struct Postgres {
    pub(crate) pool: Pool,
    /// The hosts and ports that are asked, for people.
    place: String,
}

impl Postgres {
    /// Makes the pool; nothing is connected yet. A key is never looked up on a replica, so only primaries will do.
    pub(crate) fn open(url: &str) -> Result<Self> {
        let mut config: tokio_postgres::Config = url.parse().map_err(|error: tokio_postgres::Error| {
            Error::Unavailable(format!("the database's URL cannot be read: {}", causes(&error)))
        })?;
        let place = place(&config);
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.application_name("leadlatch");
        // A server that is gone without a word is noticed by the network, not by the statement's own limit. A limit in the URL
        // stands, and so does a shorter time of silence.
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(STATEMENT_LIMIT * 5);
        }
        let idle = config.get_keepalives_idle().min(KEEPALIVE);
        config.keepalives_idle(idle);
        let options = config.get_options().unwrap_or_default().to_owned();
        config.options(format!("{options} -c statement_timeout={}", STATEMENT_LIMIT.as_millis()));
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(config, MakeRustlsConnect::new(tls()?), recycling);
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(STATEMENT_LIMIT))
            .create_timeout(Some(STATEMENT_LIMIT * 5))
            .build()
            .map_err(Error::internal)?;
        Ok(Self { pool, place })
    }

    /// The first connection: where it fails, whoever started the program is told where and why.
    pub(crate) async fn first(&self) -> Result<deadpool_postgres::Object> {
        let failed = |error: PoolError| match &error {
            PoolError::Backend(cause) => self.unreachable(&causes(cause)),
            PoolError::Timeout(_) => self.unreachable("it does not answer"),
            other => self.unreachable(&causes(other)),
        };
        self.pool.get().await.map_err(failed)
    }

    fn unreachable(&self, cause: &str) -> Error {
        Error::Unavailable(format!("PostgreSQL at {}: {cause}", self.place))
    }
}

/// `HOST:PORT` of each server that the URL names.
fn place(config: &tokio_postgres::Config) -> String {
    let ports = config.get_ports();
    let one = |(number, host): (usize, &Host)| {
        let port = ports.get(number).or(ports.first()).copied().unwrap_or(5432);
        match host {
            Host::Tcp(name) => format!("{name}:{port}"),
            #[cfg(unix)]
            Host::Unix(folder) => format!("{} (port {port})", folder.display()),
        }
    };
    let places = config.get_hosts().iter().enumerate().map(one).collect::<Vec<_>>().join(", ");
    // Of a password with an @ in it the driver takes the rest for hosts.
    if places.contains('@') { "an address that is not shown".to_owned() } else { places }
}

/// An error and what is behind it, each said once.
fn causes(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !said.contains(&text) {
            said = format!("{said}: {text}");
        }
        next = cause.source();
    }
    said
}

/// TLS by the machine's own trust store; used where the URL or the server asks for it.
fn tls() -> Result<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider);
    let versions = builder.with_safe_default_protocol_versions().map_err(Error::internal)?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}
