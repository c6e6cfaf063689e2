//! Partner records: the outside companies that supply leads, buy them, or both; and their links.

use leadlatch_domain::audit::Event;
use leadlatch_domain::contact::{Email, Phone};
use leadlatch_domain::id::WireNumber;
use leadlatch_domain::matrix::{Action, WritePartners};
use leadlatch_domain::reach::PartnerKind;
use leadlatch_domain::text::Name;
use serde::Serialize;
use serde_json::json;

use crate::access::{Grant, Held, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, Row, values};
use crate::names::Names;
use crate::{Error, Page, Result, Slice, access_keys, change, lead_groups, lead_types, wire_numbers};

/// A partner record.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PartnerRecord {
    /// Its id.
    pub id: i64,
    /// `introducer`, `partner` or `both`.
    pub kind: String,
    /// The company.
    pub company: String,
    /// Whom to ask for.
    #[schema(required = true)]
    pub contact_name: Option<String>,
    /// The company's e-mail address.
    #[schema(required = true)]
    pub email: Option<String>,
    /// The company's telephone number.
    #[schema(required = true)]
    pub phone: Option<String>,
    /// Whether its keys are let in; absent for Partner keys, which are not let in otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub active: Option<bool>,
    /// The number that clients of existing integrations hold for it. Absent for Partner keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub wire_number: Option<i64>,
    /// The lead groups that it may use, with all their types.
    pub lead_group_ids: Vec<i64>,
    /// The lead types that it may use by themselves.
    pub lead_type_ids: Vec<i64>,
}

/// On which side records are asked for: `/introducers` or `/partners`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Those that supply leads.
    Supplies,
    /// Those that buy them.
    Buys,
}

impl Side {
    const fn kind(self) -> &'static str {
        match self {
            Self::Supplies => "introducer",
            Self::Buys => "partner",
        }
    }
}

const NUMBERED: Names = Names { table: "partner_records", one: "partner record", field: "partner" };
const SELECT: &str = "SELECT id, kind, company, contact_name, email, phone, active, wire_number FROM partner_records \
     WHERE account_id = $1 AND deleted_at IS NULL";

/// The records of a side in reach, by id. A Partner key reaches its own, if the key stands on that side.
pub async fn list<A: Action>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    side: Side,
    page: &Page,
) -> Result<Slice<Visible<PartnerRecord>>> {
    let sql = format!(
        "{SELECT} AND kind IN ($2, 'both') AND id > $3 AND (CAST($4 AS BIGINT) = 0 OR id = $4) ORDER BY id LIMIT $5"
    );
    let after = page.after.map_or(0, |(_, id)| id);
    let bound = values![grant.account(), side.kind(), after, reach(grant, side), page.fetch()];
    let mut rows = db.query(&sql, bound, read).await?;
    for row in &mut rows {
        read_links(db, grant.account(), row).await?;
        reduce(grant, row);
    }
    Ok(Slice::cut(rows.into_iter().map(Visible).collect(), page, |row| (row.id, row.id)))
}

/// The id that a Partner key is kept to, an id that no record has when it does not stand on the side, 0 for everyone else.
fn reach<A>(grant: &Grant<A>, side: Side) -> i64 {
    grant.partner().map_or(0, |(record, sides)| {
        let stands = if side == Side::Supplies { sides.supplies } else { sides.buys };
        if stands { record.get() } else { -1 }
    })
}

/// One record of a side in reach.
pub async fn get<A: Action>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    side: Side,
    id: i64,
) -> Result<Visible<PartnerRecord>> {
    let sql = format!("{SELECT} AND kind IN ($2, 'both') AND id = $3 AND (CAST($4 AS BIGINT) = 0 OR id = $4)");
    let bound = values![grant.account(), side.kind(), id, reach(grant, side)];
    let mut record = db.query_opt(&sql, bound, read).await?.ok_or_else(|| grant.missing("id"))?;
    read_links(db, grant.account(), &mut record).await?;
    reduce(grant, &mut record);
    Ok(Visible(record))
}

/// Takes away what is not on the closed list of a Partner key.
fn reduce<A>(grant: &Grant<A>, record: &mut PartnerRecord) {
    if grant.partner().is_some() {
        record.active = None;
        record.wire_number = None;
    }
}

/// Every record of the account, whatever its kind.
pub async fn all(db: &mut Connection<'_>, grant: &Grant<WritePartners>) -> Result<Vec<Visible<PartnerRecord>>> {
    let mut rows = db.query(&format!("{SELECT} ORDER BY id"), values![grant.account()], read).await?;
    for row in &mut rows {
        read_links(db, grant.account(), row).await?;
    }
    Ok(rows.into_iter().map(Visible).collect())
}

pub(crate) async fn find(db: &mut Connection<'_>, account: i64, id: i64) -> Result<PartnerRecord> {
    let found = db.query_opt(&format!("{SELECT} AND id = $2"), values![account, id], read).await?;
    let mut record = found.ok_or_else(|| Error::no_such("partner", id))?;
    read_links(db, account, &mut record).await?;
    Ok(record)
}

fn read(row: &Row<'_>) -> Result<PartnerRecord> {
    Ok(PartnerRecord {
        id: row.get(0)?,
        kind: row.get(1)?,
        company: row.get(2)?,
        contact_name: row.get(3)?,
        email: row.get(4)?,
        phone: row.get(5)?,
        active: Some(row.get(6)?),
        wire_number: row.get(7)?,
        lead_group_ids: Vec::new(),
        lead_type_ids: Vec::new(),
    })
}

async fn read_links(db: &mut Connection<'_>, account: i64, record: &mut PartnerRecord) -> Result<()> {
    let groups = "SELECT lead_group_id FROM partner_lead_groups WHERE account_id = $1 AND partner_id = $2 ORDER BY 1";
    let types = "SELECT lead_type_id FROM partner_lead_types WHERE account_id = $1 AND partner_id = $2 ORDER BY 1";
    record.lead_group_ids = db.query(groups, values![account, record.id], |row| row.get(0)).await?;
    record.lead_type_ids = db.query(types, values![account, record.id], |row| row.get(0)).await?;
    Ok(())
}

/// Names of lead groups, and `Group/Type` paths of lead types, to link or unlink.
#[derive(Debug, Default)]
pub struct Links {
    /// Lead groups by name.
    pub lead_groups: Vec<String>,
    /// Lead types by `Group/Type`.
    pub lead_types: Vec<String>,
}

/// Adds a record with its first links.
pub async fn create(
    db: &mut Connection<'_>,
    grant: Held<WritePartners>,
    kind: PartnerKind,
    company: Name,
    links: Links,
) -> Result<Visible<PartnerRecord>> {
    create_numbered(db, grant, kind, company, links, None).await
}

/// As [`create`], with the number that clients of existing integrations hold for it.
pub async fn create_numbered(
    db: &mut Connection<'_>,
    grant: Held<WritePartners>,
    kind: PartnerKind,
    company: Name,
    links: Links,
    wire_number: Option<WireNumber>,
) -> Result<Visible<PartnerRecord>> {
    let sql =
        "INSERT INTO partner_records (account_id, kind, company, created_at) VALUES ($1, $2, $3, $4) RETURNING id";
    let now = db.now().as_micros();
    let id = db.query_int(sql, values![grant.account(), kind.as_str(), company.as_str(), now]).await?;
    set_links(db, grant.account(), id, &links, true).await?;
    wire_numbers::set(db, grant.account(), &NUMBERED, id, wire_number).await?;
    let record = find(db, grant.account(), id).await?;
    db.audit(Pending::by(&grant, Event::PartnerCreated, id, json!({"after": record})));
    Ok(Visible(record))
}

/// Adds links, or takes them away. Links never decide which leads are in reach.
pub async fn link(
    db: &mut Connection<'_>,
    grant: Held<WritePartners>,
    id: i64,
    links: Links,
    linked: bool,
) -> Result<Visible<PartnerRecord>> {
    let before = find(db, grant.account(), id).await?;
    set_links(db, grant.account(), id, &links, linked).await?;
    access_keys::raise_versions(db, grant.account(), id).await?;
    let after = find(db, grant.account(), id).await?;
    if (&before.lead_group_ids, &before.lead_type_ids) == (&after.lead_group_ids, &after.lead_type_ids) {
        return Ok(Visible(after));
    }
    let event = if linked { Event::PartnerLinked } else { Event::PartnerUnlinked };
    let details = json!({"company": after.company, "before": before, "after": after});
    db.audit(Pending::by(&grant, event, id, details).changed(["lead_group_ids", "lead_type_ids"]));
    Ok(Visible(after))
}

async fn set_links(db: &mut Connection<'_>, account: i64, id: i64, links: &Links, linked: bool) -> Result<()> {
    let (group_sql, type_sql) = if linked {
        (
            "INSERT INTO partner_lead_groups (account_id, partner_id, lead_group_id) VALUES ($1, $2, $3) \
             ON CONFLICT DO NOTHING",
            "INSERT INTO partner_lead_types (account_id, partner_id, lead_type_id) VALUES ($1, $2, $3) \
             ON CONFLICT DO NOTHING",
        )
    } else {
        (
            "DELETE FROM partner_lead_groups WHERE account_id = $1 AND partner_id = $2 AND lead_group_id = $3",
            "DELETE FROM partner_lead_types WHERE account_id = $1 AND partner_id = $2 AND lead_type_id = $3",
        )
    };
    for name in &links.lead_groups {
        let group = lead_groups::named(db, account, name).await?;
        db.execute(group_sql, values![account, id, group]).await?;
    }
    for path in &links.lead_types {
        let lead_type = lead_types::named(db, account, path).await?;
        db.execute(type_sql, values![account, id, lead_type]).await?;
    }
    Ok(())
}

/// Closes the gates of the record's keys, then locks its row: a key that is being made for it comes before this or sees it.
/// The lock is one that leads may refer to the record beside, so that no write which has passed a gate waits for it.
async fn hold(db: &mut Connection<'_>, account: i64, id: i64) -> Result<PartnerRecord> {
    access_keys::close_gates(db, account, Some(id)).await?;
    let lock = db.lock_rows(" FOR NO KEY UPDATE");
    let sql = format!("SELECT id FROM partner_records WHERE account_id = $1 AND id = $2{lock}");
    let found = db.query_opt(&sql, values![account, id], |row| row.get::<i64>(0)).await?;
    found.ok_or_else(|| Error::no_such("partner", id))?;
    find(db, account, id).await
}

/// What of a record is changed; what is left out stays.
#[derive(Debug, Default)]
pub struct PartnerChange {
    /// The company.
    pub company: Option<Name>,
    /// Its kind. A key keeps the sides that the record had when it was made: its reach is what both have.
    pub kind: Option<PartnerKind>,
    /// Whom to ask for, or nobody.
    pub contact_name: Option<Option<Name>>,
    /// The company's e-mail address, or none.
    pub email: Option<Option<Email>>,
    /// The company's telephone number, or none.
    pub phone: Option<Option<Phone>>,
    /// The number that clients of existing integrations hold for it, or none.
    pub wire_number: Option<Option<WireNumber>>,
}

/// Changes a record. When its kind changes, what its keys reach changes in the same transaction.
pub async fn set(
    db: &mut Connection<'_>,
    grant: Held<WritePartners>,
    id: i64,
    change: PartnerChange,
) -> Result<Visible<PartnerRecord>> {
    let account = grant.account();
    let before = hold(db, account, id).await?;
    let after = apply(before.clone(), &change);
    let sql = "UPDATE partner_records SET kind = $3, company = $4, contact_name = $5, email = $6, phone = $7 \
               WHERE account_id = $1 AND id = $2";
    let (kind, company) = (after.kind.as_str(), after.company.as_str());
    let (contact, email, phone) = (after.contact_name.clone(), after.email.clone(), after.phone.clone());
    db.execute(sql, values![account, id, kind, company, contact, email, phone]).await?;
    if let Some(number) = change.wire_number {
        wire_numbers::set(db, account, &NUMBERED, id, number).await?;
    }
    if let Some(kind) = change.kind {
        let sql = "UPDATE access_keys SET partner_sides = $3, access_version = access_version + 1 \
                   WHERE account_id = $1 AND partner_id = $2";
        db.execute(sql, values![account, id, kind.sides().bits()]).await?;
    }
    change::audit(db, &grant, (Event::PartnerChanged, id), &after.company, (&before, &after))?;
    Ok(Visible(after))
}

fn apply(before: PartnerRecord, change: &PartnerChange) -> PartnerRecord {
    let contact = change.contact_name.as_ref().map(|name| name.as_ref().map(Name::to_string));
    let email = change.email.as_ref().map(|email| email.as_ref().map(|email| email.as_str().to_owned()));
    let phone = change.phone.as_ref().map(|phone| phone.as_ref().map(|phone| phone.as_str().to_owned()));
    PartnerRecord {
        company: change.company.as_ref().map_or(before.company, Name::to_string),
        kind: change.kind.map_or(before.kind, |kind| kind.as_str().to_owned()),
        wire_number: change.wire_number.map_or(before.wire_number, |number| number.map(WireNumber::get)),
        contact_name: contact.unwrap_or(before.contact_name),
        email: email.unwrap_or(before.email),
        phone: phone.unwrap_or(before.phone),
        ..before
    }
}

/// Activates a record, or makes it inactive: its keys are refused from the moment that this is answered.
pub async fn activate(
    db: &mut Connection<'_>,
    grant: Held<WritePartners>,
    id: i64,
    active: bool,
) -> Result<Visible<PartnerRecord>> {
    let record = hold(db, grant.account(), id).await?;
    if record.active == Some(active) {
        return Ok(Visible(record));
    }
    let sql = "UPDATE partner_records SET active = $3 WHERE account_id = $1 AND id = $2";
    db.execute(sql, values![grant.account(), id, active]).await?;
    let sql = "UPDATE access_keys SET partner_active = $3, access_version = access_version + 1 \
               WHERE account_id = $1 AND partner_id = $2";
    db.execute(sql, values![grant.account(), id, active]).await?;
    let event = if active { Event::PartnerActivated } else { Event::PartnerDeactivated };
    db.audit(Pending::by(&grant, event, id, json!({"company": record.company})).changed(["active"]));
    Ok(Visible(PartnerRecord { active: Some(active), ..record }))
}

/// Deletes a record with its keys, each audited. Its leads stay, and its name on them.
pub async fn delete(db: &mut Connection<'_>, grant: Held<WritePartners>, id: i64) -> Result<Visible<PartnerRecord>> {
    let record = hold(db, grant.account(), id).await?;
    access_keys::delete_of_partner(db, &grant, id).await?;
    let sql = "UPDATE partner_records SET deleted_at = $3, active = FALSE, wire_number = NULL WHERE account_id = $1 AND id = $2";
    let now = db.now().as_micros();
    db.execute(sql, values![grant.account(), id, now]).await?;
    for table in ["partner_lead_groups", "partner_lead_types", "web_form_introducers"] {
        let sql = format!("DELETE FROM {table} WHERE account_id = $1 AND partner_id = $2");
        db.execute(&sql, values![grant.account(), id]).await?;
    }
    db.audit(Pending::by(&grant, Event::PartnerDeleted, id, json!({"before": record})));
    Ok(Visible(record))
}
