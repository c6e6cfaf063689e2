//! `GET /leads/{id}`.

use axum::extract::{Path, State};
use axum::response::Response;
use leadlatch_domain::matrix::ReadLeads;
use leadlatch_store::leads;

use crate::App;
use crate::allow::Ask;
use crate::docs::LeadBody;
use crate::list::lead;
use crate::problem::Problem;
use crate::v1::path_id;

/// Read one lead in the key's reach.
#[utoipa::path(get, path = "/api/v1/leads/{id}", operation_id = "get_lead", tag = "leads",
    params(("id" = i64, Path, description = "The number of the lead.")),
    responses((status = 200, description = "The lead.", body = LeadBody)))]
pub(crate) async fn get(
    ask: Ask<ReadLeads>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    Ok(lead(ask.read(&app, leads::get_written, path_id(&id)).await?))
}
