//! The server: what it listens on, the work that nobody asks for, and its end.

mod accept;
mod stop;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use leadlatch_api::App;
use leadlatch_domain::matrix::Role;
use leadlatch_store::deletions::Swept;
use leadlatch_store::usage::Usage;
use leadlatch_store::{Opened, Store, accounts, leads};
use tokio::net::TcpListener;

use self::stop::{Signals, Stopping};
use self::tls::Tls;

use crate::config::Config;
use crate::output::{Failure, Outcome};

const PURGE_EVERY: Duration = Duration::from_mins(10);
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// Every so many sweeps goes through everything, the others through what is new.
const SWEEPS_TO_A_WHOLE: u32 = 60;

/// A server that listens already.
pub(crate) struct Server {
    listener: TcpListener,
    app: App,
    housekeeper: Arc<Housekeeper>,
    connections: usize,
    tls: Option<Arc<Tls>>,
    signals: Signals,
}

/// What the work that nobody asks for needs.
struct Housekeeper {
    store: Arc<Store>,
    operator: leadlatch_store::Operator,
}

impl Server {
    /// Binds the address; nothing is answered yet.
    pub(crate) async fn bind(config: &Config, opened: Opened) -> Outcome<Self> {
        if let Some(address) = config.metrics_listen {
            let exporter = metrics_exporter_prometheus::PrometheusBuilder::new().with_http_listener(address);
            exporter.install().map_err(|error| Failure::new(format!("metrics: {error}")))?;
        }
        let tls = Tls::read(config)?;
        // Before anything is answered: a database that was restored may have live keys that were deleted.
        report(opened.store.sweep(&opened.operator).await?);
        let listener = TcpListener::bind(&config.listen).await;
        let listener = listener.map_err(|error| Failure::new(format!("{}: {error}", config.listen)))?;
        let store = Arc::new(opened.store);
        let usage = Arc::new(Usage::default());
        let app = App {
            store: Arc::clone(&store),
            usage,
            allow_plain_http: config.allow_plain_http,
            trusted_proxies: config.trusted_proxies.clone().into(),
            public_url: config.public_url.clone(),
        };
        let housekeeper = Arc::new(Housekeeper { store, operator: opened.operator });
        let signals = Signals::catch()?;
        Ok(Self { listener, app, housekeeper, connections: config.max_connections, tls, signals })
    }

    /// The address that it listens on.
    pub(crate) fn address(&self) -> Outcome<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Whether it speaks TLS.
    pub(crate) fn encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// Answers until it is told to stop, then answers what was accepted and writes what was counted. Fails when a second
    /// signal ends it before that.
    pub(crate) async fn run(self) -> Outcome {
        let (stopper, stopping) = stop::channel();
        let flushing = tokio::spawn(flush_every_second(self.app.clone(), stopping.clone()));
        let sweeping = tokio::spawn(sweep(Arc::clone(&self.housekeeper)));
        let purging = tokio::spawn(purge(self.housekeeper));
        let reloading = self.tls.clone().map(|tls| tokio::spawn(tls.reload_on_hangup()));
        let service = accept::Service { router: leadlatch_api::router(self.app.clone()), tls: self.tls, stopping };
        let in_order = accept::run(self.listener, service, self.connections, stopper, self.signals).await;
        sweeping.abort();
        purging.abort();
        reloading.inspect(tokio::task::JoinHandle::abort);
        if !in_order {
            return Err(Failure::new("ended at once, by a second signal"));
        }
        // The last flush of its own must end first: what it has taken and not written would be lost.
        let _ = flushing.await;
        Ok(self.app.usage.flush(&self.app.store).await?)
    }
}

async fn flush_every_second(app: App, mut stopping: Stopping) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = stopping.wait() => return,
        }
        if let Err(error) = app.usage.flush(&app.store).await {
            tracing::error!(%error, "usage could not be written");
        }
    }
}

/// Keeps the database and the file of deletions together.
async fn sweep(housekeeper: Arc<Housekeeper>) {
    let Housekeeper { store, operator } = &*housekeeper;
    let mut last = store.clock().now();
    for round in 1u32.. {
        tokio::time::sleep(SWEEP_EVERY).await;
        let now = store.clock().now();
        let swept = if round % SWEEPS_TO_A_WHOLE == 0 {
            store.sweep(operator).await
        } else {
            store.sweep_new(operator, last).await
        };
        match swept {
            Ok(swept) => {
                report(swept);
                last = now;
            }
            Err(error) => tracing::error!(%error, "the deletions file could not be swept"),
        }
    }
}

fn report(swept: Swept) {
    let Swept { keys, leads, written, unreadable } = swept;
    if keys > 0 || leads > 0 {
        tracing::warn!(keys, leads, "a restore had brought back what was deleted; it is deleted again");
    }
    if written > 0 {
        tracing::info!(written, "deletions of other nodes are in this node's file");
    }
    if unreadable > 0 {
        tracing::error!(lines = unreadable, "lines of the deletions file cannot be read");
    }
}

async fn purge(housekeeper: Arc<Housekeeper>) {
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
    }
    Ok(())
}
