//! `DELETE /leads/{id}`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use leadlatch_domain::matrix::DeleteLeads;
use leadlatch_store::leads;

use crate::App;
use crate::allow::Allow;
use crate::problem::Problem;
use crate::v1::path_id;

/// Delete a lead: it goes to the bin, or, for a Partner key, out of that partner's reach.
#[utoipa::path(delete, path = "/api/v1/leads/{id}", operation_id = "delete_lead", tag = "leads",
    params(("id" = i64, Path, description = "The number of the lead.")),
    responses((status = 204, description = "The lead is deleted.")))]
pub(crate) async fn delete(
    allow: Allow<DeleteLeads>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = path_id(&id);
    app.store.write(allow.0, async move |db, grant| leads::delete(db, grant, id).await).await?;
    Ok(StatusCode::NO_CONTENT)
}
