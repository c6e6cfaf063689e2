//! Making, changing and deleting partner records.

use leadlatch_domain::audit::Event;
use leadlatch_domain::contact::{Email, Phone};
use leadlatch_domain::id::WireNumber;
use leadlatch_domain::matrix::WritePartners;
use leadlatch_domain::partner_change::PartnerChange;
use leadlatch_domain::reach::PartnerKind;
use leadlatch_domain::text::Name;
use serde_json::json;

use super::links::{self, LinkIds, Links, shift};
use super::{PartnerRecord, find};
use crate::access::{Held, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, Gate, values};
use crate::names::Names;
use crate::{Error, Result, access_keys, change, wire_numbers};

const NUMBERED: Names =
    Names { table: "partner_records", one: "partner record", field: "partner", there: " AND deleted_at IS NULL" };

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
    let id = insert(db, grant.account(), kind, &company, &PartnerChange::default()).await?;
    let links = LinkIds::named(db, grant.account(), &links).await?;
    links::write(db, grant.account(), id, &links, true).await?;
    wire_numbers::set(db, grant.account(), &NUMBERED, id, wire_number).await?;
    let record = find(db, grant.account(), id).await?;
    db.audit(Pending::by(&grant, Event::PartnerCreated, id, json!({"after": record})));
    Ok(Visible(record))
}

/// The row of a record, without its links.
pub(super) async fn insert(
    db: &mut Connection<'_>,
    account: i64,
    kind: PartnerKind,
    company: &Name,
    rest: &PartnerChange,
) -> Result<i64> {
    let sql = "INSERT INTO partner_records (account_id, kind, company, contact_name, email, phone, active, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id";
    let [contact, email, phone] = contacts(rest).map(Option::flatten);
    let (active, now) = (rest.active.unwrap_or(true), db.now().as_micros());
    let bound = values![account, kind.as_str(), company.as_str(), contact, email, phone, active, now];
    db.query_int(sql, bound).await
}

/// The contact's name, e-mail address and telephone number, as they are stored.
#[expect(clippy::option_option, reason = "not given, taken away and given are three things")]
fn contacts(change: &PartnerChange) -> [Option<Option<String>>; 3] {
    [
        change.contact_name.as_ref().map(|name| name.as_ref().map(Name::to_string)),
        change.email.as_ref().map(|email| email.as_ref().map(|email| Email::as_str(email).to_owned())),
        change.phone.as_ref().map(|phone| phone.as_ref().map(|phone| Phone::as_str(phone).to_owned())),
    ]
}

/// Closes the gates of the record's keys and its own, then locks its row: a key that is being made for it, or a lead that is
/// given to it, comes before this or sees it. The lock is one that leads may refer to the record beside, so that no write
/// which has passed a gate waits for it.
pub(super) async fn hold(db: &mut Connection<'_>, account: i64, id: i64) -> Result<PartnerRecord> {
    access_keys::close_gates(db, account, Some(id)).await?;
    db.record_gate(id, Gate::Close).await?;
    let lock = db.lock_rows(" FOR NO KEY UPDATE");
    let sql = format!("SELECT id FROM partner_records WHERE account_id = $1 AND id = $2{lock}");
    let found = db.query_opt(&sql, values![account, id], |row| row.get::<i64>(0)).await?;
    found.ok_or_else(|| Error::no_such("partner", id))?;
    find(db, account, id).await
}

/// Changes a record. When its kind, its links or whether it is active change, what its keys reach changes in the same
/// transaction.
pub async fn set(
    db: &mut Connection<'_>,
    grant: Held<WritePartners>,
    id: i64,
    change: PartnerChange,
) -> Result<Visible<PartnerRecord>> {
    let before = hold(db, grant.account(), id).await?;
    let record = change_facts(db, &grant, before, &change).await?;
    let record = match change.active {
        Some(active) => change_active(db, &grant, record, active).await?,
        None => record,
    };
    change_links(db, &grant, record, &change).await.map(Visible)
}

async fn change_facts(
    db: &mut Connection<'_>,
    grant: &Held<WritePartners>,
    before: PartnerRecord,
    change: &PartnerChange,
) -> Result<PartnerRecord> {
    let (account, id) = (grant.account(), before.id);
    let after = apply(before.clone(), change);
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
    change::audit(db, grant, (Event::PartnerChanged, id), &after.company, (&before, &after))?;
    Ok(after)
}

fn apply(before: PartnerRecord, change: &PartnerChange) -> PartnerRecord {
    let [contact, email, phone] = contacts(change);
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

async fn change_links(
    db: &mut Connection<'_>,
    grant: &Held<WritePartners>,
    before: PartnerRecord,
    change: &PartnerChange,
) -> Result<PartnerRecord> {
    let (there, wanted) = (LinkIds::of(&before), LinkIds::after(LinkIds::of(&before), change));
    let record = shift(db, grant, before, &wanted.without(&there), true).await?;
    shift(db, grant, record, &there.without(&wanted), false).await
}

/// Activates a record, or makes it inactive: its keys are refused from the moment that this is answered.
pub async fn activate(
    db: &mut Connection<'_>,
    grant: Held<WritePartners>,
    id: i64,
    active: bool,
) -> Result<Visible<PartnerRecord>> {
    set(db, grant, id, PartnerChange { active: Some(active), ..PartnerChange::default() }).await
}

async fn change_active(
    db: &mut Connection<'_>,
    grant: &Held<WritePartners>,
    record: PartnerRecord,
    active: bool,
) -> Result<PartnerRecord> {
    if record.active == Some(active) {
        return Ok(record);
    }
    let sql = "UPDATE partner_records SET active = $3 WHERE account_id = $1 AND id = $2";
    db.execute(sql, values![grant.account(), record.id, active]).await?;
    let sql = "UPDATE access_keys SET partner_active = $3, access_version = access_version + 1 \
               WHERE account_id = $1 AND partner_id = $2";
    db.execute(sql, values![grant.account(), record.id, active]).await?;
    let event = if active { Event::PartnerActivated } else { Event::PartnerDeactivated };
    db.audit(Pending::by(grant, event, record.id, json!({"company": record.company})).changed(["active"]));
    Ok(PartnerRecord { active: Some(active), ..record })
}

/// Deletes a record with its keys, each audited. Its leads stay, and its name on them.
pub async fn delete(db: &mut Connection<'_>, grant: Held<WritePartners>, id: i64) -> Result<Visible<PartnerRecord>> {
    let record = hold(db, grant.account(), id).await?;
    access_keys::delete_of_partner(db, &grant, id).await?;
    let sql = "UPDATE partner_records SET deleted_at = $3, active = FALSE, wire_number = NULL \
               WHERE account_id = $1 AND id = $2";
    let now = db.now().as_micros();
    db.execute(sql, values![grant.account(), id, now]).await?;
    for table in ["partner_lead_groups", "partner_lead_types", "web_form_introducers"] {
        let sql = format!("DELETE FROM {table} WHERE account_id = $1 AND partner_id = $2");
        db.execute(&sql, values![grant.account(), id]).await?;
    }
    db.audit(Pending::by(&grant, Event::PartnerDeleted, id, json!({"before": record})));
    Ok(Visible(record))
}
