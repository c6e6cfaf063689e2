//! Statuses: the account's own names for stages, in order, each with one conversion point.

use leadlatch_domain::audit::Event;
use leadlatch_domain::fault::Fault;
use leadlatch_domain::matrix::{ManageSettings, ReadStatuses};
use leadlatch_domain::point::ConversionPoint;
use leadlatch_domain::text::Name;
use serde::Serialize;
use serde_json::json;

use crate::access::{Grant, Held, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, Row, values};
use crate::page::LOOKED_AT;
use crate::{Error, Page, Result, Slice, change};

/// A status.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Status {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its place in the list, from 1.
    pub position: i64,
    /// What it means.
    pub conversion_point: String,
}

/// Every status of the account, in order: the full list for every key.
pub async fn list(db: &mut Connection<'_>, grant: &Grant<ReadStatuses>, page: &Page) -> Result<Slice<Visible<Status>>> {
    let (position, id) = page.after.unwrap_or((i64::MIN, 0));
    let sql = "SELECT id, name, position, point FROM statuses WHERE account_id = $1 AND (position, id) > ($2, $3) \
               ORDER BY position, id LIMIT $4";
    let bound = |position: i64, id: i64, limit: i64| values![grant.account(), position, id, limit];
    let total = page.total(db, sql, bound(i64::MIN, 0, LOOKED_AT)).await?;
    let rows = db.query(sql, bound(position, id, page.fetch()), |row| read(row).map(Visible)).await?;
    Ok(Slice::cut(rows, page, |status| (status.position, status.id)).counted(total))
}

fn read(row: &Row<'_>) -> Result<Status> {
    Ok(Status { id: row.get(0)?, name: row.get(1)?, position: row.get(2)?, conversion_point: row.get(3)? })
}

/// Adds a status; at the end unless a position is given, where it moves the later ones up.
pub async fn create(
    db: &mut Connection<'_>,
    grant: Held<ManageSettings>,
    name: Name,
    point: ConversionPoint,
    position: Option<i64>,
) -> Result<Visible<Status>> {
    let account = grant.account();
    change::one_at_a_time(db, account).await?;
    let end =
        db.query_int("SELECT COALESCE(MAX(position), 0) + 1 FROM statuses WHERE account_id = $1", values![account]);
    let end = end.await?;
    let position = position.unwrap_or(end);
    if !(1..=end).contains(&position) {
        let fault = Fault::new("out_of_range", format!("Give a position from 1 to {end}."));
        return Err(Error::Invalid(vec![fault.on("position")]));
    }
    let sql = "UPDATE statuses SET position = position + 1 WHERE account_id = $1 AND position >= $2";
    db.execute(sql, values![account, position]).await?;
    let id = insert(db, account, name.as_str(), &name.twin(), position, point).await?;
    let details = json!({"name": name.as_str(), "conversion_point": point.as_str(), "position": position});
    db.audit(Pending::by(&grant, Event::StatusCreated, id, details));
    Ok(Visible(Status { id, name: name.to_string(), position, conversion_point: point.as_str().into() }))
}

pub(crate) async fn insert(
    db: &mut Connection<'_>,
    account: i64,
    name: &str,
    twin: &str,
    position: i64,
    point: ConversionPoint,
) -> Result<i64> {
    let taken = "SELECT COUNT(*) FROM statuses WHERE account_id = $1 AND name_twin = $2";
    if db.query_int(taken, values![account, twin]).await? > 0 {
        return Err(Error::Conflict(format!("There is a status {name} already.")));
    }
    let sql =
        "INSERT INTO statuses (account_id, name, name_twin, position, point) VALUES ($1, $2, $3, $4, $5) RETURNING id";
    db.query_int(sql, values![account, name, twin, position, point.as_str()]).await
}

/// What a lead needs of its status.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) point: ConversionPoint,
}

/// The first status at the point new: what a lead has when none is named.
pub(crate) async fn first_new(db: &mut Connection<'_>, account: i64) -> Result<Stage> {
    let sql = "SELECT id, name, point FROM statuses WHERE account_id = $1 AND point = $2 ORDER BY position, id LIMIT 1";
    let found = db.query_opt(sql, values![account, ConversionPoint::New.as_str()], read_stage).await?;
    found.ok_or_else(|| Error::Conflict("The account has no status at the point new; an admin must add one.".into()))
}

/// A status by its id or by the twin of its name.
pub(crate) async fn find(db: &mut Connection<'_>, account: i64, by: &Named<'_>) -> Result<Option<Stage>> {
    match by {
        Named::Id(id) => {
            let sql = "SELECT id, name, point FROM statuses WHERE account_id = $1 AND id = $2";
            db.query_opt(sql, values![account, *id], read_stage).await
        }
        Named::Name(name) => {
            let sql = "SELECT id, name, point FROM statuses WHERE account_id = $1 AND name_twin = $2";
            db.query_opt(sql, values![account, leadlatch_domain::text::fold(name)], read_stage).await
        }
    }
}

/// How a caller named a status.
#[derive(Debug)]
pub(crate) enum Named<'a> {
    Id(i64),
    Name(&'a str),
}

fn read_stage(row: &Row<'_>) -> Result<Stage> {
    let point =
        ConversionPoint::parse(&row.get::<String>(2)?).map_err(|_| Error::internal("a status without a point"))?;
    Ok(Stage { id: row.get(0)?, name: row.get(1)?, point })
}
