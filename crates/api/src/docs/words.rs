//! What a part of a path may be that is one of a few words.

use leadlatch_domain::dropdown::Dropdown;
use leadlatch_domain::hook::HookEvent;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::LeadBody;

/// The name of a dropdown.
pub(crate) struct DropdownName;

/// The name of an event that there is a sample of.
pub(crate) struct SampleEvent;

impl ToSchema for DropdownName {}
impl ToSchema for SampleEvent {}

impl PartialSchema for DropdownName {
    fn schema() -> RefOr<Schema> {
        RefOr::T(word(Dropdown::ALL.iter().map(|one| one.as_str())).into())
    }
}

impl PartialSchema for SampleEvent {
    fn schema() -> RefOr<Schema> {
        RefOr::T(word(samples().map(HookEvent::as_str)).into())
    }
}

/// The body of a delivery.
// A `Told` in the words of the document.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the OpenAPI derive alone: what is told is written from the domain's own type")]
pub(crate) struct Delivery {
    /// The id of the event: the same each time that it is delivered.
    id: String,
    /// What happened.
    #[schema(schema_with = told)]
    r#type: String,
    /// When.
    #[schema(format = DateTime)]
    timestamp: String,
    /// The names of the fields that changed, of those that the receiver sees.
    changed: Vec<String>,
    /// The lead as the receiver sees it.
    data: DeliveryData,
}

/// What is told of a lead.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "read by the OpenAPI derive alone: what is told is written from the domain's own type")]
enum DeliveryData {
    /// The lead.
    Whole(LeadBody),
    /// A lead that is no longer in reach.
    Gone(LeadGone),
}

/// A lead that is no longer in reach.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the OpenAPI derive alone: what is told is written from the domain's own type")]
struct LeadGone {
    /// Its number.
    id: i64,
    /// Since when it is not.
    #[schema(format = DateTime)]
    deleted_at: String,
}

/// The events that there are samples of: those that this server tells of.
pub(crate) fn samples() -> impl Iterator<Item = HookEvent> {
    HookEvent::ALL.iter().copied().filter(|event| event.is_sent())
}

fn word(words: impl Iterator<Item = &'static str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
}

fn told() -> Object {
    let mut words = word(samples().map(HookEvent::as_str));
    words.description = Some("What happened.".into());
    words
}
