//! `POST /leads`.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use leadlatch_domain::lead::Mode;
use leadlatch_domain::matrix::CreateLeads;
use leadlatch_store::leads;

use super::read_input;
use crate::App;
use crate::allow::Allow;
use crate::body::JsonObject;
use crate::docs::{LeadBody, LeadWrite};
use crate::problem::Problem;

/// Create a lead. A Partner key's lead becomes that partner's own.
#[utoipa::path(post, path = "/api/v1/leads", operation_id = "create_lead", tag = "leads", request_body = LeadWrite, responses((status = 201, body = LeadBody), (status = 409), (status = 422), (status = 429)))]
pub(crate) async fn create(
    allow: Allow<CreateLeads>,
    State(app): State<App>,
    JsonObject(body): JsonObject,
) -> Result<Response, Problem> {
    let input = read_input(&allow.0, &body, Mode::Create)?;
    let lead = app.store.write(allow.0, async move |db, grant| leads::create(db, grant, input).await).await?;
    let location = format!("/api/v1/leads/{}", lead.id().unwrap_or_default());
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(lead)).into_response())
}
