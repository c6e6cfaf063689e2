//! The body of a delivery as a form with flat names, for receivers that were written for the field's other systems.

use url::form_urlencoded::Serializer;

use crate::account::ZoneName;
use crate::custom_field::DataKey;
use crate::lead::{LeadField, LeadView};
use crate::text::capital;
use crate::time::Timestamp;

/// The names that a form has beside the ids; none where the receiver does not see them.
#[derive(Debug, Default)]
pub struct Names {
    /// Of the lead group.
    pub lead_group: Option<String>,
    /// Of the lead type.
    pub lead_type: Option<String>,
    /// Of the site.
    pub site: Option<String>,
    /// Of the user.
    pub user: Option<String>,
    /// Of the company that supplied the lead.
    pub introducer: Option<String>,
}

/// What stands in one place of the form.
#[derive(Clone, Copy)]
enum Part {
    /// A field as the API writes it.
    Field(LeadField),
    /// A word in Title Case.
    Title(LeadField),
    /// Year, month or day of the date of birth, by its place in `YYYY-MM-DD`.
    Birth(usize),
    /// When the lead came, on the account's clock.
    Received,
    /// A name, shown to whoever sees the field.
    Name(LeadField, fn(&Names) -> Option<&String>),
}

use LeadField as F;
use Part::{Birth, Field, Name, Received, Title};

/// The names in their order; behind them come `data1` to `data50`.
const PARTS: [(&str, Part); 43] = [
    ("id", Field(F::Id)),
    ("title", Field(F::Title)),
    ("firstname", Field(F::Firstname)),
    ("lastname", Field(F::Lastname)),
    ("fullname", Field(F::Fullname)),
    ("address", Field(F::Address)),
    ("address2", Field(F::Address2)),
    ("address3", Field(F::Address3)),
    ("towncity", Field(F::Towncity)),
    ("postcode", Field(F::Postcode)),
    ("email", Field(F::Email)),
    ("phone1", Field(F::Phone1)),
    ("phone2", Field(F::Phone2)),
    ("fax", Field(F::Fax)),
    ("dob", Field(F::Dob)),
    ("dobday", Birth(2)),
    ("dobmonth", Birth(1)),
    ("dobyear", Birth(0)),
    ("company", Field(F::Company)),
    ("jobtitle", Field(F::Jobtitle)),
    ("leadgroupname", Name(F::LeadGroupId, |names| names.lead_group.as_ref())),
    ("leadgroupid", Field(F::LeadGroupId)),
    ("leadtype", Name(F::LeadTypeId, |names| names.lead_type.as_ref())),
    ("sitename", Name(F::SiteId, |names| names.site.as_ref())),
    ("siteid", Field(F::SiteId)),
    ("status", Field(F::Status)),
    ("username", Name(F::UserId, |names| names.user.as_ref())),
    ("userid", Field(F::UserId)),
    ("progress", Title(F::Progress)),
    ("source", Field(F::Source)),
    ("medium", Field(F::Medium)),
    ("term", Field(F::Term)),
    ("cost", Field(F::Cost)),
    ("value", Field(F::Value)),
    ("reference", Field(F::Reference)),
    ("received", Received),
    ("introducer", Name(F::IntroducerId, |names| names.introducer.as_ref())),
    ("introducerid", Field(F::IntroducerId)),
    ("contactphone", Title(F::ContactPhone)),
    ("contactsms", Title(F::ContactSms)),
    ("contactemail", Title(F::ContactEmail)),
    ("contactmail", Title(F::ContactMail)),
    ("contactfax", Title(F::ContactFax)),
];

/// A lead as a form. A field that the receiver does not see is absent; one that holds nothing is empty.
pub fn whole(lead: &LeadView, names: &Names, zone: &ZoneName) -> String {
    let mut form = Serializer::new(String::new());
    for (name, part) in PARTS.iter().filter(|(_, part)| lead.shows(part.field())) {
        form.append_pair(name, &part.text(lead, names, zone));
    }
    for key in (1..=50).filter_map(DataKey::from_number) {
        form.append_pair(&key.to_string(), lead.data(key).unwrap_or_default());
    }
    form.finish()
}

/// A lead that is no longer in reach, as a form.
pub fn gone(id: i64, deleted_at: Timestamp, zone: &ZoneName) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("id", &id.to_string()).append_pair("deleted", &zone.civil(deleted_at));
    form.finish()
}

impl Part {
    const fn field(&self) -> LeadField {
        match self {
            Field(field) | Title(field) | Name(field, _) => *field,
            Birth(_) => F::Dob,
            Received => F::ReceivedAt,
        }
    }

    fn text(self, lead: &LeadView, names: &Names, zone: &ZoneName) -> String {
        match self {
            Field(field) => lead.in_words(field),
            Title(field) => capital(&lead.in_words(field)),
            Birth(place) => {
                let date = lead.in_words(F::Dob);
                date.split('-').nth(place).map_or_else(String::new, |part| part.trim_start_matches('0').to_owned())
            }
            Received => match lead.get(F::ReceivedAt) {
                crate::lead::Value::Int(micros) => zone.civil(Timestamp::from_micros(*micros)),
                _ => String::new(),
            },
            Name(_, of) => of(names).cloned().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use url::form_urlencoded::parse;

    use super::{Names, PARTS, gone, whole};
    use crate::account::ZoneName;
    use crate::custom_field::DataKey;
    use crate::id::PartnerId;
    use crate::lead::{FieldRights, Lead, LeadField, LeadView, Value};
    use crate::reach::PartnerKind;
    use crate::time::Timestamp;

    fn lead() -> Lead {
        let mut lead = Lead::default();
        lead.set(LeadField::Id, Value::Int(7));
        lead.set(LeadField::Firstname, Value::Text("Ann & Co".into()));
        lead.set(LeadField::Dob, Value::Text("1980-02-09".into()));
        lead.set(LeadField::Cost, Value::Int(1_250));
        lead.set(LeadField::IntroducerId, Value::Int(8));
        lead.set(LeadField::ContactSms, Value::Text("yes".into()));
        lead.set(LeadField::Progress, Value::Text("validated".into()));
        // 2026-07-01T12:00:00Z: an hour later on London's clock.
        lead.set(LeadField::ReceivedAt, Value::Int(1_782_907_200_000_000));
        lead.data.push((DataKey::parse("data3").unwrap(), "x=y".into()));
        lead
    }

    fn read(rights: FieldRights) -> Vec<(String, String)> {
        let view = LeadView::reduce(lead(), &rights, |_| false);
        let names = Names { lead_group: Some("General".into()), ..Names::default() };
        let form = whole(&view, &names, &ZoneName::parse("Europe/London").unwrap());
        parse(form.as_bytes()).into_owned().collect()
    }

    #[test]
    fn a_form_has_every_name_in_the_order_of_the_field() {
        let read = read(FieldRights::Full);
        let names: Vec<_> = read.iter().map(|(name, _)| name.as_str()).collect();
        let data: Vec<String> = (1..=50).map(|number| format!("data{number}")).collect();
        let expected: Vec<_> = PARTS.iter().map(|(name, _)| *name).chain(data.iter().map(String::as_str)).collect();
        assert_eq!(names, expected);
        let value = |name: &str| read.iter().find(|(own, _)| own == name).unwrap().1.clone();
        for (name, expected) in [
            ("firstname", "Ann & Co"),
            ("dob", "1980-02-09"),
            ("dobday", "9"),
            ("dobmonth", "2"),
            ("dobyear", "1980"),
            ("cost", "12.50"),
            ("contactsms", "Yes"),
            ("progress", "Validated"),
            ("received", "2026-07-01 13:00:00"),
            ("leadgroupname", "General"),
            ("data3", "x=y"),
            ("data4", ""),
            ("email", ""),
        ] {
            assert_eq!(value(name), expected, "{name}");
        }
    }

    #[test]
    fn a_partner_gets_no_name_that_it_does_not_see() {
        let rights = FieldRights::Partner { record: PartnerId::new(9).unwrap(), sides: PartnerKind::Both.sides() };
        let read = read(rights);
        for hidden in ["cost", "value", "source", "sitename", "siteid", "username", "userid"] {
            assert!(!read.iter().any(|(name, _)| name == hidden), "{hidden}");
        }
        assert!(read.contains(&("introducerid".into(), String::new())), "another company's number is not shown");
        assert!(read.contains(&("data3".into(), String::new())));
    }

    #[test]
    fn a_lead_that_is_gone_is_its_number_and_a_time() {
        let zone = ZoneName::parse("Europe/London").unwrap();
        assert_eq!(gone(7, Timestamp::from_micros(0), &zone), "id=7&deleted=1970-01-01+01%3A00%3A00");
    }
}
