//! What goes when its days are over, under the role of the same name: in blocks, so that writes of requests get their turn
//! between two. What goes is found in reads apart, which hold up no write.

use leadlatch_domain::id::AccountId;
use leadlatch_domain::matrix::{
    Action, PurgeAuditDetails, PurgeDeliveries, PurgeLeads, PurgeRequestLog, RetireLeads, Role,
};
use leadlatch_domain::time::Timestamp;
use leadlatch_store::leads::{self, Aging, RETIRED_AT_ONCE, Rules};
use leadlatch_store::retention::{Due, PURGED_AT_ONCE, Span};
use leadlatch_store::usage::log;
use leadlatch_store::{Connection, Grant, Operator, Result, Store, audit, hooks};

/// What an account keeps for so many days, but for its live leads.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kept {
    /// Leads in the bin.
    Bin,
    /// Test leads, wherever they are.
    TestLeads,
    /// The request log.
    RequestLog,
    /// Details of audit entries.
    AuditDetails,
    /// Deliveries that are over.
    Deliveries,
}

/// The retention of one account.
#[derive(Clone, Copy)]
pub(crate) struct Retention<'s> {
    pub(crate) store: &'s Store,
    pub(crate) operator: &'s Operator,
    pub(crate) account: AccountId,
}

impl<'s> Retention<'s> {
    fn grant<A: Action>(self) -> Result<Grant<A>> {
        self.operator.role(Role::Retention, self.account).permit()
    }

    /// Removes all of a kind that is due, unless it is told to stop; answers how much.
    pub(crate) async fn purge(self, kept: Kept, stopped: impl Fn() -> bool) -> Result<u64> {
        let mut all = 0;
        while !stopped() {
            let gone = self.purge_block(kept).await?;
            all += gone;
            if gone < PURGED_AT_ONCE {
                break;
            }
        }
        Ok(all)
    }

    async fn purge_block(self, kept: Kept) -> Result<u64> {
        match kept {
            Kept::Bin => self.store.write(self.grant()?, async move |db, grant| leads::purge(db, grant).await).await,
            Kept::TestLeads => {
                self.store.write(self.grant()?, async move |db, grant| leads::purge_tests(db, grant).await).await
            }
            Kept::RequestLog => {
                self.store.write(self.grant()?, async move |db, grant| log::purge(db, grant).await).await
            }
            Kept::AuditDetails => {
                self.store.write(self.grant()?, async move |db, grant| audit::purge_details(db, grant).await).await
            }
            Kept::Deliveries => {
                self.store.write(self.grant()?, async move |db, grant| hooks::purge(db, grant).await).await
            }
        }
    }

    /// How much of a kind comes due in a span.
    pub(crate) async fn due(self, kept: Kept, span: Span) -> Result<Due> {
        let store = self.store;
        match kept {
            Kept::Bin => {
                let grant = self.grant::<PurgeLeads>()?;
                store.read_apart(async move |db: &mut Connection<'_>| leads::bin_due(db, &grant, span).await).await
            }
            Kept::TestLeads => {
                let grant = self.grant::<PurgeLeads>()?;
                store.read_apart(async move |db: &mut Connection<'_>| leads::tests_due(db, &grant, span).await).await
            }
            Kept::RequestLog => {
                let grant = self.grant::<PurgeRequestLog>()?;
                store.read_apart(async move |db: &mut Connection<'_>| log::due(db, &grant, span).await).await
            }
            Kept::AuditDetails => {
                let grant = self.grant::<PurgeAuditDetails>()?;
                store.read_apart(async move |db: &mut Connection<'_>| audit::details_due(db, &grant, span).await).await
            }
            Kept::Deliveries => {
                let grant = self.grant::<PurgeDeliveries>()?;
                store.read_apart(async move |db: &mut Connection<'_>| hooks::stored_due(db, &grant, span).await).await
            }
        }
    }

    /// The lead groups and statuses that keep their leads for so many days.
    pub(crate) async fn rules(self) -> Result<Rules> {
        let grant = self.grant::<RetireLeads>()?;
        self.store.read(async |db| leads::rules(db, &grant).await).await
    }

    /// Every live lead that some rule may hold for at a time, block by block.
    pub(crate) fn walk(self, rules: &Rules, at: Timestamp) -> Walk<'s> {
        Walk { retention: self, horizon: rules.horizon(at), after: None }
    }

    /// Puts every live lead whose days are over into the bin, unless it is told to stop; answers how many.
    pub(crate) async fn retire(self, stopped: impl Fn() -> bool) -> Result<u64> {
        let (rules, now, mut all) = (self.rules().await?, self.store.clock().now(), 0);
        let mut walk = self.walk(&rules, now);
        while let Some(block) = walk.next().await? {
            let due: Vec<i64> = block.iter().filter(|lead| rules.is_due(lead, now)).map(|lead| lead.id).collect();
            for ids in due.chunks(RETIRED_AT_ONCE).map(<[i64]>::to_vec) {
                if stopped() {
                    return Ok(all);
                }
                let job = async move |db: &mut Connection<'_>, grant| leads::retire(db, grant, ids).await;
                all += self.store.write(self.grant()?, job).await?;
            }
        }
        Ok(all)
    }
}

/// A walk through live leads, the longest unchanged first.
pub(crate) struct Walk<'s> {
    retention: Retention<'s>,
    /// Up to which change; none when it is over.
    horizon: Option<i64>,
    after: Option<Aging>,
}

impl Walk<'_> {
    /// The next block, if there is one.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Aging>>> {
        let Some(horizon) = self.horizon else { return Ok(None) };
        let (grant, after) = (self.retention.grant::<RetireLeads>()?, self.after);
        let job = async move |db: &mut Connection<'_>| leads::aging(db, &grant, horizon, after).await;
        let (block, next) = self.retention.store.read_apart(job).await?;
        self.after = next;
        self.horizon = self.horizon.filter(|_| next.is_some());
        Ok(Some(block))
    }
}
