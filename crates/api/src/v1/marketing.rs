//! `/marketing/*`: the lists that grow from the texts on leads.

use axum::extract::State;
use axum::response::Response;
use leadlatch_domain::matrix::ReadMarketing;
use leadlatch_store::marketing::{self, Kind, MarketingEntry};

use crate::App;
use crate::allow::Allow;
use crate::list::{ListOf, ListQuery};
use crate::problem::Problem;

async fn entries(allow: Allow<ReadMarketing>, app: App, mut query: ListQuery, kind: Kind) -> Result<Response, Problem> {
    query.only(&[])?;
    let (after, limit) = (query.name_after()?, query.limit() + 1);
    let rows = app.store.read(async |db| marketing::list(db, &allow.0, kind, &after, limit).await).await?;
    Ok(query.answer_by_name(rows, |entry| &entry.name))
}

/// List the marketing sources.
#[utoipa::path(get, path = "/api/v1/marketing/sources", operation_id = "list_sources", tag = "marketing", params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)), responses((status = 200, body = ListOf<MarketingEntry>)))]
pub(crate) async fn sources(
    allow: Allow<ReadMarketing>,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Response, Problem> {
    entries(allow, app, query, Kind::Source).await
}

/// List the marketing mediums.
#[utoipa::path(get, path = "/api/v1/marketing/mediums", operation_id = "list_mediums", tag = "marketing", params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)), responses((status = 200, body = ListOf<MarketingEntry>)))]
pub(crate) async fn mediums(
    allow: Allow<ReadMarketing>,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Response, Problem> {
    entries(allow, app, query, Kind::Medium).await
}

/// List the marketing terms.
#[utoipa::path(get, path = "/api/v1/marketing/terms", operation_id = "list_terms", tag = "marketing", params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)), responses((status = 200, body = ListOf<MarketingEntry>)))]
pub(crate) async fn terms(
    allow: Allow<ReadMarketing>,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Response, Problem> {
    entries(allow, app, query, Kind::Term).await
}
