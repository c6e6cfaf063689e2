//! Audit Trail: who changed what, and whether the chain still holds.

mod chain;
mod entry;
mod export;
mod filters;
mod list;
mod query;
mod words;

use std::fmt::Display;

use axum::Router;
use axum::routing::get;

use crate::Web;

pub(crate) use chain::Chains;

/// Where it is.
pub(crate) const HOME: &str = "/audit-trail";

/// The pages.
pub(crate) fn routes() -> Router<Web> {
    Router::new().route(HOME, get(list::show)).route("/audit-trail/export.jsonl", get(export::export))
}

/// Where one entry is.
pub(crate) fn entry(number: impl Display) -> String {
    format!("{HOME}?entry={number}#entry-{number}")
}

/// Where the entries of what a user did are.
pub(crate) fn by_user(id: i64) -> String {
    format!("{HOME}?actor=user:{id}")
}

/// Where the entries about one record are.
pub(crate) fn about(kind: &str, id: i64) -> String {
    format!("{HOME}?action={kind}&target={id}")
}
