//! Signing in and out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use leadlatch_domain::contact::Email;
use leadlatch_domain::matrix::UseAccount;
use leadlatch_store::sessions;
use leadlatch_store::sign_in::SignedIn;
use secrecy::SecretString;
use serde::Deserialize;

use crate::Web;
use crate::around::{SessionCookie, go};
use crate::asked::Query;
use crate::form::{Button, Form};
use crate::note::Note;
use crate::page::{Answer, page_with};
use crate::paths;
use crate::signed::Signed;
use crate::visitor::Visitor;

/// Where to go on afterwards.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Next {
    pub(crate) next: Option<String>,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page {
    token: String,
    note: Option<Note>,
    email: String,
    next: String,
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Credentials {
    email: String,
    password: SecretString,
    next: Option<String>,
}

/// The form.
pub(crate) async fn show(Query(next): Query<Next>, visitor: Visitor) -> Answer {
    form(StatusCode::OK, &visitor, String::new(), &next.next.unwrap_or_default(), None)
}

fn form(status: StatusCode, visitor: &Visitor, email: String, next: &str, error: Option<String>) -> Answer {
    let (token, note) = (visitor.form_token(), visitor.note.clone());
    page_with(status, &Page { token, note, email, next: paths::next(Some(next)), error })
}

/// Takes the form.
pub(crate) async fn sign_in(State(web): State<Web>, visitor: Visitor, Form(given): Form<Credentials>) -> Answer {
    let next = given.next.unwrap_or_default();
    let again = |status, error: String| form(status, &visitor, given.email.clone(), &next, Some(error));
    let Ok(email) = Email::parse(&given.email) else {
        return again(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Type the e-mail address in full, such as ann@example.com.".into(),
        );
    };
    let attempt = match web.throttle.begin(visitor.address, &email.twin(), Instant::now()) {
        Ok(attempt) => attempt,
        Err(wait) => return again(StatusCode::TOO_MANY_REQUESTS, too_many(wait)),
    };
    let candidate = web.store().candidate(&email).await?;
    match web.passwords.verify(candidate, given.password).await? {
        Ok(verified) => {
            attempt.succeeded();
            let signed_in = web.store().sign_in(verified, visitor.visit()).await?;
            Ok(welcome(signed_in, &next))
        }
        Err(refused) => {
            web.store().sign_in_failed(&refused, &visitor.visit()).await?;
            again(StatusCode::UNAUTHORIZED, "This e-mail and this password do not belong together.".into())
        }
    }
}

/// What a throttled visitor is told.
pub(crate) fn too_many(wait: Duration) -> String {
    let seconds = wait.as_secs() + 1;
    format!("Too many attempts failed from this address. Try again in {seconds} seconds.")
}

/// Sets the session's cookie and goes on: to the page, or to the code of the authenticator app first.
pub(crate) fn welcome(signed_in: SignedIn, next: &str) -> Response {
    let next = paths::next(Some(next));
    let to = if signed_in.waits_for_code { paths::code(&next) } else { next };
    go(to).with(SessionCookie::Set(Arc::new(signed_in.token))).into_response()
}

/// Signs out.
pub(crate) async fn sign_out(
    State(web): State<Web>,
    signed: Signed<UseAccount>,
    Form(Button {}): Form<Button>,
) -> Answer {
    web.store().write(signed.grant, async move |db, grant| sessions::end(db, grant).await).await?;
    Ok(go("/sign-in").saying(Note::done("You are signed out.")).with(SessionCookie::Clear).into_response())
}
