//! One delivery, from the look whether it is still to be told to the record of how it went.

use std::sync::Arc;
use std::time::{Duration, Instant};

use leadlatch_domain::hook::schedule::PATIENCE;
use leadlatch_domain::matrix::{Deliver, Role};
use leadlatch_outbound::{Failed, Line, Outbound, Sent};
use leadlatch_store::hooks::{self, Begun, Claimed, Ended, Message, Outcome};
use leadlatch_store::{Connection, Grant, Operator, Result, Sealer, Store};
use tokio::time::timeout_at;

/// What every delivery needs.
pub(crate) struct Means {
    pub(crate) store: Arc<Store>,
    pub(crate) operator: Operator,
    pub(crate) outbound: Arc<Outbound>,
    pub(crate) sealer: Arc<Sealer>,
}

impl Means {
    /// The proof for an account's deliveries.
    pub(crate) fn grant(&self, claimed: &Claimed) -> Result<Grant<Deliver>> {
        self.operator.role(Role::Courier, claimed.account).permit()
    }

    /// Delivers what was claimed; answers how long the receiver took, if it was asked.
    pub(crate) async fn deliver(&self, claimed: Claimed) -> Result<Option<Duration>> {
        let claimed = Arc::new(claimed);
        if self.is_settled(&claimed).await? {
            return Ok(None);
        }
        let began = Instant::now();
        let deadline = tokio::time::Instant::from_std(began + PATIENCE);
        let opened = timeout_at(deadline, self.open(&claimed)).await.unwrap_or(Err(Failed::TimedOut));
        let begun = self.begin(&claimed, opened).await?;
        let (sent, number) = match begun {
            Begun::Sent(sent, number) => (sent, number),
            Begun::Dropped | Begun::Lost => return Ok(None),
        };
        let answered = match sent {
            Ok(sent) => timeout_at(deadline, sent.status()).await.unwrap_or(Err(Failed::TimedOut)),
            Err(failed) => Err(failed),
        };
        let took = began.elapsed();
        let outcome = Outcome { status: answered.ok(), error: answered.err().map(Failed::as_str), took };
        self.record(&claimed, number, outcome).await?;
        Ok(Some(took))
    }

    /// Before anybody is connected to: what is not to be told any more is dropped.
    async fn is_settled(&self, claimed: &Arc<Claimed>) -> Result<bool> {
        let grant = self.grant(claimed)?;
        if self.store.read(async |db| hooks::is_told(db, &grant, claimed).await).await? {
            return Ok(false);
        }
        let claimed = Arc::clone(claimed);
        self.store
            .write(grant, async move |db: &mut Connection<'_>, grant| hooks::settle(db, grant, claimed).await)
            .await
    }

    async fn open(&self, claimed: &Claimed) -> std::result::Result<Line, Failed> {
        let target = claimed.target(&self.sealer).map_err(|error| {
            tracing::error!(%error, subscription = claimed.subscription, "the target of a hook cannot be read");
            Failed::NoAddress
        })?;
        self.outbound.open(&target).await
    }

    /// Everything is judged again with the rows held, and the first bytes go out while they are. A receiver that could not
    /// be connected to is an attempt too.
    async fn begin(
        &self,
        claimed: &Arc<Claimed>,
        opened: std::result::Result<Line, Failed>,
    ) -> Result<Begun<std::result::Result<Sent, Failed>>> {
        let (grant, claimed, sealer) = (self.grant(claimed)?, Arc::clone(claimed), Arc::clone(&self.sealer));
        let reached = opened.is_ok();
        let send = move |message: Message| opened.and_then(|line| post(line, message));
        let job =
            async move |db: &mut Connection<'_>, grant| hooks::begin(db, grant, claimed, sealer, reached, send).await;
        self.store.write(grant, job).await
    }

    async fn record(&self, claimed: &Arc<Claimed>, number: i64, outcome: Outcome) -> Result<()> {
        let (grant, subscription) = (self.grant(claimed)?, claimed.subscription);
        let claimed = Arc::clone(claimed);
        let job = async move |db: &mut Connection<'_>, grant| hooks::record(db, grant, claimed, number, outcome).await;
        let ended = self.store.write(grant, job).await?;
        metrics::counter!("leadlatch_hook_deliveries_total", "outcome" => ended.as_str()).increment(1);
        metrics::histogram!("leadlatch_hook_delivery_seconds").record(outcome.took.as_secs_f64());
        if ended == Ended::Disabled {
            tracing::warn!(subscription, "a hook failed for three days and is disabled: see the Webhooks page");
        }
        Ok(())
    }
}

fn post(line: Line, message: Message) -> std::result::Result<Sent, Failed> {
    let timestamp = message.timestamp.to_string();
    let headers = [
        ("content-type", message.content_type),
        ("webhook-id", message.id.as_str()),
        ("webhook-timestamp", timestamp.as_str()),
        ("webhook-signature", message.signature.as_str()),
        ("webhook-event", message.event.as_str()),
    ];
    line.post(&headers, message.body.into_bytes())
}
