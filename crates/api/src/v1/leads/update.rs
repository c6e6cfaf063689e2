//! `PATCH /leads/{id}`.

use axum::extract::{Path, State};
use axum::response::Response;
use leadlatch_domain::lead::Mode;
use leadlatch_domain::matrix::UpdateLeads;
use leadlatch_store::leads;

use super::read_input;
use crate::App;
use crate::allow::Allow;
use crate::body::JsonObject;
use crate::docs::{LeadBody, LeadWrite};
use crate::list::one;
use crate::problem::Problem;
use crate::v1::path_id;

/// Update a lead: what is absent stays, `null` clears.
#[utoipa::path(patch, path = "/api/v1/leads/{id}", operation_id = "update_lead", tag = "leads",
    params(("id" = i64, Path, description = "The number of the lead.")),
    request_body = LeadWrite,
    responses((status = 200, description = "The lead as it is now.", body = LeadBody)))]
pub(crate) async fn update(
    allow: Allow<UpdateLeads>,
    State(app): State<App>,
    Path(id): Path<String>,
    JsonObject(body): JsonObject,
) -> Result<Response, Problem> {
    let (id, input) = (path_id(&id), read_input(&allow.0, &body, Mode::Update)?);
    Ok(one(app.store.write(allow.0, async move |db, grant| leads::update(db, grant, id, input).await).await?))
}
