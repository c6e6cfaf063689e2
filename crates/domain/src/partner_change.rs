//! What a partner record is changed to, and how a caller's body of it is read: every bad value is kept for one answer.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use crate::contact::{Email, Phone};
use crate::fault::{Fault, FieldFault};
use crate::id::{PartnerId, WireNumber};
use crate::reach::PartnerKind;
use crate::text::Name;

/// What of a record is changed; what is left out stays, or is empty in a record that is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartnerChange {
    /// The company.
    pub company: Option<Name>,
    /// Its kind. A key keeps the sides that the record had when it was made: its reach is what both have.
    pub kind: Option<PartnerKind>,
    /// Whom to ask for, or nobody.
    pub contact_name: Option<Option<Name>>,
    /// The company's e-mail address, or none.
    pub email: Option<Option<Email>>,
    /// The company's telephone number, or none.
    pub phone: Option<Option<Phone>>,
    /// The number that clients of existing integrations hold for it, or none.
    pub wire_number: Option<Option<WireNumber>>,
    /// Whether its keys are let in.
    pub active: Option<bool>,
    /// Every lead group that it is linked to afterwards.
    pub lead_group_ids: Option<BTreeSet<i64>>,
    /// Every lead type that it is linked to afterwards.
    pub lead_type_ids: Option<BTreeSet<i64>>,
}

/// A caller's values, and what was wrong with the others.
#[derive(Debug, Default)]
pub struct PartnerInput {
    /// The good values.
    pub change: PartnerChange,
    /// Every bad value. The store judges the records that are named first, then refuses these all together.
    pub faults: Vec<FieldFault>,
}

impl PartnerInput {
    /// Reads the members of a JSON object. An empty text counts as absent.
    pub fn parse(body: &Map<String, Json>) -> Self {
        let mut input = Self::default();
        for (name, value) in body.iter().filter(|(_, value)| !is_blank(value)) {
            if let Err(fault) = input.change.take(name, value) {
                input.faults.push(fault.on(name.as_str()));
            }
        }
        input
    }
}

impl PartnerChange {
    fn take(&mut self, name: &str, value: &Json) -> Result<(), Fault> {
        match name {
            "company" => self.company = Some(Name::parse(text(filled(value)?)?)?),
            "kind" => self.kind = Some(kind(filled(value)?)?),
            "contact_name" => self.contact_name = Some(optional(value, Name::parse)?),
            "email" => self.email = Some(optional(value, Email::parse)?),
            "phone" => self.phone = Some(optional(value, Phone::parse)?),
            "active" => self.active = Some(flag(filled(value)?)?),
            "lead_group_ids" => self.lead_group_ids = Some(ids(value)?),
            "lead_type_ids" => self.lead_type_ids = Some(ids(value)?),
            "id" => return Err(Fault::new("read_only", "The server sets this field; leave it out.")),
            _ => return Err(Fault::new("unknown_field", "A partner record has no such field.")),
        }
        Ok(())
    }
}

/// Reads the record that a lead is referred to, the one member of a referral.
pub fn parse_referral(body: &Map<String, Json>) -> Result<PartnerId, Vec<FieldFault>> {
    let unknown = body.keys().filter(|name| *name != "partner_id");
    let fault = || Fault::new("unknown_field", "A referral has partner_id alone.");
    let mut faults: Vec<_> = unknown.map(|name| fault().on(name.as_str())).collect();
    let sent = body.get("partner_id").filter(|value| !value.is_null() && !is_blank(value));
    let partner = match sent {
        None => Err(Fault::new("required", "Send the number of a record that buys leads.")),
        Some(value) => id(value).ok_or_else(|| Fault::new("out_of_range", "Send the record's number.")),
    };
    match partner {
        Ok(partner) if faults.is_empty() => Ok(partner),
        Ok(_) => Err(faults),
        Err(fault) => {
            faults.push(fault.on("partner_id"));
            Err(faults)
        }
    }
}

fn is_blank(value: &Json) -> bool {
    value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn filled(value: &Json) -> Result<&Json, Fault> {
    let empty = || Fault::new("required", "This field cannot be empty; leave it out to keep it as it is.");
    if value.is_null() { Err(empty()) } else { Ok(value) }
}

fn text(value: &Json) -> Result<&str, Fault> {
    value.as_str().ok_or_else(|| Fault::new("bad_json_type", "Send a text in quotes."))
}

fn optional<T>(value: &Json, read: impl FnOnce(&str) -> Result<T, Fault>) -> Result<Option<T>, Fault> {
    if value.is_null() { Ok(None) } else { read(text(value)?).map(Some) }
}

fn kind(value: &Json) -> Result<PartnerKind, Fault> {
    let bad = || Fault::new("bad_choice", "Send introducer, partner or both.");
    PartnerKind::parse(text(value)?.trim()).ok_or_else(bad)
}

fn flag(value: &Json) -> Result<bool, Fault> {
    match value {
        Json::Bool(flag) => Ok(*flag),
        Json::String(text) if text == "true" || text == "1" => Ok(true),
        Json::String(text) if text == "false" || text == "0" => Ok(false),
        _ => Err(Fault::new("bad_json_type", "Send true or false.")),
    }
}

/// A list of ids; `null` is the empty one.
fn ids(value: &Json) -> Result<BTreeSet<i64>, Fault> {
    let bad = || Fault::new("bad_json_type", "Send a list of records' numbers, such as [1, 2], or [] for none.");
    match value {
        Json::Null => Ok(BTreeSet::new()),
        Json::Array(items) => {
            let read = |item| id(item).map(PartnerId::get);
            items.iter().map(read).collect::<Option<_>>().ok_or_else(bad)
        }
        _ => Err(bad()),
    }
}

/// An id as a number or as digits: tools with text boxes send the latter.
fn id(value: &Json) -> Option<PartnerId> {
    match value {
        Json::Number(number) => number.as_i64().and_then(PartnerId::new),
        Json::String(text) => PartnerId::parse(text.trim()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{PartnerId, PartnerInput, parse_referral};
    use crate::reach::PartnerKind;
    use serde_json::{Value, json};

    fn parse(body: &Value) -> PartnerInput {
        PartnerInput::parse(body.as_object().unwrap())
    }

    #[test]
    fn every_bad_value_is_named_at_once() {
        let body = json!({"id": 1, "company": null, "kind": "buyer", "email": "x", "phone": "abc", "active": 2,
            "lead_group_ids": [0], "lead_type_ids": "1", "fax": "1", "contact_name": 7});
        let mut faults: Vec<_> = parse(&body).faults.into_iter().map(|fault| (fault.field, fault.code)).collect();
        faults.sort_unstable();
        let named: Vec<_> = faults.iter().map(|(field, code)| (field.as_str(), *code)).collect();
        let expected = [
            ("active", "bad_json_type"),
            ("company", "required"),
            ("contact_name", "bad_json_type"),
            ("email", "bad_email"),
            ("fax", "unknown_field"),
            ("id", "read_only"),
            ("kind", "bad_choice"),
            ("lead_group_ids", "bad_json_type"),
            ("lead_type_ids", "bad_json_type"),
            ("phone", "bad_phone"),
        ];
        assert_eq!(named, expected);
    }

    #[test]
    fn an_empty_text_is_absent_and_null_clears() {
        let input = parse(&json!({"company": " ", "email": "", "phone": null, "lead_type_ids": null, "kind": "both"}));
        assert!(input.faults.is_empty(), "{:?}", input.faults);
        let change = input.change;
        assert_eq!((change.company, change.email, change.phone), (None, None, Some(None)));
        assert_eq!((change.kind, change.lead_type_ids), (Some(PartnerKind::Both), Some([].into())));
        assert_eq!(parse(&json!({"lead_group_ids": [3, "1", 3]})).change.lead_group_ids, Some([1, 3].into()));
    }

    #[test]
    fn a_referral_names_one_record_and_nothing_else() {
        let read = |body: &Value| parse_referral(body.as_object().unwrap()).map(PartnerId::get);
        assert_eq!(read(&json!({"partner_id": "3"})), Ok(3));
        for (body, named) in [
            (json!({}), ["partner_id"].as_slice()),
            (json!({"partner_id": null, "price": 1}), &["price", "partner_id"]),
            (json!({"partner_id": -1}), &["partner_id"]),
            (json!({"partner_id": 3, "price": 1}), &["price"]),
        ] {
            let faults = read(&body).unwrap_err();
            assert_eq!(faults.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(), named, "{body}");
        }
    }
}
