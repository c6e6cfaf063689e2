//! Retention: what would go, and let it go at once.

use leadlatch_domain::time::Timestamp;
use leadlatch_store::accounts;
use leadlatch_store::leads::Rule;
use leadlatch_store::retention::Span;
use serde::Serialize;

use super::Shell;
use crate::cli::Retention as Asked;
use crate::output::Outcome;
use crate::retention::{Kept, Retention};

/// How far a preview looks ahead, in days.
const AHEAD: i64 = 30;

/// What goes of a kind.
#[derive(Debug, Clone, Default, Serialize)]
struct Goes {
    /// How long one is kept; absent where several settings say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<i64>,
    now: i64,
    next_30_days: i64,
}

/// What goes of the leads of one lead group, or of one status.
#[derive(Debug, Serialize)]
struct GoesOf {
    id: i64,
    name: String,
    #[serde(flatten)]
    goes: Goes,
}

#[derive(Debug, Serialize)]
struct Preview {
    at: Timestamp,
    leads: Goes,
    lead_groups: Vec<GoesOf>,
    statuses: Vec<GoesOf>,
    bin: Goes,
    test_leads: Goes,
    request_log: Goes,
    audit_details: Goes,
    deliveries: Goes,
}

/// How much went.
#[derive(Debug, Serialize)]
struct Gone {
    leads: u64,
    bin: u64,
    test_leads: u64,
    request_log: u64,
    audit_details: u64,
    deliveries: u64,
}

pub(crate) async fn run(shell: &Shell, command: Asked) -> Outcome {
    let (Asked::Preview(of) | Asked::Run(of)) = &command;
    let (store, operator) = (&shell.opened.store, &shell.opened.operator);
    let account = store.read(async |db| accounts::find(db, operator, &of.account).await).await?.id;
    let retention = Retention { store, operator, account };
    match command {
        Asked::Preview(_) => shell.output.show(&preview(retention).await?),
        Asked::Run(_) => {
            let purge = async |kept| retention.purge(kept, || false).await;
            let gone = Gone {
                leads: retention.retire(|| false).await?,
                bin: purge(Kept::Bin).await?,
                test_leads: purge(Kept::TestLeads).await?,
                request_log: purge(Kept::RequestLog).await?,
                audit_details: purge(Kept::AuditDetails).await?,
                deliveries: purge(Kept::Deliveries).await?,
            };
            shell.output.show(&gone)
        }
    }
}

async fn preview(retention: Retention<'_>) -> Outcome<Preview> {
    let at = retention.store.clock().now();
    let (leads, lead_groups, statuses) = of_leads(retention, at).await?;
    Ok(Preview {
        at,
        leads,
        lead_groups,
        statuses,
        bin: of(retention, Kept::Bin, at).await?,
        test_leads: of(retention, Kept::TestLeads, at).await?,
        request_log: of(retention, Kept::RequestLog, at).await?,
        audit_details: of(retention, Kept::AuditDetails, at).await?,
        deliveries: of(retention, Kept::Deliveries, at).await?,
    })
}

async fn of(retention: Retention<'_>, kept: Kept, at: Timestamp) -> Outcome<Goes> {
    let due = retention.due(kept, Span::up_to(at)).await?;
    let mut goes = Goes { days: Some(due.days), now: due.count, next_30_days: 0 };
    for day in Span::days_after(at, AHEAD) {
        goes.next_30_days += retention.due(kept, day).await?.count;
    }
    Ok(goes)
}

/// What goes of live leads: of all, each counted once; and by each lead group and status that says so by itself.
async fn of_leads(retention: Retention<'_>, at: Timestamp) -> Outcome<(Goes, Vec<GoesOf>, Vec<GoesOf>)> {
    let rules = retention.rules().await?;
    let ahead = at.plus(std::time::Duration::from_hours(24 * AHEAD.unsigned_abs()));
    let mut all = Goes::default();
    let [mut lead_groups, mut statuses] = [&rules.lead_groups, &rules.statuses].map(|of| {
        let begin = |(id, rule): (&i64, &Rule)| {
            (*id, GoesOf { id: *id, name: rule.name.clone(), goes: Goes { days: Some(rule.days), ..Goes::default() } })
        };
        of.iter().map(begin).collect::<std::collections::BTreeMap<_, _>>()
    });
    let mut walk = retention.walk(&rules, ahead);
    while let Some(block) = walk.next().await? {
        for lead in &block {
            count(&mut all, rules.is_due(lead, at), rules.is_due(lead, ahead));
            let of = [
                (rules.lead_groups.get(&lead.lead_group_id), lead_groups.get_mut(&lead.lead_group_id)),
                (rules.statuses.get(&lead.status_id), statuses.get_mut(&lead.status_id)),
            ];
            for (rule, goes) in of {
                let (Some(rule), Some(goes)) = (rule, goes) else { continue };
                count(&mut goes.goes, rule.is_over(lead, at), rule.is_over(lead, ahead));
            }
        }
    }
    Ok((all, lead_groups.into_values().collect(), statuses.into_values().collect()))
}

fn count(goes: &mut Goes, now: bool, later: bool) {
    goes.now += i64::from(now);
    goes.next_30_days += i64::from(later && !now);
}
