//! `/zapier/samples/{event}`: what a delivery of an event looks like to a key of the caller's kind, and never a live one.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use leadlatch_domain::custom_field::CustomField;
use leadlatch_domain::lead::LeadView;
use leadlatch_domain::lead::sample::{MOMENT, sample};
use leadlatch_domain::matrix::{ReadLeadGroups, ReadSamples};
use leadlatch_domain::time::Timestamp;
use leadlatch_store::{Access, Error, lead_groups};
use serde::Serialize;

use super::{lead_group, no_such_word};
use crate::App;
use crate::allow::Allow;
use crate::docs::{LeadBody, SampleEvent};
use crate::problem::Problem;

macro_rules! samples {
    ($($event:literal $id:literal [$($changed:literal),*];)+) => {
        /// The events that there are samples of.
        pub(crate) const EVENTS: &[&str] = &[$($event),+];

        /// Of an event its sample's id, and the names of the fields that it says have changed.
        fn event(name: &str) -> Option<(&'static str, &'static str, &'static [&'static str])> {
            match name {
                $($event => Some(($event, $id, &[$($changed),*])),)+
                _ => None,
            }
        }
    };
}

samples! {
    "lead.created"        "sample-lead-created"        [];
    "lead.updated"        "sample-lead-updated"        ["firstname", "email"];
    "lead.status_changed" "sample-lead-status-changed" ["status_id", "status", "conversion_point"];
}

/// What a hook is sent.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Delivered {
    /// The id of the event: the same each time that it is delivered.
    id: &'static str,
    /// The event.
    r#type: &'static str,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    /// The names of the fields that changed.
    changed: &'static [&'static str],
    /// The lead as the key sees it.
    #[schema(value_type = LeadBody)]
    data: LeadView,
}

/// Read an example of what hooks deliver: the same for every key of a kind.
#[utoipa::path(get, path = "/api/v1/zapier/samples/{event}", operation_id = "read_sample", tag = "zapier",
    params(("event" = inline(SampleEvent), Path, description = "The event."),
        ("lead_group_id" = Option<i64>, Query, minimum = 1,
            description = "Fills data with the custom fields that the key reads of this lead group.")),
    responses((status = 200, description = "The example.", body = Delivered)))]
pub(crate) async fn read(
    allow: Allow<ReadSamples>,
    State(app): State<App>,
    Path(name): Path<String>,
    RawQuery(url): RawQuery,
) -> Result<Response, Problem> {
    let Some((r#type, id, changed)) = event(&name) else { return Err(no_such_word("sample", EVENTS)) };
    let fields = match lead_group(url.as_deref(), &["lead_group_id"])? {
        Some(group) => custom_fields(&app, allow.0.access(), group).await?,
        None => Vec::new(),
    };
    let data = sample(&allow.0.fields(), &fields);
    let timestamp = Timestamp::from_micros(MOMENT);
    Ok(Json(Delivered { id, r#type, timestamp, changed, data }).into_response())
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
