//! The parameters of lists: the page, the order, and the filters of leads from their one table.

use leadlatch_domain::lead::filter::SORTS;
use leadlatch_domain::lead::filters::{FILTERS, Filter, Takes};
use leadlatch_domain::point::ConversionPoint;
use serde_json::Value;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, Required, Schema, SchemaFormat};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::list::{DEFAULT_LIMIT, HIGHEST_LIMIT};

/// Which page of a list, and whether it is counted.
pub(crate) struct PageParams;

/// The order of a list of leads.
pub(crate) struct OrderParams;

/// What leads are filtered by.
pub(crate) struct FilterParams;

/// What a search takes: the parameters of the list of leads.
pub(crate) struct LeadSearch;

impl IntoParams for PageParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        page().into_iter().map(parameter).collect()
    }
}

impl IntoParams for OrderParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        order().into_iter().map(parameter).collect()
    }
}

impl IntoParams for FilterParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        FILTERS.iter().map(filter).map(parameter).collect()
    }
}

impl ToSchema for LeadSearch {}

impl PartialSchema for LeadSearch {
    fn schema() -> RefOr<Schema> {
        let about = "The parameters of the list of leads. Null and an empty text count as absent.";
        let members = page().into_iter().chain(order()).chain(FILTERS.iter().map(filter));
        let object = members.fold(ObjectBuilder::new().description(Some(about)), |object, (name, member)| {
            object.property(name, nullable(member))
        });
        RefOr::T(object.into())
    }
}

/// A name and what it takes; the words about it stand in the schema.
type Named = (&'static str, Object);

fn page() -> [Named; 3] {
    let limit = of(Type::Integer, "How many rows a page holds at most.")
        .minimum(Some(1))
        .maximum(Some(HIGHEST_LIMIT as usize))
        .default(Some(DEFAULT_LIMIT.into()));
    let cursor = of(Type::String, "next_cursor of the page before, with the same filters and order.");
    let total = of(Type::Boolean, "Whether the rows of all pages are counted.").default(Some(false.into()));
    [("limit", limit.build()), ("cursor", cursor.build()), ("total", total.build())]
}

fn order() -> [Named; 1] {
    let sort = of(Type::String, "The order; with - the newest or the highest first.")
        .enum_values(Some(SORTS))
        .default(Some(SORTS[0].into()));
    [("sort", sort.build())]
}

fn filter(filter: &Filter) -> Named {
    let known = |format| Some(SchemaFormat::KnownFormat(format));
    let object = match filter.takes {
        Takes::Text => of(Type::String, filter.about),
        Takes::Id => of(Type::Integer, filter.about).format(known(KnownFormat::Int64)).minimum(Some(1)),
        Takes::Point => {
            of(Type::String, filter.about).enum_values(Some(ConversionPoint::ALL.map(ConversionPoint::as_str)))
        }
        Takes::Time => of(Type::String, filter.about).format(known(KnownFormat::DateTime)),
        Takes::Flag => of(Type::Boolean, filter.about).default(Some(false.into())),
    };
    (filter.name, object.build())
}

fn of(kind: Type, about: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(kind).description(Some(about))
}

fn parameter((name, mut schema): Named) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(schema.description.take())
        .schema(Some(schema))
        .build()
}

/// A parameter that may be left out is not one that may be null.
pub(crate) fn write_parameters(operation: &mut Operation) {
    for one in operation.parameters.iter_mut().flatten() {
        let RefOr::T(Parameter { schema: Some(RefOr::T(Schema::Object(schema))), .. }) = one else { continue };
        if let SchemaType::Array(kinds) = &schema.schema_type {
            let kind = kinds.iter().find(|kind| **kind != Type::Null);
            schema.schema_type = kind.cloned().map_or(SchemaType::AnyValue, SchemaType::Type);
        }
    }
}

fn nullable(mut object: Object) -> Object {
    if let SchemaType::Type(kind) = object.schema_type {
        object.schema_type = SchemaType::from_iter([kind, Type::Null]);
    }
    object.enum_values.iter_mut().for_each(|values| values.push(Value::Null));
    object
}
