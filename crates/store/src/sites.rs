//! Sites: the web sites that leads come from.

use leadlatch_domain::audit::Event;
use leadlatch_domain::id::WireNumber;
use leadlatch_domain::matrix::{ManageSettings, ReadSites};
use leadlatch_domain::text::Name;
use serde::Serialize;
use serde_json::json;

use crate::access::{Grant, Held, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, Row, values};
use crate::in_use::{self, Holder};
use crate::names::Names;
use crate::page::LOOKED_AT;
use crate::{Error, Page, Result, Slice, change, wire_numbers};

/// A site.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Site {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The number that clients of existing integrations hold for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub wire_number: Option<i64>,
}

/// What an admin changes of a site; what is left out stays.
#[derive(Debug, Default)]
pub struct SiteChange {
    /// Its name.
    pub name: Option<Name>,
    /// The number that clients of existing integrations hold for it, or none.
    pub wire_number: Option<Option<WireNumber>>,
}

/// Every one of the account, by id. Partner keys never get here.
pub async fn list(db: &mut Connection<'_>, grant: &Grant<ReadSites>, page: &Page) -> Result<Slice<Visible<Site>>> {
    let sql = "SELECT id, name, wire_number FROM sites WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    let bound = |after: i64, limit: i64| values![grant.account(), after, limit];
    let total = page.total(db, sql, bound(0, LOOKED_AT)).await?;
    let after = page.after.map_or(0, |(_, id)| id);
    let rows = db.query(sql, bound(after, page.fetch()), |row| read(row).map(Visible)).await?;
    Ok(Slice::cut(rows, page, |row| (row.id, row.id)).counted(total))
}

fn read(row: &Row<'_>) -> Result<Site> {
    Ok(Site { id: row.get(0)?, name: row.get(1)?, wire_number: row.get(2)? })
}

/// Adds one.
pub async fn create(
    db: &mut Connection<'_>,
    grant: Held<ManageSettings>,
    name: Name,
    wire_number: Option<WireNumber>,
) -> Result<Visible<Site>> {
    let account = grant.account();
    let taken = "SELECT COUNT(*) FROM sites WHERE account_id = $1 AND name_twin = $2";
    if db.query_int(taken, values![account, name.twin()]).await? > 0 {
        return Err(Error::Conflict(format!("There is a site {name} already.")));
    }
    let sql = "INSERT INTO sites (account_id, name, name_twin) VALUES ($1, $2, $3) RETURNING id";
    let id = db.query_int(sql, values![account, name.as_str(), name.twin()]).await?;
    wire_numbers::set(db, account, &NAMES, id, wire_number).await?;
    let site = Site { id, name: name.to_string(), wire_number: wire_number.map(WireNumber::get) };
    let mut details = json!({"name": site.name});
    if let Some(number) = site.wire_number {
        details["wire_number"] = number.into();
    }
    db.audit(Pending::by(&grant, Event::SiteCreated, id, details));
    Ok(Visible(site))
}

const NAMES: Names = Names { table: "sites", one: "site", field: "site", there: "" };

/// Changes one that is named.
pub async fn set(
    db: &mut Connection<'_>,
    grant: Held<ManageSettings>,
    site: &str,
    change: SiteChange,
) -> Result<Visible<Site>> {
    let before = hold(db, &grant, site).await?;
    let mut after = before.clone();
    if let Some(name) = &change.name {
        NAMES.rename(db, grant.account(), before.id, name).await?;
        after.name = name.to_string();
    }
    if let Some(number) = change.wire_number {
        wire_numbers::set(db, grant.account(), &NAMES, before.id, number).await?;
        after.wire_number = number.map(WireNumber::get);
    }
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

async fn hold<A>(db: &mut Connection<'_>, grant: &Grant<A>, site_name: &str) -> Result<Site> {
    let found = NAMES.hold(db, grant.account(), site_name).await?;
    let sql = "SELECT id, name, wire_number FROM sites WHERE account_id = $1 AND id = $2";
    let site = db.query_opt(sql, values![grant.account(), found.id], read).await?;
    site.ok_or_else(|| Error::no_such("site", site_name))
}
