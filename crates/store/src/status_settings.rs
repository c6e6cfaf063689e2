//! What an admin sees and changes of statuses. There is always one at the point new, which a new lead is given.

use leadlatch_domain::audit::Event;
use leadlatch_domain::fault::Fault;
use leadlatch_domain::matrix::ManageSettings;
use leadlatch_domain::point::ConversionPoint;
use leadlatch_domain::retention::Days;
use leadlatch_domain::text::Name;
use serde::Serialize;
use serde_json::json;

use crate::access::{Grant, Held, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, values};
use crate::in_use::{self, Holder};
use crate::names::Names;
use crate::statuses::Status;
use crate::{Error, Result, change};

/// A status with all its settings.
#[derive(Debug, Clone, Serialize)]
pub struct StatusSettings {
    /// What everybody sees of it.
    #[serde(flatten)]
    pub status: Status,
    /// Days after which its leads go by themselves; absent for never.
    pub retention_days: Option<i64>,
}

/// What an admin changes of a status; what is left out stays.
#[derive(Debug, Default)]
pub struct StatusChange {
    /// Its name.
    pub name: Option<Name>,
    /// What it means. The progress that its leads have made stays as it is.
    pub point: Option<ConversionPoint>,
    /// Its place in the list, from 1; those behind it move.
    pub position: Option<i64>,
    /// Days after which its leads go by themselves, or never.
    pub retention: Option<Option<Days>>,
}

const NAMES: Names = Names { table: "statuses", one: "status", field: "status", there: "" };

/// Every status of the account with its settings, in order.
pub async fn list(db: &mut Connection<'_>, grant: &Grant<ManageSettings>) -> Result<Vec<Visible<StatusSettings>>> {
    Ok(all(db, grant.account()).await?.into_iter().map(Visible).collect())
}

async fn all(db: &mut Connection<'_>, account: i64) -> Result<Vec<StatusSettings>> {
    let sql = "SELECT id, name, position, point, retention_days FROM statuses WHERE account_id = $1 \
               ORDER BY position, id";
    let read = |row: &crate::engine::Row<'_>| {
        let (id, name, position, conversion_point) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(StatusSettings { status: Status { id, name, position, conversion_point }, retention_days: row.get(4)? })
    };
    db.query(sql, values![account], read).await
}

/// The status of a name, locked, and all statuses of the account.
async fn hold(db: &mut Connection<'_>, account: i64, name: &str) -> Result<(StatusSettings, Vec<StatusSettings>)> {
    let found = NAMES.hold(db, account, name).await?;
    let all = all(db, account).await?;
    let one = all.iter().find(|one| one.status.id == found.id).cloned();
    Ok((one.ok_or(Error::NotFound("status"))?, all))
}

/// Changes a status that is named.
pub async fn set(
    db: &mut Connection<'_>,
    grant: Held<ManageSettings>,
    status: &str,
    change: StatusChange,
) -> Result<Visible<StatusSettings>> {
    let account = grant.account();
    let (before, all) = hold(db, account, status).await?;
    let id = before.status.id;
    if change.point.is_some_and(|point| point != ConversionPoint::New) {
        refuse_last_new(&before, &all)?;
    }
    if let Some(name) = &change.name {
        NAMES.rename(db, account, id, name).await?;
    }
    let mut after = before.clone();
    if let Some(name) = change.name {
        after.status.name = name.to_string();
    }
    if let Some(point) = change.point {
        after.status.conversion_point = point.as_str().into();
    }
    if let Some(position) = change.position {
        after.status.position = place(db, account, &before, all, position).await?;
    }
    if let Some(retention) = change.retention {
        after.retention_days = retention.map(Days::get);
    }
    let sql = "UPDATE statuses SET point = $3, retention_days = $4 WHERE account_id = $1 AND id = $2";
    db.execute(sql, values![account, id, after.status.conversion_point.as_str(), after.retention_days]).await?;
    change::audit(db, &grant, (Event::StatusChanged, id), &after.status.name, (&before, &after))?;
    Ok(Visible(after))
}

/// Puts a status at a place of the list, and numbers the list anew from 1.
async fn place(
    db: &mut Connection<'_>,
    account: i64,
    status: &StatusSettings,
    mut all: Vec<StatusSettings>,
    position: i64,
) -> Result<i64> {
    let Some(place) = usize::try_from(position).ok().filter(|place| (1..=all.len()).contains(place)) else {
        let fault = Fault::new("out_of_range", format!("Give a position from 1 to {}.", all.len()));
        return Err(Error::Invalid(vec![fault.on("position")]));
    };
    all.retain(|other| other.status.id != status.status.id);
    all.insert(place - 1, status.clone());
    number(db, account, &all).await?;
    Ok(position)
}

async fn number(db: &mut Connection<'_>, account: i64, all: &[StatusSettings]) -> Result<()> {
    for (position, other) in (1i64..).zip(all).filter(|(position, other)| *position != other.status.position) {
        let sql = "UPDATE statuses SET position = $3 WHERE account_id = $1 AND id = $2";
        db.execute(sql, values![account, other.status.id, position]).await?;
    }
    Ok(())
}

/// A lead that names no status is given the first at the point new: one must be left.
fn refuse_last_new(status: &StatusSettings, all: &[StatusSettings]) -> Result<()> {
    let is_new = |one: &StatusSettings| one.status.conversion_point == ConversionPoint::New.as_str();
    if !is_new(status) || all.iter().any(|other| other.status.id != status.status.id && is_new(other)) {
        return Ok(());
    }
    let name = &status.status.name;
    Err(Error::Conflict(format!("{name} is the last status at the point new, and new leads need one.")))
}

/// Deletes a status that no lead has.
pub async fn delete(
    db: &mut Connection<'_>,
    grant: Held<ManageSettings>,
    status: &str,
) -> Result<Visible<StatusSettings>> {
    let account = grant.account();
    let (gone, mut all) = hold(db, account, status).await?;
    let (id, name) = (gone.status.id, &gone.status.name);
    in_use::refuse(db, account, id, format!("status {name}"), &[Holder::leads("status_id")]).await?;
    refuse_last_new(&gone, &all)?;
    NAMES.delete(db, account, id).await?;
    all.retain(|other| other.status.id != id);
    number(db, account, &all).await?;
    db.audit(Pending::by(&grant, Event::StatusDeleted, id, json!({"before": gone})));
    Ok(Visible(gone))
}
