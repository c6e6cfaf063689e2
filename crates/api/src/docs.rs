//! What the OpenAPI document says beside the handlers, and the pages of the error codes.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use leadlatch_domain::lead::LeadField;
use leadlatch_domain::lead::field::{Kind, Write};
use leadlatch_domain::problem::Code;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::Problem;

/// A lead as it is read, from the table of fields.
pub(crate) struct LeadBody;

/// A lead as it is written, from the table of fields.
pub(crate) struct LeadWrite;

/// What a search takes: the parameters of the list of leads, which stand here with their types.
pub(crate) struct LeadSearch;

impl ToSchema for LeadSearch {}
impl ToSchema for LeadBody {}
impl ToSchema for LeadWrite {}

impl PartialSchema for LeadBody {
    fn schema() -> RefOr<Schema> {
        fields(|_| true)
    }
}

impl PartialSchema for LeadWrite {
    fn schema() -> RefOr<Schema> {
        fields(|field| field.rule().full != Write::Never)
    }
}

impl PartialSchema for LeadSearch {
    fn schema() -> RefOr<Schema> {
        let text = ["cursor", "sort", "status", "conversion_point", "email", "phone", "reference", "received_from"];
        let more = ["received_to", "updated_since"];
        let numbers = ["limit", "status_id", "lead_group_id", "lead_type_id", "introducer_id", "partner_id"];
        let of = |kind: Type| move |name: &&'static str| (*name, kind.clone());
        let members = text.iter().chain(&more).map(of(Type::String));
        let members = members.chain(numbers.iter().map(of(Type::Integer)));
        let members = members.chain(["total", "test"].iter().map(of(Type::Boolean)));
        let about = "With lead_group_id also data1 to data50.";
        let object = members.fold(ObjectBuilder::new().description(Some(about)), |object, (name, kind)| {
            object.property(name, ObjectBuilder::new().schema_type(SchemaType::from_iter([kind, Type::Null])))
        });
        RefOr::T(object.into())
    }
}

fn fields(which: impl Fn(LeadField) -> bool) -> RefOr<Schema> {
    let chosen = LeadField::ALL.iter().copied().filter(|field| which(*field));
    let object = chosen.fold(ObjectBuilder::new(), |object, field| {
        let kind = match field.kind() {
            Kind::Id => Type::Integer,
            Kind::Flag => Type::Boolean,
            Kind::Data => Type::Object,
            _ => Type::String,
        };
        let closed = "Absent for Partner keys.";
        let property = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([kind, Type::Null]))
            .description((!field.rule().partner_sees).then_some(closed));
        object.property(field.name(), property)
    });
    RefOr::T(object.into())
}

/// The page of an error code.
pub(crate) async fn error_page(Path(code): Path<String>) -> Response {
    let Some(code) = Code::parse(&code) else { return Problem::new(Code::NoSuchRoute).into_response() };
    let (name, status, title, remedy) = (code.as_str(), code.status(), code.title(), code.remedy());
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{name}</title>\
         <h1>{status} <code>{name}</code></h1><p>{title}</p><h2>What to change</h2><p>{remedy}</p>"
    ))
    .into_response()
}
