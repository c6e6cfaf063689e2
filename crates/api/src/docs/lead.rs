//! A lead as it is read and as it is written, from the table of fields.

use leadlatch_domain::lead::LeadField;
use leadlatch_domain::lead::field::{Kind, Write};
use leadlatch_domain::point::{ConversionPoint, Progress};
use leadlatch_domain::preference::Preference;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, Schema, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// The names of the custom fields.
const DATA_KEYS: &str = "^data([1-9]|[1-4][0-9]|50)$";

/// A lead as it is read.
pub(crate) struct LeadBody;

/// A lead as it is written.
pub(crate) struct LeadWrite;

impl ToSchema for LeadBody {}
impl ToSchema for LeadWrite {}

impl PartialSchema for LeadBody {
    fn schema() -> RefOr<Schema> {
        let begin = ObjectBuilder::new().description(Some("A lead with the fields that the key may see."));
        let object = LeadField::ALL.iter().fold(begin, |object, field| {
            let member = property(*field, read_words(*field));
            let texts = || AdditionalProperties::RefOr(ObjectBuilder::new().schema_type(Type::String).into());
            let member = if *field == LeadField::Data { member.additional_properties(Some(texts())) } else { member };
            let object = object.property(field.name(), member);
            if field.rule().partner_sees { object.required(field.name()) } else { object }
        });
        RefOr::T(object.into())
    }
}

impl PartialSchema for LeadWrite {
    fn schema() -> RefOr<Schema> {
        let about =
            "The fields to write. An empty text counts as absent; a field that is unknown or read-only is a 422.";
        let begin = ObjectBuilder::new()
            .description(Some(about))
            .additional_properties(Some(AdditionalProperties::FreeForm(false)));
        let written = LeadField::ALL.iter().filter(|field| field.rule().full != Write::Never);
        let object =
            written.fold(begin, |object, field| object.property(field.name(), property(*field, write_words(*field))));
        RefOr::T(object.into())
    }
}

/// What a field holds, with more words where a caller needs them.
fn property(field: LeadField, more: Option<&str>) -> ObjectBuilder {
    let object = with_kind(ObjectBuilder::new(), field.kind());
    let holds = match field.kind() {
        Kind::Money => Some("Money with two decimal places."),
        Kind::Data => Some("Custom fields by their keys, data1 to data50."),
        Kind::Address => Some("An IPv4 or IPv6 address."),
        _ => None,
    };
    let words: Vec<&str> = holds.into_iter().chain(more).collect();
    let of = kind_type(field.kind());
    let of = if field.always_holds() { of.into() } else { SchemaType::from_iter([of, Type::Null]) };
    object.schema_type(of).description((!words.is_empty()).then(|| words.join(" ")))
}

const fn kind_type(kind: Kind) -> Type {
    match kind {
        Kind::Id => Type::Integer,
        Kind::Flag => Type::Boolean,
        Kind::Data => Type::Object,
        _ => Type::String,
    }
}

fn with_kind(object: ObjectBuilder, kind: Kind) -> ObjectBuilder {
    let known = |format| Some(SchemaFormat::KnownFormat(format));
    match kind {
        Kind::Id => object.format(known(KnownFormat::Int64)).minimum(Some(1)),
        Kind::Text(limit) => object.max_length(Some(limit)),
        Kind::Email => object.format(known(KnownFormat::Email)),
        Kind::Date => object.format(known(KnownFormat::Date)),
        Kind::Time => object.format(known(KnownFormat::DateTime)),
        Kind::Preference => object.enum_values(Some(Preference::ALL.map(Preference::as_str))),
        Kind::Point => object.enum_values(Some(ConversionPoint::ALL.map(ConversionPoint::as_str))),
        Kind::Progress => object.enum_values(Some(Progress::ALL.map(Progress::as_str))),
        Kind::Data => {
            let keys = ObjectBuilder::new().schema_type(Type::String).pattern(Some(DATA_KEYS));
            object.property_names(Some(keys)).additional_properties(Some(AdditionalProperties::FreeForm(true)))
        }
        Kind::Phone | Kind::Money | Kind::Address | Kind::Flag | Kind::StatusName | Kind::Composed => object,
    }
}

fn read_words(field: LeadField) -> Option<&'static str> {
    match field {
        LeadField::IntroducerId | LeadField::PartnerId => Some("Null for a Partner key unless it is its own record."),
        _ => (!field.rule().partner_sees).then_some("Absent for Partner keys."),
    }
}

/// When who may write the field, where that is not always and everybody.
fn write_words(field: LeadField) -> Option<&'static str> {
    match (field.rule().full, field.rule().partner) {
        (_, Write::Never) => Some("403 for Partner keys."),
        (Write::OnCreate, Write::Own) => Some(
            "Set when the lead is created, later by a referral. From a Partner key 403 unless it is its own record.",
        ),
        (_, Write::Own) => Some("From a Partner key 403 unless it is its own record."),
        (Write::OnCreate, _) => Some("Set when the lead is created; in an update 422, for Partner keys 403."),
        (_, Write::OnCreate) => Some("In an update 403 for Partner keys."),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{LeadBody, LeadWrite};
    use serde_json::{Value, json};
    use utoipa::PartialSchema;

    fn schema<T: PartialSchema>() -> Value {
        serde_json::to_value(T::schema()).unwrap()
    }

    #[test]
    fn what_is_always_there_is_required_and_what_always_holds_is_never_null() {
        let lead = schema::<LeadBody>();
        let required = lead["required"].as_array().unwrap();
        assert!(required.contains(&json!("id")) && required.contains(&json!("email")));
        assert!(!required.contains(&json!("cost")), "a Partner key is not shown it");
        assert_eq!(lead["properties"]["id"]["type"], "integer");
        assert_eq!(lead["properties"]["email"]["type"], json!(["string", "null"]));
        assert_eq!(lead["properties"]["contact_sms"]["enum"], json!(["yes", "no", "unknown"]));
        assert_eq!(lead["properties"]["received_at"]["format"], "date-time");
    }

    #[test]
    fn what_partner_keys_may_not_write_is_said_to_be_a_403() {
        let fields = &schema::<LeadWrite>()["properties"];
        for (name, words) in [("cost", "403 for Partner keys."), ("source", "In an update 403 for Partner keys.")] {
            assert!(fields[name]["description"].as_str().unwrap().ends_with(words), "{name}");
        }
        assert!(fields["email"].get("description").is_none() && fields.get("progress").is_none());
    }
}
