//! A lead as an admin of the account sees it: whole, in the bin too, with what stands behind it.

use leadlatch_domain::lead::LeadView;
use leadlatch_domain::matrix::InspectLeads;
use leadlatch_domain::time::Timestamp;
use serde::Serialize;

use super::history::{SetPreference, set_preferences};
use super::read;
use crate::access::{Grant, Visible};
use crate::engine::{Connection, values};
use crate::{Error, Result};

/// A lead with its state and where its contact preferences come from.
#[derive(Debug, Serialize)]
pub struct Inspected {
    /// The lead.
    #[serde(flatten)]
    pub lead: Visible<LeadView>,
    /// In the bin since.
    pub deleted_at: Option<Timestamp>,
    /// The introducer's key deleted it then.
    pub introducer_ended_at: Option<Timestamp>,
    /// The buyer's key deleted it then.
    pub partner_ended_at: Option<Timestamp>,
    /// Who set each contact preference, when and from where.
    pub preferences: Vec<SetPreference>,
}

/// Any lead of the account.
pub async fn inspect(db: &mut Connection<'_>, grant: &Grant<InspectLeads>, id: i64) -> Result<Inspected> {
    let row = read::fetch_any(db, grant, id).await?.ok_or(Error::NotFound("lead"))?;
    let sql = "SELECT deleted_at, introducer_ended_at, partner_ended_at FROM leads WHERE account_id = $1 AND id = $2";
    let ends = db.query_opt(sql, values![grant.account(), id], |row| {
        let time = |column| Ok::<_, Error>(row.get::<Option<i64>>(column)?.map(Timestamp::from_micros));
        Ok((time(0)?, time(1)?, time(2)?))
    });
    let (deleted_at, introducer_ended_at, partner_ended_at) = ends.await?.ok_or(Error::NotFound("lead"))?;
    let preferences = set_preferences(db, grant.account(), id).await?;
    let lead = read::view(db, grant, row).await?;
    Ok(Inspected { lead, deleted_at, introducer_ended_at, partner_ended_at, preferences })
}
