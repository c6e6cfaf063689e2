//! `/hooks`: what a key subscribed to. A key sees its own subscriptions alone, whatever its kind.

pub(crate) mod create;
mod input;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use leadlatch_domain::matrix::{ChangeHooks, DeleteHooks, ReadHooks};
use leadlatch_store::Connection;
use leadlatch_store::hooks::{self, Hook};

use crate::App;
use crate::allow::Allow;
use crate::docs::PageParams;
use crate::list::{ListOf, ListQuery, one};
use crate::problem::Problem;
use crate::v1::path_id;

/// What a cursor of the list belongs to.
const ORDER: &str = "hooks by id";

/// List the key's own subscriptions.
#[utoipa::path(get, path = "/api/v1/hooks", operation_id = "list_hooks", tag = "hooks", params(PageParams),
    responses((status = 200, description = "A page of subscriptions.", body = ListOf<Hook>)))]
pub(crate) async fn list(
    allow: Allow<ReadHooks>,
    State(app): State<App>,
    mut query: ListQuery,
) -> Result<Response, Problem> {
    query.only(&[])?;
    let page = query.page(ORDER)?;
    let slice = app.store.read(async |db| hooks::list(db, &allow.0, &page).await).await?;
    Ok(query.answer(slice, ORDER))
}

/// Read one of the key's own subscriptions.
#[utoipa::path(get, path = "/api/v1/hooks/{id}", operation_id = "get_hook", tag = "hooks",
    params(("id" = i64, Path, description = "The number of the subscription.")),
    responses((status = 200, description = "The subscription.", body = Hook)))]
pub(crate) async fn get(
    allow: Allow<ReadHooks>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = path_id(&id);
    Ok(one(app.store.read(async |db| hooks::get(db, &allow.0, id).await).await?))
}

/// End one of the key's own subscriptions: nothing is delivered to it that was not begun.
#[utoipa::path(delete, path = "/api/v1/hooks/{id}", operation_id = "delete_hook", tag = "hooks",
    params(("id" = i64, Path, description = "The number of the subscription.")),
    responses((status = 204, description = "The subscription has ended.")))]
pub(crate) async fn delete(
    allow: Allow<DeleteHooks>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = path_id(&id);
    app.store.write(allow.0, async move |db, grant| hooks::delete(db, grant, id).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Change the signing secret of one of the key's own subscriptions. For 24 hours deliveries carry two signatures, by the
/// new secret and by the former one.
#[utoipa::path(post, path = "/api/v1/hooks/{id}/secret", operation_id = "change_hook_secret", tag = "hooks",
    params(("id" = i64, Path, description = "The number of the subscription.")),
    responses((status = 200, description = "The subscription with its new secret, this once.", body = Hook)))]
pub(crate) async fn new_secret(
    allow: Allow<ChangeHooks>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (id, sealer) = (path_id(&id), app.store.sealer()?);
    let job = async move |db: &mut Connection<'_>, grant| hooks::new_secret(db, grant, sealer, id).await;
    Ok(one(app.store.write(allow.0, job).await?))
}
