//! `/zapier/samples/{event}`: what a delivery of an event looks like to a key of the caller's kind, and never a live one.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use leadlatch_domain::custom_field::CustomField;
use leadlatch_domain::hook::body::LeadTold;
use leadlatch_domain::hook::{HookEvent, Told};
use leadlatch_domain::lead::sample::{MOMENT, sample};
use leadlatch_domain::lead::{LeadField, LeadView};
use leadlatch_domain::matrix::{ReadLeadGroups, ReadSamples};
use leadlatch_domain::time::Timestamp;
use leadlatch_store::{Access, Error, lead_groups};

use super::{lead_group, no_such_word};
use crate::App;
use crate::allow::Allow;
use crate::docs::{Delivery, SampleEvent, samples};
use crate::problem::Problem;

/// Read an example of what hooks deliver: the same for every key of a kind.
#[utoipa::path(get, path = "/api/v1/zapier/samples/{event}", operation_id = "read_sample", tag = "zapier",
    params(("event" = inline(SampleEvent), Path, description = "The event."),
        ("lead_group_id" = Option<i64>, Query, minimum = 1,
            description = "Fills data with the custom fields that the key reads of this lead group.")),
    responses((status = 200, description = "The example.", body = Delivery)))]
pub(crate) async fn read(
    allow: Allow<ReadSamples>,
    State(app): State<App>,
    Path(name): Path<String>,
    RawQuery(url): RawQuery,
) -> Result<Response, Problem> {
    let Some(event) = HookEvent::parse(&name).filter(|event| event.is_sent()) else {
        return Err(no_such_word("sample", &samples().map(HookEvent::as_str).collect::<Vec<_>>()));
    };
    let fields = match lead_group(url.as_deref(), &["lead_group_id"])? {
        Some(group) => custom_fields(&app, allow.0.access(), group).await?,
        None => Vec::new(),
    };
    Ok(delivery(event, &sample(&allow.0.fields(), &fields)))
}

/// The example of an event, written as its deliveries are.
fn delivery(event: HookEvent, lead: &LeadView) -> Response {
    let timestamp = Timestamp::from_micros(MOMENT);
    let data = match event {
        HookEvent::LeadDeleted => LeadTold::Gone { id: lead.id().unwrap_or_default(), deleted_at: timestamp },
        _ => LeadTold::Whole(lead),
    };
    let changed: Vec<String> = changed(event).iter().map(|field| field.name().to_owned()).collect();
    let id = format!("evt_sample_{}", event.as_str().replace('.', "_"));
    Json(Told { id: &id, r#type: event, timestamp, changed: &changed, data }).into_response()
}

const fn changed(event: HookEvent) -> &'static [LeadField] {
    match event {
        HookEvent::LeadUpdated => &[LeadField::Firstname, LeadField::Email],
        HookEvent::LeadStatusChanged => &[LeadField::StatusId],
        _ => &[],
    }
}

/// The custom fields of a group; none of one out of reach, so that a sample tells nobody which groups there are.
async fn custom_fields(app: &App, access: &Access, group: i64) -> Result<Vec<CustomField>, Error> {
    let grant = access.clone().permit::<ReadLeadGroups>()?;
    match app.store.read(async |db| lead_groups::get(db, &grant, group).await).await {
        Ok(found) => Ok(found.into_inner().fields),
        Err(Error::NotFound(_) | Error::OutOfReach) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
