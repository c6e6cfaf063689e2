//! Lead types: the products inside a lead group.

use leadlatch_domain::audit::Event;
use leadlatch_domain::matrix::{ManageSettings, ReadLeadTypes};
use leadlatch_domain::text::{Name, fold};
use serde::Serialize;
use serde_json::json;

use crate::access::{Grant, Held, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, Row, values};
use crate::in_use::{self, Holder};
use crate::page::LOOKED_AT;
use crate::{Error, Page, Result, Slice, change, lead_groups};

/// A lead type.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LeadType {
    /// Its id.
    pub id: i64,
    /// Its name, unique in its group.
    pub name: String,
    /// The group that it belongs to.
    pub lead_group_id: i64,
}

/// Types that a partner record ($2) may use: of a linked group, or linked by themselves.
const LINKED: &str = " AND (EXISTS (SELECT 1 FROM partner_lead_groups g WHERE g.account_id = t.account_id \
     AND g.partner_id = $2 AND g.lead_group_id = t.lead_group_id) OR EXISTS (SELECT 1 FROM partner_lead_types p \
     WHERE p.account_id = t.account_id AND p.partner_id = $2 AND p.lead_type_id = t.id))";
const SELECT: &str = "SELECT t.id, t.name, t.lead_group_id FROM lead_types t WHERE t.account_id = $1";

/// The types in reach, by id; of one group if asked.
pub async fn list(
    db: &mut Connection<'_>,
    grant: &Grant<ReadLeadTypes>,
    group: Option<i64>,
    page: &Page,
) -> Result<Slice<Visible<LeadType>>> {
    let of_group = if group.is_some() { " AND t.lead_group_id = $5" } else { "" };
    let sql = format!("{SELECT}{} AND t.id > $3{of_group} ORDER BY t.id LIMIT $4", linked(grant));
    let bound = |after: i64, limit: i64| {
        let mut bound = values![grant.account(), lead_groups::record(grant), after, limit];
        bound.extend(group.map(sea_query::Value::from));
        bound
    };
    let total = page.total(db, &sql, bound(0, LOOKED_AT)).await?;
    let after = page.after.map_or(0, |(_, id)| id);
    let rows = db.query(&sql, bound(after, page.fetch()), |row| read(row).map(Visible)).await?;
    Ok(Slice::cut(rows, page, |row| (row.id, row.id)).counted(total))
}

/// One type in reach.
pub async fn get(db: &mut Connection<'_>, grant: &Grant<ReadLeadTypes>, id: i64) -> Result<Visible<LeadType>> {
    let sql = format!("{SELECT}{} AND t.id = $3", linked(grant));
    let found = db
        .query_opt(&sql, values![grant.account(), lead_groups::record(grant), id], |row| read(row).map(Visible))
        .await?;
    found.ok_or_else(|| grant.missing("lead_type_id"))
}

/// The clause that keeps types (`t`) to those in reach of a partner record ($2), if one is the caller.
pub(crate) fn linked<A>(grant: &Grant<A>) -> &'static str {
    // Both texts bind the same values, so that one call serves either reader.
    if grant.partner().is_some() { LINKED } else { " AND CAST($2 AS BIGINT) IS NOT NULL" }
}

fn read(row: &Row<'_>) -> Result<LeadType> {
    Ok(LeadType { id: row.get(0)?, name: row.get(1)?, lead_group_id: row.get(2)? })
}

/// Adds a type to a group that is named.
pub async fn create(
    db: &mut Connection<'_>,
    grant: Held<ManageSettings>,
    lead_group: &str,
    name: Name,
) -> Result<Visible<LeadType>> {
    let account = grant.account();
    let group = crate::lead_groups::named(db, account, lead_group).await?;
    refuse_taken(db, account, group, 0, &name).await?;
    let sql =
        "INSERT INTO lead_types (account_id, lead_group_id, name, name_twin) VALUES ($1, $2, $3, $4) RETURNING id";
    let id = db.query_int(sql, values![account, group, name.as_str(), name.twin()]).await?;
    let details = json!({"name": name.as_str(), "lead_group_id": group});
    db.audit(Pending::by(&grant, Event::LeadTypeCreated, id, details));
    Ok(Visible(LeadType { id, name: name.to_string(), lead_group_id: group }))
}

/// A type's id by `Group/Type`. Either name may have a `/` of its own.
pub(crate) async fn named(db: &mut Connection<'_>, account: i64, path: &str) -> Result<i64> {
    if !path.contains('/') {
        return Err(without_group(path));
    }
    let sql = "SELECT t.id FROM lead_types t JOIN lead_groups g ON g.account_id = t.account_id \
               AND g.id = t.lead_group_id WHERE t.account_id = $1 AND g.name_twin = $2 AND t.name_twin = $3";
    for (place, _) in path.match_indices('/') {
        let (group, name) = (fold(&path[..place]), fold(&path[place + 1..]));
        if let Some(id) = db.query_opt(sql, values![account, group, name], |row| row.get(0)).await? {
            return Ok(id);
        }
    }
    Err(Error::no_such("lead_type", path))
}

fn without_group(path: &str) -> Error {
    Error::Conflict(format!("{path} is no lead type with its group: write Group/Type."))
}

async fn refuse_taken(db: &mut Connection<'_>, account: i64, group: i64, id: i64, name: &Name) -> Result<()> {
    let sql = "SELECT COUNT(*) FROM lead_types WHERE account_id = $1 AND lead_group_id = $2 AND name_twin = $3 \
               AND id <> $4";
    match db.query_int(sql, values![account, group, name.twin(), id]).await? {
        0 => Ok(()),
        _ => Err(Error::Conflict(format!("There is a lead type {name} in this lead group already."))),
    }
}

/// Gives the type that is named, of the group that is named, another name.
pub async fn set(
    db: &mut Connection<'_>,
    grant: Held<ManageSettings>,
    lead_group: &str,
    lead_type: &str,
    name: Name,
) -> Result<Visible<LeadType>> {
    let account = grant.account();
    let before = hold(db, &grant, lead_group, lead_type).await?;
    refuse_taken(db, account, before.lead_group_id, before.id, &name).await?;
    let sql = "UPDATE lead_types SET name = $3, name_twin = $4 WHERE account_id = $1 AND id = $2";
    db.execute(sql, values![account, before.id, name.as_str(), name.twin()]).await?;
    let after = LeadType { name: name.to_string(), ..before.clone() };
    change::audit(db, &grant, (Event::LeadTypeChanged, after.id), &after.name, (&before, &after))?;
    Ok(Visible(after))
}

/// Deletes a type that no lead has and no partner is linked to.
pub async fn delete(
    db: &mut Connection<'_>,
    grant: Held<ManageSettings>,
    lead_group: &str,
    lead_type: &str,
) -> Result<Visible<LeadType>> {
    let gone = hold(db, &grant, lead_group, lead_type).await?;
    let links = Holder::new("linked partner", "partner_lead_types", "lead_type_id");
    let holders = [Holder::leads("lead_type_id"), links];
    in_use::refuse(db, grant.account(), gone.id, format!("lead type {}", gone.name), &holders).await?;
    let sql = "DELETE FROM lead_types WHERE account_id = $1 AND id = $2";
    db.execute(sql, values![grant.account(), gone.id]).await?;
    db.audit(Pending::by(&grant, Event::LeadTypeDeleted, gone.id, json!({"before": gone})));
    Ok(Visible(gone))
}

/// The type of a name in a group, locked: what refers to it waits, or is seen.
async fn hold<A>(db: &mut Connection<'_>, grant: &Grant<A>, lead_group: &str, lead_type: &str) -> Result<LeadType> {
    let account = grant.account();
    change::one_at_a_time(db, account).await?;
    let group = crate::lead_groups::named(db, account, lead_group).await?;
    let lock = db.lock_rows(" FOR UPDATE");
    let sql = format!("{SELECT} AND t.lead_group_id = $2 AND t.name_twin = $3{lock}");
    let found = db.query_opt(&sql, values![account, group, fold(lead_type)], read).await?;
    found.ok_or_else(|| Error::no_such("lead_type", format!("{lead_group}/{lead_type}")))
}
