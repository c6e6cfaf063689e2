//! Partners: the outside companies that supply leads, buy them, or both.

mod active;
mod delete;
mod edit;
mod leads;
mod list;
mod pips;
mod query;
mod record;

use axum::Router;
use axum::routing::get;
use leadlatch_domain::reach::PartnerKind;

use crate::Web;

/// Where the list is.
pub(crate) const HOME: &str = "/partners";

/// The pages.
pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route(HOME, get(list::show))
        .route("/partners/new", get(edit::new).post(edit::add))
        .route("/partners/{id}", get(record::show).post(record::link))
        .route("/partners/{id}/edit", get(edit::show).post(edit::save))
        .route("/partners/{id}/activate", get(active::activate).post(active::do_activate))
        .route("/partners/{id}/deactivate", get(active::deactivate).post(active::do_deactivate))
        .route("/partners/{id}/delete", get(delete::show).post(delete::delete))
}

/// Where a record is.
pub(crate) fn path_of(id: i64) -> String {
    format!("{HOME}/{id}")
}

/// What the kind of a stored record is called.
pub(crate) fn stored_kind(kind: &str) -> &'static str {
    kind_in_words(PartnerKind::parse(kind).unwrap_or(PartnerKind::Both))
}

/// What a kind is called.
const fn kind_in_words(kind: PartnerKind) -> &'static str {
    match kind {
        PartnerKind::Introducer => "Introducer",
        PartnerKind::Partner => "Partner",
        PartnerKind::Both => "Introducer and partner",
    }
}

/// What a kind does, for who chooses one.
const fn kind_in_a_sentence(kind: PartnerKind) -> &'static str {
    match kind {
        PartnerKind::Introducer => "Supplies leads. Its keys create leads and see the leads that it supplied.",
        PartnerKind::Partner => "Buys leads. Its keys see the leads that were referred to it.",
        PartnerKind::Both => "Supplies and buys. Its keys see both.",
    }
}
