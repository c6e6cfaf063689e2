//! What outlives a request: deliveries to subscriptions. What waits stands in the database; a node holds only what it is
//! delivering, and a bounded number of those.

mod courier;
mod delivery;
mod places;

use std::sync::Arc;
use std::time::Duration;

use leadlatch_outbound::Outbound;
use leadlatch_store::{Operator, Sealer, Store};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::courier::Courier;

/// How long running deliveries are waited for at the stop. One that is cut off is tried again, under the same event id.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// How long it waits when something is wrong: the database does not answer, or a courier ended by a fault of ours.
const TROUBLE: Duration = Duration::from_secs(2);

/// What the worker needs.
#[derive(Clone)]
pub struct Worker {
    /// The database.
    pub store: Arc<Store>,
    /// The authority for what the server does by itself.
    pub operator: Operator,
    /// How others are called.
    pub outbound: Arc<Outbound>,
}

/// The worker while it works.
pub struct Running {
    stop: watch::Sender<bool>,
    courier: Option<JoinHandle<()>>,
}

impl Worker {
    /// Begins. Without a sealing key there are no subscriptions, and nothing to do.
    pub fn start(self) -> Running {
        let (stop, stopped) = watch::channel(false);
        let sealer: Option<Arc<Sealer>> = self.store.sealer().ok();
        let courier = sealer.map(|sealer| tokio::spawn(self.deliver(sealer, stopped)));
        Running { stop, courier }
    }

    /// One courier after the other: a panic ends one of them, and not all deliveries. What it had taken is free again when
    /// its leases have run out.
    async fn deliver(self, sealer: Arc<Sealer>, stopped: watch::Receiver<bool>) {
        loop {
            let courier = Courier::new(self.clone(), Arc::clone(&sealer));
            let Err(error) = tokio::spawn(courier.run(stopped.clone())).await else { return };
            tracing::error!(%error, "a courier ended badly, and the next begins");
            tokio::time::sleep(TROUBLE).await;
        }
    }
}

impl Running {
    /// Takes nothing new, and waits a little for what is under way.
    pub async fn stop(self) {
        // Whoever has ended by itself needs no telling.
        let _ = self.stop.send(true);
        if let Some(Err(error)) = match self.courier {
            Some(courier) => Some(courier.await),
            None => None,
        } {
            tracing::error!(%error, "the deliveries ended badly");
        }
    }
}
