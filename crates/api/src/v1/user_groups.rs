//! `/user-groups`: reading.

use axum::extract::{Path, State};
use axum::response::Response;
use leadlatch_domain::matrix::ReadUserGroups;
use leadlatch_store::user_groups::{self, UserGroup};

use crate::App;
use crate::allow::Allow;
use crate::list::{ListOf, ListQuery, one};
use crate::problem::Problem;
use crate::v1::path_id;
/// List those in the key's reach.
#[utoipa::path(get, path = "/api/v1/user-groups", operation_id = "list_user_groups", tag = "user_groups", params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)), responses((status = 200, body = ListOf<UserGroup>)))]
pub(crate) async fn list(
    allow: Allow<ReadUserGroups>,
    State(app): State<App>,
    mut query: ListQuery,
) -> Result<Response, Problem> {
    query.only(&[])?;
    let page = query.page("id")?;
    let slice = app.store.read(async |db| user_groups::list(db, &allow.0, &page).await).await?;
    Ok(query.answer(slice, "id", None))
}

/// Read one in the key's reach.
#[utoipa::path(get, path = "/api/v1/user-groups/{id}", operation_id = "get_user_groups", tag = "user_groups", params(("id" = String, Path)), responses((status = 200, body = UserGroup)))]
pub(crate) async fn get(
    allow: Allow<ReadUserGroups>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = path_id(&id);
    Ok(one(app.store.read(async |db| user_groups::get(db, &allow.0, id).await).await?))
}
