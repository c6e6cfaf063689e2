//! What a caller sent for a lead: names judged first, then values, with every bad one reported at once.

use serde_json::{Map, Value as Json};

use super::field::{Kind, LeadField};
use super::record::Value;
use super::rights::{FieldRights, Mode, Verdict};
use crate::contact::{Email, Phone};
use crate::custom_field::DataKey;
use crate::fault::{Fault, FieldFault};
use crate::id::PartnerId;
use crate::money::Money;
use crate::preference::Preference;
use crate::text::check_text;
use crate::time::Date;

/// A caller's values, each in its stored form, and what was wrong with the others.
#[derive(Debug, Default)]
pub struct LeadInput {
    /// The values; [`Value::Empty`] clears a field.
    pub values: Vec<(LeadField, Value)>,
    /// Custom fields as they came; the lead group says what they must hold. `null` clears one.
    pub data: Vec<(DataKey, Json)>,
    /// Columns of records that a Partner key sent: with its own record, or with `null` to clear it. The store refuses what
    /// does not stand in the lead.
    pub own: Vec<(LeadField, Option<PartnerId>)>,
    /// Every bad value. The store adds what only it can see, then refuses them all together.
    pub faults: Vec<FieldFault>,
}

/// Names that the caller may not use: refused before any value is looked at.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Fields outside its closed list.
    Fields(Vec<String>),
    /// Another company's record was named.
    OutOfReach,
}

impl LeadInput {
    /// Reads the members of a JSON object (or of another wire, as texts).
    ///
    /// An empty text counts as absent, since integration tools send `""` for a box that was left empty.
    pub fn parse(body: &Map<String, Json>, mode: Mode, rights: &FieldRights) -> Result<Self, Refused> {
        let sent = || body.iter().filter(|(_, value)| !is_blank(value));
        refuse_names(sent(), mode, rights)?;
        let mut input = Self::default();
        for (name, value) in sent() {
            input.take(name, value, mode, rights);
        }
        Ok(input)
    }

    /// The value sent for a field, if one was.
    pub fn get(&self, field: LeadField) -> Option<&Value> {
        self.values.iter().find(|(sent, _)| *sent == field).map(|(_, value)| value)
    }

    /// The id sent for a field that holds one.
    pub fn int(&self, field: LeadField) -> Option<i64> {
        match self.get(field) {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        }
    }

    fn take(&mut self, name: &str, value: &Json, mode: Mode, rights: &FieldRights) {
        let Some(field) = LeadField::parse(name) else {
            return self.faults.push(Fault::new("unknown_field", "A lead has no such field.").on(name));
        };
        match rights.verdict(field, mode) {
            Verdict::Written if field == LeadField::Data => self.take_data(value),
            Verdict::Written => match read(field, value) {
                Ok(value) => self.values.push((field, value)),
                Err(fault) => self.faults.push(fault.on(name)),
            },
            Verdict::ReadOnly => self.faults.push(Fault::new("read_only", read_only(field, mode)).on(name)),
            Verdict::OnlyOwn(own) => self.own.push((field, Some(own).filter(|_| !value.is_null()))),
            Verdict::Denied => {}
        }
    }

    fn take_data(&mut self, value: &Json) {
        let Json::Object(members) = value else {
            return self
                .faults
                .push(Fault::new("bad_json_type", "Send an object, such as {\"data1\": \"...\"}.").on("data"));
        };
        for (name, value) in members.iter().filter(|(_, value)| !is_blank(value)) {
            match DataKey::parse(name) {
                Ok(key) => self.data.push((key, value.clone())),
                Err(fault) => self.faults.push(fault.on(format!("data.{name}"))),
            }
        }
    }
}

fn is_blank(value: &Json) -> bool {
    matches!(value, Json::String(text) if text.trim().is_empty())
}

fn refuse_names<'a>(
    sent: impl Iterator<Item = (&'a String, &'a Json)>,
    mode: Mode,
    rights: &FieldRights,
) -> Result<(), Refused> {
    let (mut denied, mut foreign) = (Vec::new(), false);
    for (name, value) in sent {
        match LeadField::parse(name).map(|field| rights.verdict(field, mode)) {
            Some(Verdict::Denied) => denied.push(name.clone()),
            Some(Verdict::OnlyOwn(own)) => foreign |= !value.is_null() && id(value) != Some(own.get()),
            _ => {}
        }
    }
    match (denied.is_empty(), foreign) {
        (false, _) => Err(Refused::Fields(denied)),
        (true, true) => Err(Refused::OutOfReach),
        (true, false) => Ok(()),
    }
}

fn read_only(field: LeadField, mode: Mode) -> &'static str {
    match (field, mode) {
        (LeadField::PartnerId, _) | (LeadField::IntroducerId, Mode::Update) => {
            "This is changed by a referral, at /leads/{id}/referral."
        }
        (LeadField::LeadGroupId | LeadField::Test, Mode::Update) => "This is set when the lead is created.",
        _ => "The server sets this field; leave it out.",
    }
}

fn read(field: LeadField, value: &Json) -> Result<Value, Fault> {
    if value.is_null() {
        return if field.always_holds() {
            Err(Fault::new("required", "This field cannot be empty; leave it out to keep it as it is."))
        } else {
            Ok(Value::Empty)
        };
    }
    match field.kind() {
        Kind::Id => id(value).map(Value::Int).ok_or_else(|| Fault::new("out_of_range", "Send the record's number.")),
        Kind::Flag => flag(value).map(Value::Flag),
        Kind::Money => Money::from_json(value).map(|money| Value::Int(money.hundredths())),
        kind => read_text(kind, text(value)?).map(|text| Value::Text(text.into())),
    }
}

fn read_text(kind: Kind, given: &str) -> Result<String, Fault> {
    let given = given.trim();
    match kind {
        Kind::Email => Email::parse(given).map(|email| email.as_str().to_owned()),
        Kind::Phone => Phone::parse(given).map(|phone| phone.as_str().to_owned()),
        Kind::Date => Date::parse(given).map(|date| date.to_string()),
        Kind::Preference => Preference::parse(given).map(|preference| preference.as_str().to_owned()),
        Kind::Address => given
            .parse::<std::net::IpAddr>()
            .map(|address| address.to_string())
            .map_err(|_| Fault::new("bad_choice", "Send an IPv4 or IPv6 address.")),
        Kind::Text(limit) => check_text(given, limit).map(|()| given.to_owned()),
        _ => check_text(given, crate::text::TEXT_MAX).map(|()| given.to_owned()),
    }
}

fn text(value: &Json) -> Result<&str, Fault> {
    value.as_str().ok_or_else(|| Fault::new("bad_json_type", "Send a text in quotes."))
}

fn flag(value: &Json) -> Result<bool, Fault> {
    match value {
        Json::Bool(flag) => Ok(*flag),
        Json::String(text) if text == "true" || text == "1" => Ok(true),
        Json::String(text) if text == "false" || text == "0" => Ok(false),
        _ => Err(Fault::new("bad_json_type", "Send true or false.")),
    }
}

/// An id as a number or as digits: tools with text boxes send the latter.
fn id(value: &Json) -> Option<i64> {
    match value {
        Json::Number(number) => number.as_i64().and_then(PartnerId::new),
        Json::String(text) => PartnerId::parse(text.trim()),
        _ => None,
    }
    .map(PartnerId::get)
}

#[cfg(test)]
mod tests {
    use super::{FieldRights, LeadField, LeadInput, Mode, Refused, Value};
    use crate::id::PartnerId;
    use crate::reach::PartnerKind;
    use serde_json::{Value as Json, json};

    fn parse(body: &Json, mode: Mode, rights: &FieldRights) -> Result<LeadInput, Refused> {
        LeadInput::parse(body.as_object().unwrap(), mode, rights)
    }

    fn introducer() -> FieldRights {
        let sides = PartnerKind::Introducer.sides();
        FieldRights::Partner { record: PartnerId::new(7).unwrap(), sides }
    }

    #[test]
    fn every_bad_value_is_reported_at_once() {
        let body = json!({"email": "x", "cost": "1.234", "nonsense": 1, "progress": "new", "test": "maybe"});
        let faults = parse(&body, Mode::Create, &FieldRights::Full).unwrap().faults;
        let mut names: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["cost", "email", "nonsense", "progress", "test"]);
    }

    #[test]
    fn a_denied_name_is_refused_before_any_value() {
        let body = json!({"email": "x", "cost": "not money", "user_id": 1});
        let refused = parse(&body, Mode::Create, &introducer()).unwrap_err();
        assert_eq!(refused, Refused::Fields(vec!["cost".into(), "user_id".into()]));
    }

    #[test]
    fn its_own_record_may_be_named_and_no_other() {
        assert!(parse(&json!({"introducer_id": 7}), Mode::Create, &introducer()).is_ok());
        assert!(parse(&json!({"introducer_id": "7"}), Mode::Create, &introducer()).is_ok());
        let other = parse(&json!({"introducer_id": 8}), Mode::Create, &introducer());
        assert_eq!(other.unwrap_err(), Refused::OutOfReach);
    }

    #[test]
    fn an_empty_text_is_absent_and_null_clears() {
        let input = parse(&json!({"email": "", "title": null}), Mode::Update, &FieldRights::Full).unwrap();
        assert_eq!(input.values, [(LeadField::Title, Value::Empty)]);
        let input = parse(&json!({"status": null}), Mode::Update, &FieldRights::Full).unwrap();
        assert_eq!(input.faults[0].code, "required");
    }
}
