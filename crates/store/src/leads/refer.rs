//! Referring a lead to a buyer, and taking it back: the buyer's reach begins and ends with it.

use leadlatch_domain::audit::Event;
use leadlatch_domain::id::PartnerId;
use leadlatch_domain::lead::LeadField;
use leadlatch_domain::lead::history::{Action, Changed, pair};
use leadlatch_domain::matrix::ReferLeads;
use serde_json::json;

use super::tell::{self, Facts};
use super::{history, read};
use crate::access::Held;
use crate::audit::Pending;
use crate::engine::{Connection, Gate, values};
use crate::{Error, Result, partner_records};

/// Refuses a lead that the caller does not reach.
pub async fn refuse_missing(db: &mut Connection<'_>, grant: &Held<ReferLeads>, id: i64) -> Result<()> {
    read::fetch(db, &grant.scope(), id, "").await?.ok_or_else(|| grant.missing("lead")).map(drop)
}

/// Refers a lead to a record that buys, or to nobody. The supplier's view of the lead does not move by it.
pub async fn refer(db: &mut Connection<'_>, grant: Held<ReferLeads>, id: i64, to: Option<PartnerId>) -> Result<()> {
    let partner = to.map(PartnerId::get);
    if let Some(partner) = partner {
        db.record_gate(partner, Gate::Pass).await?;
    }
    let lock = db.lock_rows(" FOR UPDATE OF leads");
    let found = read::fetch(db, &grant.scope(), id, lock).await?.ok_or_else(|| grant.missing("lead"))?;
    if let Some(partner) = partner {
        let record = partner_records::find(db, grant.account(), partner).await?;
        if record.kind == "introducer" {
            return Err(Error::Conflict(format!("{} does not buy leads: its kind is introducer.", record.company)));
        }
    }
    let before = found.lead.int(LeadField::PartnerId);
    if before == partner && !found.partner_ended {
        return Ok(());
    }
    // A supplier is shown its own id alone as buyer: only from or to itself does a referral change what it sees.
    let supplier = found.lead.int(LeadField::IntroducerId);
    let shown = supplier.is_some() && before != partner && (supplier == before || supplier == partner);
    let sql = "UPDATE leads SET partner_id = $3, partner_ended_at = NULL, partner_updated_at = $4, updated_at = $4, \
               introducer_updated_at = CASE WHEN $5 THEN $4 ELSE introducer_updated_at END \
               WHERE account_id = $1 AND id = $2";
    db.execute(sql, values![grant.account(), id, partner, db.now().as_micros(), shown]).await?;
    let (event, action) = match partner {
        Some(_) => (Event::LeadReferred, Action::Referred),
        None => (Event::LeadUnreferred, Action::Unreferred),
    };
    let changed = Changed::from_iter([("partner_id".to_owned(), pair(&json!(before), &json!(partner)))]);
    history::record(db, &grant, id, action, &changed).await?;
    tell::referred(db, grant.account(), &Facts::of(&found), partner, shown).await?;
    db.audit(Pending::by(&grant, event, id, json!({"partner_id": partner})).changed(["partner_id"]));
    Ok(())
}
