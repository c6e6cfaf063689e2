//! The password asked again, before what is grave.

use std::time::Instant;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use leadlatch_domain::matrix::{Action, UseAccount};
use leadlatch_store::sessions;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::Web;
use crate::around::go;
use crate::asked::Query;
use crate::form::Form;
use crate::frame::Frame;
use crate::page::{Answer, page_with};
use crate::paths;
use crate::refusal::Refusal;
use crate::sign_in::{Next, too_many};
use crate::signed::Signed;

#[derive(Template)]
#[template(path = "confirm.html")]
struct Page {
    frame: Frame,
    email: String,
    has_authenticator: bool,
    next: String,
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Given {
    next: Option<String>,
    #[serde(flatten)]
    again: Again,
}

/// What is asked for again. A form that asks for it within itself flattens it into its own, and shows the fields of
/// `again.html`.
#[derive(Debug, Deserialize)]
pub(crate) struct Again {
    pub(crate) password: SecretString,
    #[serde(default)]
    pub(crate) code: String,
}

impl Again {
    /// Of a form that has the fields under names of its own.
    pub(crate) fn new(password: &SecretString, code: &str) -> Self {
        Self { password: password.clone(), code: code.to_owned() }
    }

    /// Whether no password was typed.
    pub(crate) fn is_empty(&self) -> bool {
        self.password.expose_secret().is_empty()
    }
}

fn form(status: StatusCode, signed: &Signed<UseAccount>, next: &str, error: Option<String>) -> Answer {
    let (frame, me) = (signed.frame.clone(), signed.me()?);
    let (email, has_authenticator) = (me.email.clone(), me.has_authenticator);
    page_with(status, &Page { frame, email, has_authenticator, next: paths::next(Some(next)), error })
}

/// The form.
pub(crate) async fn show(Query(next): Query<Next>, signed: Signed<UseAccount>) -> Answer {
    form(StatusCode::OK, &signed, &next.next.unwrap_or_default(), None)
}

/// Takes the form.
pub(crate) async fn confirm(
    State(web): State<Web>,
    signed: Signed<UseAccount>,
    Form(form_given): Form<Given>,
) -> Answer {
    let next = form_given.next.unwrap_or_default();
    match given(&web, &signed, form_given.again).await? {
        None => Ok(go(paths::next(Some(&next))).into_response()),
        Some(wrong) => form(StatusCode::UNAUTHORIZED, &signed, &next, Some(wrong)),
    }
}

/// As [`given`], for a form that needs it where it was not given a short while ago; `why` is said where nothing was typed.
pub(crate) async fn asked<A: Action>(
    web: &Web,
    signed: &Signed<A>,
    again: Again,
    why: &str,
) -> Result<Option<String>, Refusal> {
    if signed.me()?.fresh {
        return Ok(None);
    }
    if again.is_empty() {
        return Ok(Some(format!("Type your password: {why}.")));
    }
    given(web, signed, again).await
}

/// Takes the password, and the code of the authenticator app if there is one: `None` when they are right, or what to say
/// beside the fields.
pub(crate) async fn given<A: Action>(web: &Web, signed: &Signed<A>, again: Again) -> Result<Option<String>, Refusal> {
    let (email, address) = (signed.me()?.email.to_lowercase(), signed.visitor.address);
    let attempt = match web.throttle.begin(address, &email, Instant::now()) {
        Ok(attempt) => attempt,
        Err(wait) => return Ok(Some(too_many(wait))),
    };
    let candidate = web.store().candidate_again(&signed.permit::<UseAccount>()?).await?;
    if let Err(refused) = web.passwords.verify(candidate, again.password).await? {
        web.store().sign_in_failed(&refused, &signed.visitor.visit()).await?;
        return Ok(Some("This is not your password.".into()));
    }
    if signed.me()?.has_authenticator {
        let grant = signed.permit::<UseAccount>()?;
        if !web.store().give_code_again(grant, again.code).await? {
            return Ok(Some("The code is wrong, or was used already. Type the one that the app shows now.".into()));
        }
    }
    attempt.succeeded();
    let grant = signed.permit::<UseAccount>()?;
    web.store().write(grant, async move |db, grant| sessions::confirmed(db, grant).await).await?;
    Ok(None)
}
