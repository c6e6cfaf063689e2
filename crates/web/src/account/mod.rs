//! My account: name, e-mail, password, authenticator app and sessions of whoever is signed in.

pub(crate) mod authenticator;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use leadlatch_domain::contact::Email;
use leadlatch_domain::matrix::UseAccount;
use leadlatch_domain::text::Name;
use leadlatch_store::sessions::{Person, Session};
use leadlatch_store::{Error, authenticator as apps, own_user, sessions};
use serde::Deserialize;

use crate::Web;
use crate::around::go;
use crate::asked::Path;
use crate::components::When;
use crate::form::{Button, Form};
use crate::frame::Frame;
use crate::link::Twice;
use crate::note::Note;
use crate::page::{Answer, page, page_with};
use crate::refusal::Refusal;
use crate::signed::{Fresh, Signed};

const HOME: &str = "/account";

#[derive(Template)]
#[template(path = "account/show.html")]
struct Page {
    frame: Frame,
    me: Person,
    sessions: Vec<Row>,
    codes_left: i64,
}

/// A session in the list.
struct Row {
    session: Session,
    seen: When,
    signed_in: When,
}

/// The page.
pub(crate) async fn show(State(web): State<Web>, signed: Signed<UseAccount>) -> Answer {
    let store = web.store();
    let sessions = store.read(async |db| sessions::own(db, &signed.grant).await).await?;
    let codes_left = store.read(async |db| apps::codes_left(db, &signed.grant).await).await?;
    let now = store.clock().now();
    let row = |session: Session| Row {
        seen: When::ago(session.seen_at, now),
        signed_in: When::ago(session.created_at, now),
        session,
    };
    let sessions = sessions.into_iter().map(row).collect();
    page(&Page { me: signed.me()?.clone(), frame: signed.frame, sessions, codes_left })
}

/// Back from a sign-in to the page of a form that stands on it.
pub(crate) async fn back() -> Response {
    go(HOME).saying(Note::press_again()).into_response()
}

/// A form of one text.
#[derive(Debug, Deserialize)]
pub(crate) struct One {
    value: String,
}

#[derive(Template)]
#[template(path = "account/email.html")]
struct EmailPage {
    frame: Frame,
    value: String,
    error: Option<String>,
}

/// Takes a name.
pub(crate) async fn rename(State(web): State<Web>, signed: Signed<UseAccount>, Form(one): Form<One>) -> Answer {
    let name = match Name::parse(&one.value) {
        Ok(name) => name,
        Err(fault) => return Ok(go(HOME).saying(Note::refused(fault.detail)).into_response()),
    };
    web.store().write(signed.grant, async move |db, grant| own_user::rename(db, grant, name).await).await?;
    Ok(go(HOME).saying(Note::done("Your name is changed.")).into_response())
}

/// The form for an e-mail.
pub(crate) async fn show_email(Fresh(signed): Fresh<UseAccount>) -> Answer {
    let value = signed.me()?.email.clone();
    page(&EmailPage { frame: signed.frame, value, error: None })
}

/// Takes an e-mail.
pub(crate) async fn set_email(
    State(web): State<Web>,
    Fresh(signed): Fresh<UseAccount>,
    Form(one): Form<One>,
) -> Answer {
    let frame = signed.frame;
    let again = |status, error| page_with(status, &EmailPage { frame, value: one.value.clone(), error: Some(error) });
    let email = match Email::parse(&one.value) {
        Ok(email) => email,
        Err(fault) => return again(StatusCode::UNPROCESSABLE_ENTITY, fault.detail.into_owned()),
    };
    match web.store().write(signed.grant, async move |db, grant| own_user::set_email(db, grant, email).await).await {
        Ok(()) => Ok(go(HOME).saying(Note::done("Your e-mail is changed.")).into_response()),
        Err(Error::Conflict(text)) => again(StatusCode::CONFLICT, text),
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "account/password.html")]
struct PasswordPage {
    frame: Frame,
    email: String,
    error: Option<String>,
}

fn password_form(status: StatusCode, signed: &Signed<UseAccount>, error: Option<String>) -> Answer {
    page_with(status, &PasswordPage { frame: signed.frame.clone(), email: signed.me()?.email.clone(), error })
}

/// The form for a password.
pub(crate) async fn show_password(Fresh(signed): Fresh<UseAccount>) -> Answer {
    password_form(StatusCode::OK, &signed, None)
}

/// Takes a password.
pub(crate) async fn set_password(
    State(web): State<Web>,
    Fresh(signed): Fresh<UseAccount>,
    Form(twice): Form<Twice>,
) -> Answer {
    let password = match twice.checked() {
        Ok(password) => password,
        Err(error) => return password_form(StatusCode::UNPROCESSABLE_ENTITY, &signed, Some(error)),
    };
    let hash = web.passwords.hash(password).await?;
    web.store().write(signed.grant, async move |db, grant| own_user::set_password(db, grant, hash).await).await?;
    let note = Note::done("Your password is changed. Your other sessions are signed out.");
    Ok(go(HOME).saying(note).into_response())
}

/// Ends one of the person's sessions.
pub(crate) async fn end_session(
    State(web): State<Web>,
    Path(id): Path<i64>,
    signed: Signed<UseAccount>,
    Form(Button {}): Form<Button>,
) -> Result<Response, Refusal> {
    web.store().write(signed.grant, async move |db, grant| sessions::revoke(db, grant, id).await).await?;
    Ok(go(HOME).saying(Note::done("The session is signed out.")).into_response())
}
