//! `PATCH /introducers/{id}` and `PATCH /partners/{id}`.

use axum::extract::{Path, State};
use axum::response::Response;
use leadlatch_domain::matrix::WritePartners;
use leadlatch_domain::partner_change::PartnerInput;
use leadlatch_store::partner_records::{self, PartnerRecord, Side};
use leadlatch_store::{Connection, Grant};
use serde_json::{Map, Value};

use crate::App;
use crate::allow::Allow;
use crate::body::JsonObject;
use crate::docs::PartnerWrite;
use crate::list::one;
use crate::problem::Problem;
use crate::v1::path_id;

/// Change an introducer: what is absent stays, `null` clears, and links are given whole.
///
/// What its keys reach changes at the same moment. A change of `kind` never widens it.
#[utoipa::path(patch, path = "/api/v1/introducers/{id}", operation_id = "update_introducer", tag = "introducers",
    params(("id" = i64, Path, description = "The number of the introducer.")),
    request_body = PartnerWrite,
    responses((status = 200, description = "The record as it is now.", body = PartnerRecord)))]
pub(crate) async fn update_introducer(
    allow: Allow<WritePartners>,
    State(app): State<App>,
    Path(id): Path<String>,
    JsonObject(body): JsonObject,
) -> Result<Response, Problem> {
    update(allow.0, &app, (Side::Supplies, &id), &body).await
}

/// Change a partner: what is absent stays, `null` clears, and links are given whole.
///
/// What its keys reach changes at the same moment. A change of `kind` never widens it.
#[utoipa::path(patch, path = "/api/v1/partners/{id}", operation_id = "update_partner", tag = "partners",
    params(("id" = i64, Path, description = "The number of the partner.")),
    request_body = PartnerWrite,
    responses((status = 200, description = "The record as it is now.", body = PartnerRecord)))]
pub(crate) async fn update_partner(
    allow: Allow<WritePartners>,
    State(app): State<App>,
    Path(id): Path<String>,
    JsonObject(body): JsonObject,
) -> Result<Response, Problem> {
    update(allow.0, &app, (Side::Buys, &id), &body).await
}

async fn update(
    grant: Grant<WritePartners>,
    app: &App,
    (side, id): (Side, &str),
    body: &Map<String, Value>,
) -> Result<Response, Problem> {
    let (id, input) = (path_id(id), PartnerInput::parse(body));
    let job = async move |db: &mut Connection<'_>, grant| partner_records::update(db, grant, side, id, input).await;
    Ok(one(app.store.write(grant, job).await?))
}
