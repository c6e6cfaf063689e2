//! An example of a lead with something in every field: what an integration tool shows in place of a live one.
//!
//! It is reduced and written as every lead is, so that a sample has the names and the types of what is delivered.

use super::field::{Kind, LeadField};
use super::record::{Lead, Value};
use super::rights::FieldRights;
use super::view::LeadView;
use crate::custom_field::{CustomField, FieldType};
use crate::id::PartnerId;
use crate::point::{ConversionPoint, Progress};
use crate::preference::Preference;
use crate::reach::Sides;

/// 2026-01-15T09:30:00Z, in microseconds.
pub const MOMENT: i64 = 1_768_469_400_000_000;

/// The number of the partner record in a sample; it is nobody's.
const RECORD: i64 = 4001;

/// The sample as a reader with these rights sees it, with the custom fields that it reads of a lead group's.
///
/// It is one for all Full keys and one for all Partner keys: of a caller's own nothing is in it.
pub fn sample(rights: &FieldRights, fields: &[CustomField]) -> LeadView {
    let sides = Sides { supplies: true, buys: true };
    let rights = match (rights, PartnerId::new(RECORD)) {
        (FieldRights::Partner { .. }, Some(record)) => FieldRights::Partner { record, sides },
        _ => *rights,
    };
    let readable = |key| fields.iter().any(|field| field.key == key && field.partner.may_read());
    LeadView::reduce(lead(fields), &rights, readable)
}

fn lead(fields: &[CustomField]) -> Lead {
    let mut lead = Lead::default();
    for field in LeadField::ALL {
        lead.set(*field, example(*field));
    }
    lead.data = fields.iter().map(|field| (field.key, custom(field.field_type).to_owned())).collect();
    lead
}

fn example(field: LeadField) -> Value {
    match field.kind() {
        Kind::Id => Value::Int(id(field)),
        Kind::Money => Value::Int(if field == LeadField::Cost { 2_500 } else { 18_000 }),
        Kind::Time => Value::Int(MOMENT),
        Kind::Flag => Value::Flag(false),
        Kind::Composed | Kind::Data => Value::Empty,
        kind => Value::Text(text(field, kind).into()),
    }
}

const fn id(field: LeadField) -> i64 {
    match field {
        LeadField::Id => 1001,
        LeadField::LeadGroupId => 2001,
        LeadField::LeadTypeId => 2101,
        LeadField::SiteId => 2201,
        LeadField::StatusId => 2301,
        LeadField::UserId => 3001,
        LeadField::UserGroupId => 3101,
        LeadField::DuplicateOf => 1000,
        _ => RECORD,
    }
}

/// Names, an address that is for examples alone, and numbers that are reserved for fiction.
fn text(field: LeadField, kind: Kind) -> &'static str {
    match (field, kind) {
        (LeadField::Fax, _) => "020 7946 0102",
        (LeadField::Phone2, _) => "07700 900123",
        (_, Kind::Phone) => "020 7946 0101",
        (_, Kind::Email) => "sample.person@example.com",
        (_, Kind::Date) => "1985-04-12",
        (_, Kind::Address) => "192.0.2.1",
        (_, Kind::Preference) => Preference::Yes.as_str(),
        (_, Kind::StatusName) => "New",
        (_, Kind::Point) => ConversionPoint::New.as_str(),
        (_, Kind::Progress) => Progress::New.as_str(),
        (LeadField::Reference, _) => "SAMPLE-1",
        (LeadField::Source, _) => "sample source",
        (LeadField::Medium, _) => "sample medium",
        (LeadField::Term, _) => "sample term",
        (LeadField::Title, _) => "Ms",
        (LeadField::Firstname, _) => "Sample",
        (LeadField::Lastname, _) => "Person",
        (LeadField::Company, _) => "Sample Company",
        (LeadField::Jobtitle, _) => "Manager",
        (LeadField::Address, _) => "1 Sample Street",
        (LeadField::Address2, _) => "Floor 2",
        (LeadField::Address3, _) => "Sample Park",
        (LeadField::Towncity, _) => "London",
        (LeadField::Postcode, _) => "N1 9GU",
        (LeadField::ContactTime, _) => "Mornings",
        _ => "Sample",
    }
}

/// A text in the stored form of a type. A choice is no group's own.
const fn custom(field_type: FieldType) -> &'static str {
    match field_type {
        FieldType::Text => "Sample text",
        FieldType::LongText => "Sample text\nof two lines",
        FieldType::Number => "12.5",
        FieldType::Currency => "1250.00",
        FieldType::Date => "2026-01-15",
        FieldType::YesNo => "yes",
        FieldType::Choice => "Sample choice",
    }
}

#[cfg(test)]
mod tests {
    use super::{custom, sample};
    use crate::custom_field::{CustomField, FieldType};
    use crate::id::PartnerId;
    use crate::lead::{FieldRights, LeadField};
    use crate::reach::PartnerKind;
    use serde_json::{Value, json};

    fn partner(record: i64, kind: PartnerKind) -> FieldRights {
        FieldRights::Partner { record: PartnerId::new(record).unwrap(), sides: kind.sides() }
    }

    fn written(rights: &FieldRights, specs: &[&str]) -> Value {
        let fields: Vec<_> = specs.iter().map(|spec| CustomField::parse_spec(spec).unwrap()).collect();
        serde_json::to_value(sample(rights, &fields)).unwrap()
    }

    #[test]
    fn every_field_that_a_reader_sees_holds_something() {
        for rights in [FieldRights::Full, partner(7, PartnerKind::Introducer)] {
            let sample = written(&rights, &["data1=Loan:currency"]);
            let seen = LeadField::ALL.iter().filter(|field| rights.may_name(**field));
            assert_eq!(sample.as_object().unwrap().len(), seen.clone().count());
            for field in seen {
                assert!(!sample[field.name()].is_null(), "{}", field.name());
            }
        }
        assert_eq!(written(&FieldRights::Full, &[])["received_at"], "2026-01-15T09:30:00.000Z");
    }

    #[test]
    fn it_is_one_for_all_partner_keys() {
        let one = written(&partner(7, PartnerKind::Introducer), &[]);
        assert_eq!(one, written(&partner(8, PartnerKind::Partner), &[]));
        assert_eq!(one["introducer_id"], 4001);
    }

    #[test]
    fn a_partner_is_shown_the_custom_fields_that_it_reads() {
        let specs = ["data1=A:text", "data2=B:text:partner=w", "data3=C:number:partner=none"];
        assert_eq!(written(&partner(7, PartnerKind::Both), &specs)["data"], json!({"data1": "Sample text"}));
        assert_eq!(written(&FieldRights::Full, &specs)["data"].as_object().unwrap().len(), 3);
    }

    #[test]
    fn the_example_of_a_type_is_as_such_a_field_stores_it() {
        for of in FieldType::ALL.iter().copied() {
            let choices = if of == FieldType::Choice { ":choices=Sample choice" } else { "" };
            let field = CustomField::parse_spec(&format!("data1=X:{}{choices}", of.as_str())).unwrap();
            assert_eq!(field.check(&json!(custom(of))).unwrap(), custom(of));
        }
    }
}
