//! `POST /leads/search`: the list's filters as a body, so that personal data stays out of URLs and the logs on the way.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use leadlatch_domain::matrix::ReadLeads;

use super::list;
use crate::App;
use crate::allow::Allow;
use crate::body::JsonObject;
use crate::docs::{LeadBody, LeadSearch};
use crate::list::{ListOf, ListQuery};
use crate::problem::Problem;

/// Search the leads in the key's reach: the parameters of the list, as a JSON body.
#[utoipa::path(post, path = "/api/v1/leads/search", operation_id = "search_leads", tag = "leads",
    request_body = LeadSearch,
    responses((status = 200, description = "A page of leads.", body = ListOf<LeadBody>)))]
pub(crate) async fn search(
    allow: Allow<ReadLeads>,
    State(app): State<App>,
    RawQuery(url): RawQuery,
    JsonObject(body): JsonObject,
) -> Result<Response, Problem> {
    let query = ListQuery::of_body(body, url.as_deref())?;
    list::answer(allow.0, &app, query, true).await
}
