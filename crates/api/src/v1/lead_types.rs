//! `/lead-types`: reading.

use axum::extract::{Path, State};
use axum::response::Response;
use leadlatch_domain::matrix::ReadLeadTypes;
use leadlatch_store::lead_types::{self, LeadType};

use crate::App;
use crate::allow::Allow;
use crate::docs::PageParams;
use crate::list::{ListOf, ListQuery, one};
use crate::problem::Problem;
use crate::v1::path_id;

/// What a cursor of the list belongs to.
const ORDER: &str = "lead types by id";

/// List the lead types in the key's reach, by id.
#[utoipa::path(get, path = "/api/v1/lead-types", operation_id = "list_lead_types", tag = "lead_types",
    params(("lead_group_id" = Option<i64>, Query, description = "Only the types of this lead group."), PageParams),
    responses((status = 200, description = "A page of lead types.", body = ListOf<LeadType>)))]
pub(crate) async fn list(
    allow: Allow<ReadLeadTypes>,
    State(app): State<App>,
    mut query: ListQuery,
) -> Result<Response, Problem> {
    query.only(&["lead_group_id"])?;
    let page = query.page(ORDER)?;
    let group = query.id("lead_group_id")?;
    let slice = app.store.read(async |db| lead_types::list(db, &allow.0, group, &page).await).await?;
    Ok(query.answer(slice, ORDER))
}

/// Read one lead type in the key's reach.
#[utoipa::path(get, path = "/api/v1/lead-types/{id}", operation_id = "get_lead_type", tag = "lead_types",
    params(("id" = i64, Path, description = "The number of the lead type.")),
    responses((status = 200, description = "The lead type.", body = LeadType)))]
pub(crate) async fn get(
    allow: Allow<ReadLeadTypes>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = path_id(&id);
    Ok(one(app.store.read(async |db| lead_types::get(db, &allow.0, id).await).await?))
}
