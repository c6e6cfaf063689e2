//! A partner record and a referral as they are written.

use leadlatch_domain::reach::PartnerKind;
use leadlatch_domain::text::TEXT_MAX;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, Schema, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// A partner record as it is written.
pub(crate) struct PartnerWrite;

/// To whom a lead is referred.
pub(crate) struct ReferralWrite;

impl ToSchema for PartnerWrite {}
impl ToSchema for ReferralWrite {}

impl PartialSchema for PartnerWrite {
    fn schema() -> RefOr<Schema> {
        let about =
            "The fields to write. An empty text counts as absent; a field that is unknown or read-only is a 422.";
        let kinds = PartnerKind::ALL.map(PartnerKind::as_str);
        let kind = text("By the path when a record is made without it.", false).enum_values(Some(kinds));
        let active = ObjectBuilder::new().schema_type(Type::Boolean);
        let active = active.description(Some("Whether its keys are let in: true when a record is made without it."));
        let object = closed(about)
            .property("company", text("The company. Needed to make a record.", false))
            .property("kind", kind)
            .property("contact_name", text("Whom to ask for.", true))
            .property("email", text("The company's e-mail address.", true).format(Some(known(KnownFormat::Email))))
            .property("phone", text("The company's telephone number.", true))
            .property("active", active)
            .property("lead_group_ids", ids("Every lead group that it may use, with all its types."))
            .property("lead_type_ids", ids("Every lead type that it may use by itself."));
        RefOr::T(object.into())
    }
}

impl PartialSchema for ReferralWrite {
    fn schema() -> RefOr<Schema> {
        let partner = id().description(Some("A record of kind partner or both."));
        RefOr::T(closed("The record that buys the lead.").property("partner_id", partner).required("partner_id").into())
    }
}

fn closed(about: &str) -> ObjectBuilder {
    let closed = Some(AdditionalProperties::FreeForm(false));
    ObjectBuilder::new().description(Some(about)).additional_properties(closed)
}

const fn known(format: KnownFormat) -> SchemaFormat {
    SchemaFormat::KnownFormat(format)
}

fn id() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer).format(Some(known(KnownFormat::Int64))).minimum(Some(1))
}

fn text(about: &str, clears: bool) -> ObjectBuilder {
    let of = if clears { SchemaType::from_iter([Type::String, Type::Null]) } else { Type::String.into() };
    ObjectBuilder::new().schema_type(of).description(Some(about)).max_length(Some(TEXT_MAX))
}

fn ids(about: &str) -> ArrayBuilder {
    let of = SchemaType::from_iter([Type::Array, Type::Null]);
    ArrayBuilder::new().schema_type(of).items(id()).description(Some(about))
}
