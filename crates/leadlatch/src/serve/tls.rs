//! TLS from two PEM files. SIGHUP reads them again: connections that come afterwards get the new certificate.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config::Config;
use crate::output::{Failure, Outcome};

/// How long a client may take for its handshake. It holds a connection's place meanwhile.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a client that does not speak TLS is heard out, so that it reads our end and not a reset.
const FAREWELL: Duration = Duration::from_secs(1);

/// What makes a connection an encrypted one.
pub(super) struct Tls {
    cert: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads the files, if the configuration names them.
    pub(super) fn read(config: &Config) -> Outcome<Option<Arc<Self>>> {
        let (Some(cert), Some(key)) = (config.tls_cert.clone(), config.tls_key.clone()) else { return Ok(None) };
        let current = RwLock::new(load(&cert, &key)?);
        Ok(Some(Arc::new(Self { cert, key, current })))
    }

    /// Encrypts a connection, within the time for a handshake.
    pub(super) async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let config = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        let handshake = TlsAcceptor::from(config).accept(stream).into_fallible();
        match tokio::time::timeout(HANDSHAKE, handshake).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err((error, stream))) => {
                tracing::debug!(%error, "a handshake failed");
                // What it still sends is read, or the system would answer it with a reset instead of our alert.
                let _ = tokio::time::timeout(FAREWELL, end(stream)).await;
                None
            }
            Err(_) => None,
        }
    }

    /// Reads the files again on each SIGHUP. What cannot be read leaves the certificate that was there.
    pub(super) async fn reload_on_hangup(self: Arc<Self>) {
        let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
        while hangup.recv().await.is_some() {
            match load(&self.cert, &self.key) {
                Ok(config) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = config;
                    tracing::info!("the certificate was read again");
                }
                Err(error) => tracing::error!(%error, "the certificate could not be read again"),
            }
        }
    }
}

async fn end(mut stream: impl AsyncRead + tokio::io::AsyncWrite + Unpin) -> std::io::Result<()> {
    stream.shutdown().await?;
    let mut heard = [0; 1024];
    while stream.read(&mut heard).await? > 0 {}
    Ok(())
}

fn load(cert: &PathBuf, key: &PathBuf) -> Outcome<Arc<ServerConfig>> {
    let wrong = |path: &PathBuf, what: &str, error: &dyn std::fmt::Display| {
        Failure::new(format!("{}: {what}: {error}", path.display()))
    };
    let chain = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| wrong(cert, "no PEM certificates", &error))?;
    if chain.is_empty() {
        return Err(wrong(cert, "no PEM certificates", &"there is none in it"));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, "no PEM private key", &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| Failure::new(format!("TLS: {error}")))?.with_no_client_auth();
    let made = builder.with_single_cert(chain, secret);
    let mut config = made.map_err(|error| wrong(key, "does not serve with the certificate", &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
