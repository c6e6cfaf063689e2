//! A lead in the elements of existing integrations: each that its reader may see, empty where nothing is.

use leadlatch_domain::custom_field::DataKey;
use leadlatch_domain::lead::field::Kind;
use leadlatch_domain::lead::wire::NAMES;
use leadlatch_domain::lead::{FieldRights, LeadField, Value};
use leadlatch_domain::text::capital;
use leadlatch_store::leads::wire::Record;

use super::answer::Xml;

/// What a record has beside the elements that are also sent.
const MORE: [(&str, LeadField); 3] =
    [("fullname", LeadField::Fullname), ("progress", LeadField::Progress), ("received", LeadField::ReceivedAt)];

/// Writes the fields of a lead.
pub(super) fn write(xml: &mut Xml, record: &Record, rights: &FieldRights) {
    for (name, field) in NAMES.iter().chain(&MORE).filter(|(_, field)| rights.may_name(*field)) {
        xml.element(name, &text(record, *field));
        if *field == LeadField::Dob {
            write_parts(xml, &text(record, *field));
        }
    }
    for key in (1..=50).filter_map(DataKey::from_number) {
        if let Some(text) = record.lead.data(key) {
            xml.element(&key.to_string(), text);
        }
    }
}

fn text(record: &Record, field: LeadField) -> String {
    match field {
        LeadField::LeadGroupId => record.lead_group.clone(),
        LeadField::LeadTypeId => record.lead_type.clone(),
        LeadField::SiteId => record.site.clone(),
        LeadField::IntroducerId => record.introducer.clone(),
        LeadField::Test => if *record.lead.get(field) == Value::Flag(true) { "1" } else { "0" }.into(),
        LeadField::Progress => capital(&record.lead.in_words(field)),
        field if field.kind() == Kind::Preference => capital(&record.lead.in_words(field)),
        field => record.lead.in_words(field),
    }
}

/// The date of birth in three elements, as it may also be sent.
fn write_parts(xml: &mut Xml, date: &str) {
    let mut parts = date.split('-');
    for name in ["dobyear", "dobmonth", "dobday"] {
        xml.element(name, parts.next().unwrap_or_default());
    }
}
