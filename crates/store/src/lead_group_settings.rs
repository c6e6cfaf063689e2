//! What an admin sees and changes of lead groups: name, default, duplicates, retention.

use leadlatch_domain::audit::Event;
use leadlatch_domain::custom_field::{CustomField, PartnerRight};
use leadlatch_domain::duplicate::{DuplicateChange, DuplicateRule};
use leadlatch_domain::id::WireNumber;
use leadlatch_domain::matrix::ManageSettings;
use leadlatch_domain::retention::Days;
use leadlatch_domain::text::Name;
use serde::Serialize;
use serde_json::json;

use crate::access::{Grant, Held, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, Row, values};
use crate::in_use::{self, Holder};
use crate::lead_groups::{self, NAMES};
use crate::web_forms::{self, WebFormSettings};
use crate::{Error, Result, accounts, change, wire_numbers};

/// A lead group with all its settings.
#[derive(Debug, Clone, Serialize)]
pub struct LeadGroupSettings {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Whether leads that name no group are put here.
    pub default: bool,
    /// Its own rule for duplicates; absent where the account's holds.
    pub duplicates: Option<DuplicateRule>,
    /// Days after which its leads go by themselves; absent for never.
    pub retention_days: Option<i64>,
    /// The number that clients of existing integrations hold for it, if they do.
    pub wire_number: Option<i64>,
    /// Whether forms on web pages may post to it, and which; absent where that was never set.
    pub web_form: Option<WebFormSettings>,
    /// Its custom fields.
    pub fields: Vec<FieldSettings>,
}

/// A custom field, with what Partner keys may do with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldSettings {
    /// What everybody sees of it.
    #[serde(flatten)]
    pub field: CustomField,
    /// What Partner keys may do with it.
    pub partner: PartnerRight,
}

impl From<CustomField> for FieldSettings {
    fn from(field: CustomField) -> Self {
        Self { partner: field.partner, field }
    }
}

/// What becomes of a group's rule for duplicates.
#[derive(Debug, Clone, Copy)]
pub enum GroupDuplicates {
    /// The account's holds again.
    Inherit,
    /// The group has one of its own: what it had, or the account's, with this changed.
    Own(DuplicateChange),
}

/// What an admin changes of a lead group; what is left out stays.
#[derive(Debug, Default)]
pub struct LeadGroupChange {
    /// Its name.
    pub name: Option<Name>,
    /// Make it the one where leads are put that name no group.
    pub default: bool,
    /// Its rule for duplicates.
    pub duplicates: Option<GroupDuplicates>,
    /// Days after which its leads go by themselves, or never.
    pub retention: Option<Option<Days>>,
    /// The number that clients of existing integrations hold for it, or none.
    pub wire_number: Option<Option<WireNumber>>,
}

const SELECT: &str = "SELECT g.id, g.name, COALESCE(g.id = a.default_lead_group_id, FALSE), g.duplicate_within, \
     g.duplicate_fields, g.duplicate_outcome, g.retention_days, g.wire_number FROM lead_groups g JOIN accounts a \
     ON a.id = g.account_id WHERE g.account_id = $1";

/// Every lead group of the account with its settings, by id.
pub async fn list(db: &mut Connection<'_>, grant: &Grant<ManageSettings>) -> Result<Vec<Visible<LeadGroupSettings>>> {
    let account = grant.account();
    let mut groups = db.query(&format!("{SELECT} ORDER BY g.id"), values![account], read).await?;
    for group in &mut groups {
        group.fields = fields(db, account, group.id).await?;
        group.web_form = web_forms::settings(db, account, group.id).await?;
    }
    Ok(groups.into_iter().map(Visible).collect())
}

fn read(row: &Row<'_>) -> Result<LeadGroupSettings> {
    let stored = (row.get::<Option<i64>>(3)?, row.get::<Option<i64>>(4)?, row.get::<Option<String>>(5)?);
    let duplicates = match stored {
        (Some(within), Some(fields), Some(outcome)) => Some(accounts::read_rule(within, fields, &outcome)?),
        _ => None,
    };
    let (id, name, default) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (retention_days, wire_number) = (row.get(6)?, row.get(7)?);
    let fields = Vec::new();
    Ok(LeadGroupSettings { id, name, default, duplicates, retention_days, wire_number, web_form: None, fields })
}

async fn fields(db: &mut Connection<'_>, account: i64, group: i64) -> Result<Vec<FieldSettings>> {
    Ok(lead_groups::fields(db, account, group).await?.into_iter().map(FieldSettings::from).collect())
}

/// The group of a name, locked: what refers to it waits, or is seen.
pub(crate) async fn hold(db: &mut Connection<'_>, account: i64, name: &str) -> Result<LeadGroupSettings> {
    let found = NAMES.hold(db, account, name).await?;
    get(db, account, found.id).await
}

pub(crate) async fn get(db: &mut Connection<'_>, account: i64, id: i64) -> Result<LeadGroupSettings> {
    let found = db.query_opt(&format!("{SELECT} AND g.id = $2"), values![account, id], read).await?;
    let mut group = found.ok_or(Error::NotFound("lead_group"))?;
    group.fields = fields(db, account, id).await?;
    group.web_form = web_forms::settings(db, account, id).await?;
    Ok(group)
}

/// Changes a lead group that is named.
pub async fn set(
    db: &mut Connection<'_>,
    grant: Held<ManageSettings>,
    lead_group: &str,
    change: LeadGroupChange,
) -> Result<Visible<LeadGroupSettings>> {
    let account = grant.account();
    let before = hold(db, account, lead_group).await?;
    let id = before.id;
    if let Some(name) = &change.name {
        NAMES.rename(db, account, id, name).await?;
    }
    if change.default {
        let sql = "UPDATE accounts SET default_lead_group_id = $2 WHERE id = $1";
        db.execute(sql, values![account, id]).await?;
    }
    if let Some(duplicates) = change.duplicates {
        set_rule(db, account, &before, duplicates).await?;
    }
    if let Some(retention) = change.retention {
        let sql = "UPDATE lead_groups SET retention_days = $3 WHERE account_id = $1 AND id = $2";
        db.execute(sql, values![account, id, retention.map(Days::get)]).await?;
    }
    if let Some(number) = change.wire_number {
        wire_numbers::set(db, account, &NAMES, id, number).await?;
    }
    let after = get(db, account, id).await?;
    change::audit(db, &grant, (Event::LeadGroupChanged, id), &after.name, (&before, &after))?;
    Ok(Visible(after))
}

async fn set_rule(
    db: &mut Connection<'_>,
    account: i64,
    group: &LeadGroupSettings,
    duplicates: GroupDuplicates,
) -> Result<()> {
    let rule = match (duplicates, group.duplicates) {
        (GroupDuplicates::Inherit, _) => None,
        (GroupDuplicates::Own(change), Some(own)) => Some(change.apply(own)),
        (GroupDuplicates::Own(change), None) => Some(change.apply(accounts::rule(db, account).await?)),
    };
    let sql = "UPDATE lead_groups SET duplicate_within = $3, duplicate_fields = $4, duplicate_outcome = $5 \
               WHERE account_id = $1 AND id = $2";
    let (within, fields) = (rule.map(|rule| rule.within.number()), rule.map(|rule| rule.fields.bits()));
    let outcome = rule.map(|rule| rule.outcome.as_str());
    db.execute(sql, values![account, group.id, within, fields, outcome]).await.map(drop)
}

/// Deletes a lead group, with its custom fields, that has no leads and no lead types, is linked to no partner and is not
/// the account's default.
pub async fn delete(
    db: &mut Connection<'_>,
    grant: Held<ManageSettings>,
    lead_group: &str,
) -> Result<Visible<LeadGroupSettings>> {
    let account = grant.account();
    let gone = hold(db, account, lead_group).await?;
    let holders = [
        Holder::leads("lead_group_id"),
        Holder::new("lead type", "lead_types", "lead_group_id"),
        Holder::new("linked partner", "partner_lead_groups", "lead_group_id"),
    ];
    in_use::refuse(db, account, gone.id, format!("lead group {}", gone.name), &holders).await?;
    if gone.default {
        let name = &gone.name;
        return Err(Error::Conflict(format!("{name} is the account's default lead group: make another the default.")));
    }
    NAMES.delete(db, account, gone.id).await?;
    db.audit(Pending::by(&grant, Event::LeadGroupDeleted, gone.id, json!({"before": gone})));
    Ok(Visible(gone))
}
