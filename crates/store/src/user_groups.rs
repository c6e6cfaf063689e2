//! User groups: teams that leads are given to.

use leadlatch_domain::audit::Event;
use leadlatch_domain::matrix::{ManageUsers, ReadUserGroups};
use leadlatch_domain::text::Name;
use serde::Serialize;
use serde_json::json;

use crate::access::{Grant, Held, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, values};
use crate::{Error, Page, Result, Slice};

/// A user group.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct UserGroup {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
}

/// Every one of the account, by id. Partner keys never get here.
pub async fn list(
    db: &mut Connection<'_>,
    grant: &Grant<ReadUserGroups>,
    page: &Page,
) -> Result<Slice<Visible<UserGroup>>> {
    let sql = "SELECT id, name FROM user_groups WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    let after = page.after.map_or(0, |(_, id)| id);
    let read = |row: &crate::engine::Row<'_>| Ok(Visible(UserGroup { id: row.get(0)?, name: row.get(1)? }));
    let rows = db.query(sql, values![grant.account(), after, page.fetch()], read).await?;
    Ok(Slice::cut(rows, page, |row| (row.id, row.id)))
}

/// One of the account.
pub async fn get(db: &mut Connection<'_>, grant: &Grant<ReadUserGroups>, id: i64) -> Result<Visible<UserGroup>> {
    let sql = "SELECT id, name FROM user_groups WHERE account_id = $1 AND id = $2";
    let read = |row: &crate::engine::Row<'_>| Ok(Visible(UserGroup { id: row.get(0)?, name: row.get(1)? }));
    let found = db.query_opt(sql, values![grant.account(), id], read).await?;
    found.ok_or_else(|| grant.missing("user_group_id"))
}

/// Adds one.
pub async fn create(db: &mut Connection<'_>, grant: Held<ManageUsers>, name: Name) -> Result<Visible<UserGroup>> {
    let account = grant.account();
    let taken = "SELECT COUNT(*) FROM user_groups WHERE account_id = $1 AND name_twin = $2";
    if db.query_int(taken, values![account, name.twin()]).await? > 0 {
        return Err(Error::Conflict(format!("There is a user group {name} already.")));
    }
    let sql = "INSERT INTO user_groups (account_id, name, name_twin) VALUES ($1, $2, $3) RETURNING id";
    let id = db.query_int(sql, values![account, name.as_str(), name.twin()]).await?;
    db.audit(Pending::by(&grant, Event::UserGroupCreated, id, json!({"name": name.as_str()})));
    Ok(Visible(UserGroup { id, name: name.to_string() }))
}
