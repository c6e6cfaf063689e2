//! The code of the authenticator app, after the password.

use std::time::Instant;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use leadlatch_store::authenticator::Waiting;
use serde::Deserialize;

use crate::Web;
use crate::asked::Query;
use crate::form::Form;
use crate::note::Note;
use crate::page::{Answer, page_with};
use crate::paths;
use crate::refusal::Refusal;
use crate::sign_in::{Next, too_many, welcome};
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "code.html")]
struct Page {
    token: String,
    note: Option<Note>,
    next: String,
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Given {
    code: String,
    next: Option<String>,
}

fn form(status: StatusCode, visitor: &Visitor, next: &str, error: Option<String>) -> Answer {
    let (token, note) = (visitor.form_token(), visitor.note.clone());
    page_with(status, &Page { token, note, next: paths::next(Some(next)), error })
}

async fn waiting(web: &Web, visitor: &Visitor) -> Result<Waiting, Refusal> {
    let session = visitor.session.as_ref().ok_or(Refusal::SignedOut)?;
    Ok(web.store().waits_for_code(session.digest()).await?)
}

/// The form.
pub(crate) async fn show(State(web): State<Web>, Query(next): Query<Next>, visitor: Visitor) -> Answer {
    waiting(&web, &visitor).await?;
    form(StatusCode::OK, &visitor, &next.next.unwrap_or_default(), None)
}

/// Takes the form.
pub(crate) async fn give(State(web): State<Web>, visitor: Visitor, Form(given): Form<Given>) -> Answer {
    let (waiting, next) = (waiting(&web, &visitor).await?, given.next.unwrap_or_default());
    // Codes are guessed as passwords are, and wait in the same way.
    let guessed = format!("code {}", waiting.email.to_lowercase());
    let attempt = match web.throttle.begin(visitor.address, &guessed, Instant::now()) {
        Ok(attempt) => attempt,
        Err(wait) => return form(StatusCode::TOO_MANY_REQUESTS, &visitor, &next, Some(too_many(wait))),
    };
    if let Some(signed_in) = web.store().give_code(waiting, given.code, visitor.visit()).await? {
        attempt.succeeded();
        return Ok(welcome(signed_in, &next));
    }
    let wrong = "This code is wrong, or was used already. Type the one that the app shows now.";
    form(StatusCode::UNAUTHORIZED, &visitor, &next, Some(wrong.into()))
}
