//! Settings > Configuration > Access Keys.

mod add;
mod badges;
mod cards;
mod delete;
mod edit;
mod export;
mod facts;
mod features;
mod filters;
mod form;
mod hooks;
mod list;
mod log;
mod offered;
mod password;
mod query;
mod rotate;
mod row;
mod said;
mod secret;
mod show;
mod summary;
mod template;
mod unused;
mod verdict;

use axum::Router;
use axum::routing::{get, post};
use leadlatch_domain::key_secret::KeyKind;
use leadlatch_domain::scope::ScopeSet;

use crate::{Web, paths};

/// Where the list is.
pub(crate) const HOME: &str = "/settings/configuration/access-keys";

/// The address of Add New, filled in with a kind, a record and features.
pub(crate) fn add_href(kind: KeyKind, partner: Option<i64>, scopes: ScopeSet) -> String {
    let partner = partner.map(|id| ("partner", id.to_string()));
    let scopes = scopes.iter().map(|scope| ("scope", scope.as_str().to_owned()));
    let pairs = [("kind", kind.to_string())].into_iter().chain(partner).chain(scopes);
    paths::with_query(&format!("{HOME}/add"), pairs)
}

/// When a new key may end by itself: what the form sends, and its words.
pub(crate) const EXPIRIES: [(&str, &str); 5] = [
    ("never", "Never"),
    ("30", "After 30 days"),
    ("90", "After 90 days"),
    ("365", "After 365 days"),
    ("date", "On a date"),
];

/// The pages.
pub(crate) fn routes() -> Router<Web> {
    let at = |path: &str| format!("{HOME}{path}");
    Router::new()
        .route(HOME, get(list::show))
        .route(&at("/export.csv"), get(export::csv))
        .route(&at("/export.json"), get(export::json))
        .route(&at("/add"), get(add::show).post(add::create))
        .route(&at("/preview"), post(summary::show))
        .route(&at("/delete"), get(delete::show_many).post(delete::delete_many))
        .route(&at("/{id}"), get(show::show))
        .route(&at("/{id}/delete"), get(delete::show).post(delete::delete))
        .route(&at("/{id}/rotate"), get(rotate::show).post(rotate::rotate))
        .route(&at("/{id}/edit"), get(edit::show).post(edit::edit))
        .route(&at("/{id}/enable"), post(edit::enable))
        .route(&at("/{id}/secret"), get(secret::lost))
        .route(&at("/{id}/test"), post(secret::test))
}
