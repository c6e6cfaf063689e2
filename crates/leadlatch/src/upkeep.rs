//! The work that nobody asks for: a task each, with a name and a time between its rounds, ended in order at the stop.
//!
//! Another periodic work is a [`Duty`] with its rounds in `Upkeep::round`. A round that fails is said and tried again at
//! its next time; a round that has begun is never cut off.

pub(crate) mod sweep;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use leadlatch_domain::id::AccountId;
use leadlatch_domain::matrix::{PurgeLeads, Role};
use leadlatch_store::usage::Usage;
use leadlatch_store::usage::log::LogWriter;
use leadlatch_store::{Connection, Error, Operator, Result, Store, accounts, idempotency, sessions};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use self::sweep::Sweeper;
use crate::output::Outcome;
use crate::retention::{Kept, Retention};

/// How long the log waits after a batch that could not be written.
const RETRY: Duration = Duration::from_secs(1);

/// What is done again and again.
#[derive(Debug, Clone, Copy)]
enum Duty {
    /// Adds what keys did to the database.
    Usage,
    /// Erases leads whose time in the bin is over, and test leads after theirs.
    Bin,
    /// Puts leads into the bin whose days in their lead group or status are over.
    Leads,
    /// Removes details of audit entries whose days are over.
    AuditDetails,
    /// Removes what the request log holds no longer.
    RequestLog,
    /// Forgets retries of creates whose 24 hours are over.
    Retries,
    /// Removes sessions, links and tokens of forms that are over.
    Sessions,
    /// Forgets deliveries whose days are over.
    Deliveries,
    /// Keeps the database and the file of deletions together.
    Deletions,
}

impl Duty {
    const ALL: [Self; 9] = [
        Self::Usage,
        Self::Bin,
        Self::Leads,
        Self::AuditDetails,
        Self::RequestLog,
        Self::Retries,
        Self::Sessions,
        Self::Deliveries,
        Self::Deletions,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Bin => "bin",
            Self::Leads => "retention of leads",
            Self::AuditDetails => "audit details",
            Self::RequestLog => "request log",
            Self::Retries => "retries",
            Self::Sessions => "sessions",
            Self::Deliveries => "deliveries",
            Self::Deletions => "deletions file",
        }
    }

    /// The time between two rounds; the first begins at the start.
    const fn every(self) -> Duration {
        match self {
            Self::Usage => Duration::from_secs(1),
            Self::Bin => Duration::from_mins(10),
            Self::Leads | Self::AuditDetails | Self::RequestLog | Self::Retries | Self::Sessions | Self::Deliveries => {
                Duration::from_hours(1)
            }
            Self::Deletions => Duration::from_mins(1),
        }
    }
}

/// What the work needs.
pub(crate) struct Upkeep {
    pub(crate) store: Arc<Store>,
    pub(crate) operator: Operator,
    pub(crate) usage: Arc<Usage>,
    pub(crate) log: LogWriter,
}

/// What the rounds share.
struct Shared {
    store: Arc<Store>,
    operator: Operator,
    usage: Arc<Usage>,
    sweeper: Mutex<Sweeper>,
}

/// The work while it goes on.
pub(crate) struct Running {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    duties: Vec<JoinHandle<()>>,
    log: JoinHandle<LogWriter>,
}

impl Upkeep {
    /// Begins all of it.
    pub(crate) fn start(self) -> Running {
        let Self { store, operator, usage, log } = self;
        let sweeper = Mutex::new(Sweeper::new(&store));
        let shared = Arc::new(Shared { store, operator, usage, sweeper });
        let (stop, stopped) = watch::channel(false);
        let begin = |duty| tokio::spawn(again_and_again(Arc::clone(&shared), duty, stopped.clone()));
        let duties = Duty::ALL.map(begin).into();
        let log = tokio::spawn(write_log(Arc::clone(&shared), log, stopped.clone()));
        Running { shared, stop, duties, log }
    }
}

impl Running {
    /// Lets each round that has begun end, then writes what was counted and logged: to be called when nothing more is
    /// answered.
    pub(crate) async fn stop(self) -> Outcome {
        // Whoever has ended by itself needs no telling.
        let _ = self.stop.send(true);
        for duty in self.duties {
            if let Err(error) = duty.await {
                tracing::error!(%error, "a part of the upkeep ended badly");
            }
        }
        let Shared { store, usage, .. } = &*self.shared;
        match self.log.await {
            Ok(mut log) => write_rest(&mut log, store, usage).await,
            Err(error) => tracing::error!(%error, "the request log ended badly"),
        }
        Ok(usage.flush(store).await?)
    }
}

async fn again_and_again(shared: Arc<Shared>, duty: Duty, mut stopped: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(duty.every());
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        let (shared, stopped) = (Arc::clone(&shared), stopped.clone());
        // A task of its own: a panic ends one round, and not the duty.
        match tokio::spawn(async move { shared.round(duty, &stopped).await }).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, duty = duty.name(), "a round of upkeep failed"),
            Err(error) => tracing::error!(%error, duty = duty.name(), "a round of upkeep ended badly"),
        }
    }
}

impl Shared {
    async fn round(&self, duty: Duty, stopped: &watch::Receiver<bool>) -> Result<()> {
        match duty {
            Duty::Usage => return self.usage.flush(&self.store).await,
            Duty::Deletions => return self.sweeper.lock().await.round(&self.store, &self.operator).await,
            Duty::Sessions => {
                let by = self.operator.clone();
                let job = async move |db: &mut Connection<'_>| sessions::purge(db, &by).await;
                return self.store.operate(&self.operator, job).await;
            }
            _ => {}
        }
        let operator = &self.operator;
        let is_stopped = || *stopped.borrow();
        let mut away = false;
        for account in self.store.read(async |db| accounts::list(db, operator).await).await? {
            if is_stopped() {
                break;
            }
            let was_away = away;
            away = false;
            match self.round_of(duty, account.id, is_stopped).await {
                Ok(()) => {}
                // Twice in a row, it is the database that is away, and not a moment's contention.
                Err(error @ (Error::Unavailable(_) | Error::NoRoom)) if was_away => return Err(error),
                // One account's trouble is not the others'.
                Err(error) => {
                    away = matches!(error, Error::Unavailable(_) | Error::NoRoom);
                    let account = account.id.get();
                    tracing::error!(%error, duty = duty.name(), account, "a round of upkeep failed for an account");
                }
            }
        }
        Ok(())
    }

    async fn round_of(&self, duty: Duty, account: AccountId, stopped: impl Fn() -> bool + Copy) -> Result<()> {
        let retention = Retention { store: &self.store, operator: &self.operator, account };
        match duty {
            Duty::Usage | Duty::Deletions | Duty::Sessions => {}
            Duty::Bin => {
                retention.purge(Kept::Bin, stopped).await?;
                retention.purge(Kept::TestLeads, stopped).await?;
            }
            Duty::Leads => retention.retire(stopped).await.map(drop)?,
            Duty::Deliveries => retention.purge(Kept::Deliveries, stopped).await.map(drop)?,
            Duty::AuditDetails => retention.purge(Kept::AuditDetails, stopped).await.map(drop)?,
            Duty::RequestLog => retention.purge(Kept::RequestLog, stopped).await.map(drop)?,
            Duty::Retries => while !stopped() && self.forget_retries(account).await? {},
        }
        Ok(())
    }

    /// Forgets a block of an account's retries; whether there may be more.
    async fn forget_retries(&self, account: AccountId) -> Result<bool> {
        let grant = self.operator.role(Role::Retention, account).permit::<PurgeLeads>()?;
        let job = async move |db: &mut Connection<'_>, grant| idempotency::forget(db, grant).await;
        Ok(self.store.write(grant, job).await? == idempotency::FORGOTTEN_AT_ONCE)
    }
}

/// The request log goes by what waits, not by the clock.
async fn write_log(shared: Arc<Shared>, mut log: LogWriter, mut stopped: watch::Receiver<bool>) -> LogWriter {
    let mut pause = Duration::ZERO;
    loop {
        tokio::select! {
            () = async { tokio::time::sleep(pause).await; log.gather().await } => {}
            _ = stopped.wait_for(|stopped| *stopped) => return log,
        }
        pause = match AssertUnwindSafe(log.write(&shared.store, &shared.usage)).catch_unwind().await {
            Ok(Ok(())) => Duration::ZERO,
            Ok(Err(error)) => {
                tracing::error!(%error, "the request log could not be written");
                RETRY
            }
            // As with the duties: a panic ends one batch, and not the log.
            Err(_) => {
                tracing::error!("a batch of the request log ended badly");
                log.give_up(&shared.usage);
                RETRY
            }
        };
    }
}

async fn write_rest(log: &mut LogWriter, store: &Store, usage: &Usage) {
    while log.gather_rest() {
        if let Err(error) = log.write(store, usage).await {
            tracing::error!(%error, "the rest of the request log could not be written");
            log.give_up(usage);
        }
    }
}
