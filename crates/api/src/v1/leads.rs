//! `/leads`: create, list, read, update, delete.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use leadlatch_domain::lead::filter::{FilterRefused, SortBy};
use leadlatch_domain::lead::{FieldRights, LeadFilter, LeadInput, LeadSort, Mode};
use leadlatch_domain::matrix::{CreateLeads, DeleteLeads, ReadLeads, UpdateLeads};
use leadlatch_store::{Grant, leads};

use crate::App;
use crate::allow::Allow;
use crate::body::JsonObject;
use crate::docs::{LeadBody, LeadWrite};
use crate::list::{ListOf, ListQuery, Total, one};
use crate::problem::Problem;
use crate::v1::path_id;

/// Create a lead. A Partner key's lead becomes that partner's own.
#[utoipa::path(post, path = "/api/v1/leads", operation_id = "create_lead", tag = "leads", request_body = LeadWrite, responses((status = 201, body = LeadBody), (status = 422)))]
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

fn read_input<A>(
    grant: &Grant<A>,
    body: &serde_json::Map<String, serde_json::Value>,
    mode: Mode,
) -> Result<LeadInput, Problem> {
    LeadInput::parse(body, mode, &grant.fields()).map_err(|refused| Problem::refused_input(refused, grant.scopes()))
}

/// List the leads in the key's reach, newest first.
#[utoipa::path(get, path = "/api/v1/leads", operation_id = "list_leads", tag = "leads", params(
    ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query), ("total" = Option<bool>, Query),
    ("sort" = Option<String>, Query), ("status" = Option<String>, Query), ("status_id" = Option<i64>, Query),
    ("conversion_point" = Option<String>, Query), ("lead_group_id" = Option<i64>, Query),
    ("lead_type_id" = Option<i64>, Query), ("introducer_id" = Option<i64>, Query),
    ("partner_id" = Option<i64>, Query), ("email" = Option<String>, Query), ("phone" = Option<String>, Query),
    ("reference" = Option<String>, Query), ("received_from" = Option<String>, Query),
    ("received_to" = Option<String>, Query), ("updated_since" = Option<String>, Query),
    ("test" = Option<bool>, Query)), responses((status = 200, body = ListOf<LeadBody>)))]
pub(crate) async fn list(
    allow: Allow<ReadLeads>,
    State(app): State<App>,
    mut query: ListQuery,
) -> Result<Response, Problem> {
    let rights = allow.0.fields();
    let (filter, sort) = read_filter(&mut query, &rights).map_err(|r| Problem::refused_filter(r, allow.0.scopes()))?;
    let page = query.page(sort.as_str())?;
    let apart = query.total || !is_indexed(&filter, sort, &rights);
    let (wanted, asked) = (query.total, leads::ListQuery { filter, sort });
    let job = async move |db: &mut leadlatch_store::Connection<'_>| {
        let total = if wanted { Some(leads::total(db, &allow.0, &asked.filter).await?) } else { None };
        Ok((leads::list(db, &allow.0, &asked, &page).await?, total))
    };
    let (slice, total) = if apart { app.store.read_apart(job).await? } else { app.store.read(job).await? };
    let total = total.map(|count| count.map_or(Total::AtLeast { at_least: 10_000 }, Total::Exact));
    Ok(query.answer(slice, sort.as_str(), total))
}

fn read_filter(query: &mut ListQuery, rights: &FieldRights) -> Result<(LeadFilter, LeadSort), FilterRefused> {
    let page_faults = query.faults();
    match LeadFilter::parse(&query.others, rights) {
        Ok(read) if page_faults.is_empty() => Ok(read),
        Ok(_) => Err(FilterRefused::Invalid(page_faults)),
        Err(FilterRefused::Invalid(mut faults)) => {
            faults.extend(page_faults);
            Err(FilterRefused::Invalid(faults))
        }
        Err(refused) => Err(refused),
    }
}

/// Whether an index and the limit bound the list; anything else runs apart from the requests' threads.
fn is_indexed(filter: &LeadFilter, sort: LeadSort, rights: &FieldRights) -> bool {
    let ordered = match rights {
        FieldRights::Full => true,
        FieldRights::Partner { sides, .. } => !(sides.supplies && sides.buys) && sort.by != SortBy::Id,
    };
    let scanned = filter.conversion_point.is_some()
        || filter.lead_group_id.is_some()
        || filter.lead_type_id.is_some()
        || filter.introducer_id.is_some()
        || filter.partner_id.is_some()
        || filter.phone.is_some()
        || filter.reference.is_some();
    ordered && !scanned
}

/// Read one lead in the key's reach.
#[utoipa::path(get, path = "/api/v1/leads/{id}", operation_id = "get_lead", tag = "leads", params(("id" = String, Path)), responses((status = 200, body = LeadBody)))]
pub(crate) async fn get(
    allow: Allow<ReadLeads>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = path_id(&id);
    Ok(one(app.store.read(async |db| leads::get(db, &allow.0, id).await).await?))
}

/// Update a lead: what is absent stays, `null` clears.
#[utoipa::path(patch, path = "/api/v1/leads/{id}", operation_id = "update_lead", tag = "leads", params(("id" = String, Path)), request_body = LeadWrite, responses((status = 200, body = LeadBody), (status = 422)))]
pub(crate) async fn update(
    allow: Allow<UpdateLeads>,
    State(app): State<App>,
    Path(id): Path<String>,
    JsonObject(body): JsonObject,
) -> Result<Response, Problem> {
    let (id, input) = (path_id(&id), read_input(&allow.0, &body, Mode::Update)?);
    Ok(one(app.store.write(allow.0, async move |db, grant| leads::update(db, grant, id, input).await).await?))
}

/// Delete a lead: it goes to the bin, or, for a Partner key, out of that partner's reach.
#[utoipa::path(delete, path = "/api/v1/leads/{id}", operation_id = "delete_lead", tag = "leads", params(("id" = String, Path)), responses((status = 204)))]
pub(crate) async fn delete(
    allow: Allow<DeleteLeads>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = path_id(&id);
    app.store.write(allow.0, async move |db, grant| leads::delete(db, grant, id).await).await?;
    Ok(StatusCode::NO_CONTENT)
}
