//! Settings > Configuration > Webhooks: the account's own subscriptions and those of every key.

mod act;
mod add;
mod delivery;
mod list;
mod row;
mod show;

use std::borrow::Cow;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use leadlatch_store::Error;

use crate::Web;
use crate::around::go;
use crate::note::Note;
use crate::page::Answer;

/// Where the list is.
pub(crate) const HOME: &str = "/settings/configuration/webhooks";

/// A page of one subscription.
fn href(id: i64, below: &str) -> String {
    if below.is_empty() { format!("{HOME}/{id}") } else { format!("{HOME}/{id}/{below}") }
}

/// The pages.
pub(crate) fn routes() -> Router<Web> {
    let at = |path: &str| format!("{HOME}{path}");
    Router::new()
        .route(HOME, get(list::show))
        .route(&at("/add"), get(add::show).post(add::create))
        .route(&at("/{id}"), get(show::show))
        .route(&at("/{id}/delete"), get(act::ask).post(act::delete))
        .route(&at("/{id}/enable"), post(act::enable))
        .route(&at("/{id}/secret"), post(act::new_secret))
        .route(&at("/{id}/deliveries/{delivery}"), get(delivery::show).post(delivery::replay))
}

/// Leads on, and says what was done or why it was not.
fn said<T>(outcome: Result<T, Error>, done: &'static str, to: impl Into<Cow<'static, str>>) -> Answer {
    let note = match outcome {
        Ok(_) => Note::done(done),
        Err(Error::Conflict(why)) => Note::refused(why),
        Err(other) => return Err(other.into()),
    };
    Ok(go(to).saying(note).into_response())
}
