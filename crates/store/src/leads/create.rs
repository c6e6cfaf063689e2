//! Making a lead.

use std::collections::BTreeSet;

use leadlatch_domain::fault::Fault;
use leadlatch_domain::lead::field::Kind;
use leadlatch_domain::lead::{Lead, LeadField, LeadInput, LeadView, Twins, Value};
use leadlatch_domain::matrix::CreateLeads;
use leadlatch_domain::point::{ConversionPoint, Progress};
use leadlatch_domain::reach::Sides;

use super::insert::{self, NewLead};
use super::row::{LeadRow, data_text};
use super::{duplicates, history, read, resolve, tell, test_leads};
use crate::access::{Grant, Held, Visible};
use crate::engine::{Connection, Gate, values};
use crate::marketing::{self, Kind as List};
use crate::statuses::{self, Stage};
use crate::{Error, Result, lead_groups};

/// Makes a lead of what a caller sent, and gives it back as the caller sees it.
pub async fn create(db: &mut Connection<'_>, grant: Held<CreateLeads>, input: LeadInput) -> Result<Visible<LeadView>> {
    let row = make(db, &grant, input).await?;
    read::view(db, &grant, row).await
}

/// Makes a lead of what a caller sent, of whatever kind it is.
pub(super) async fn make<A>(db: &mut Connection<'_>, grant: &Held<A>, input: LeadInput) -> Result<LeadRow> {
    let (mut lead, group) = prepare(db, grant, input).await?;
    test_leads::refuse_too_many(db, grant, &lead).await?;
    insert(db, grant, &mut lead, group).await?;
    history::begin(db, grant, &lead).await?;
    tell::created(db, grant.account(), &lead).await?;
    // What a partner or a web page sends joins the lists when a user accepts it.
    let own = grant.partner().is_none() && grant.web_form().is_none();
    if own && !test_leads::is_test(&lead) {
        grow_lists(db, grant.account(), &lead, |_| true).await?;
    }
    if !duplicates::shows_link(grant) {
        lead.set(LeadField::DuplicateOf, Value::Empty);
    }
    let now = db.now().as_micros();
    Ok(LeadRow {
        lead,
        introducer_updated_at: now,
        partner_updated_at: now,
        introducer_ended: false,
        partner_ended: false,
        readable: None,
    })
}

/// The lead that a caller sent, checked and whole but for its id, and its group.
pub(super) async fn prepare<A>(db: &mut Connection<'_>, grant: &Held<A>, mut input: LeadInput) -> Result<(Lead, i64)> {
    refuse_without_side(grant)?;
    if let Some(record) = input.int(LeadField::IntroducerId) {
        // It is deleted by a mark, which no foreign key sees: whoever gives it a lead passes its gate.
        db.record_gate(record, Gate::Pass).await?;
    }
    let group = lead_group(db, grant, &mut input).await?;
    resolve::lead_type(db, grant, &mut input, group).await?;
    resolve::refuse_missing(db, grant, &input).await?;
    let fields = lead_groups::fields(db, grant.account(), group).await?;
    let mut lead = Lead::default();
    resolve::data(grant, &mut input, &fields, &mut lead)?;
    let stage = stage(db, grant, &mut input).await?;
    fill(db, grant, &input, &mut lead, group, &stage);
    resolve::require(grant, &mut input, &fields, &lead, None);
    refuse_type_only(db, grant, &mut input, group).await?;
    if !input.faults.is_empty() {
        return Err(Error::Invalid(input.faults));
    }
    Ok((lead, group))
}

/// The group that was named, or the one that is meant when none is.
pub(super) async fn lead_group<A>(db: &mut Connection<'_>, grant: &Grant<A>, input: &mut LeadInput) -> Result<i64> {
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
        input.faults.push(fault.on(resolve::status_name(input)));
    }
    match named {
        Some(stage) => Ok(stage),
        None => statuses::first_new(db, grant.account()).await,
    }
}

pub(super) fn fill<A>(
    db: &Connection<'_>,
    grant: &Grant<A>,
    input: &LeadInput,
    lead: &mut Lead,
    group: i64,
    stage: &Stage,
) {
    for field in LeadField::ALL.iter().copied().filter(|field| field.kind() == Kind::Preference) {
        lead.set(field, Value::Text("unknown".into()));
    }
    lead.set(LeadField::Test, Value::Flag(false));
    for (field, value) in input.values.iter().filter(|(field, _)| field.is_stored()) {
        lead.set(*field, value.clone());
    }
    lead.set(LeadField::LeadGroupId, Value::Int(group));
    lead.set(LeadField::StatusId, Value::Int(stage.id));
    lead.set(LeadField::Status, Value::Text(stage.name.as_str().into()));
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

/// Compares the lead with those that are there, and writes it.
async fn insert<A>(db: &mut Connection<'_>, grant: &Held<A>, lead: &mut Lead, group: i64) -> Result<()> {
    let settings = duplicates::settings(db, grant.account(), group).await?;
    let twins = Twins::of(lead, &settings.country);
    duplicates::judge(db, grant, &settings.rule, lead, &twins).await?;
    let key = grant.key().map(|key| key.id.get());
    let new = NewLead { lead: std::mem::take(lead), twins, key, import: None };
    let made = insert::insert(db, grant.account(), &[&new]).await?;
    *lead = new.lead;
    lead.set(LeadField::Id, made.first().map_or(Value::Empty, |(id, _)| Value::Int(*id)));
    Ok(())
}

/// The look-up twins of a lead, by their columns.
pub(super) async fn twins(
    db: &mut Connection<'_>,
    account: i64,
    lead: &Lead,
) -> Result<[(&'static str, Option<String>); 6]> {
    let country = read::country(db, account).await?;
    Ok(Twins::of(lead, &country).columns().map(|(column, twin)| (column, twin.map(str::to_owned))))
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

/// The marketing lists, each by the field that it grows from.
const LISTS: [(LeadField, List); 3] =
    [(LeadField::Source, List::Source), (LeadField::Medium, List::Medium), (LeadField::Term, List::Term)];

/// The account's marketing lists grow from what its own systems send.
pub(super) async fn grow_lists(
    db: &mut Connection<'_>,
    account: i64,
    lead: &Lead,
    which: impl Fn(LeadField) -> bool,
) -> Result<()> {
    for (field, list) in LISTS.into_iter().filter(|(field, _)| which(*field)) {
        if let Some(name) = lead.text(field) {
            marketing::grow(db, account, list, name).await?;
        }
    }
    Ok(())
}

/// As [`grow_lists`], of every text of many leads: each text is sent once.
pub(super) async fn grow_lists_of<'a>(
    db: &mut Connection<'_>,
    account: i64,
    leads: impl Iterator<Item = &'a Lead> + Clone,
) -> Result<()> {
    for (field, list) in LISTS {
        let names: BTreeSet<&str> = leads.clone().filter_map(|lead| lead.text(field)).collect();
        for name in names {
            marketing::grow(db, account, list, name).await?;
        }
    }
    Ok(())
}
