//! What a caller named becomes what is stored: reach is judged first, then values, and every bad value is kept for one
//! answer.

use leadlatch_domain::custom_field::{CustomField, check_undefined};
use leadlatch_domain::fault::{Fault, FieldFault};
use leadlatch_domain::lead::{Lead, LeadField, LeadInput, Value};

use super::columns;
use crate::access::Grant;
use crate::engine::{Connection, values};
use crate::statuses::{self, Named, Stage};
use crate::{Error, Result, lead_groups, lead_types};

/// Custom fields of one lead, in bytes: a page of such leads is still one that can be held.
const DATA_MAX: usize = 256 << 10;

/// Whether a record of the account exists, for the records that only a Full key names.
pub(super) async fn refuse_missing<A>(db: &mut Connection<'_>, grant: &Grant<A>, input: &LeadInput) -> Result<()> {
    let introducer = "SELECT id FROM partner_records WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL \
         AND kind IN ('introducer', 'both')";
    let named = [
        (LeadField::SiteId, "SELECT id FROM sites WHERE account_id = $1 AND id = $2"),
        (LeadField::UserId, "SELECT id FROM users WHERE account_id = $1 AND id = $2"),
        (LeadField::UserGroupId, "SELECT id FROM user_groups WHERE account_id = $1 AND id = $2"),
        (LeadField::IntroducerId, introducer),
    ];
    for (field, sql) in named {
        if let Some(id) = input.int(field)
            && db.query_opt(sql, values![grant.account(), id], |row| row.get::<i64>(0)).await?.is_none()
        {
            return Err(grant.missing(field.name()));
        }
    }
    Ok(())
}

/// The lead type that was named, if it may be used: of the lead's group, and linked for a Partner key.
pub(super) async fn lead_type<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    input: &mut LeadInput,
    group: i64,
) -> Result<()> {
    let Some(id) = input.int(LeadField::LeadTypeId) else { return Ok(()) };
    let linked = lead_types::linked(grant);
    let sql = format!("SELECT t.lead_group_id FROM lead_types t WHERE t.account_id = $1 AND t.id = $3{linked}");
    let bound = values![grant.account(), lead_groups::record(grant), id];
    let of: Option<i64> = db.query_opt(&sql, bound, |row| row.get(0)).await?;
    let of = of.ok_or_else(|| grant.missing("lead_type_id"))?;
    if of != group {
        let fault = Fault::new("wrong_group", "This lead type belongs to another lead group.");
        input.faults.push(fault.on("lead_type_id"));
    }
    Ok(())
}

/// The status that was named by id or by name, or none.
pub(super) async fn status(db: &mut Connection<'_>, account: i64, input: &mut LeadInput) -> Result<Option<Stage>> {
    let by_id = match input.int(LeadField::StatusId) {
        Some(id) => Some(statuses::find(db, account, &Named::Id(id)).await?),
        None => None,
    };
    let by_name = match input.get(LeadField::Status) {
        Some(Value::Text(name)) => {
            let name = name.clone();
            Some(statuses::find(db, account, &Named::Name(&name)).await?)
        }
        _ => None,
    };
    let unknown = || Fault::new("unknown_status", "The account has no such status; GET /api/v1/statuses lists them.");
    if matches!(by_id, Some(None)) {
        input.faults.push(unknown().on("status_id"));
    }
    if matches!(by_name, Some(None)) {
        input.faults.push(unknown().on("status"));
    }
    let (by_id, by_name) = (by_id.flatten(), by_name.flatten());
    if let (Some(one), Some(other)) = (&by_id, &by_name)
        && one.id != other.id
    {
        input.faults.push(Fault::new("conflict", "status and status_id name different statuses.").on("status"));
    }
    Ok(by_id.or(by_name))
}

/// The field by which the caller named the status.
pub(super) fn status_name(input: &LeadInput) -> &'static str {
    let by_name = input.get(LeadField::Status).is_some();
    if by_name { LeadField::Status.name() } else { LeadField::StatusId.name() }
}

/// Puts the custom fields that were sent into the lead. A Partner key's names are judged before any value.
pub(super) fn data<A>(grant: &Grant<A>, input: &mut LeadInput, fields: &[CustomField], lead: &mut Lead) -> Result<()> {
    if grant.partner().is_some() {
        let writable = |key| fields.iter().any(|field| field.key == key && field.partner.may_write());
        let denied: Vec<_> =
            input.data.iter().filter(|(key, _)| !writable(*key)).map(|(key, _)| format!("data.{key}")).collect();
        if !denied.is_empty() {
            return Err(Error::fields(denied, grant.scopes()));
        }
    }
    for (key, value) in std::mem::take(&mut input.data) {
        let field = fields.iter().find(|field| field.key == key);
        if value.is_null() {
            lead.data.retain(|(kept, _)| *kept != key);
            // Whether it held anything: who may write it may not be one who reads it.
            input.faults.extend(field.filter(|field| field.required).map(is_required));
            continue;
        }
        match field.map_or_else(|| check_undefined(&value), |field| field.check(&value)) {
            Ok(text) => {
                lead.data.retain(|(kept, _)| *kept != key);
                lead.data.push((key, text));
            }
            Err(fault) => input.faults.push(fault.on(format!("data.{key}"))),
        }
    }
    lead.data.sort_by_key(|(key, _)| *key);
    if lead.data.iter().map(|(_, text)| text.len()).sum::<usize>() > DATA_MAX {
        let fault = Fault::new("too_long", "The custom fields of a lead hold 256 KiB together: shorten some.");
        input.faults.push(fault.on("data"));
    }
    Ok(())
}

/// The labels and choices of custom fields are the group's own. A Partner key that may not use the group, but has a lead
/// in it, is told the field alone.
pub(super) async fn hide_names<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    group: i64,
    input: &mut LeadInput,
) -> Result<()> {
    let named = |fault: &FieldFault| fault.field.starts_with("data.");
    if grant.partner().is_none() || !input.faults.iter().any(named) || columns::is_linked(db, grant, group).await? {
        return Ok(());
    }
    for fault in input.faults.iter_mut().filter(|fault| named(fault)) {
        fault.detail = "This field does not take the value, or must have one.".into();
    }
    Ok(())
}

/// What a whole lead must have: somebody to reach, and the group's required fields. A Partner key is not held to fields
/// that it may not send. A change is not held to what the lead lacked `before`: it takes nothing away.
pub(super) fn require<A>(
    grant: &Grant<A>,
    input: &mut LeadInput,
    fields: &[CustomField],
    lead: &Lead,
    before: Option<&Lead>,
) {
    // Who sent a bad address or number is told of that alone.
    let tried = ["email", "phone1", "phone2", "postcode"];
    let reached_before = before.is_none_or(Lead::is_contactable);
    if reached_before
        && !lead.is_contactable()
        && !input.faults.iter().any(|fault| tried.contains(&fault.field.as_str()))
    {
        let fault = Fault::new("contact_required", "Send an email, phone1, phone2, or an address with a postcode.");
        input.faults.push(fault.on("email"));
    }
    let closed = |field: &CustomField| grant.partner().is_some() && !field.partner.may_write();
    for field in fields.iter().filter(|field| field.required && !closed(field)) {
        let name = format!("data.{}", field.key);
        let has = |lead: &Lead| lead.data.iter().any(|(key, _)| *key == field.key);
        let missing = before.is_none_or(has) && !has(lead);
        if missing && !input.faults.iter().any(|fault| fault.field == name) {
            input.faults.push(is_required(field));
        }
    }
}

fn is_required(field: &CustomField) -> FieldFault {
    let fault = Fault::new("required", format!("{} is required in this lead group.", field.label));
    fault.on(format!("data.{}", field.key))
}
