//! Leads whose days are over: a lead group or a status says after how many days without a change its leads go to the bin.
//! What is due is found in reads of their own, block by block; the write judges each lead again.

use std::collections::BTreeMap;
use std::fmt::Write;

use leadlatch_domain::audit::Event;
use leadlatch_domain::hook::HookEvent;
use leadlatch_domain::lead::history::Action;
use leadlatch_domain::matrix::RetireLeads;
use leadlatch_domain::time::Timestamp;
use sea_query::Value;
use serde_json::json;

use super::{history, tell};
use crate::access::{Grant, Held};
use crate::audit::Pending;
use crate::engine::{Connection, Row, values};
use crate::retention::DAY;
use crate::{Error, Result, hooks};

/// Leads that one read looks at.
const LOOKED_AT: usize = 5_000;
/// Leads that one transaction puts into the bin, so that others get their turn.
pub const RETIRED_AT_ONCE: usize = 500;

/// A lead is due when the days of its group, or those of its status, have passed since its last change. A setting that is
/// off is NULL, and no comparison with it holds.
const DUE: &str = "deleted_at IS NULL AND NOT test AND (\
     updated_at <= $2 - $3 * (SELECT g.retention_days FROM lead_groups g \
         WHERE g.account_id = leads.account_id AND g.id = leads.lead_group_id) \
     OR updated_at <= $2 - $3 * (SELECT s.retention_days FROM statuses s \
         WHERE s.account_id = leads.account_id AND s.id = leads.status_id))";

const AGING: &str = "SELECT id, updated_at, lead_group_id, status_id FROM leads WHERE account_id = $1 AND test = FALSE \
     AND deleted_at IS NULL AND updated_at <= $2 AND (updated_at, id) > ($3, $4) ORDER BY updated_at, id LIMIT $5";

/// How long the leads of one lead group, or of one status, are kept.
#[derive(Debug)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Days without a change.
    pub days: i64,
}

/// The lead groups and the statuses that keep their leads for so many days, by id.
#[derive(Debug)]
pub struct Rules {
    /// Of lead groups.
    pub lead_groups: BTreeMap<i64, Rule>,
    /// Of statuses.
    pub statuses: BTreeMap<i64, Rule>,
}

/// A live lead that has not changed for a while.
#[derive(Debug, Clone, Copy)]
pub struct Aging {
    /// Its id.
    pub id: i64,
    /// Its last change, in microseconds.
    pub updated_at: i64,
    /// Its lead group.
    pub lead_group_id: i64,
    /// Its status.
    pub status_id: i64,
}

impl Rule {
    /// Whether its days have passed for a lead at a time.
    pub fn is_over(&self, lead: &Aging, at: Timestamp) -> bool {
        lead.updated_at <= at.as_micros() - self.days * DAY
    }
}

impl Rules {
    /// The rules that hold for a lead, its group's first.
    pub fn of(&self, lead: &Aging) -> impl Iterator<Item = &Rule> {
        self.lead_groups.get(&lead.lead_group_id).into_iter().chain(self.statuses.get(&lead.status_id))
    }

    /// Whether the shorter of a lead's days have passed at a time.
    pub fn is_due(&self, lead: &Aging, at: Timestamp) -> bool {
        self.of(lead).any(|rule| rule.is_over(lead, at))
    }

    /// Until when a lead has not changed that may be due at a time; none when nothing ever is.
    pub fn horizon(&self, at: Timestamp) -> Option<i64> {
        let shortest = self.lead_groups.values().chain(self.statuses.values()).map(|rule| rule.days).min()?;
        Some(at.as_micros() - shortest * DAY)
    }
}

/// The account's rules.
pub async fn rules(db: &mut Connection<'_>, grant: &Grant<RetireLeads>) -> Result<Rules> {
    let mut of = [BTreeMap::new(), BTreeMap::new()];
    for (rules, table) in of.iter_mut().zip(["lead_groups", "statuses"]) {
        let sql = format!(
            "SELECT id, name, retention_days FROM {table} WHERE account_id = $1 AND retention_days IS NOT NULL"
        );
        let read = |row: &Row<'_>| Ok((row.get::<i64>(0)?, Rule { name: row.get(1)?, days: row.get(2)? }));
        rules.extend(db.query(&sql, values![grant.account()], read).await?);
    }
    let [lead_groups, statuses] = of;
    Ok(Rules { lead_groups, statuses })
}

/// The next leads that have not changed since a time, the longest unchanged first, after one that was looked at; and from
/// which to go on, if there may be more. Bounded by the index of last changes, whether few of them are due or all.
pub async fn aging(
    db: &mut Connection<'_>,
    grant: &Grant<RetireLeads>,
    horizon: i64,
    after: Option<Aging>,
) -> Result<(Vec<Aging>, Option<Aging>)> {
    let (at, id) = after.map_or((i64::MIN, 0), |lead| (lead.updated_at, lead.id));
    let read = |row: &Row<'_>| {
        Ok(Aging { id: row.get(0)?, updated_at: row.get(1)?, lead_group_id: row.get(2)?, status_id: row.get(3)? })
    };
    let leads = db.query(AGING, values![grant.account(), horizon, at, id, LOOKED_AT as i64], read).await?;
    let next = leads.last().filter(|_| leads.len() == LOOKED_AT).copied();
    Ok((leads, next))
}

/// Puts those of the leads into the bin that are due now, [`RETIRED_AT_ONCE`] at the most; answers how many. One that
/// changed meanwhile stays, and so does, till the next time, one that somebody is changing.
pub async fn retire(db: &mut Connection<'_>, grant: Held<RetireLeads>, ids: Vec<i64>) -> Result<u64> {
    let (account, now) = (grant.account(), db.now().as_micros());
    let lock = db.lock_rows(" FOR UPDATE OF leads SKIP LOCKED");
    let sql = format!("SELECT id FROM leads WHERE account_id = $1 AND id IN ({}) AND {DUE}{lock}", places(4));
    let due = db.query(&sql, bound(values![account, now, DAY], &ids)?, |row| row.get::<i64>(0)).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let sql = format!("UPDATE leads SET deleted_at = $2 WHERE account_id = $1 AND id IN ({})", places(3));
    let retired = db.execute(&sql, bound(values![account, now], &due)?).await?;
    history::record_all(db, &grant, &due, Action::Retired).await?;
    if hooks::is_anybody_told(db, account, HookEvent::LeadDeleted).await? {
        for facts in tell::facts(db, account, &due).await? {
            tell::deleted(db, account, &facts).await?;
        }
    }
    db.audit(Pending::by(&grant, Event::LeadRetired, 0, json!({"count": retired, "leads": due})));
    Ok(retired)
}

/// The places of as many ids as one transaction takes, from a number on: one text, prepared once.
pub(super) fn places(first: usize) -> String {
    let mut text = format!("${first}");
    for place in first + 1..first + RETIRED_AT_ONCE {
        write!(text, ", ${place}").expect("a text takes all");
    }
    text
}

/// Values with ids behind them; the last id fills the places that are left.
pub(super) fn bound(mut values: Vec<Value>, ids: &[i64]) -> Result<Vec<Value>> {
    let last = ids.last().copied().filter(|_| ids.len() <= RETIRED_AT_ONCE);
    let last = last.ok_or_else(|| Error::internal("no leads, or more than one transaction takes"))?;
    let filled = ids.iter().copied().chain(std::iter::repeat(last)).take(RETIRED_AT_ONCE);
    values.extend(filled.map(Value::from));
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::{AGING, values};
    use crate::{Opened, Store};

    #[tokio::test]
    async fn what_is_looked_at_is_found_in_order_by_the_index_of_last_changes() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let Opened { store, .. } = Store::open(&url).await.unwrap();
        let bound = values![1i64, 5i64, 3i64, 4i64, 2i64];
        let job = async move |db: &mut crate::Connection<'_>| {
            db.query(&format!("EXPLAIN QUERY PLAN {AGING}"), bound, |row| row.get::<String>(3)).await
        };
        let plan = store.read(job).await.unwrap();
        let expected = "leads_by_updated (account_id=? AND test=? AND updated_at>? AND updated_at<?)";
        assert!(plan.len() == 1 && plan[0].ends_with(expected), "{plan:?}");
    }
}
