//! Connections: a bounded number, a time limit for what a client must send first, and an end that cuts nobody off.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderValue, Version, header};
use futures_util::FutureExt;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use leadlatch_api::Peer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::stop::{Signals, Stopper, Stopping};
use super::tls::Tls;

/// How long a client may take to send its first byte, and its headers.
const HEADERS: Duration = Duration::from_secs(10);
/// How long connections that are kept open are still answered after a stop, each answer saying that it is the last.
const LAST_ANSWERS: Duration = Duration::from_millis(500);
/// How long a stop waits for requests that were accepted: as long as a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// What each connection needs.
#[derive(Clone)]
pub(super) struct Service {
    pub(super) router: Router,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) stopping: Stopping,
}

/// Answers connections until a signal; then answers what was accepted. `false` when a second signal cut that short.
pub(super) async fn run(
    listener: TcpListener,
    service: Service,
    places: usize,
    stopper: Stopper,
    mut signals: Signals,
) -> bool {
    let (graceful, places) = (GracefulShutdown::new(), Arc::new(Semaphore::new(places)));
    tokio::select! {
        () = accept(&listener, &service, &graceful, &places) => {}
        () = signals.next() => {}
    }
    tracing::info!("stopping");
    stopper.stop();
    let rest = async {
        drain(&listener, &service, &graceful, &places);
        drop(listener);
        if graceful.count() > 0 {
            tokio::time::sleep(LAST_ANSWERS).await;
        }
        graceful.shutdown().await;
    };
    tokio::select! {
        () = signals.next() => false,
        ended = tokio::time::timeout(PATIENCE, rest) => {
            if ended.is_err() {
                tracing::warn!("some requests did not end in time");
            }
            true
        }
    }
}

async fn accept(listener: &TcpListener, service: &Service, graceful: &GracefulShutdown, places: &Arc<Semaphore>) {
    while let Ok(place) = Arc::clone(places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, from)) => start(stream, from, service, graceful.watcher(), place),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Takes the connections that the system has accepted already: closing the listener would reset them.
fn drain(listener: &TcpListener, service: &Service, graceful: &GracefulShutdown, places: &Arc<Semaphore>) {
    while let Ok(place) = Arc::clone(places).try_acquire_owned() {
        let Some(Ok((stream, from))) = listener.accept().now_or_never() else { return };
        start(stream, from, service, graceful.watcher(), place);
    }
}

fn start(
    stream: TcpStream,
    from: SocketAddr,
    service: &Service,
    watcher: Watcher,
    place: tokio::sync::OwnedSemaphorePermit,
) {
    let service = service.clone();
    tokio::spawn(async move {
        connection(stream, from.ip(), service, watcher).await;
        drop(place);
    });
}

async fn connection(stream: TcpStream, from: IpAddr, service: Service, watcher: Watcher) {
    // Answers are small and wait for nothing: Nagle's algorithm would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let local = stream.local_addr().is_ok_and(|address| address.ip().to_canonical().is_loopback());
    let peer = Peer { address: from.to_canonical(), private: local || service.tls.is_some() };
    match service.tls.clone() {
        Some(tls) => {
            if let Some(stream) = tls.accept(stream).await {
                serve(stream, peer, service, watcher).await;
            }
        }
        None if speaks(&stream, service.stopping.clone()).await => serve(stream, peer, service, watcher).await,
        None => {}
    }
}

/// Waits for the first byte: a client that sends none would hold its place for ever.
async fn speaks(stream: &TcpStream, mut stopping: Stopping) -> bool {
    let stopped = async {
        stopping.wait().await;
        tokio::time::sleep(LAST_ANSWERS).await;
    };
    tokio::select! {
        spoken = tokio::time::timeout(HEADERS, stream.readable()) => matches!(spoken, Ok(Ok(()))),
        () = stopped => false,
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    service: Service,
    watcher: Watcher,
) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS);
    let service = with_peer(service.router, peer, service.stopping);
    if let Err(error) = watcher.watch(builder.serve_connection(TokioIo::new(stream), service)).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

fn with_peer(
    router: Router,
    peer: Peer,
    stopping: Stopping,
) -> impl hyper::service::Service<
    hyper::Request<hyper::body::Incoming>,
    Response = axum::response::Response,
    Error = std::convert::Infallible,
    Future: Send + 'static,
> {
    let inner = TowerToHyperService::new(router);
    hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(peer);
        let (version, stopping) = (request.version(), stopping.clone());
        let answer = hyper::service::Service::call(&inner, request);
        async move {
            let mut answer = answer.await?;
            // HTTP/2 has a message of its own for this.
            if version < Version::HTTP_2 && stopping.now() {
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(answer)
        }
    })
}
