//! Lead groups: the templates of leads, with their custom fields.

use leadlatch_domain::audit::Event;
use leadlatch_domain::custom_field::{CustomField, DataKey, DataKeys, FieldType, PartnerRight};
use leadlatch_domain::id::WireNumber;
use leadlatch_domain::matrix::{ManageSettings, ReadLeadGroups};
use leadlatch_domain::text::{Name, fold};
use serde::Serialize;
use serde_json::json;

use crate::access::{Grant, Held, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, Row, values};
use crate::names::Names;
use crate::page::LOOKED_AT;
use crate::{Error, Page, Result, Slice, wire_numbers};

/// A lead group, reduced for its reader.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LeadGroup {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Whether leads that name no group are put here. Absent for Partner keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub default: Option<bool>,
    /// The number that clients of existing integrations hold for it. Absent for Partner keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub wire_number: Option<i64>,
    /// Its custom fields.
    #[schema(value_type = Vec<GroupField>)]
    pub fields: Vec<CustomField>,
}

/// A custom field of a lead group.
// A `CustomField` in the words of the document.
#[derive(Debug, utoipa::ToSchema)]
pub struct GroupField {
    /// Which of the fifty, `data1` to `data50`.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// What it holds.
    #[schema(schema_with = field_types)]
    pub r#type: String,
    /// What it may hold, for a choice.
    pub choices: Vec<String>,
    /// Whether every lead of the group must have it.
    pub required: bool,
}

fn field_types() -> utoipa::openapi::Object {
    let words = FieldType::ALL.iter().map(|one| one.as_str());
    let of = utoipa::openapi::schema::Type::String;
    let about = "What it holds.";
    utoipa::openapi::ObjectBuilder::new().schema_type(of).description(Some(about)).enum_values(Some(words)).build()
}

pub(crate) const NAMES: Names = Names { table: "lead_groups", one: "lead group", field: "lead_group", there: "" };
/// Groups that a partner record ($2) may use: linked by themselves, or by one of their types.
const LINKED: &str = " AND g.id IN (SELECT l.lead_group_id FROM partner_lead_groups l WHERE l.account_id = $1 \
     AND l.partner_id = $2 UNION SELECT t.lead_group_id FROM partner_lead_types p JOIN lead_types t \
     ON t.account_id = p.account_id AND t.id = p.lead_type_id WHERE p.account_id = $1 AND p.partner_id = $2)";
const SELECT: &str = "SELECT g.id, g.name, COALESCE(g.id = a.default_lead_group_id, FALSE), g.wire_number \
     FROM lead_groups g JOIN accounts a ON a.id = g.account_id WHERE g.account_id = $1";

/// The groups in reach, by id.
pub async fn list(
    db: &mut Connection<'_>,
    grant: &Grant<ReadLeadGroups>,
    page: &Page,
) -> Result<Slice<Visible<LeadGroup>>> {
    let sql = format!("{SELECT}{} AND g.id > $3 ORDER BY g.id LIMIT $4", linked(grant));
    let bound = |after: i64, limit: i64| values![grant.account(), record(grant), after, limit];
    let total = page.total(db, &sql, bound(0, LOOKED_AT)).await?;
    let bound = bound(page.after.map_or(0, |(_, id)| id), page.fetch());
    let partner = grant.partner().is_some();
    let mut groups = db.query(&sql, bound, |row| read(row, partner)).await?;
    for group in &mut groups {
        group.fields = visible_fields(db, grant, group.id).await?;
    }
    Ok(Slice::cut(groups.into_iter().map(Visible).collect(), page, |group| (group.id, group.id)).counted(total))
}

/// One group in reach.
pub async fn get(db: &mut Connection<'_>, grant: &Grant<ReadLeadGroups>, id: i64) -> Result<Visible<LeadGroup>> {
    let sql = format!("{SELECT}{} AND g.id = $3", linked(grant));
    let partner = grant.partner().is_some();
    let found = db.query_opt(&sql, values![grant.account(), record(grant), id], |row| read(row, partner)).await?;
    let mut group = found.ok_or_else(|| grant.missing("lead_group_id"))?;
    group.fields = visible_fields(db, grant, id).await?;
    Ok(Visible(group))
}

/// The clause that keeps groups (`g`) to those in reach of a partner record ($2), if one is the caller.
pub(crate) fn linked<A>(grant: &Grant<A>) -> &'static str {
    // Both texts bind the same values, so that one call serves either reader.
    if grant.partner().is_some() { LINKED } else { " AND CAST($2 AS BIGINT) IS NOT NULL" }
}

/// The partner record that a statement goes by, or 0.
pub(crate) fn record<A>(grant: &Grant<A>) -> i64 {
    grant.partner().map_or(0, |(record, _)| record.get())
}

fn read(row: &Row<'_>, partner: bool) -> Result<LeadGroup> {
    let (default, wire_number) = if partner { (None, None) } else { (Some(row.get(2)?), row.get(3)?) };
    Ok(LeadGroup { id: row.get(0)?, name: row.get(1)?, default, wire_number, fields: Vec::new() })
}

/// A Partner key is not told of fields that it can neither send nor see.
async fn visible_fields<A>(db: &mut Connection<'_>, grant: &Grant<A>, group: i64) -> Result<Vec<CustomField>> {
    let mut fields = fields(db, grant.account(), group).await?;
    if grant.partner().is_some() {
        fields.retain(|field| field.partner.may_write());
    }
    Ok(fields)
}

/// The custom fields of a group.
pub(crate) async fn fields(db: &mut Connection<'_>, account: i64, group: i64) -> Result<Vec<CustomField>> {
    let sql = "SELECT number, label, type, choices, required, partner_right FROM custom_fields \
               WHERE account_id = $1 AND lead_group_id = $2 ORDER BY number";
    db.query(sql, values![account, group], read_field).await
}

/// The custom fields of a group that Partner keys may read.
pub(crate) async fn readable(db: &mut Connection<'_>, account: i64, group: i64) -> Result<DataKeys> {
    let sql = "SELECT number FROM custom_fields WHERE account_id = $1 AND lead_group_id = $2 AND partner_right = $3";
    let bound = values![account, group, PartnerRight::ReadWrite.as_str()];
    let keys = db.query(sql, bound, |row| Ok(DataKey::from_number(row.get(0)?))).await?;
    Ok(keys.into_iter().flatten().collect())
}

/// The custom fields that each lead group of the account lets Partner keys read; a group that lets them read none is left out.
pub(crate) async fn readable_by_group(db: &mut Connection<'_>, account: i64) -> Result<Vec<(i64, DataKeys)>> {
    let sql = "SELECT lead_group_id, CAST(SUM(CAST(1 AS BIGINT) << CAST(number AS INTEGER)) AS BIGINT) \
               FROM custom_fields WHERE account_id = $1 AND partner_right = $2 GROUP BY lead_group_id";
    let bound = values![account, PartnerRight::ReadWrite.as_str()];
    db.query(sql, bound, |row| Ok((row.get(0)?, DataKeys::from_bits(row.get(1)?)))).await
}

fn read_field(row: &Row<'_>) -> Result<CustomField> {
    let corrupt = || Error::internal("a custom field's row is corrupt");
    Ok(CustomField {
        key: DataKey::from_number(row.get(0)?).ok_or_else(corrupt)?,
        label: row.get(1)?,
        field_type: FieldType::parse(&row.get::<String>(2)?).map_err(|_| corrupt())?,
        choices: serde_json::from_str(&row.get::<String>(3)?).map_err(Error::internal)?,
        required: row.get(4)?,
        partner: PartnerRight::parse(&row.get::<String>(5)?).map_err(|_| corrupt())?,
    })
}

/// Adds a group with its custom fields.
pub async fn create(
    db: &mut Connection<'_>,
    grant: Held<ManageSettings>,
    name: Name,
    fields: Vec<CustomField>,
) -> Result<Visible<LeadGroup>> {
    create_numbered(db, grant, name, fields, None).await
}

/// As [`create`], with the number that clients of existing integrations hold for it.
pub async fn create_numbered(
    db: &mut Connection<'_>,
    grant: Held<ManageSettings>,
    name: Name,
    fields: Vec<CustomField>,
    wire_number: Option<WireNumber>,
) -> Result<Visible<LeadGroup>> {
    let account = grant.account();
    refuse_twice(&fields)?;
    let id = insert(db, account, name.as_str(), &name.twin()).await?;
    for field in &fields {
        insert_field(db, account, id, field).await?;
    }
    wire_numbers::set(db, account, &NAMES, id, wire_number).await?;
    let wire_number = wire_number.map(WireNumber::get);
    let rights: Vec<_> =
        fields.iter().map(|field| json!({"key": field.key, "partner": field.partner.as_str()})).collect();
    let mut details = json!({"name": name.as_str(), "fields": fields, "partner_rights": rights});
    if let Some(number) = wire_number {
        details["wire_number"] = number.into();
    }
    db.audit(Pending::by(&grant, Event::LeadGroupCreated, id, details));
    Ok(Visible(LeadGroup { id, name: name.to_string(), default: Some(false), wire_number, fields }))
}

fn refuse_twice(fields: &[CustomField]) -> Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    match fields.iter().find(|field| !seen.insert(field.key)) {
        Some(field) => Err(Error::Conflict(format!("{} is named twice.", field.key))),
        None => Ok(()),
    }
}

pub(crate) async fn insert_field(db: &mut Connection<'_>, account: i64, group: i64, field: &CustomField) -> Result<()> {
    let sql = "INSERT INTO custom_fields (account_id, lead_group_id, number, label, type, choices, required, \
               partner_right) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let choices = serde_json::to_string(&field.choices).map_err(Error::internal)?;
    let (kind, right) = (field.field_type.as_str(), field.partner.as_str());
    let label = field.label.as_str();
    db.execute(sql, values![account, group, field.key.number(), label, kind, choices, field.required, right]).await?;
    Ok(())
}

pub(crate) async fn insert(db: &mut Connection<'_>, account: i64, name: &str, twin: &str) -> Result<i64> {
    let taken = "SELECT COUNT(*) FROM lead_groups WHERE account_id = $1 AND name_twin = $2";
    if db.query_int(taken, values![account, twin]).await? > 0 {
        return Err(Error::Conflict(format!("There is a lead group {name} already.")));
    }
    let sql = "INSERT INTO lead_groups (account_id, name, name_twin) VALUES ($1, $2, $3) RETURNING id";
    db.query_int(sql, values![account, name, twin]).await
}

/// A group's id by its name.
pub(crate) async fn named(db: &mut Connection<'_>, account: i64, name: &str) -> Result<i64> {
    let sql = "SELECT id FROM lead_groups WHERE account_id = $1 AND name_twin = $2";
    db.query_opt(sql, values![account, fold(name)], |row| row.get(0))
        .await?
        .ok_or_else(|| Error::no_such("lead_group", name))
}
