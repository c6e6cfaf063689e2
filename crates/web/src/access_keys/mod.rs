//! Settings > Configuration > Access Keys.

mod export;
mod list;
mod query;
mod row;

use axum::Router;
use axum::routing::get;

use crate::Web;

/// Where the list is.
pub(crate) const HOME: &str = "/settings/configuration/access-keys";

/// The pages.
pub(crate) fn routes() -> Router<Web> {
    let at = |path: &str| format!("{HOME}{path}");
    Router::new()
        .route(HOME, get(list::show))
        .route(&at("/export.csv"), get(export::csv))
        .route(&at("/export.json"), get(export::json))
}
