//! What a record is linked to. Links never decide which leads are in reach.

use std::collections::BTreeSet;

use leadlatch_domain::audit::Event;
use leadlatch_domain::matrix::WritePartners;
use leadlatch_domain::partner_change::PartnerChange;
use serde_json::json;

use super::{PartnerRecord, find};
use crate::access::{Held, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, values};
use crate::{Error, Result, access_keys, lead_groups, lead_types};

/// Names of lead groups, and `Group/Type` paths of lead types, to link or unlink.
#[derive(Debug, Default)]
pub struct Links {
    /// Lead groups by name.
    pub lead_groups: Vec<String>,
    /// Lead types by `Group/Type`.
    pub lead_types: Vec<String>,
}

/// The same by their ids.
#[derive(Default)]
pub(super) struct LinkIds {
    groups: BTreeSet<i64>,
    types: BTreeSet<i64>,
}

impl LinkIds {
    /// What is linked after a change: what it says, or what was linked before where it says nothing.
    pub(super) fn after(before: Self, change: &PartnerChange) -> Self {
        Self {
            groups: change.lead_group_ids.clone().unwrap_or(before.groups),
            types: change.lead_type_ids.clone().unwrap_or(before.types),
        }
    }

    pub(super) fn of(record: &PartnerRecord) -> Self {
        Self {
            groups: record.lead_group_ids.iter().copied().collect(),
            types: record.lead_type_ids.iter().copied().collect(),
        }
    }

    /// Those that the other has not.
    pub(super) fn without(&self, other: &Self) -> Self {
        Self { groups: &self.groups - &other.groups, types: &self.types - &other.types }
    }

    pub(super) async fn named(db: &mut Connection<'_>, account: i64, links: &Links) -> Result<Self> {
        let mut ids = Self::default();
        for name in &links.lead_groups {
            ids.groups.insert(lead_groups::named(db, account, name).await?);
        }
        for path in &links.lead_types {
            ids.types.insert(lead_types::named(db, account, path).await?);
        }
        Ok(ids)
    }

    fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.types.is_empty()
    }
}

/// Refuses links to lead groups and types that the account has not.
pub(super) async fn refuse_missing(db: &mut Connection<'_>, account: i64, change: &PartnerChange) -> Result<()> {
    let named = [
        ("lead_group_ids", &change.lead_group_ids, "SELECT id FROM lead_groups WHERE account_id = $1"),
        ("lead_type_ids", &change.lead_type_ids, "SELECT id FROM lead_types WHERE account_id = $1"),
    ];
    for (field, wanted, sql) in named {
        let Some(wanted) = wanted.as_ref().filter(|wanted| !wanted.is_empty()) else { continue };
        let known: BTreeSet<i64> = db.query(sql, values![account], |row| row.get(0)).await?.into_iter().collect();
        if !wanted.is_subset(&known) {
            return Err(Error::NotFound(field));
        }
    }
    Ok(())
}

/// Adds links, or takes them away.
pub async fn link(
    db: &mut Connection<'_>,
    grant: Held<WritePartners>,
    id: i64,
    links: Links,
    linked: bool,
) -> Result<Visible<PartnerRecord>> {
    let before = super::write::hold(db, grant.account(), id).await?;
    let named = LinkIds::named(db, grant.account(), &links).await?;
    let new = named.without(&LinkIds::of(&before));
    let moved = if linked { new } else { named.without(&new) };
    shift(db, &grant, before, &moved, linked).await.map(Visible)
}

/// Links what was not linked, or unlinks what was, with its entry in the audit trail.
pub(super) async fn shift(
    db: &mut Connection<'_>,
    grant: &Held<WritePartners>,
    before: PartnerRecord,
    moved: &LinkIds,
    linked: bool,
) -> Result<PartnerRecord> {
    if moved.is_empty() {
        return Ok(before);
    }
    let (account, id) = (grant.account(), before.id);
    write(db, account, id, moved, linked).await?;
    access_keys::raise_versions(db, account, id).await?;
    let after = find(db, account, id).await?;
    let event = if linked { Event::PartnerLinked } else { Event::PartnerUnlinked };
    let details = json!({"company": after.company, "before": before, "after": after});
    db.audit(Pending::by(grant, event, id, details).changed(["lead_group_ids", "lead_type_ids"]));
    Ok(after)
}

/// Writes links, without an entry in the audit trail.
pub(super) async fn write(db: &mut Connection<'_>, account: i64, id: i64, links: &LinkIds, linked: bool) -> Result<()> {
    let tables =
        [("partner_lead_groups", "lead_group_id", &links.groups), ("partner_lead_types", "lead_type_id", &links.types)];
    for (table, column, ids) in tables {
        let sql = if linked {
            format!("INSERT INTO {table} (account_id, partner_id, {column}) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        } else {
            format!("DELETE FROM {table} WHERE account_id = $1 AND partner_id = $2 AND {column} = $3")
        };
        for other in ids {
            db.execute(&sql, values![account, id, *other]).await?;
        }
    }
    Ok(())
}
