//! `/lead-groups`: reading.

use axum::extract::{Path, State};
use axum::response::Response;
use leadlatch_domain::matrix::ReadLeadGroups;
use leadlatch_store::lead_groups::{self, LeadGroup};

use crate::App;
use crate::allow::Allow;
use crate::docs::PageParams;
use crate::list::{ListOf, ListQuery, one};
use crate::problem::Problem;
use crate::v1::path_id;

/// What a cursor of the list belongs to.
const ORDER: &str = "lead groups by id";

/// List the lead groups in the key's reach with their custom fields, by id.
#[utoipa::path(get, path = "/api/v1/lead-groups", operation_id = "list_lead_groups", tag = "lead_groups",
    params(PageParams),
    responses((status = 200, description = "A page of lead groups.", body = ListOf<LeadGroup>)))]
pub(crate) async fn list(
    allow: Allow<ReadLeadGroups>,
    State(app): State<App>,
    mut query: ListQuery,
) -> Result<Response, Problem> {
    query.only(&[])?;
    let page = query.page(ORDER)?;
    let slice = app.store.read(async |db| lead_groups::list(db, &allow.0, &page).await).await?;
    Ok(query.answer(slice, ORDER))
}

/// Read one lead group in the key's reach with its custom fields.
#[utoipa::path(get, path = "/api/v1/lead-groups/{id}", operation_id = "get_lead_group", tag = "lead_groups",
    params(("id" = i64, Path, description = "The number of the lead group.")),
    responses((status = 200, description = "The lead group.", body = LeadGroup)))]
pub(crate) async fn get(
    allow: Allow<ReadLeadGroups>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = path_id(&id);
    Ok(one(app.store.read(async |db| lead_groups::get(db, &allow.0, id).await).await?))
}
