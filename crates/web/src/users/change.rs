//! One user: role, name, activate and deactivate, a new link, the authenticator app taken away.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use leadlatch_domain::matrix::{ManageUsers, ReadUsers};
use leadlatch_domain::person::PersonRole;
use leadlatch_domain::text::Name;
use leadlatch_store::users::{self, UserChange};
use leadlatch_store::{Connection, Error, authenticator, links};
use serde::Deserialize;

use super::invite::LinkPage;
use super::{LIST, Row, rows};
use crate::Web;
use crate::around::go;
use crate::form::{Button, Form};
use crate::frame::Frame;
use crate::note::Note;
use crate::page::{Answer, page_with};
use crate::paths;
use crate::refusal::Refusal;
use crate::signed::{Fresh, Signed};

#[derive(Template)]
#[template(path = "users/show.html")]
struct Page {
    frame: Frame,
    row: Row,
    is_me: bool,
    error: Option<String>,
}

/// What the form holds.
#[derive(Debug, Deserialize)]
pub(crate) struct Given {
    name: String,
    role: String,
    #[serde(default)]
    active: Option<String>,
}

fn address(id: i64) -> String {
    format!("{LIST}/{id}")
}

async fn one(web: &Web, signed: &Signed<ManageUsers>, id: i64) -> Result<Row, Refusal> {
    let read = signed.permit::<ReadUsers>()?;
    let all = rows(web, &read, &signed.grant).await?;
    all.into_iter().find(|row| row.user.id == id).ok_or_else(Refusal::not_found)
}

async fn form(web: &Web, signed: Signed<ManageUsers>, status: StatusCode, id: i64, error: Option<String>) -> Answer {
    let row = one(web, &signed, id).await?;
    let is_me = signed.me()?.id.get() == id;
    page_with(status, &Page { frame: signed.frame, row, is_me, error })
}

/// The page.
pub(crate) async fn show(State(web): State<Web>, Path(id): Path<i64>, signed: Signed<ManageUsers>) -> Answer {
    form(&web, signed, StatusCode::OK, id, None).await
}

/// Back from where the password was asked again, to the page of a button that stands on it.
pub(crate) async fn back(Path(id): Path<i64>) -> Response {
    go(address(id)).into_response()
}

/// Takes the form.
pub(crate) async fn change(
    State(web): State<Web>,
    Path(id): Path<i64>,
    signed: Signed<ManageUsers>,
    Form(given): Form<Given>,
) -> Answer {
    let (name, role) = match (Name::parse(&given.name), PersonRole::parse(&given.role)) {
        (Ok(name), Ok(role)) => (name, role),
        (Err(fault), _) | (_, Err(fault)) => {
            let error = Some(fault.detail.into_owned());
            return form(&web, signed, StatusCode::UNPROCESSABLE_ENTITY, id, error).await;
        }
    };
    let before = one(&web, &signed, id).await?.user;
    if role == PersonRole::Admin && before.role != role.as_str() && !signed.me()?.fresh {
        return Ok(go(paths::confirm(&address(id))).into_response());
    }
    let change = UserChange { name: Some(name), role: Some(role.as_str()), active: Some(given.active.is_some()) };
    let grant = signed.permit::<ManageUsers>()?;
    let job = async move |db: &mut Connection<'_>, grant| users::set_by_id(db, grant, id, change).await;
    match web.store().write(grant, job).await {
        Ok(user) => Ok(go(LIST).saying(Note::done(format!("{} is changed.", user.name))).into_response()),
        Err(Error::Conflict(text)) => form(&web, signed, StatusCode::CONFLICT, id, Some(text)).await,
        Err(error) => Err(error.into()),
    }
}

/// Makes a link for the user, and shows it once.
pub(crate) async fn link(
    State(web): State<Web>,
    Path(id): Path<i64>,
    Fresh(signed): Fresh<ManageUsers>,
    Form(Button {}): Form<Button>,
) -> Answer {
    let user = one(&web, &signed, id).await?.user;
    let job = async move |db: &mut Connection<'_>, grant| links::make(db, grant, id).await;
    let (purpose, link) = web.store().write(signed.grant, job).await?;
    let link = web.address(&signed.visitor, &paths::link(link.expose()));
    let days = purpose.lives().as_secs() / 86_400;
    page_with(StatusCode::OK, &LinkPage { frame: signed.frame, name: user.name, email: user.email, link, days })
}

/// Takes the user's authenticator app away.
pub(crate) async fn remove_authenticator(
    State(web): State<Web>,
    Path(id): Path<i64>,
    Fresh(signed): Fresh<ManageUsers>,
    Form(Button {}): Form<Button>,
) -> Answer {
    web.store().write(signed.grant, async move |db, grant| authenticator::remove_of(db, grant, id).await).await?;
    let note = Note::done("The authenticator app is removed. The password alone signs in.");
    Ok(go(address(id)).saying(note).into_response())
}
