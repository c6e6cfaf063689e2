//! The server: what it listens on, the work that nobody asks for, and its end.

mod accept;
mod pace;
mod stop;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;

use leadlatch_api::App;
use leadlatch_domain::token::Token;
use leadlatch_outbound::Outbound;
use leadlatch_store::Opened;
use leadlatch_store::usage::Usage;
use leadlatch_worker::Worker;
use tokio::net::TcpListener;

use self::stop::Signals;
use self::tls::Tls;
use crate::config::Config;
use crate::output::{Failure, Outcome};
use crate::upkeep::{Upkeep, sweep};

/// A server that listens already.
pub(crate) struct Server {
    listener: TcpListener,
    app: App,
    upkeep: Upkeep,
    worker: Worker,
    connections: usize,
    tls: Option<Arc<Tls>>,
    signals: Signals,
    first_admin: Option<Token>,
}

/// Whether the files that it needs can be read.
pub(crate) fn check(config: &Config) -> Outcome {
    Tls::read(config).map(drop)
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
        sweep::report(opened.store.sweep(&opened.operator).await?);
        let listener = TcpListener::bind(&config.listen).await;
        let listener = listener.map_err(|error| Failure::new(format!("{}: {error}", config.listen)))?;
        let first_admin = opened.store.first_admin_link(&opened.operator).await?;
        let (usage, log) = Usage::new();
        let (store, usage) = (Arc::new(opened.store), Arc::new(usage));
        let outbound = Arc::new(Outbound::new(config.hook_allowed_ranges.clone()));
        let (operator, hooks) = (opened.operator.clone(), Arc::clone(&outbound));
        let worker = Worker { store: Arc::clone(&store), operator, outbound: hooks };
        let upkeep = Upkeep { store: Arc::clone(&store), operator: opened.operator, usage: Arc::clone(&usage), log };
        let app = App {
            store,
            usage,
            limits: Arc::default(),
            form_limits: Arc::default(),
            outbound,
            allow_plain_http: config.allow_plain_http,
            trusted_proxies: config.trusted_proxies.clone().into(),
            public_url: config.public_url.clone(),
            support_contact: config.support_contact()?,
        };
        let signals = Signals::catch()?;
        Ok(Self { listener, app, upkeep, worker, connections: config.max_connections, tls, signals, first_admin })
    }

    /// The link by which the first admin of a new server is made. It is for the terminal, and for no log.
    pub(crate) fn first_admin_link(&self) -> Outcome<Option<String>> {
        let Some(token) = &self.first_admin else { return Ok(None) };
        let scheme = if self.encrypted() { "https" } else { "http" };
        let listening = format!("{scheme}://{}", self.address()?);
        let base = self.app.public_url.as_deref().unwrap_or(&listening);
        Ok(Some(format!("{base}{}", leadlatch_web::paths::start(token.expose()))))
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
        let (upkeep, worker) = (self.upkeep.start(), self.worker.start());
        let reloading = self.tls.clone().map(|tls| tokio::spawn(tls.reload_on_hangup()));
        let router = leadlatch_api::router(self.app.clone(), leadlatch_web::pages(self.app));
        let service = accept::Service { router, tls: self.tls, stopping };
        let in_order = accept::run(self.listener, service, self.connections, stopper, self.signals).await;
        reloading.inspect(tokio::task::JoinHandle::abort);
        if !in_order {
            return Err(Failure::new("ended at once, by a second signal"));
        }
        worker.stop().await;
        upkeep.stop().await
    }
}
