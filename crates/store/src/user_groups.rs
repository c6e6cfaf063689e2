//! User groups: teams that leads are given to.

use leadlatch_domain::audit::Event;
use leadlatch_domain::contact::Email;
use leadlatch_domain::matrix::{ManageUsers, ReadUserGroups};
use leadlatch_domain::text::Name;
use serde::Serialize;
use serde_json::json;

use crate::access::{Grant, Held, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, values};
use crate::in_use::{self, Holder};
use crate::names::Names;
use crate::page::LOOKED_AT;
use crate::{Error, Page, Result, Slice, change, users};

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
    let bound = |after: i64, limit: i64| values![grant.account(), after, limit];
    let total = page.total(db, sql, bound(0, LOOKED_AT)).await?;
    let after = page.after.map_or(0, |(_, id)| id);
    let read = |row: &crate::engine::Row<'_>| Ok(Visible(UserGroup { id: row.get(0)?, name: row.get(1)? }));
    let rows = db.query(sql, bound(after, page.fetch()), read).await?;
    Ok(Slice::cut(rows, page, |row| (row.id, row.id)).counted(total))
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

const NAMES: Names = Names { table: "user_groups", one: "user group", field: "user_group", there: "" };

/// Gives one that is named another name.
pub async fn set(
    db: &mut Connection<'_>,
    grant: Held<ManageUsers>,
    group: &str,
    name: Name,
) -> Result<Visible<UserGroup>> {
    let before = hold(db, &grant, group).await?;
    NAMES.rename(db, grant.account(), before.id, &name).await?;
    let after = UserGroup { id: before.id, name: name.to_string() };
    change::audit(db, &grant, (Event::UserGroupChanged, after.id), &after.name, (&before, &after))?;
    Ok(Visible(after))
}

/// Deletes one without users and without leads.
pub async fn delete(db: &mut Connection<'_>, grant: Held<ManageUsers>, group: &str) -> Result<Visible<UserGroup>> {
    let gone = hold(db, &grant, group).await?;
    let members = Holder::new("user", "user_group_members", "user_group_id");
    let holders = [Holder::leads("user_group_id"), members];
    in_use::refuse(db, grant.account(), gone.id, format!("user group {}", gone.name), &holders).await?;
    NAMES.delete(db, grant.account(), gone.id).await?;
    db.audit(Pending::by(&grant, Event::UserGroupDeleted, gone.id, json!({"before": gone})));
    Ok(Visible(gone))
}

/// Puts a user into a group, or takes the user out of it. Done twice, it changes nothing.
pub async fn member(
    db: &mut Connection<'_>,
    grant: Held<ManageUsers>,
    group: &str,
    email: &Email,
    belongs: bool,
) -> Result<Visible<users::User>> {
    let group = hold(db, &grant, group).await?;
    let before = users::by_email(db, &grant, email).await?;
    let sql = if belongs {
        "INSERT INTO user_group_members (account_id, user_group_id, user_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
    } else {
        "DELETE FROM user_group_members WHERE account_id = $1 AND user_group_id = $2 AND user_id = $3"
    };
    db.execute(sql, values![grant.account(), group.id, before.id]).await?;
    let after = users::by_email(db, &grant, email).await?;
    change::audit(db, &grant, (Event::UserChanged, after.id), &after.name, (&before, &after))?;
    Ok(Visible(after))
}

async fn hold<A>(db: &mut Connection<'_>, grant: &Grant<A>, group: &str) -> Result<UserGroup> {
    let found = NAMES.hold(db, grant.account(), group).await?;
    Ok(UserGroup { id: found.id, name: found.name })
}
