//! `GET /leads/{id}`.

use axum::extract::{Path, State};
use axum::response::Response;
use leadlatch_domain::matrix::ReadLeads;
use leadlatch_store::leads;

use crate::App;
use crate::allow::Allow;
use crate::docs::LeadBody;
use crate::list::one;
use crate::problem::Problem;
use crate::v1::path_id;

/// Read one lead in the key's reach.
#[utoipa::path(get, path = "/api/v1/leads/{id}", operation_id = "get_lead", tag = "leads",
    params(("id" = i64, Path, description = "The number of the lead.")),
    responses((status = 200, description = "The lead.", body = LeadBody)))]
pub(crate) async fn get(
    allow: Allow<ReadLeads>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = path_id(&id);
    Ok(one(app.store.read(async |db| leads::get(db, &allow.0, id).await).await?))
}
