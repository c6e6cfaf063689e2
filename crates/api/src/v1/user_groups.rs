//! `/user-groups`: reading.

use axum::extract::{Path, State};
use axum::response::Response;
use leadlatch_domain::matrix::ReadUserGroups;
use leadlatch_store::user_groups::{self, UserGroup};

use crate::App;
use crate::allow::Allow;
use crate::docs::PageParams;
use crate::list::{ListOf, ListQuery, one};
use crate::problem::Problem;
use crate::v1::path_id;

/// What a cursor of the list belongs to.
const ORDER: &str = "user groups by id";

/// List the user groups of the account, by id.
#[utoipa::path(get, path = "/api/v1/user-groups", operation_id = "list_user_groups", tag = "user_groups",
    params(PageParams),
    responses((status = 200, description = "A page of user groups.", body = ListOf<UserGroup>)))]
pub(crate) async fn list(
    allow: Allow<ReadUserGroups>,
    State(app): State<App>,
    mut query: ListQuery,
) -> Result<Response, Problem> {
    query.only(&[])?;
    let page = query.page(ORDER)?;
    let slice = app.store.read(async |db| user_groups::list(db, &allow.0, &page).await).await?;
    Ok(query.answer(slice, ORDER))
}

/// Read one user group of the account.
#[utoipa::path(get, path = "/api/v1/user-groups/{id}", operation_id = "get_user_group", tag = "user_groups",
    params(("id" = i64, Path, description = "The number of the user group.")),
    responses((status = 200, description = "The user group.", body = UserGroup)))]
pub(crate) async fn get(
    allow: Allow<ReadUserGroups>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = path_id(&id);
    Ok(one(app.store.read(async |db| user_groups::get(db, &allow.0, id).await).await?))
}
