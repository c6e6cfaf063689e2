//! A lead in the words of the field's existing integrations: the names of their XML elements, and texts alone.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::field::LeadField;
use super::input::{LeadInput, Refused};
use super::rights::{FieldRights, Mode, Verdict};
use crate::custom_field::DataKey;
use crate::fault::{Fault, FieldFault};
use crate::time::Date;

/// The names of the elements that hold one field each, in the order in which a record is written.
pub const NAMES: &[(&str, LeadField)] = &[
    ("id", LeadField::Id),
    ("leadgroup", LeadField::LeadGroupId),
    ("type", LeadField::LeadTypeId),
    ("site", LeadField::SiteId),
    ("introducer", LeadField::IntroducerId),
    ("user", LeadField::UserId),
    ("status", LeadField::Status),
    ("reference", LeadField::Reference),
    ("source", LeadField::Source),
    ("medium", LeadField::Medium),
    ("term", LeadField::Term),
    ("cost", LeadField::Cost),
    ("value", LeadField::Value),
    ("title", LeadField::Title),
    ("firstname", LeadField::Firstname),
    ("lastname", LeadField::Lastname),
    ("company", LeadField::Company),
    ("jobtitle", LeadField::Jobtitle),
    ("phone1", LeadField::Phone1),
    ("phone2", LeadField::Phone2),
    ("fax", LeadField::Fax),
    ("email", LeadField::Email),
    ("address", LeadField::Address),
    ("address2", LeadField::Address2),
    ("address3", LeadField::Address3),
    ("towncity", LeadField::Towncity),
    ("postcode", LeadField::Postcode),
    ("dob", LeadField::Dob),
    ("contactphone", LeadField::ContactPhone),
    ("contactsms", LeadField::ContactSms),
    ("contactemail", LeadField::ContactEmail),
    ("contactmail", LeadField::ContactMail),
    ("contactfax", LeadField::ContactFax),
    ("contacttime", LeadField::ContactTime),
    ("ipaddress", LeadField::IpAddress),
    ("test", LeadField::Test),
];

/// The date of birth in three elements.
const DOB_PARTS: [&str; 3] = ["dobday", "dobmonth", "dobyear"];
/// Elements that name another record, which only the store can look up.
const RECORDS: [&str; 5] = ["leadgroup", "type", "site", "introducer", "user"];
/// What every existing integration sends, whoever it is: of a Partner key these are not looked at.
const NOT_FOR_PARTNERS: [&str; 4] = ["user", "site", "cost", "value"];
/// Characters of a caller's text that a message repeats.
const REPEATED: usize = 40;

/// Whether an element, in lower case, means something in a lead. It may then stand once.
pub fn is_known(name: &str) -> bool {
    NAMES.iter().any(|(known, _)| *known == name)
        || DOB_PARTS.contains(&name)
        || name == "request"
        || DataKey::parse(name).is_ok()
}

/// What the element of a field of the JSON API is called.
pub fn element_of(field: &str) -> Cow<'_, str> {
    if let Some(data) = field.strip_prefix("data.") {
        return data.into();
    }
    let known = LeadField::parse(field);
    match NAMES.iter().find(|(_, of)| Some(*of) == known) {
        Some((name, _)) => (*name).into(),
        None => field.strip_suffix("_id").unwrap_or(field).into(),
    }
}

/// A caller's text, short enough to be said again. What smells of a key is not.
pub fn repeat(text: &str) -> String {
    if text.contains("lk_") {
        return "...".into();
    }
    match text.char_indices().nth(REPEATED) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// The texts that were sent for one lead, by their elements' names. An empty text is one that was not sent.
#[derive(Debug, Clone, Default)]
pub struct WireLead {
    sent: Vec<(String, String)>,
    faults: Vec<FieldFault>,
}

impl WireLead {
    /// Takes the elements of a lead, named in lower case. Names that mean nothing here are left out; one that means
    /// something and stands twice is a fault.
    pub fn read(elements: impl IntoIterator<Item = (String, String)>) -> Self {
        let (mut lead, mut seen) = (Self::default(), BTreeSet::new());
        for (name, text) in elements.into_iter().filter(|(name, _)| is_known(name)) {
            if !seen.insert(name.clone()) {
                lead.faults.push(Fault::new("repeated", "This element stands twice: send it once.").on(name));
            } else if !is_none(&name, text.trim()) {
                lead.sent.push((name, text.trim().to_owned()));
            }
        }
        lead
    }

    /// Adds what is wrong with an element beside its text.
    pub fn fault(&mut self, fault: FieldFault) {
        self.faults.push(fault);
    }

    /// The text of an element, if one was sent.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.sent.iter().find(|(sent, _)| sent == name).map(|(_, text)| text.as_str())
    }

    /// The values for a caller with such rights, names judged first. Records that are named are left to the store.
    pub fn input(&self, mode: Mode, rights: &FieldRights) -> Result<LeadInput, Refused> {
        let (members, mut faults) = self.members(mode, rights);
        let mut denied = self.denied_records(mode, rights);
        match LeadInput::parse(&members, mode, rights) {
            Err(Refused::Fields(fields)) => {
                denied.extend(fields);
                Err(Refused::Fields(denied))
            }
            _ if !denied.is_empty() => Err(Refused::Fields(denied)),
            Err(refused) => Err(refused),
            Ok(mut input) => {
                faults.append(&mut input.faults);
                Ok(LeadInput { faults, ..input })
            }
        }
    }

    /// Records that the caller may not name at all.
    fn denied_records(&self, mode: Mode, rights: &FieldRights) -> Vec<String> {
        let named = NAMES.iter().filter(|(name, _)| RECORDS.contains(name) && !is_ignored(name, rights));
        let sent = named.filter(|(name, _)| self.text(name).is_some()).map(|(_, field)| *field);
        sent.filter(|field| rights.verdict(*field, mode) == Verdict::Denied).map(|field| field.name().into()).collect()
    }

    /// The fields as members of the JSON API's object, and what is wrong with how they were sent.
    fn members(&self, mode: Mode, rights: &FieldRights) -> (Map<String, Json>, Vec<FieldFault>) {
        let (mut members, mut data, mut faults) = (Map::new(), Map::new(), self.faults.clone());
        let apart = |name: &str| name == "id" || RECORDS.contains(&name) || is_kept(name, mode, rights);
        for (name, text) in self.sent.iter().filter(|(name, _)| !apart(name) && !is_ignored(name, rights)) {
            if let Ok(key) = DataKey::parse(name) {
                data.insert(key.to_string(), text.as_str().into());
            } else if let Some((_, field)) = NAMES.iter().find(|(known, _)| known == name) {
                members.insert(field.name().into(), text.as_str().into());
            }
        }
        if !data.is_empty() {
            members.insert(LeadField::Data.name().into(), data.into());
        }
        match self.date_of_birth() {
            Ok(Some(date)) => drop(members.insert(LeadField::Dob.name().into(), date.into())),
            Ok(None) => {}
            Err(fault) => faults.push(fault.on(LeadField::Dob.name())),
        }
        (members, faults)
    }

    /// The date in three elements; the one in `dob` beside it must be the same.
    fn date_of_birth(&self) -> Result<Option<String>, Fault> {
        let wrong = || Fault::new("bad_date", "Send dobday, dobmonth and a dobyear of four digits, or none of them.");
        let parts = DOB_PARTS.map(|name| self.text(name));
        if parts.iter().all(Option::is_none) {
            return Ok(None);
        }
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<i16>().ok()).ok_or_else(wrong);
        let [day, month, year] = [number(parts[0])?, number(parts[1])?, number(parts[2])?];
        let date = Date::from_parts(year, month, day).ok().filter(|_| year >= 1000).ok_or_else(wrong)?;
        match self.text("dob").map(Date::parse) {
            Some(Ok(other)) if other != date => Err(Fault::new("conflict", "dob says another date: send one of them.")),
            _ => Ok(Some(date.to_string())),
        }
    }
}

/// Whether a text means that nothing is sent: empty, or the number 0 for a record.
fn is_none(name: &str, text: &str) -> bool {
    text.is_empty() || (matches!(name, "site" | "introducer") && text.bytes().all(|byte| byte == b'0'))
}

/// What a lead is given once. The store takes it on an update when it is what the lead has.
fn is_kept(name: &str, mode: Mode, rights: &FieldRights) -> bool {
    name == "test" && mode == Mode::Update && matches!(rights, FieldRights::Full)
}

/// Whether an element is not looked at, since the caller sends it whoever it is.
fn is_ignored(name: &str, rights: &FieldRights) -> bool {
    matches!(rights, FieldRights::Partner { .. }) && NOT_FOR_PARTNERS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PartnerId;
    use crate::lead::Value;
    use crate::reach::PartnerKind;

    fn lead(sent: &[(&str, &str)]) -> WireLead {
        WireLead::read(sent.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())))
    }

    fn introducer() -> FieldRights {
        FieldRights::Partner { record: PartnerId::new(7).unwrap(), sides: PartnerKind::Introducer.sides() }
    }

    fn codes(sent: &[(&str, &str)]) -> Vec<&'static str> {
        let input = lead(sent).input(Mode::Create, &FieldRights::Full).unwrap();
        input.faults.iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn every_element_leads_to_its_field_and_back() {
        for (name, field) in NAMES {
            assert!(is_known(name));
            assert_eq!(element_of(field.name()), *name);
        }
        assert_eq!(element_of("data.data7"), "data7");
        assert!(is_known("data50") && !is_known("data51") && !is_known("data01") && !is_known("key"));
    }

    #[test]
    fn what_is_empty_or_unknown_was_not_sent() {
        let lead = lead(&[("email", " "), ("site", "0"), ("introducer", "00"), ("colour", "x"), ("data51", "x")]);
        assert!(lead.sent.is_empty() && lead.faults.is_empty(), "{lead:?}");
    }

    #[test]
    fn a_known_element_stands_once() {
        assert_eq!(codes(&[("email", "a@example.com"), ("email", "")]), ["repeated"]);
        assert_eq!(codes(&[("colour", "a"), ("colour", "b")]), [""; 0]);
    }

    #[test]
    fn the_date_of_birth_is_read_from_its_parts() {
        let parts = [("dobday", "02"), ("dobmonth", "3"), ("dobyear", "1984")];
        let input = lead(&parts).input(Mode::Create, &FieldRights::Full).unwrap();
        assert_eq!(input.get(LeadField::Dob), Some(&Value::Text("1984-03-02".into())));
        assert_eq!(codes(&[&parts[..], &[("dob", "1984-03-02")]].concat()), [""; 0]);
        assert_eq!(codes(&[&parts[..], &[("dob", "1984-03-03")]].concat()), ["conflict"]);
        for wrong in [&parts[..2], &[("dobday", "31"), ("dobmonth", "2"), ("dobyear", "1984")]] {
            assert_eq!(codes(wrong), ["bad_date"], "{wrong:?}");
        }
        assert_eq!(codes(&[("dobday", "2"), ("dobmonth", "3"), ("dobyear", "84")]), ["bad_date"]);
    }

    #[test]
    fn of_a_partner_key_some_elements_are_not_looked_at_and_others_denied() {
        let ignored = [("user", "Ann"), ("site", "9"), ("cost", "x"), ("value", "1,5")];
        let input = lead(&ignored).input(Mode::Create, &introducer()).unwrap();
        assert!(input.values.is_empty() && input.faults.is_empty(), "{input:?}");
        let refused = lead(&[("leadgroup", "1"), ("source", "x")]).input(Mode::Update, &introducer());
        assert_eq!(refused.unwrap_err(), Refused::Fields(vec!["lead_group_id".into(), "source".into()]));
    }

    #[test]
    fn little_of_a_text_is_repeated_and_nothing_of_a_key() {
        assert_eq!(repeat("New"), "New");
        assert_eq!(repeat(&"é".repeat(41)), format!("{}...", "é".repeat(40)));
        assert_eq!(repeat("see lk_full_x"), "...");
    }
}
