//! `/statuses`: reading.

use axum::extract::State;
use axum::response::Response;
use leadlatch_domain::matrix::ReadStatuses;
use leadlatch_store::statuses::{self, Status};

use crate::App;
use crate::allow::Allow;
use crate::docs::PageParams;
use crate::list::{ListOf, ListQuery};
use crate::problem::Problem;

/// What a cursor of the list belongs to.
const ORDER: &str = "statuses by position";

/// List the statuses of the account, in their order.
#[utoipa::path(get, path = "/api/v1/statuses", operation_id = "list_statuses", tag = "statuses",
    params(PageParams),
    responses((status = 200, description = "A page of statuses.", body = ListOf<Status>)))]
pub(crate) async fn list(
    allow: Allow<ReadStatuses>,
    State(app): State<App>,
    mut query: ListQuery,
) -> Result<Response, Problem> {
    query.only(&[])?;
    let page = query.page(ORDER)?;
    let slice = app.store.read(async |db| statuses::list(db, &allow.0, &page).await).await?;
    Ok(query.answer(slice, ORDER))
}
