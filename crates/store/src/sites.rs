//! Sites: the web sites that leads come from.

use leadlatch_domain::audit::Event;
use leadlatch_domain::matrix::{ManageSettings, ReadSites};
use leadlatch_domain::text::Name;
use serde::Serialize;
use serde_json::json;

use crate::access::{Grant, Held, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, values};
use crate::in_use::{self, Holder};
use crate::names::Names;
use crate::{Error, Page, Result, Slice, change};

/// A site.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Site {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
}

/// Every one of the account, by id. Partner keys never get here.
pub async fn list(db: &mut Connection<'_>, grant: &Grant<ReadSites>, page: &Page) -> Result<Slice<Visible<Site>>> {
    let sql = "SELECT id, name FROM sites WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    let after = page.after.map_or(0, |(_, id)| id);
    let read = |row: &crate::engine::Row<'_>| Ok(Visible(Site { id: row.get(0)?, name: row.get(1)? }));
    let rows = db.query(sql, values![grant.account(), after, page.fetch()], read).await?;
    Ok(Slice::cut(rows, page, |row| (row.id, row.id)))
}

/// Adds one.
pub async fn create(db: &mut Connection<'_>, grant: Held<ManageSettings>, name: Name) -> Result<Visible<Site>> {
    let account = grant.account();
    let taken = "SELECT COUNT(*) FROM sites WHERE account_id = $1 AND name_twin = $2";
    if db.query_int(taken, values![account, name.twin()]).await? > 0 {
        return Err(Error::Conflict(format!("There is a site {name} already.")));
    }
    let sql = "INSERT INTO sites (account_id, name, name_twin) VALUES ($1, $2, $3) RETURNING id";
    let id = db.query_int(sql, values![account, name.as_str(), name.twin()]).await?;
    db.audit(Pending::by(&grant, Event::SiteCreated, id, json!({"name": name.as_str()})));
    Ok(Visible(Site { id, name: name.to_string() }))
}

const NAMES: Names = Names { table: "sites", one: "site", field: "site" };

/// Gives one that is named another name.
pub async fn set(
    db: &mut Connection<'_>,
    grant: Held<ManageSettings>,
    site: &str,
    name: Name,
) -> Result<Visible<Site>> {
    let before = hold(db, &grant, site).await?;
    NAMES.rename(db, grant.account(), before.id, &name).await?;
    let after = Site { id: before.id, name: name.to_string() };
    change::audit(db, &grant, (Event::SiteChanged, after.id), &after.name, (&before, &after))?;
    Ok(Visible(after))
}

/// Deletes one that no lead came from.
pub async fn delete(db: &mut Connection<'_>, grant: Held<ManageSettings>, site: &str) -> Result<Visible<Site>> {
    let gone = hold(db, &grant, site).await?;
    in_use::refuse(db, grant.account(), gone.id, format!("site {}", gone.name), &[Holder::leads("site_id")]).await?;
    NAMES.delete(db, grant.account(), gone.id).await?;
    db.audit(Pending::by(&grant, Event::SiteDeleted, gone.id, json!({"before": gone})));
    Ok(Visible(gone))
}

async fn hold<A>(db: &mut Connection<'_>, grant: &Grant<A>, site: &str) -> Result<Site> {
    let found = NAMES.hold(db, grant.account(), site).await?;
    Ok(Site { id: found.id, name: found.name })
}
