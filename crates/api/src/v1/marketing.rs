//! `/marketing/*`: the lists that grow from the texts on leads.

use axum::extract::State;
use axum::response::Response;
use leadlatch_domain::matrix::ReadMarketing;
use leadlatch_store::marketing::{self, Kind, MarketingEntry};

use crate::App;
use crate::allow::Allow;
use crate::docs::PageParams;
use crate::list::{ListOf, ListQuery};
use crate::problem::Problem;

async fn entries(allow: Allow<ReadMarketing>, app: App, mut query: ListQuery, kind: Kind) -> Result<Response, Problem> {
    query.only(&[])?;
    let order = match kind {
        Kind::Source => "sources by name",
        Kind::Medium => "mediums by name",
        Kind::Term => "terms by name",
    };
    let (page, after) = query.page_by_name(order)?;
    let slice = app.store.read(async |db| marketing::list(db, &allow.0, kind, &after, &page).await).await?;
    Ok(query.answer_by_name(slice, order, |entry| &entry.name))
}

/// List the marketing sources that leads have named, by name.
#[utoipa::path(get, path = "/api/v1/marketing/sources", operation_id = "list_marketing_sources", tag = "marketing",
    params(PageParams),
    responses((status = 200, description = "A page of marketing sources.", body = ListOf<MarketingEntry>)))]
pub(crate) async fn sources(
    allow: Allow<ReadMarketing>,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Response, Problem> {
    entries(allow, app, query, Kind::Source).await
}

/// List the marketing mediums that leads have named, by name.
#[utoipa::path(get, path = "/api/v1/marketing/mediums", operation_id = "list_marketing_mediums", tag = "marketing",
    params(PageParams),
    responses((status = 200, description = "A page of marketing mediums.", body = ListOf<MarketingEntry>)))]
pub(crate) async fn mediums(
    allow: Allow<ReadMarketing>,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Response, Problem> {
    entries(allow, app, query, Kind::Medium).await
}

/// List the marketing terms that leads have named, by name.
#[utoipa::path(get, path = "/api/v1/marketing/terms", operation_id = "list_marketing_terms", tag = "marketing",
    params(PageParams),
    responses((status = 200, description = "A page of marketing terms.", body = ListOf<MarketingEntry>)))]
pub(crate) async fn terms(
    allow: Allow<ReadMarketing>,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Response, Problem> {
    entries(allow, app, query, Kind::Term).await
}
