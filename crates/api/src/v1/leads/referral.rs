//! `/leads/{id}/referral`: which record buys a lead.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use leadlatch_domain::matrix::ReferLeads;
use leadlatch_domain::partner_change::parse_referral;
use leadlatch_store::{Connection, Error, leads};

use crate::App;
use crate::allow::Allow;
use crate::body::JsonObject;
use crate::docs::ReferralWrite;
use crate::problem::Problem;
use crate::v1::path_id;

/// Refer a lead to a record that buys leads, whose keys reach it from then on, in the place of the one before.
#[utoipa::path(post, path = "/api/v1/leads/{id}/referral", operation_id = "refer_lead", tag = "leads",
    params(("id" = i64, Path, description = "The number of the lead.")),
    request_body = ReferralWrite,
    responses((status = 204, description = "The lead is referred to the record.")))]
pub(crate) async fn refer(
    allow: Allow<ReferLeads>,
    State(app): State<App>,
    Path(id): Path<String>,
    JsonObject(body): JsonObject,
) -> Result<StatusCode, Problem> {
    let (id, to) = (path_id(&id), parse_referral(&body));
    let job = async move |db: &mut Connection<'_>, grant| match to {
        Ok(to) => leads::refer(db, grant, id, Some(to)).await,
        Err(faults) => {
            leads::refuse_missing(db, &grant, id).await?;
            Err(Error::Invalid(faults))
        }
    };
    app.store.write(allow.0, job).await.map_err(as_sent)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a referral back: the buyer's reach of the lead ends at once.
#[utoipa::path(delete, path = "/api/v1/leads/{id}/referral", operation_id = "unrefer_lead", tag = "leads",
    params(("id" = i64, Path, description = "The number of the lead.")),
    responses((status = 204, description = "The lead is referred to nobody.")))]
pub(crate) async fn unrefer(
    allow: Allow<ReferLeads>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = path_id(&id);
    let job = async move |db: &mut Connection<'_>, grant| leads::refer(db, grant, id, None).await;
    app.store.write(allow.0, job).await.map_err(as_sent)?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is missing, by where this request named it.
fn as_sent(error: Error) -> Error {
    match error {
        Error::NotFound("lead") => Error::NotFound("id"),
        Error::NoSuch { what: "partner", name } => Error::NoSuch { what: "partner_id", name },
        other => other,
    }
}
