//! Changing a lead.

use leadlatch_domain::fault::Fault;
use leadlatch_domain::id::PartnerId;
use leadlatch_domain::lead::history::Action;
use leadlatch_domain::lead::{Lead, LeadField, LeadInput, LeadView, Value};
use leadlatch_domain::matrix::UpdateLeads;
use leadlatch_domain::point::{ConversionPoint, Progress};
use sea_query::Query;

use super::row::LeadRow;
use super::test_leads::is_test;
use super::{create, history, read, resolve, tell};
use crate::access::{Grant, Held, Visible};
use crate::engine::{Connection, compose};
use crate::scope_sql::{lead as column, leads_in};
use crate::{Error, Result, lead_groups};
use sea_query::ExprTrait;

/// Changes a lead in reach by what a caller sent, and gives it back as the caller sees it.
pub async fn update(
    db: &mut Connection<'_>,
    grant: Held<UpdateLeads>,
    id: i64,
    mut input: LeadInput,
) -> Result<Visible<LeadView>> {
    let lock = db.lock_rows(" FOR UPDATE OF leads");
    let before = read::fetch(db, &grant.scope(), id, lock).await?.ok_or_else(|| grant.missing("id"))?;
    refuse_not_own(&grant, &input, &before.lead)?;
    let group = before.lead.int(LeadField::LeadGroupId).unwrap_or_default();
    resolve::lead_type(db, &grant, &mut input, group).await?;
    resolve::refuse_missing(db, &grant, &input).await?;
    let fields = lead_groups::fields(db, grant.account(), group).await?;
    let mut after = before.lead.clone();
    resolve::data(&grant, &mut input, &fields, &mut after)?;
    apply_status(db, &grant, &mut input, &before, &mut after).await?;
    for (field, value) in input.values.iter().filter(|(f, _)| f.is_stored() && *f != LeadField::StatusId) {
        after.set(*field, value.clone());
    }
    resolve::require(&grant, &mut input, &fields, &after, Some(&before.lead));
    resolve::hide_names(db, &grant, group, &mut input).await?;
    if !input.faults.is_empty() {
        return Err(Error::Invalid(input.faults));
    }
    let readable = |key| fields.iter().any(|field| field.key == key && field.partner.may_read());
    let row = store(db, &grant, Action::Updated, id, before, after, readable).await?;
    read::view(db, &grant, row).await
}

/// A Partner key names its record where it stands anyway; it neither puts it elsewhere nor takes it away. Judged by what it
/// is shown: another's record there is none, and may not be told apart from that.
fn refuse_not_own<A>(grant: &Grant<A>, input: &LeadInput, before: &Lead) -> Result<()> {
    let record = grant.partner().map(|(record, _)| record.get());
    let shown = |field| before.int(field).filter(|id| Some(*id) == record);
    let differs = |(field, named): &&(LeadField, Option<PartnerId>)| shown(*field) != named.map(PartnerId::get);
    let denied: Vec<_> = input.own.iter().filter(differs).map(|(field, _)| field.name().to_owned()).collect();
    if denied.is_empty() { Ok(()) } else { Err(Error::fields(denied, grant.scopes())) }
}

async fn apply_status<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    input: &mut LeadInput,
    before: &LeadRow,
    after: &mut Lead,
) -> Result<()> {
    let Some(stage) = resolve::status(db, grant.account(), input).await? else { return Ok(()) };
    if stage.point != ConversionPoint::New && !may_set_any_status(grant, before) {
        let fault = Fault::new("not_permitted", "On a lead that you supplied, set a status at the point new only.");
        input.faults.push(fault.on(resolve::status_name(input)));
    }
    let progress =
        before.lead.text(LeadField::Progress).and_then(|text| Progress::parse(text).ok()).unwrap_or_default();
    after.set(LeadField::StatusId, Value::Int(stage.id));
    after.set(LeadField::Status, Value::Text(stage.name.into()));
    after.set(LeadField::ConversionPoint, Value::Text(stage.point.as_str().into()));
    after.set(LeadField::Progress, Value::Text(progress.advance(stage.point).as_str().into()));
    Ok(())
}

/// A Partner key sets any status on leads that were referred to it.
fn may_set_any_status<A>(grant: &Grant<A>, before: &LeadRow) -> bool {
    grant.partner().is_none_or(|(record, sides)| {
        sides.buys && before.lead.int(LeadField::PartnerId) == Some(record.get()) && !before.partner_ended
    })
}

/// Writes the columns that differ. The sides' times move only when something changed that Partner keys see; and then both
/// do: an update changes no field that one side sees and the other does not. Those are the two columns of records, which
/// a referral alone changes, with that side's time.
pub(super) async fn store<A>(
    db: &mut Connection<'_>,
    grant: &Held<A>,
    action: Action,
    id: i64,
    before: LeadRow,
    mut after: Lead,
    readable: impl Fn(leadlatch_domain::custom_field::DataKey) -> bool,
) -> Result<LeadRow> {
    let data_changed = before.lead.data != after.data;
    let differs = |field: &LeadField| match field {
        LeadField::Data => data_changed,
        field => before.lead.get(*field) != after.get(*field),
    };
    let changed: Vec<_> = LeadField::ALL.iter().copied().filter(|f| f.is_stored()).filter(differs).collect();
    if changed.is_empty() {
        return Ok(LeadRow { lead: after, ..before });
    }
    let seen_data = |lead: &Lead| lead.data.iter().filter(|(key, _)| readable(*key)).cloned().collect::<Vec<_>>();
    let data_seen = seen_data(&before.lead) != seen_data(&after);
    let seen = changed.iter().any(|field| match field {
        LeadField::Data => data_seen,
        field => field.rule().partner_sees,
    });
    let now = db.now().as_micros();
    after.set(LeadField::UpdatedAt, Value::Int(now));
    let mut statement = Query::update();
    statement.table("leads").value("updated_at", now);
    if seen {
        statement.value("introducer_updated_at", now).value("partner_updated_at", now);
    }
    for field in &changed {
        statement.value(field.name(), create::bind(&after, *field)?);
    }
    for (name, twin) in create::twins(db, grant.account(), &after).await? {
        statement.value(name, twin);
    }
    statement.cond_where(leads_in(&grant.scope()).add(column("id").eq(id)));
    let (sql, bound) = compose(&statement);
    if db.execute(&sql, bound).await? != 1 {
        return Err(grant.missing("id"));
    }
    history::go_on(db, grant, action, (&before.lead, &after)).await?;
    tell::updated(db, grant.account(), &before, &after).await?;
    if grant.partner().is_none() && !is_test(&after) {
        // What a Partner key sent stands on the lead until a user takes it over by writing it.
        create::grow_lists(db, grant.account(), &after, |field| changed.contains(&field)).await?;
    }
    let at = |kept| if seen { now } else { kept };
    let (introducer_updated_at, partner_updated_at) = (at(before.introducer_updated_at), at(before.partner_updated_at));
    Ok(LeadRow { lead: after, introducer_updated_at, partner_updated_at, ..before })
}
