//! TLS by the machine's own trust store, with the name of the target.

use std::sync::Arc;

use leadlatch_domain::hook::Target;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::Failed;

/// The trust store is read when it is first needed: that takes a while, and most servers call nobody.
#[derive(Default)]
pub(crate) struct Tls(OnceCell<TlsConnector>);

impl Tls {
    /// TLS over a connection.
    pub(crate) async fn over(&self, stream: TcpStream, target: &Target) -> Result<TlsStream<TcpStream>, Failed> {
        let host = target.host().trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_owned();
        let name = ServerName::try_from(host).map_err(|_| Failed::Tls)?;
        let connector = self.0.get_or_try_init(connector).await?;
        connector.connect(name, stream).await.map_err(|_| Failed::Tls)
    }
}

async fn connector() -> Result<TlsConnector, Failed> {
    let found = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await.map_err(|_| Failed::Tls)?;
    for error in found.errors {
        tracing::warn!(%error, "certificate authorities that this machine trusts cannot be read");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        // Not kept: the next call looks again.
        tracing::warn!("this machine trusts no certificate authority: nobody is called by https");
        return Err(Failed::Tls);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = builder.map_err(|_| Failed::Tls)?.with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
