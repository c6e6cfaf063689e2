//! What may be changed of a key: its name, its note, its limits, and an expiry that comes sooner.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use leadlatch_domain::key_limits::KeyLimits;
use leadlatch_domain::matrix::ManageKeys;
use leadlatch_domain::time::Timestamp;
use leadlatch_store::access_keys::directory;
use leadlatch_store::access_keys::{self, AccessKey, Change, Changes};
use leadlatch_store::{Connection, Error};
use serde::Deserialize;

use super::form::{date_to_come, limits, read_name, read_note};
use super::row::{KeyRow, key_href};
use crate::Web;
use crate::around::go;
use crate::asked::Path;
use crate::components::words::minute;
use crate::errors::Errors;
use crate::form::{Button, Form};
use crate::frame::Frame;
use crate::note::Note;
use crate::page::{Answer, page_with};
use crate::signed::Signed;

/// The form, as it was typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    name: String,
    note: String,
    expires_on: String,
    address_ranges: String,
    requests_per_minute: String,
    idle_days: String,
}

#[derive(Template)]
#[template(path = "access_keys/edit.html")]
struct Page {
    frame: Frame,
    key: KeyRow,
    typed: Typed,
    errors: Errors,
}

impl Typed {
    /// What the key has now.
    fn of(key: &AccessKey) -> Self {
        let KeyLimits { address_ranges, requests_per_minute, idle_days } = &key.limits;
        Self {
            name: key.name.clone(),
            note: key.note.clone().unwrap_or_default(),
            expires_on: key.expires_at.map(|at| at.to_string()[..10].to_owned()).unwrap_or_default(),
            address_ranges: address_ranges.as_ref().map(|all| all.to_stored().replace(' ', "\n")).unwrap_or_default(),
            requests_per_minute: requests_per_minute.map(|limit| limit.get().to_string()).unwrap_or_default(),
            idle_days: idle_days.map(|days| days.to_string()).unwrap_or_default(),
        }
    }

    fn read(&self, before: &AccessKey, now: Timestamp) -> Result<Changes, Errors> {
        let mut errors = Errors::default();
        let name = read_name(&self.name, &mut errors);
        let note = read_note(&self.note, &mut errors);
        let limits = limits(&self.address_ranges, &self.requests_per_minute, &self.idle_days, &mut errors);
        let expires_at = self.expires_at(before, now, &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Changes {
            name,
            note: to(note),
            expires_at,
            address_ranges: to(limits.address_ranges),
            requests_per_minute: to(limits.requests_per_minute),
            idle_days: to(limits.idle_days),
        })
    }

    /// The new end, if the day is another than before.
    fn expires_at(&self, before: &AccessKey, now: Timestamp, errors: &mut Errors) -> Option<Timestamp> {
        let unchanged = self.expires_on == Self::of(before).expires_on;
        if unchanged {
            return None;
        }
        if self.expires_on.is_empty() {
            errors.put("expires_on", "The end may be brought forward, never taken away: make a new key instead.");
            return None;
        }
        let end = errors.take("expires_on", date_to_come(&self.expires_on, now))?;
        if let Some(promised) = before.expires_at.filter(|promised| end > *promised) {
            let words = format!("It ends on {}: that may be brought forward, never put off.", minute(promised));
            errors.put("expires_on", words);
        }
        Some(end)
    }
}

fn to<T>(value: Option<T>) -> Change<T> {
    value.map_or(Change::Clear, Change::To)
}

/// The dialog.
pub(crate) async fn show(State(web): State<Web>, signed: Signed<ManageKeys>, Path(id): Path<i64>) -> Answer {
    form(&web, signed, StatusCode::OK, id, None, Errors::default()).await
}

/// Changes the key.
pub(crate) async fn edit(
    State(web): State<Web>,
    signed: Signed<ManageKeys>,
    Path(id): Path<i64>,
    Form(typed): Form<Typed>,
) -> Answer {
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    let grant = signed.permit::<ManageKeys>()?;
    let before = web.store().read(async |db| access_keys::get(db, &grant, id).await).await?;
    let changes = match typed.read(&before, web.store().clock().now()) {
        Ok(changes) => changes,
        Err(errors) => return form(&web, signed, refused, id, Some(typed), errors).await,
    };
    let job = async move |db: &mut Connection<'_>, grant| access_keys::set(db, grant, id, changes).await;
    match web.store().write(signed.permit()?, job).await {
        Ok(_) => Ok(go(key_href(id, "")).saying(Note::done("Key changed.")).into_response()),
        Err(Error::Invalid(faults)) => {
            let mut errors = Errors::default();
            for fault in faults {
                errors.put(if fault.field == "note" { "note" } else { "expires_on" }, fault.detail);
            }
            form(&web, signed, refused, id, Some(typed), errors).await
        }
        Err(other) => Err(other.into()),
    }
}

async fn form(
    web: &Web,
    signed: Signed<ManageKeys>,
    status: StatusCode,
    id: i64,
    typed: Option<Typed>,
    errors: Errors,
) -> Answer {
    let grant = signed.permit::<ManageKeys>()?;
    let listed = web.store().read(async |db| directory::listed(db, &grant, id).await).await?;
    let typed = typed.unwrap_or_else(|| Typed::of(&listed.key));
    let key = KeyRow::new(&listed, web.store().clock().now());
    page_with(status, &Page { frame: signed.frame, key, typed, errors })
}

/// Lets a key in again that had been idle for too long.
pub(crate) async fn enable(
    State(web): State<Web>,
    signed: Signed<ManageKeys>,
    Path(id): Path<i64>,
    Form(Button {}): Form<Button>,
) -> Answer {
    let job = async move |db: &mut Connection<'_>, grant| access_keys::enable(db, grant, id).await;
    web.store().write(signed.grant, job).await?;
    Ok(go(key_href(id, "")).saying(Note::done("Key enabled. Its days without use begin anew.")).into_response())
}
