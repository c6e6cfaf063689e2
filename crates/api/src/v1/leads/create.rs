//! `POST /leads`.

use axum::extract::State;
use axum::response::Response;
use leadlatch_domain::lead::{LeadView, Mode};
use leadlatch_domain::matrix::CreateLeads;
use leadlatch_store::Connection;
use leadlatch_store::idempotency::Made;
use leadlatch_store::leads;

use super::read_input;
use crate::App;
use crate::allow::Allow;
use crate::docs::{LeadBody, LeadWrite};
use crate::idempotency::{Retryable, made};
use crate::problem::Problem;

/// Create a lead. A Partner key's lead becomes that partner's own.
///
/// With `Idempotency-Key` a retry of the same body makes nothing twice for 24 hours: it is answered with the lead that
/// the first made, as the key sees it now, and `Idempotent-Replayed: true`.
#[utoipa::path(post, path = "/api/v1/leads", operation_id = "create_lead", tag = "leads",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
        description = "1 to 255 visible ASCII characters, such as a UUID.")),
    request_body = LeadWrite,
    responses((status = 201, description = "The lead as it was made.", body = LeadBody, headers(
        ("Location" = String, description = "The path of the lead."),
        ("Idempotent-Replayed" = String, description = "`true` if an earlier request with this key made the lead.")))))]
pub(crate) async fn create(
    allow: Allow<CreateLeads>,
    State(app): State<App>,
    Retryable { members, once }: Retryable,
) -> Result<Response, Problem> {
    let input = read_input(&allow.0, &members, Mode::Create)?;
    let job = async move |db: &mut Connection<'_>, grant| match once {
        Some(once) => leads::create_once(db, grant, input, once).await,
        None => leads::create(db, grant, input).await.map(Made::New),
    };
    let path = |lead: &LeadView| format!("/api/v1/leads/{}", lead.id().unwrap_or_default());
    Ok(made(app.store.write(allow.0, job).await?, path))
}
