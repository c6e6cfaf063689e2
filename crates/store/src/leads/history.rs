//! The history of a lead: each change with its actor, written in the change's own transaction and erased with the lead.

use leadlatch_domain::lead::field::Kind;
use leadlatch_domain::lead::history::{Action, Changed, changed};
use leadlatch_domain::lead::{Lead, LeadField, Value};
use leadlatch_domain::matrix::{ImportLeads, InspectLeads, ReadLeadHistory};
use leadlatch_domain::time::Timestamp;
use serde::Serialize;

use super::{read, retention};
use crate::access::{Grant, Held, Visible};
use crate::engine::{Connection, Row, values};
use crate::page::LOOKED_AT;
use crate::{Error, Page, Result, Slice};

/// One change of a lead.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Change {
    /// Its number.
    pub id: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who.
    pub actor: ChangeActor,
    /// `created`, `updated`, `referred`, `unreferred`, `deleted`, `retired`, `restored`, `reach_ended` or `copied`.
    pub action: String,
    /// By field, its value before and after.
    #[schema(value_type = Object)]
    pub changed: Changed,
}

/// Who changed a lead.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChangeActor {
    /// `key`, `user`, `command_line` or `role`.
    pub kind: String,
    /// The key's or the user's number.
    #[schema(required = true)]
    pub id: Option<i64>,
    /// The key's or the user's name.
    #[schema(required = true)]
    pub name: Option<String>,
}

/// A contact preference, with when, by whom and from where it was set to what it is.
#[derive(Debug, Serialize)]
pub struct SetPreference {
    /// The field, such as `contact_email`.
    pub field: String,
    /// `yes`, `no` or `unknown`.
    pub value: String,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: ChangeActor,
    /// From which address, if the caller had one.
    pub address: Option<String>,
}

/// Writes one change. Whoever changes a lead calls it in the same transaction.
pub(super) async fn record<A>(
    db: &mut Connection<'_>,
    grant: &Held<A>,
    lead: i64,
    action: Action,
    changed: &Changed,
) -> Result<()> {
    let sql = "INSERT INTO lead_changes (account_id, lead_id, at, actor_kind, actor_id, action, changed) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let (actor, text) = (grant.actor(), serde_json::to_string(changed).map_err(Error::internal)?);
    let now = db.now().as_micros();
    db.execute(sql, values![grant.account(), lead, now, actor.kind.as_str(), actor.id, action.as_str(), text]).await?;
    Ok(())
}

/// Writes one change that happened to several leads alike and changed no field of theirs.
pub(super) async fn record_all<A>(
    db: &mut Connection<'_>,
    grant: &Held<A>,
    leads: &[i64],
    action: Action,
) -> Result<()> {
    let sql = format!(
        "INSERT INTO lead_changes (account_id, lead_id, at, actor_kind, actor_id, action, changed) \
         SELECT l.account_id, l.id, CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS TEXT), '{{}}' \
         FROM leads l WHERE l.account_id = $1 AND l.id IN ({})",
        retention::places(6)
    );
    let (actor, now) = (grant.actor(), db.now().as_micros());
    let values = values![grant.account(), now, actor.kind.as_str(), actor.id, action.as_str()];
    db.execute(&sql, retention::bound(values, leads)?).await.map(drop)
}

/// A lead that was made: its values are the lead's own and stand in no history.
pub(super) async fn begin<A>(db: &mut Connection<'_>, grant: &Held<A>, lead: &Lead) -> Result<()> {
    let id = lead.int(LeadField::Id).unwrap_or_default();
    record(db, grant, id, Action::Created, &Changed::new()).await?;
    for field in preferences().filter(|field| lead.text(*field) != Some("unknown")) {
        keep_preference(db, grant, id, field, lead).await?;
    }
    Ok(())
}

/// The beginning of each lead that a block of an import made, whose records are these, in their order.
pub(super) async fn begin_imported(
    db: &mut Connection<'_>,
    grant: &Held<ImportLeads>,
    import: i64,
    records: &[i64],
) -> Result<()> {
    let (Some(first), Some(last)) = (records.first(), records.last()) else { return Ok(()) };
    let (actor, now) = (grant.actor(), db.now().as_micros());
    let of = "FROM leads l WHERE l.account_id = $1 AND l.import_id = $2 AND l.import_record BETWEEN $3 AND $4";
    let sql = format!(
        "INSERT INTO lead_changes (account_id, lead_id, at, actor_kind, actor_id, action, changed) \
         SELECT l.account_id, l.id, CAST($5 AS BIGINT), CAST($6 AS TEXT), CAST($7 AS BIGINT), CAST($8 AS TEXT), '{{}}' {of}"
    );
    let kind = actor.kind.as_str();
    let bound = values![grant.account(), import, *first, *last, now, kind, actor.id, Action::Created.as_str()];
    db.execute(&sql, bound).await?;
    for field in preferences() {
        let name = field.name();
        let sql = format!(
            "INSERT INTO lead_preferences (account_id, lead_id, field, value, at, actor_kind, actor_id) \
             SELECT l.account_id, l.id, '{name}', l.{name}, CAST($5 AS BIGINT), CAST($6 AS TEXT), CAST($7 AS BIGINT) \
             {of} AND l.{name} <> 'unknown'"
        );
        db.execute(&sql, values![grant.account(), import, *first, *last, now, kind, actor.id]).await?;
    }
    Ok(())
}

/// What an update, or a copy, made of a lead.
pub(super) async fn go_on<A>(
    db: &mut Connection<'_>,
    grant: &Held<A>,
    action: Action,
    (before, after): (&Lead, &Lead),
) -> Result<()> {
    let id = after.int(LeadField::Id).unwrap_or_default();
    record(db, grant, id, action, &changed(before, after)).await?;
    for field in preferences().filter(|field| before.get(*field) != after.get(*field)) {
        keep_preference(db, grant, id, field, after).await?;
    }
    Ok(())
}

fn preferences() -> impl Iterator<Item = LeadField> {
    LeadField::ALL.iter().copied().filter(|field| field.kind() == Kind::Preference)
}

/// A preference that is sent again as it is keeps its first setting: that is when the person said it.
async fn keep_preference<A>(
    db: &mut Connection<'_>,
    grant: &Held<A>,
    id: i64,
    field: LeadField,
    lead: &Lead,
) -> Result<()> {
    let sql = "INSERT INTO lead_preferences (account_id, lead_id, field, value, at, actor_kind, actor_id, address) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (account_id, lead_id, field) DO UPDATE SET \
               value = excluded.value, at = excluded.at, actor_kind = excluded.actor_kind, \
               actor_id = excluded.actor_id, address = excluded.address";
    let Value::Text(value) = lead.get(field) else { return Ok(()) };
    let (actor, now, from) = (grant.actor(), db.now().as_micros(), grant.access.from.map(|from| from.to_string()));
    let bound = values![grant.account(), id, field.name(), value.as_str(), now, actor.kind.as_str(), actor.id, from];
    db.execute(sql, bound).await?;
    Ok(())
}

/// The names of actors, by the alias `c` of what they did.
const NAMES: &str = "LEFT JOIN access_keys k ON c.actor_kind = 'key' AND k.account_id = c.account_id \
     AND k.id = c.actor_id LEFT JOIN users u ON c.actor_kind = 'user' AND u.account_id = c.account_id \
     AND u.id = c.actor_id";

/// The history of a lead in reach, newest first. Partner keys never read it: it names other callers.
pub async fn history(
    db: &mut Connection<'_>,
    grant: &Grant<ReadLeadHistory>,
    id: i64,
    page: &Page,
) -> Result<Slice<Visible<Change>>> {
    read::fetch(db, &grant.scope(), id, "").await?.ok_or_else(|| grant.missing("id"))?;
    changes(db, grant.account(), id, page).await
}

/// The history of any lead of the account, in the bin too.
pub async fn inspect_history(
    db: &mut Connection<'_>,
    grant: &Grant<InspectLeads>,
    id: i64,
) -> Result<Vec<Visible<Change>>> {
    read::fetch_any(db, grant, id).await?.ok_or(Error::NotFound("lead"))?;
    Ok(changes(db, grant.account(), id, &Page::ALL).await?.rows)
}

async fn changes(db: &mut Connection<'_>, account: i64, id: i64, page: &Page) -> Result<Slice<Visible<Change>>> {
    let sql = format!(
        "SELECT c.id, c.at, c.actor_kind, c.actor_id, COALESCE(k.name, u.name), c.action, c.changed \
         FROM lead_changes c {NAMES} WHERE c.account_id = $1 AND c.lead_id = $2 AND c.id < $3 \
         ORDER BY c.id DESC LIMIT $4"
    );
    let bound = |before: i64, limit: i64| values![account, id, before, limit];
    let total = page.total(db, &sql, bound(i64::MAX, LOOKED_AT)).await?;
    let before = page.after.map_or(i64::MAX, |(_, last)| last);
    let rows = db.query(&sql, bound(before, page.fetch()), |row| read_change(row).map(Visible)).await?;
    Ok(Slice::cut(rows, page, |change| (change.id, change.id)).counted(total))
}

fn read_change(row: &Row<'_>) -> Result<Change> {
    Ok(Change {
        id: row.get(0)?,
        at: Timestamp::from_micros(row.get(1)?),
        actor: read_actor(row, 2)?,
        action: row.get(5)?,
        changed: serde_json::from_str(&row.get::<String>(6)?).map_err(Error::internal)?,
    })
}

/// Kind, number and name, from a column on.
fn read_actor(row: &Row<'_>, column: usize) -> Result<ChangeActor> {
    let id = Some(row.get::<i64>(column + 1)?).filter(|id| *id != 0);
    Ok(ChangeActor { kind: row.get(column)?, id, name: row.get(column + 2)? })
}

/// Each preference of a lead that anybody ever set.
pub(super) async fn set_preferences(db: &mut Connection<'_>, account: i64, id: i64) -> Result<Vec<SetPreference>> {
    let sql = format!(
        "SELECT c.field, c.value, c.at, c.actor_kind, c.actor_id, COALESCE(k.name, u.name), c.address \
         FROM lead_preferences c {NAMES} WHERE c.account_id = $1 AND c.lead_id = $2 ORDER BY c.field"
    );
    let read = |row: &Row<'_>| {
        Ok(SetPreference {
            field: row.get(0)?,
            value: row.get(1)?,
            at: Timestamp::from_micros(row.get(2)?),
            actor: read_actor(row, 3)?,
            address: row.get(6)?,
        })
    };
    db.query(&sql, values![account, id], read).await
}
