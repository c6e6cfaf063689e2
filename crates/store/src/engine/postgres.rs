//! PostgreSQL: a pool of connections that must reach a primary; writes in a transaction whose drop rolls back.

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::sqlite::STATEMENT_LIMIT;
use crate::{Error, Result};

const CONNECTIONS: usize = 24;

/// A pool of connections to one database.
pub(crate) struct Postgres {
    pub(crate) pool: Pool,
}

impl Postgres {
    /// Makes the pool; nothing is connected yet. A key is never looked up on a replica, so only primaries will do.
    pub(crate) fn open(url: &str) -> Result<Self> {
        let mut config: tokio_postgres::Config = url.parse().map_err(Error::internal)?;
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.application_name("leadlatch");
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
        Ok(Self { pool })
    }
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
