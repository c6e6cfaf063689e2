//! Parameters of paths that end in one of a few words.

use leadlatch_domain::dropdown::Dropdown;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{KnownFormat, Required, SchemaFormat};

use crate::v1::zapier::samples::EVENTS;

/// Which dropdown.
pub(crate) struct DropdownParams;

/// Which sample.
pub(crate) struct SampleParams;

impl IntoParams for DropdownParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let names = Dropdown::ALL.iter().map(|one| one.as_str());
        let about = "Of lead_types: only those of this lead group.";
        vec![word("name", "The list that it shows.", names), lead_group(about)]
    }
}

impl IntoParams for SampleParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let about = "Fills data with the custom fields that the key reads of this lead group.";
        vec![word("event", "The event.", EVENTS.iter().copied()), lead_group(about)]
    }
}

fn word(name: &str, about: &str, words: impl Iterator<Item = &'static str>) -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build();
    parameter(name, about, schema).parameter_in(ParameterIn::Path).required(Required::True).build()
}

fn lead_group(about: &str) -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
    let schema = schema.format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64))).build();
    parameter("lead_group_id", about, schema).parameter_in(ParameterIn::Query).required(Required::False).build()
}

fn parameter(name: &str, about: &str, schema: Object) -> ParameterBuilder {
    ParameterBuilder::new().name(name).description(Some(about)).schema(Some(schema))
}
