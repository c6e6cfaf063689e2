//! What a subscription is made from, for the document.

use leadlatch_domain::hook::{HookEvent, HookFormat};
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// What a subscription is made from.
pub(crate) struct HookWrite;

impl ToSchema for HookWrite {}

impl PartialSchema for HookWrite {
    fn schema() -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let target = text()
            .format(Some(SchemaFormat::Custom("uri".into())))
            .max_length(Some(leadlatch_domain::hook::target::TARGET_MAX))
            .description(Some("Where deliveries go: https, without user and password. A query is kept and not shown."));
        let event = text().enum_values(Some(HookEvent::ALL.iter().map(|event| event.as_str())));
        let events = ArrayBuilder::new().items(event).min_items(Some(1)).description(Some(
            "What is told. Each needs the scope of its data; appointment.booked and activity.created are not told yet.",
        ));
        let filter = ObjectBuilder::new()
            .schema_type(Type::Object)
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .description(Some(
                "Parameters of the list of leads, but for sort and test: a lead is told of when it matches them.",
            ));
        let format = text()
            .enum_values(Some(HookFormat::ALL.iter().map(|format| format.as_str())))
            .default(Some(HookFormat::Json.as_str().into()))
            .description(Some(
                "json, or form: flat names for receivers that were written for the field's other systems.",
            ));
        let object = ObjectBuilder::new()
            .description(Some("What a subscription is made from."))
            .additional_properties(Some(AdditionalProperties::FreeForm(false)))
            .property("target_url", target)
            .required("target_url")
            .property("events", events)
            .required("events")
            .property("filter", filter)
            .property("format", format);
        RefOr::T(object.into())
    }
}
