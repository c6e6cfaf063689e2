//! `/sites`: reading.

use axum::extract::State;
use axum::response::Response;
use leadlatch_domain::matrix::ReadSites;
use leadlatch_store::sites::{self, Site};

use crate::App;
use crate::allow::Allow;
use crate::docs::PageParams;
use crate::list::{ListOf, ListQuery};
use crate::problem::Problem;

/// What a cursor of the list belongs to.
const ORDER: &str = "sites by id";

/// List the sites of the account, by id.
#[utoipa::path(get, path = "/api/v1/sites", operation_id = "list_sites", tag = "sites",
    params(PageParams),
    responses((status = 200, description = "A page of sites.", body = ListOf<Site>)))]
pub(crate) async fn list(
    allow: Allow<ReadSites>,
    State(app): State<App>,
    mut query: ListQuery,
) -> Result<Response, Problem> {
    query.only(&[])?;
    let page = query.page(ORDER)?;
    let slice = app.store.read(async |db| sites::list(db, &allow.0, &page).await).await?;
    Ok(query.answer(slice, ORDER))
}
