//! A key describes and deletes itself.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use leadlatch_domain::matrix::{DeleteItself, DescribeItself};
use leadlatch_store::access_keys::{self, Whoami};

use crate::App;
use crate::allow::Allow;
use crate::list::one;
use crate::problem::Problem;

/// Describe the key that calls.
#[utoipa::path(get, path = "/api/v1/whoami", operation_id = "describe_key", tag = "whoami",
    responses((status = 200, description = "The key, its account and what is about to end it.", body = Whoami)))]
pub(crate) async fn describe(allow: Allow<DescribeItself>, State(app): State<App>) -> Result<Response, Problem> {
    Ok(one(app.store.read(async |db| access_keys::whoami(db, &allow.0).await).await?))
}

/// Delete the key that calls, for ever.
#[utoipa::path(delete, path = "/api/v1/whoami", operation_id = "delete_key", tag = "whoami",
    responses((status = 204, description = "The key is deleted.")))]
pub(crate) async fn delete(allow: Allow<DeleteItself>, State(app): State<App>) -> Result<StatusCode, Problem> {
    app.store.write(allow.0, async move |db, grant| access_keys::delete_itself(db, grant).await).await?;
    Ok(StatusCode::NO_CONTENT)
}
