//! The bin: deleting, putting back, and erasing when the time is over.

use leadlatch_domain::audit::Event;
use leadlatch_domain::lead::LeadField;
use leadlatch_domain::matrix::{DeleteLeads, PurgeLeads, RestoreLeads};
use serde_json::json;

use super::read;
use super::row::LeadRow;
use crate::access::{Grant, Held};
use crate::audit::Pending;
use crate::engine::{Connection, values};
use crate::{Error, Result, deletions};

/// Deletes a lead in reach. A Partner key's delete ends that partner's own reach; the lead goes to the bin only when no
/// other record shares it. The answer is the same either way.
pub async fn delete(db: &mut Connection<'_>, grant: Held<DeleteLeads>, id: i64) -> Result<()> {
    let lock = db.lock_rows(" FOR UPDATE OF leads");
    let row = read::fetch(db, &grant.scope(), id, lock).await?.ok_or_else(|| grant.missing("id"))?;
    let now = db.now().as_micros();
    let (introducer, partner, bin) = ends(&grant, &row);
    let sql = "UPDATE leads SET \
               introducer_ended_at = CASE WHEN $3 THEN $6 ELSE introducer_ended_at END, \
               partner_ended_at = CASE WHEN $4 THEN $6 ELSE partner_ended_at END, \
               deleted_at = CASE WHEN $5 THEN $6 ELSE deleted_at END WHERE account_id = $1 AND id = $2";
    db.execute(sql, values![grant.account(), id, introducer, partner, bin, now]).await?;
    Ok(())
}

/// Whose reach ends (introducer, partner), and whether the lead goes to the bin.
fn ends<A>(grant: &Grant<A>, row: &LeadRow) -> (bool, bool, bool) {
    let Some((record, _)) = grant.partner() else { return (false, false, true) };
    let column = |field| row.lead.int(field);
    let own = |field| column(field) == Some(record.get());
    let (introducer, partner) = (own(LeadField::IntroducerId), own(LeadField::PartnerId));
    let shared = (column(LeadField::IntroducerId).is_some() && !introducer && !row.introducer_ended)
        || (column(LeadField::PartnerId).is_some() && !partner && !row.partner_ended);
    (introducer, partner, !shared)
}

/// Takes a lead out of the bin, and lifts the marks by which a partner's reach had ended.
pub async fn restore(db: &mut Connection<'_>, grant: Held<RestoreLeads>, id: i64) -> Result<()> {
    let sql = "UPDATE leads SET deleted_at = NULL, introducer_ended_at = NULL, partner_ended_at = NULL \
               WHERE account_id = $1 AND id = $2 \
               AND (deleted_at IS NOT NULL OR introducer_ended_at IS NOT NULL OR partner_ended_at IS NOT NULL)";
    if db.execute(sql, values![grant.account(), id]).await? == 0 {
        return Err(Error::NotFound("lead"));
    }
    db.audit(Pending::by(&grant, Event::LeadRestored, id, json!({})));
    Ok(())
}

/// Erases the leads whose time in the bin is over; answers how many. At most a thousand, so that others get their turn.
pub async fn purge(db: &mut Connection<'_>, grant: Held<PurgeLeads>) -> Result<u64> {
    const DAY: i64 = 86_400_000_000;
    let sql = "SELECT l.id, l.created_at FROM leads l JOIN accounts a ON a.id = l.account_id WHERE l.account_id = $1 \
               AND l.deleted_at IS NOT NULL AND l.deleted_at <= $2 - a.bin_days * $3 LIMIT 1000";
    let bound = values![grant.account(), db.now().as_micros(), DAY];
    let due: Vec<(i64, i64)> = db.query(sql, bound, |row| Ok((row.get(0)?, row.get(1)?))).await?;
    for (id, made_at) in &due {
        erase_one(db, &grant, *id, *made_at).await?;
    }
    Ok(due.len() as u64)
}

/// Erases a lead again that was erased before and that a restore brought back.
pub(crate) async fn erase(db: &mut Connection<'_>, grant: Held<PurgeLeads>, id: i64, made_at: i64) -> Result<()> {
    if erase_one(db, &grant, id, made_at).await? { Ok(()) } else { Err(Error::NotFound("lead")) }
}

/// Whether the lead was there.
async fn erase_one(db: &mut Connection<'_>, grant: &Held<PurgeLeads>, id: i64, made_at: i64) -> Result<bool> {
    let sql = "DELETE FROM leads WHERE account_id = $1 AND id = $2 AND created_at = $3";
    let erased = db.execute(sql, values![grant.account(), id, made_at]).await? > 0;
    if erased {
        deletions::keep_lead(db, grant.account(), id, made_at).await?;
        db.audit(Pending::by(grant, Event::LeadPurged, id, json!({})));
    }
    Ok(erased)
}
