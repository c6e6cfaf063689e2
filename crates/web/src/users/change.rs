//! One user: name and role, activated and deactivated, a new link, the authenticator app taken away.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use leadlatch_domain::matrix::ManageUsers;
use leadlatch_domain::person::PersonRole;
use leadlatch_domain::text::Name;
use leadlatch_store::users::{self, User, UserChange};
use leadlatch_store::{Connection, Error, authenticator, links};
use serde::Deserialize;

use super::invite::LinkPage;
use super::{LIST, Row, one, path_of};
use crate::Web;
use crate::around::go;
use crate::asked::{Path, Query};
use crate::audit_trail;
use crate::errors::Errors;
use crate::form::{Button, Form};
use crate::frame::Frame;
use crate::note::Note;
use crate::page::{Answer, page_with};
use crate::paths;
use crate::signed::{Fresh, Signed};

#[derive(Template)]
#[template(path = "users/show.html")]
struct Page {
    frame: Frame,
    row: Row,
    typed: Typed,
    /// What was done to the user, and what the user did, in the audit trail.
    trail: (String, String),
    /// Whether the password was asked for in between: the form is to be sent again.
    again: bool,
    errors: Errors,
}

/// What the form holds; also from the query, to come back to after the password was asked again.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    name: String,
    role: String,
    active: Option<String>,
}

impl Typed {
    fn of(user: &User) -> Self {
        let active = user.active.then(|| "yes".to_owned());
        Self { name: user.name.clone(), role: user.role.clone(), active }
    }

    /// The form as it is filled in.
    fn href(&self, id: i64) -> String {
        let active = self.active.as_deref().map(|yes| ("active", yes));
        let texts = [("name", self.name.as_str()), ("role", self.role.as_str())];
        paths::with_query(&path_of(id), texts.into_iter().chain(active))
    }
}

async fn form(
    web: &Web,
    signed: Signed<ManageUsers>,
    status: StatusCode,
    id: i64,
    typed: Option<Typed>,
    errors: Errors,
) -> Answer {
    let row = one(web, &signed, id).await?;
    let again = typed.is_some() && errors.is_empty();
    let trail = (audit_trail::about("user", id), audit_trail::by_user(id));
    let typed = typed.unwrap_or_else(|| Typed::of(&row.user));
    page_with(status, &Page { frame: signed.frame, row, typed, trail, again, errors })
}

/// The page.
pub(super) async fn show(
    State(web): State<Web>,
    Path(id): Path<i64>,
    signed: Signed<ManageUsers>,
    Query(typed): Query<Typed>,
) -> Answer {
    let typed = Some(typed).filter(|typed| !typed.role.is_empty());
    form(&web, signed, StatusCode::OK, id, typed, Errors::default()).await
}

/// Back from where the password was asked again, to the page of a button that stands on it.
pub(super) async fn back(Path(id): Path<i64>) -> Response {
    go(path_of(id)).saying(Note::press_again()).into_response()
}

/// Takes the form.
pub(super) async fn change(
    State(web): State<Web>,
    Path(id): Path<i64>,
    signed: Signed<ManageUsers>,
    Form(typed): Form<Typed>,
) -> Answer {
    let mut errors = Errors::default();
    let name = errors.take("name", Name::parse(&typed.name));
    let role = errors.take("role", PersonRole::parse(&typed.role));
    let (Some(name), Some(role)) = (name, role) else {
        return form(&web, signed, StatusCode::UNPROCESSABLE_ENTITY, id, Some(typed), errors).await;
    };
    let (before, active) = (one(&web, &signed, id).await?, typed.active.is_some());
    let becomes_admin = role == PersonRole::Admin && active && !(before.is_admin() && before.user.active);
    if becomes_admin && !signed.me()?.fresh {
        return Ok(go(paths::confirm(&typed.href(id))).into_response());
    }
    let change = UserChange { name: Some(name), role: Some(role.as_str()), active: Some(active) };
    let grant = signed.permit::<ManageUsers>()?;
    let job = async move |db: &mut Connection<'_>, grant| users::set_by_id(db, grant, id, change).await;
    match web.store().write(grant, job).await {
        Ok(user) => Ok(go(LIST).saying(Note::done(format!("{} is changed.", user.name))).into_response()),
        Err(Error::Conflict(text)) => {
            errors.put("role", text);
            form(&web, signed, StatusCode::CONFLICT, id, Some(typed), errors).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes a link for the user, and shows it once.
pub(super) async fn link(
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
pub(super) async fn remove_authenticator(
    State(web): State<Web>,
    Path(id): Path<i64>,
    Fresh(signed): Fresh<ManageUsers>,
    Form(Button {}): Form<Button>,
) -> Answer {
    web.store().write(signed.grant, async move |db, grant| authenticator::remove_of(db, grant, id).await).await?;
    let note = Note::done("The authenticator app is removed. The password alone signs in.");
    Ok(go(path_of(id)).saying(note).into_response())
}
