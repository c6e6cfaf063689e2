//! Listening: bounded connections, a time limit for headers, and a stop that answers what was accepted.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use leadlatch_api::{App, Peer};
use leadlatch_domain::matrix::Role;
use leadlatch_store::usage::Usage;
use leadlatch_store::{Opened, Store, accounts, leads};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::config::Config;
use crate::output::{Failure, Outcome};

/// How long a client may take to send its headers.
const HEADERS: Duration = Duration::from_secs(10);
/// How long a stop waits for requests that were accepted.
const PATIENCE: Duration = Duration::from_secs(20);
const PURGE_EVERY: Duration = Duration::from_mins(10);

/// A server that listens already.
pub(crate) struct Server {
    listener: TcpListener,
    app: App,
    housekeeper: Housekeeper,
    connections: usize,
}

/// What the work that nobody asks for needs.
struct Housekeeper {
    store: Arc<Store>,
    operator: leadlatch_store::Operator,
}

impl Server {
    /// Binds the address; nothing is answered yet.
    pub(crate) async fn bind(config: &Config, opened: Opened) -> Outcome<Self> {
        if let Some(listen) = &config.metrics_listen {
            let address: SocketAddr = listen.parse().map_err(|_| Failure::new("metrics_listen is no ADDRESS:PORT"))?;
            let exporter = metrics_exporter_prometheus::PrometheusBuilder::new().with_http_listener(address);
            exporter.install().map_err(|error| Failure::new(format!("metrics: {error}")))?;
        }
        let listener = TcpListener::bind(&config.listen).await;
        let listener = listener.map_err(|error| Failure::new(format!("{}: {error}", config.listen)))?;
        let store = Arc::new(opened.store);
        let usage = Arc::new(Usage::default());
        let app = App { store: Arc::clone(&store), usage, allow_plain_http: config.allow_plain_http };
        let housekeeper = Housekeeper { store, operator: opened.operator };
        Ok(Self { listener, app, housekeeper, connections: config.max_connections })
    }

    /// The address that it listens on.
    pub(crate) fn address(&self) -> Outcome<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Answers until it is told to stop, then answers what was accepted and writes what was counted.
    pub(crate) async fn run(self) -> Outcome {
        let router = leadlatch_api::router(self.app.clone());
        let flushing = tokio::spawn(flush_every_second(self.app.clone()));
        let purging = tokio::spawn(purge(self.housekeeper));
        accept(&self.listener, router, self.connections).await;
        flushing.abort();
        purging.abort();
        Ok(self.app.usage.flush(&self.app.store).await?)
    }
}

async fn accept(listener: &TcpListener, router: Router, connections: usize) {
    let (graceful, places) = (GracefulShutdown::new(), Arc::new(Semaphore::new(connections)));
    let mut stop = std::pin::pin!(stop_signal());
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let (stream, from) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let (watcher, router) = (graceful.watcher(), router.clone());
        tokio::spawn(async move {
            serve_connection(stream, from.ip(), router, watcher).await;
            drop(place);
        });
    }
    if tokio::time::timeout(PATIENCE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

async fn serve_connection(stream: TcpStream, from: IpAddr, router: Router, watcher: Watcher) {
    // Answers are small and wait for nothing: Nagle's algorithm would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let private = stream.local_addr().is_ok_and(|address| address.ip().is_loopback());
    let service = with_peer(router, Peer { address: from, private });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS);
    if let Err(error) = watcher.watch(builder.serve_connection(TokioIo::new(stream), service)).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

fn with_peer(
    router: Router,
    peer: Peer,
) -> impl hyper::service::Service<
    hyper::Request<hyper::body::Incoming>,
    Response = axum::response::Response,
    Error = std::convert::Infallible,
    Future: Send + 'static,
> {
    let inner = TowerToHyperService::new(router);
    hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(peer);
        hyper::service::Service::call(&inner, request)
    })
}

async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
        let _ = interrupt.await;
        return;
    };
    tokio::select! {
        _ = interrupt => {}
        _ = terminate.recv() => {}
    }
}

async fn flush_every_second(app: App) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    loop {
        tick.tick().await;
        if let Err(error) = app.usage.flush(&app.store).await {
            tracing::error!(%error, "usage could not be written");
        }
    }
}

async fn purge(housekeeper: Housekeeper) {
    let mut tick = tokio::time::interval(PURGE_EVERY);
    loop {
        tick.tick().await;
        if let Err(error) = purge_all(&housekeeper).await {
            tracing::error!(%error, "the bin could not be emptied");
        }
    }
}

async fn purge_all(housekeeper: &Housekeeper) -> leadlatch_store::Result<()> {
    let operator = &housekeeper.operator;
    let accounts = housekeeper.store.read(async |db| accounts::list(db, operator).await).await?;
    for account in accounts {
        let grant = operator.role(Role::Retention, account.id).permit()?;
        housekeeper.store.write(grant, async move |db, grant| leads::purge(db, grant).await).await?;
        let forget = async || {
            let grant = operator.role(Role::Retention, account.id).permit()?;
            housekeeper.store.write(grant, async move |db, grant| leads::forget_idempotency(db, grant).await).await
        };
        while forget().await? == leads::FORGOTTEN_AT_ONCE {}
    }
    Ok(())
}
