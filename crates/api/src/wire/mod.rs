//! The wire of the field's existing integrations: XML over two paths, and forms on web pages over a third. Another wire
//! over the same store functions, proofs and rules as the JSON API, and nothing of its own behind them.

mod answer;
mod create_update;
mod credential;
mod decode;
mod document;
mod failure;
mod fields;
mod foreign;
mod form;
mod lead;
mod page;
mod parts;
mod preflight;
mod record;
mod rehearsal;
mod repair;
mod rules;
mod search;
mod voice;

use axum::Router;
use axum::routing::post;

use crate::App;

pub use document::{Element, Malformed, read};
pub use rehearsal::{LeadRehearsal, Rehearsal, rehearse};
pub use rules::{Line, RULES};

pub(crate) use voice::{Voice, write_origin};

/// The path to create and update leads.
pub(crate) const CREATE_UPDATE: &str = "/api/APILeadCreateUpdate.php";
/// The path to search, read and delete leads.
pub(crate) const LEAD: &str = "/api/APILead.php";

/// The path that forms on web pages post to.
pub(crate) const FORM: &str = "/api/APIHTTPPost.php";

/// The routes. Each handler asks for its permission itself, since key and action stand in the body; what it asks for is
/// a line of [`RULES`].
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(CREATE_UPDATE, post(create_update::post).options(preflight::answer))
        .route(LEAD, post(lead::post))
        .route(FORM, post(form::post).get(form::post).options(preflight::answer))
}
