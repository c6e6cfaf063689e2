//! `/introducers` and `/partners`: partner records by side. Writing them is a file an operation.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod update;

use axum::extract::{Path, State};
use axum::response::Response;
use leadlatch_domain::matrix::{ReadIntroducers, ReadPartners};
use leadlatch_store::partner_records::{self, PartnerRecord, Side};

use crate::App;
use crate::allow::Allow;
use crate::docs::PageParams;
use crate::list::{ListOf, ListQuery, one};
use crate::problem::Problem;
use crate::v1::path_id;

/// What cursors of the two lists belong to.
const INTRODUCERS: &str = "introducers by id";
const PARTNERS: &str = "partners by id";

/// List the introducers in the key's reach: for a Partner key its own record, if it stands on that side.
#[utoipa::path(get, path = "/api/v1/introducers", operation_id = "list_introducers", tag = "introducers",
    params(PageParams),
    responses((status = 200, description = "A page of introducers.", body = ListOf<PartnerRecord>)))]
pub(crate) async fn list_introducers(
    allow: Allow<ReadIntroducers>,
    State(app): State<App>,
    mut query: ListQuery,
) -> Result<Response, Problem> {
    query.only(&[])?;
    let page = query.page(INTRODUCERS)?;
    let slice = app.store.read(async |db| partner_records::list(db, &allow.0, Side::Supplies, &page).await).await?;
    Ok(query.answer(slice, INTRODUCERS))
}

/// Read one introducer in the key's reach.
#[utoipa::path(get, path = "/api/v1/introducers/{id}", operation_id = "get_introducer", tag = "introducers",
    params(("id" = i64, Path, description = "The number of the introducer.")),
    responses((status = 200, description = "The introducer.", body = PartnerRecord)))]
pub(crate) async fn get_introducers(
    allow: Allow<ReadIntroducers>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = path_id(&id);
    Ok(one(app.store.read(async |db| partner_records::get(db, &allow.0, Side::Supplies, id).await).await?))
}

/// List the partners in the key's reach: for a Partner key its own record, if it stands on that side.
#[utoipa::path(get, path = "/api/v1/partners", operation_id = "list_partners", tag = "partners",
    params(PageParams),
    responses((status = 200, description = "A page of partners.", body = ListOf<PartnerRecord>)))]
pub(crate) async fn list_partners(
    allow: Allow<ReadPartners>,
    State(app): State<App>,
    mut query: ListQuery,
) -> Result<Response, Problem> {
    query.only(&[])?;
    let page = query.page(PARTNERS)?;
    let slice = app.store.read(async |db| partner_records::list(db, &allow.0, Side::Buys, &page).await).await?;
    Ok(query.answer(slice, PARTNERS))
}

/// Read one partner in the key's reach.
#[utoipa::path(get, path = "/api/v1/partners/{id}", operation_id = "get_partner", tag = "partners",
    params(("id" = i64, Path, description = "The number of the partner.")),
    responses((status = 200, description = "The partner.", body = PartnerRecord)))]
pub(crate) async fn get_partners(
    allow: Allow<ReadPartners>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = path_id(&id);
    Ok(one(app.store.read(async |db| partner_records::get(db, &allow.0, Side::Buys, id).await).await?))
}

/// The path of a record: one that stands on both sides has two.
fn path_of(record: &PartnerRecord) -> String {
    let side = if record.kind == "partner" { "partners" } else { "introducers" };
    format!("/api/v1/{side}/{}", record.id)
}
