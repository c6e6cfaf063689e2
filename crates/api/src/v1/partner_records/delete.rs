//! `DELETE /introducers/{id}` and `DELETE /partners/{id}`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use leadlatch_domain::matrix::WritePartners;
use leadlatch_store::partner_records::{self, Side};
use leadlatch_store::{Connection, Grant};

use crate::App;
use crate::allow::Allow;
use crate::problem::Problem;
use crate::v1::path_id;

/// Delete an introducer and, for ever, every key of it. Its leads stay.
#[utoipa::path(delete, path = "/api/v1/introducers/{id}", operation_id = "delete_introducer", tag = "introducers",
    params(("id" = i64, Path, description = "The number of the introducer.")),
    responses((status = 204, description = "The record and its keys are deleted.")))]
pub(crate) async fn delete_introducer(
    allow: Allow<WritePartners>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    delete(allow.0, &app, Side::Supplies, &id).await
}

/// Delete a partner and, for ever, every key of it. Its leads stay.
#[utoipa::path(delete, path = "/api/v1/partners/{id}", operation_id = "delete_partner", tag = "partners",
    params(("id" = i64, Path, description = "The number of the partner.")),
    responses((status = 204, description = "The record and its keys are deleted.")))]
pub(crate) async fn delete_partner(
    allow: Allow<WritePartners>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    delete(allow.0, &app, Side::Buys, &id).await
}

async fn delete(grant: Grant<WritePartners>, app: &App, side: Side, id: &str) -> Result<StatusCode, Problem> {
    let id = path_id(id);
    let job = async move |db: &mut Connection<'_>, grant| partner_records::delete_of_side(db, grant, side, id).await;
    app.store.write(grant, job).await?;
    Ok(StatusCode::NO_CONTENT)
}
