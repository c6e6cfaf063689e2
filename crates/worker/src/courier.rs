//! The loop: looks who has something due, takes as much as there is room for, and lets each delivery run by itself.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use leadlatch_domain::matrix::{Deliver, Role};
use leadlatch_store::hooks::{self, Claimed, Waiting};
use leadlatch_store::{Connection, Error, Grant, Result, Sealer};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::timeout;

use crate::delivery::Means;
use crate::places::{Place, Places};
use crate::{LAST_PATIENCE, TROUBLE, Worker};

/// How long it waits when there is nothing to do.
const PAUSE: Duration = Duration::from_millis(200);
/// A receiver that took longer stands among those that fail, for as long as [`REMEMBERED`].
const SLOW: Duration = Duration::from_secs(3);
const REMEMBERED: Duration = Duration::from_mins(5);
/// The longest that a subscription is left alone which cannot be served, through a fault of ours.
const LONGEST_REST: Duration = Duration::from_mins(1);

/// A delivery that is over, by its task, and how long its receiver took.
type Done = std::result::Result<(Id, Option<Duration>), JoinError>;

pub(crate) struct Courier {
    means: Arc<Means>,
    places: Places,
    running: JoinSet<Option<Duration>>,
    begun: HashMap<Id, Place>,
    slow: HashMap<i64, Instant>,
    /// Subscriptions that could not be served.
    resting: HashMap<i64, Rest>,
    /// Whom it begins with in the next round, so that everybody is first at some time.
    turn: usize,
}

/// How long a subscription is left alone, and since when.
#[derive(Debug, Clone, Copy)]
struct Rest {
    since: Instant,
    wait: Duration,
}

impl Courier {
    pub(crate) fn new(worker: Worker, sealer: Arc<Sealer>) -> Self {
        let Worker { store, operator, outbound } = worker;
        let means = Arc::new(Means { store, operator, outbound, sealer });
        let courier = Self {
            means,
            places: Places::default(),
            running: JoinSet::new(),
            begun: HashMap::new(),
            slow: HashMap::new(),
            resting: HashMap::new(),
            turn: 0,
        };
        // A figure that is there from the start is never taken for one that is missing.
        courier.report();
        courier
    }

    pub(crate) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            let pause = match self.round().await {
                Ok(0) => PAUSE,
                // More may be due for the same receivers, once these are done.
                Ok(_) => Duration::from_millis(5),
                Err(error) => {
                    tracing::error!(%error, "deliveries wait: the database does not give them out");
                    TROUBLE
                }
            };
            self.wait(pause, &mut stopped).await;
        }
        let rest = async { while self.running.join_next().await.is_some() {} };
        // What is cut off stays in the database, and its lease runs out.
        let _ = timeout(LAST_PATIENCE, rest).await;
    }

    /// Until something is done, or the pause is over.
    async fn wait(&mut self, pause: Duration, stopped: &mut watch::Receiver<bool>) {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            Some(done) = self.running.join_next_with_id() => self.finish(done),
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
        while let Some(done) = self.running.try_join_next_with_id() {
            self.finish(done);
        }
        self.report();
    }

    /// Says in the metrics how many deliveries are under way.
    fn report(&self) {
        let running = u32::try_from(self.places.taken()).unwrap_or(u32::MAX);
        metrics::gauge!("leadlatch_hook_deliveries_running").set(f64::from(running));
    }

    fn finish(&mut self, done: Done) {
        let (id, took) = match done {
            Ok(done) => done,
            // It catches its own failures: this is a fault of ours, and its lease runs out.
            Err(error) => {
                tracing::error!(%error, "a delivery ended badly");
                (error.id(), None)
            }
        };
        let Some(place) = self.begun.remove(&id) else { return };
        self.places.give_back(&place);
        if took.is_some_and(|took| took > SLOW) {
            self.slow.insert(place.subscription, Instant::now());
        } else if took.is_some() {
            self.slow.remove(&place.subscription);
        }
    }

    /// Gives everybody with something due as many places as there are; answers how many deliveries began.
    async fn round(&mut self) -> Result<usize> {
        self.slow.retain(|_, since| since.elapsed() < REMEMBERED);
        self.resting.retain(|_, rest| rest.since.elapsed() < REMEMBERED);
        let means = Arc::clone(&self.means);
        let mut waiting = means.store.read(async |db| hooks::waiting(db, &means.operator).await).await?;
        if waiting.is_empty() {
            return Ok(0);
        }
        self.turn = self.turn.wrapping_add(1);
        let first = self.turn % waiting.len();
        waiting.rotate_left(first);
        let mut begun = 0;
        for one in &waiting {
            if self.rests(one.subscription) {
                continue;
            }
            let served = if one.over { drop_rest(&means, one).await } else { self.serve(&means, one).await };
            match served {
                Ok(some) => begun += some,
                Err(error @ (Error::Unavailable(_) | Error::NoRoom)) => return Err(error),
                // One subscription's trouble is not the others'.
                Err(error) => {
                    tracing::error!(%error, subscription = one.subscription, "a subscription cannot be served");
                    self.let_rest(one.subscription);
                }
            }
        }
        Ok(begun)
    }

    fn rests(&self, subscription: i64) -> bool {
        self.resting.get(&subscription).is_some_and(|rest| rest.since.elapsed() < rest.wait)
    }

    /// Leaves a subscription alone, twice as long as the last time.
    fn let_rest(&mut self, subscription: i64) {
        let last = self.resting.get(&subscription).map(|rest| rest.wait * 2);
        let wait = last.unwrap_or(TROUBLE).min(LONGEST_REST);
        self.resting.insert(subscription, Rest { since: Instant::now(), wait });
    }

    async fn serve(&mut self, means: &Arc<Means>, waiting: &Waiting) -> Result<usize> {
        let place = Place::of(waiting, self.slow.contains_key(&waiting.subscription));
        let room = self.places.room(&place, waiting.failing);
        if room == 0 {
            return Ok(0);
        }
        let claimed = claim(means, waiting, room).await?;
        let begun = claimed.len();
        for one in claimed {
            self.places.take(&place);
            let id = self.running.spawn(deliver(Arc::clone(means), one)).id();
            self.begun.insert(id, place.clone());
        }
        Ok(begun)
    }
}

async fn deliver(means: Arc<Means>, claimed: Claimed) -> Option<Duration> {
    let subscription = claimed.subscription;
    means.deliver(claimed).await.unwrap_or_else(|error| {
        // Its lease runs out, and somebody tries it again.
        tracing::error!(%error, subscription, "a delivery could not be made or kept");
        None
    })
}

fn grant(means: &Means, waiting: &Waiting) -> Result<Grant<Deliver>> {
    means.operator.role(Role::Courier, waiting.account).permit()
}

async fn claim(means: &Means, waiting: &Waiting, room: usize) -> Result<Vec<Claimed>> {
    let id = waiting.subscription;
    let job = async move |db: &mut Connection<'_>, grant| hooks::claim(db, grant, id, room).await;
    means.store.write(grant(means, waiting)?, job).await
}

/// A block at a time, so that others get their turn.
async fn drop_rest(means: &Means, waiting: &Waiting) -> Result<usize> {
    let id = waiting.subscription;
    let job = async move |db: &mut Connection<'_>, grant| hooks::drop_rest(db, grant, id).await;
    Ok(usize::from(means.store.write(grant(means, waiting)?, job).await?))
}
