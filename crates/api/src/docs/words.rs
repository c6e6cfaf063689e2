//! What a part of a path may be that is one of a few words.

use leadlatch_domain::dropdown::Dropdown;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::v1::zapier::samples::EVENTS;

/// The name of a dropdown.
pub(crate) struct DropdownName;

/// The name of an event that there is a sample of.
pub(crate) struct SampleEvent;

impl ToSchema for DropdownName {}
impl ToSchema for SampleEvent {}

impl PartialSchema for DropdownName {
    fn schema() -> RefOr<Schema> {
        word(Dropdown::ALL.iter().map(|one| one.as_str()))
    }
}

impl PartialSchema for SampleEvent {
    fn schema() -> RefOr<Schema> {
        word(EVENTS.iter().copied())
    }
}

fn word(words: impl Iterator<Item = &'static str>) -> RefOr<Schema> {
    RefOr::T(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into())
}
