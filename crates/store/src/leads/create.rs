//! Making a lead.

use std::sync::LazyLock;

use leadlatch_domain::contact::Email;
use leadlatch_domain::fault::Fault;
use leadlatch_domain::lead::field::Kind;
use leadlatch_domain::lead::{Lead, LeadField, LeadInput, LeadView, Value};
use leadlatch_domain::matrix::CreateLeads;
use leadlatch_domain::point::{ConversionPoint, Progress};
use leadlatch_domain::reach::Sides;

use super::row::{LeadRow, data_text};
use super::{read, resolve};
use crate::access::{Grant, Held, Visible};
use crate::engine::{Connection, values};
use crate::marketing::{self, Kind as List};
use crate::statuses::{self, Stage};
use crate::{Error, Result, lead_groups};

/// The fields with a column of their own that an insert writes.
static STORED: LazyLock<Vec<LeadField>> =
    LazyLock::new(|| LeadField::ALL.iter().copied().filter(|f| f.is_stored() && *f != LeadField::Id).collect());

/// One text for every lead: account, fields, the sides' times, twins.
static INSERT: LazyLock<String> = LazyLock::new(|| {
    let fields: Vec<&str> = STORED.iter().map(|field| field.name()).collect();
    let last = STORED.len() + 6;
    let places: Vec<String> = (1..=last).map(|place| format!("${place}")).collect();
    format!(
        "INSERT INTO leads (account_id, introducer_updated_at, partner_updated_at, email_twin, phone1_twin, \
         phone2_twin, {}) VALUES ({}) RETURNING id",
        fields.join(", "),
        places.join(", ")
    )
});

/// Makes a lead of what a caller sent, and gives it back as the caller sees it.
pub async fn create(
    db: &mut Connection<'_>,
    grant: Held<CreateLeads>,
    mut input: LeadInput,
) -> Result<Visible<LeadView>> {
    refuse_without_side(&grant)?;
    let group = lead_group(db, &grant, &mut input).await?;
    resolve::lead_type(db, &grant, &mut input, group).await?;
    resolve::refuse_missing(db, &grant, &input).await?;
    let fields = lead_groups::fields(db, grant.account(), group).await?;
    let mut lead = Lead::default();
    resolve::data(&grant, &mut input, &fields, &mut lead)?;
    let stage = stage(db, &grant, &mut input).await?;
    fill(db, &grant, &input, &mut lead, group, &stage);
    resolve::require(&grant, &mut input, &fields, &lead);
    refuse_type_only(db, &grant, &mut input, group).await?;
    if !input.faults.is_empty() {
        return Err(Error::Invalid(input.faults));
    }
    insert(db, grant.account(), &mut lead).await?;
    if grant.partner().is_none() {
        grow_lists(db, grant.account(), &lead).await?;
    }
    let now = db.now().as_micros();
    let row = LeadRow {
        lead,
        introducer_updated_at: now,
        partner_updated_at: now,
        introducer_ended: false,
        partner_ended: false,
    };
    read::view(db, &grant, row).await
}

/// The group that was named, or the one that is meant when none is.
async fn lead_group<A>(db: &mut Connection<'_>, grant: &Grant<A>, input: &mut LeadInput) -> Result<i64> {
    let account = grant.account();
    let Some((record, _)) = grant.partner() else {
        let (sql, id) = match input.int(LeadField::LeadGroupId) {
            Some(id) => ("SELECT id FROM lead_groups WHERE account_id = $1 AND id = $2", id),
            None => ("SELECT default_lead_group_id FROM accounts WHERE id = $1 AND CAST($2 AS BIGINT) IS NOT NULL", 0),
        };
        let found: Option<i64> = db.query_opt(sql, values![account, id], |row| row.get(0)).await?;
        return found.ok_or(Error::NotFound("lead_group_id"));
    };
    let sql = "SELECT lead_group_id FROM partner_lead_groups WHERE account_id = $1 AND partner_id = $2 \
               UNION SELECT t.lead_group_id FROM partner_lead_types p JOIN lead_types t ON t.account_id = p.account_id \
               AND t.id = p.lead_type_id WHERE p.account_id = $1 AND p.partner_id = $2";
    let linked: Vec<i64> = db.query(sql, values![account, record.get()], |row| row.get(0)).await?;
    match (input.int(LeadField::LeadGroupId), linked.as_slice()) {
        (Some(id), linked) if linked.contains(&id) => Ok(id),
        (Some(_), _) => Err(Error::OutOfReach),
        (None, [only]) => Ok(*only),
        (None, _) => {
            let fault = Fault::new("required", "Name the lead group; GET /api/v1/lead-groups lists those you may use.");
            input.faults.push(fault.on("lead_group_id"));
            Err(Error::Invalid(std::mem::take(&mut input.faults)))
        }
    }
}

/// A link to a type alone lets a partner create in that type alone, so the type must be named.
async fn refuse_type_only<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    input: &mut LeadInput,
    group: i64,
) -> Result<()> {
    let (Some((record, _)), None) = (grant.partner(), input.int(LeadField::LeadTypeId)) else { return Ok(()) };
    let sql =
        "SELECT COUNT(*) FROM partner_lead_groups WHERE account_id = $1 AND partner_id = $2 AND lead_group_id = $3";
    if db.query_int(sql, values![grant.account(), record.get(), group]).await? == 0 {
        let fault = Fault::new("required", "Name the lead type; GET /api/v1/lead-types lists those you may use.");
        input.faults.push(fault.on("lead_type_id"));
    }
    Ok(())
}

async fn stage<A>(db: &mut Connection<'_>, grant: &Grant<A>, input: &mut LeadInput) -> Result<Stage> {
    let named = resolve::status(db, grant.account(), input).await?;
    if let Some(stage) = &named
        && grant.partner().is_some()
        && stage.point != ConversionPoint::New
    {
        let fault = Fault::new("not_permitted", "A new lead may have a status at the point new only.");
        input.faults.push(fault.on("status"));
    }
    match named {
        Some(stage) => Ok(stage),
        None => statuses::first_new(db, grant.account()).await,
    }
}

fn fill<A>(db: &Connection<'_>, grant: &Grant<A>, input: &LeadInput, lead: &mut Lead, group: i64, stage: &Stage) {
    for field in LeadField::ALL.iter().copied().filter(|field| field.kind() == Kind::Preference) {
        lead.set(field, Value::Text("unknown".into()));
    }
    lead.set(LeadField::Test, Value::Flag(false));
    for (field, value) in input.values.iter().filter(|(field, _)| field.is_stored()) {
        lead.set(*field, value.clone());
    }
    lead.set(LeadField::LeadGroupId, Value::Int(group));
    lead.set(LeadField::StatusId, Value::Int(stage.id));
    lead.set(LeadField::Status, Value::Text(stage.name.clone()));
    lead.set(LeadField::ConversionPoint, Value::Text(stage.point.as_str().into()));
    lead.set(LeadField::Progress, Value::Text(Progress::default().advance(stage.point).as_str().into()));
    if let Some((record, sides)) = grant.partner() {
        lead.set(own_column(sides), Value::Int(record.get()));
    }
    for field in [LeadField::ReceivedAt, LeadField::CreatedAt, LeadField::UpdatedAt] {
        lead.set(field, Value::Int(db.now().as_micros()));
    }
}

/// A key whose record no longer has a side that the key was made with owns no lead, so it can make none.
fn refuse_without_side<A>(grant: &Grant<A>) -> Result<()> {
    let without = grant.partner().is_some_and(|(_, sides)| sides == Sides::default());
    if without { Err(Error::OutOfReach) } else { Ok(()) }
}

/// A record that supplies makes its leads as introducer, one that only buys as partner.
const fn own_column(sides: Sides) -> LeadField {
    if sides.supplies { LeadField::IntroducerId } else { LeadField::PartnerId }
}

async fn insert(db: &mut Connection<'_>, account: i64, lead: &mut Lead) -> Result<()> {
    let now = db.now().as_micros();
    let twins = twins(db, account, lead).await?;
    let mut bound = values![account, now, now];
    bound.extend(twins.into_iter().map(|(_, twin)| twin.into()));
    for field in STORED.iter().copied() {
        bound.push(bind(lead, field)?);
    }
    let id = db.query_int(&INSERT, bound).await?;
    lead.set(LeadField::Id, Value::Int(id));
    Ok(())
}

/// The look-up twins of a lead, by their columns.
pub(super) async fn twins(
    db: &mut Connection<'_>,
    account: i64,
    lead: &Lead,
) -> Result<[(&'static str, Option<String>); 3]> {
    let email = lead.text(LeadField::Email).and_then(|text| Email::parse(text).ok()).map(|email| email.twin());
    let mut phones = [None, None];
    for (twin, field) in phones.iter_mut().zip([LeadField::Phone1, LeadField::Phone2]) {
        if let Some(text) = lead.text(field) {
            *twin = Some(read::phone_twin(db, account, text).await?);
        }
    }
    let [phone1, phone2] = phones;
    Ok([("email_twin", email), ("phone1_twin", phone1), ("phone2_twin", phone2)])
}

/// A field's value as its column takes it.
pub(super) fn bind(lead: &Lead, field: LeadField) -> Result<sea_query::Value> {
    if field == LeadField::Data {
        return Ok(data_text(&lead.data)?.into());
    }
    Ok(match lead.get(field) {
        Value::Int(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Flag(flag) => (*flag).into(),
        Value::Empty if matches!(field.kind(), Kind::Id | Kind::Money | Kind::Time) => None::<i64>.into(),
        Value::Empty => None::<String>.into(),
    })
}

/// The account's marketing lists grow from what its own systems send.
pub(super) async fn grow_lists(db: &mut Connection<'_>, account: i64, lead: &Lead) -> Result<()> {
    let lists = [(LeadField::Source, List::Source), (LeadField::Medium, List::Medium), (LeadField::Term, List::Term)];
    for (field, list) in lists {
        if let Some(name) = lead.text(field) {
            marketing::grow(db, account, list, name).await?;
        }
    }
    Ok(())
}
