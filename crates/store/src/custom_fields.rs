//! Changing the custom fields of a lead group, beside the leads that hold values in them.

use std::collections::BTreeMap;

use leadlatch_domain::audit::Event;
use leadlatch_domain::custom_field::{CustomField, DataKey, FieldSpec, FieldType};
use leadlatch_domain::matrix::ManageSettings;
use serde_json::Value as Json;

use crate::access::{Held, Visible};
use crate::engine::{Connection, values};
use crate::lead_group_settings::{self as groups, LeadGroupSettings};
use crate::{Error, Result, change, lead_groups};

/// Ids that one statement looks at, so that each ends soon however large the account is.
const WINDOW: i64 = 10_000;

/// What becomes of a group's custom fields.
#[derive(Debug, Default)]
pub struct FieldChange {
    /// Fields to add, or to put in the place of those with the same key.
    pub put: Vec<FieldSpec>,
    /// Fields to take away. What leads hold in them stays, as text that no group defines.
    pub remove: Vec<DataKey>,
    /// Put a field although leads hold values that do not fit it. They stay as they are.
    pub force: bool,
}

/// Changes the custom fields of a lead group that is named.
pub async fn change(
    db: &mut Connection<'_>,
    grant: Held<ManageSettings>,
    lead_group: &str,
    change: FieldChange,
) -> Result<Visible<LeadGroupSettings>> {
    let account = grant.account();
    refuse_twice(&change)?;
    let before = groups::hold(db, account, lead_group).await?;
    let old: Vec<_> = before.fields.iter().map(|field| &field.field).collect();
    if let Some(missing) = change.remove.iter().find(|key| !old.iter().any(|field| field.key == **key)) {
        return Err(Error::Conflict(format!("{} has no {missing}.", before.name)));
    }
    let replaced = |spec: FieldSpec| match old.iter().find(|old| old.key == spec.key()) {
        Some(old) => spec.replacing(old),
        None => spec.added(),
    };
    let put: Vec<_> = change.put.into_iter().map(replaced).collect();
    if !change.force {
        let narrowed: Vec<_> = put.iter().filter(|field| !takes_all_of(field, &old)).collect();
        refuse_misfits(db, account, &before, &narrowed).await?;
    }
    for key in change.remove.iter().copied().chain(put.iter().map(|field| field.key)) {
        let sql = "DELETE FROM custom_fields WHERE account_id = $1 AND lead_group_id = $2 AND number = $3";
        db.execute(sql, values![account, before.id, key.number()]).await?;
    }
    for field in &put {
        lead_groups::insert_field(db, account, before.id, field).await?;
    }
    let after = groups::get(db, account, before.id).await?;
    let changed = (&before, &after);
    change::audit(db, &grant, (Event::LeadGroupChanged, after.id), &after.name, changed)?;
    Ok(Visible(after))
}

fn refuse_twice(change: &FieldChange) -> Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    let mut keys = change.put.iter().map(FieldSpec::key).chain(change.remove.iter().copied());
    match keys.find(|key| !seen.insert(*key)) {
        Some(key) => Err(Error::Conflict(format!("{key} is named twice."))),
        None => Ok(()),
    }
}

/// Whether every value that the field took before fits it still.
fn takes_all_of(field: &CustomField, old: &[&CustomField]) -> bool {
    old.iter().find(|old| old.key == field.key).is_some_and(|old| {
        let same = old.field_type == field.field_type;
        let kept = old.choices.iter().all(|choice| field.choices.contains(choice));
        (same && kept) || field.field_type == FieldType::LongText
    })
}

/// Refuses fields that leads of the group, those in the bin included, hold values for that do not fit.
async fn refuse_misfits(
    db: &mut Connection<'_>,
    account: i64,
    group: &LeadGroupSettings,
    fields: &[&CustomField],
) -> Result<()> {
    if fields.is_empty() {
        return Ok(());
    }
    let mut misfits: BTreeMap<DataKey, i64> = BTreeMap::new();
    let mut from =
        db.query_int("SELECT COALESCE(MIN(id), 0) FROM leads WHERE account_id = $1", values![account]).await?;
    let end = db.query_int("SELECT COALESCE(MAX(id), -1) FROM leads WHERE account_id = $1", values![account]).await?;
    while from <= end {
        let sql = "SELECT data FROM leads WHERE account_id = $1 AND id >= $2 AND id < $3 AND lead_group_id = $4 \
                   AND data <> '{}'";
        let bound = values![account, from, from + WINDOW, group.id];
        for data in db.query(sql, bound, |row| row.get::<String>(0)).await? {
            let data: serde_json::Map<String, Json> = serde_json::from_str(&data).map_err(Error::internal)?;
            for field in fields {
                let misfit = data.get(&field.key.to_string()).is_some_and(|value| field.check(value).is_err());
                *misfits.entry(field.key).or_default() += i64::from(misfit);
            }
        }
        from += WINDOW;
    }
    misfits.retain(|_, count| *count > 0);
    if misfits.is_empty() { Ok(()) } else { Err(Error::Conflict(said(group, fields, &misfits))) }
}

fn said(group: &LeadGroupSettings, fields: &[&CustomField], misfits: &BTreeMap<DataKey, i64>) -> String {
    let each = misfits.iter().map(|(key, count)| {
        let kind = fields.iter().find(|field| field.key == *key).map_or("", |field| field.field_type.as_str());
        format!("{count} lead{} in {key} what is no {kind}", if *count == 1 { " holds" } else { "s hold" })
    });
    let each = each.collect::<Vec<_>>().join(", ");
    format!(
        "In {} {each}. Change those leads first, use another field, or force it: they keep what they hold.",
        group.name
    )
}
