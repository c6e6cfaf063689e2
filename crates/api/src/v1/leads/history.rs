//! `GET /leads/{id}/history`.

use axum::extract::{Path, State};
use axum::response::Response;
use leadlatch_domain::matrix::ReadLeadHistory;
use leadlatch_store::leads;
use leadlatch_store::leads::history::Change;

use crate::App;
use crate::allow::Allow;
use crate::docs::PageParams;
use crate::list::{ListOf, ListQuery};
use crate::problem::Problem;
use crate::v1::path_id;

/// List every change of a lead with who made it, newest first.
#[utoipa::path(get, path = "/api/v1/leads/{id}/history", operation_id = "list_lead_history", tag = "leads",
    params(("id" = i64, Path, description = "The number of the lead."), PageParams),
    responses((status = 200, description = "A page of changes.", body = ListOf<Change>)))]
pub(crate) async fn history(
    allow: Allow<ReadLeadHistory>,
    State(app): State<App>,
    Path(id): Path<String>,
    mut query: ListQuery,
) -> Result<Response, Problem> {
    query.only(&[])?;
    let id = path_id(&id);
    // A cursor belongs to this lead's history.
    let order = format!("history {id}");
    let page = query.page(&order)?;
    let slice = app.store.read(async |db| leads::history(db, &allow.0, id, &page).await).await?;
    Ok(query.answer(slice, &order))
}
