//! `/users`: reading.

use axum::extract::{Path, State};
use axum::response::Response;
use leadlatch_domain::matrix::ReadUsers;
use leadlatch_store::users::{self, User};

use crate::App;
use crate::allow::Allow;
use crate::docs::PageParams;
use crate::list::{ListOf, ListQuery, one};
use crate::problem::Problem;
use crate::v1::path_id;

/// What a cursor of the list belongs to.
const ORDER: &str = "users by id";

/// List the users of the account, by id.
#[utoipa::path(get, path = "/api/v1/users", operation_id = "list_users", tag = "users",
    params(PageParams),
    responses((status = 200, description = "A page of users.", body = ListOf<User>)))]
pub(crate) async fn list(
    allow: Allow<ReadUsers>,
    State(app): State<App>,
    mut query: ListQuery,
) -> Result<Response, Problem> {
    query.only(&[])?;
    let page = query.page(ORDER)?;
    let slice = app.store.read(async |db| users::list(db, &allow.0, &page).await).await?;
    Ok(query.answer(slice, ORDER))
}

/// Read one user of the account.
#[utoipa::path(get, path = "/api/v1/users/{id}", operation_id = "get_user", tag = "users",
    params(("id" = i64, Path, description = "The number of the user.")),
    responses((status = 200, description = "The user.", body = User)))]
pub(crate) async fn get(
    allow: Allow<ReadUsers>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = path_id(&id);
    Ok(one(app.store.read(async |db| users::get(db, &allow.0, id).await).await?))
}
