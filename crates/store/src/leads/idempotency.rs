//! A lead that may be sent again.

use leadlatch_domain::lead::{LeadField, LeadInput, LeadView, Value};
use leadlatch_domain::matrix::CreateLeads;
use leadlatch_domain::scope::Scope;

use super::row::LeadRow;
use super::{create, read};
use crate::Result;
use crate::access::{Held, Visible};
use crate::engine::Connection;
use crate::idempotency::{Made, Once, Retry, Route};

const ROUTE: Route = Route { name: "POST /api/v1/leads", column: "lead_id" };

/// Makes a lead, or finds the one that an earlier such request made.
pub async fn create_once(
    db: &mut Connection<'_>,
    grant: Held<CreateLeads>,
    input: LeadInput,
    once: Once,
) -> Result<Made<Visible<LeadView>>> {
    let Some(retry) = Retry::of(&grant, ROUTE, once) else {
        return create::create(db, grant, input).await.map(Made::New);
    };
    if !retry.begin(db).await? {
        return again(db, &grant, &retry, input).await.map(Made::Again);
    }
    let lead = create::create(db, grant, input).await?;
    retry.made(db, lead.id()).await?;
    Ok(Made::New(lead))
}

async fn again(
    db: &mut Connection<'_>,
    grant: &Held<CreateLeads>,
    retry: &Retry,
    input: LeadInput,
) -> Result<Visible<LeadView>> {
    let id = retry.known(db).await?.ok_or_else(|| grant.missing("id"))?;
    let row = read::fetch(db, &grant.scope(), id, "").await?.ok_or_else(|| grant.missing("id"))?;
    let row = if grant.scopes().contains(Scope::ReadLeads) { row } else { as_sent(db, grant, row, input).await? };
    read::view(db, grant, row).await
}

/// The lead as it was sent, made at the time it was made: a key without `read_leads` learns nothing of what became of it.
async fn as_sent(
    db: &mut Connection<'_>,
    grant: &Held<CreateLeads>,
    row: LeadRow,
    input: LeadInput,
) -> Result<LeadRow> {
    let (mut lead, _) = create::prepare(db, grant, input).await?;
    let made = row.lead.int(LeadField::CreatedAt).unwrap_or_default();
    lead.set(LeadField::Id, row.lead.get(LeadField::Id).clone());
    for field in [LeadField::ReceivedAt, LeadField::CreatedAt, LeadField::UpdatedAt] {
        lead.set(field, Value::Int(made));
    }
    Ok(LeadRow { lead, introducer_updated_at: made, partner_updated_at: made, ..row })
}
