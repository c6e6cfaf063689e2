//! What leads are filtered by, in one table: the name, what it takes, how it is read, and the words of the document.

use super::filter::LeadFilter;
use crate::contact::Email;
use crate::custom_field::DataKey;
use crate::fault::Fault;
use crate::point::ConversionPoint;
use crate::text::{LONG_TEXT_MAX, check_multiline};
use crate::time::Timestamp;

/// What a filter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// A text.
    Text,
    /// The number of a record.
    Id,
    /// A conversion point.
    Point,
    /// A time, RFC 3339.
    Time,
    /// True or false.
    Flag,
}

type Read = fn(&mut LeadFilter, &str) -> Result<(), Fault>;

/// A filter by its name; custom fields stand under [`DATA`].
pub struct Filter {
    /// The parameter.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What it does, for the document.
    pub about: &'static str,
    read: Read,
}

/// The line of the table that stands for `data1` to `data50`.
pub const DATA: &str = "data1";

macro_rules! filters {
    ($($name:literal $takes:ident $about:literal: $read:expr;)+) => {
        /// Every filter, in the order of the document.
        pub const FILTERS: &[Filter] = &[$(Filter { name: $name, takes: Takes::$takes, about: $about, read: $read }),+];
    };
}

filters! {
    "status" Text "A status by its name, without regard to case.": |to, value| put(&mut to.status, text(value));
    "status_id" Id "A status by its id.": |to, value| put(&mut to.status_id, id(value));
    "conversion_point" Point "The conversion point of the status.":
        |to, value| put(&mut to.conversion_point, ConversionPoint::parse(value));
    "lead_group_id" Id "A lead group.": |to, value| put(&mut to.lead_group_id, id(value));
    "lead_type_id" Id "A lead type.": |to, value| put(&mut to.lead_type_id, id(value));
    "introducer_id" Id "Who supplied the lead. A Partner key names its own record alone.":
        |to, value| put(&mut to.introducer_id, id(value));
    "partner_id" Id "Whom the lead was referred to. A Partner key names its own record alone.":
        |to, value| put(&mut to.partner_id, id(value));
    "email" Text "An e-mail address, without regard to case.":
        |to, value| put(&mut to.email, Email::parse(value).map(|email| email.twin()));
    "phone" Text "A telephone number, either of the two, in national or international spelling.":
        |to, value| put(&mut to.phone, phone(value));
    "reference" Text "Your own reference, exactly.": |to, value| put(&mut to.reference, text(value));
    "received_from" Time "Received at this time or after.":
        |to, value| put(&mut to.received_from, Timestamp::parse(value));
    "received_to" Time "Received before this time or at it.":
        |to, value| put(&mut to.received_to, Timestamp::parse(value));
    "updated_since" Time "Changed at this time or after.":
        |to, value| put(&mut to.updated_since, Timestamp::parse(value));
    "test" Flag "Test leads instead of live ones.": |to, value| flag(value).map(|flag| to.test = flag);
    "data1" Text "A custom field, exactly: data1 to data50, each with lead_group_id beside it.":
        |to, value| { to.data.push((DataKey::parse(DATA)?, text(value)?)); Ok(()) };
}

impl LeadFilter {
    /// Narrows the filter by a parameter; an unknown name or a bad value is a fault.
    pub(super) fn take(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        if let Ok(key) = DataKey::parse(name) {
            self.data.push((key, text(value)?));
            return Ok(());
        }
        (known(name)?.read)(self, value)
    }
}

/// Refuses a name by which nobody filters.
pub(super) fn refuse_unknown(name: &str) -> Result<(), Fault> {
    if DataKey::parse(name).is_ok() { Ok(()) } else { known(name).map(drop) }
}

fn known(name: &str) -> Result<&'static Filter, Fault> {
    let known = FILTERS.iter().find(|filter| filter.name == name);
    known.ok_or_else(|| Fault::new("unknown_parameter", "Leads cannot be filtered by this."))
}

fn put<T>(place: &mut Option<T>, read: Result<T, Fault>) -> Result<(), Fault> {
    *place = Some(read?);
    Ok(())
}

/// A text as leads hold them: what none can hold finds none, and is said.
fn text(value: &str) -> Result<String, Fault> {
    check_multiline(value, LONG_TEXT_MAX)?;
    Ok(value.to_owned())
}

/// A number in any spelling: without a digit it is none.
fn phone(value: &str) -> Result<String, Fault> {
    if value.bytes().any(|byte| byte.is_ascii_digit()) {
        return text(value);
    }
    Err(Fault::new("bad_phone", "Send a number in digits, such as 020 7946 0000 or +44 20 7946 0000."))
}

fn id(value: &str) -> Result<i64, Fault> {
    crate::id::LeadId::parse(value)
        .map(crate::id::LeadId::get)
        .ok_or_else(|| Fault::new("out_of_range", "Send the record's number."))
}

fn flag(value: &str) -> Result<bool, Fault> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Fault::new("bad_choice", "Send true or false.")),
    }
}

#[cfg(test)]
mod tests {
    use super::{DATA, FILTERS, LeadFilter, Takes};

    #[test]
    fn every_filter_takes_what_it_says_and_narrows_by_it() {
        for filter in FILTERS {
            let value = match filter.takes {
                Takes::Text if filter.name == "phone" => "020 7946 0000",
                Takes::Text => "a@example.com",
                Takes::Id => "7",
                Takes::Point => "new",
                Takes::Time => "2026-01-02T03:04:05Z",
                Takes::Flag => "true",
            };
            let mut narrowed = LeadFilter::default();
            narrowed.take(filter.name, value).unwrap();
            assert_ne!(format!("{narrowed:?}"), format!("{:?}", LeadFilter::default()), "{}", filter.name);
            assert!(filter.about.ends_with('.'), "{}", filter.name);
        }
    }

    #[test]
    fn custom_fields_stand_under_one_line_of_the_table() {
        assert_eq!(FILTERS.iter().filter(|filter| filter.name.starts_with("data")).count(), 1);
        for name in [DATA, "data50"] {
            let mut filter = LeadFilter::default();
            filter.take(name, "x").unwrap();
            assert_eq!(filter.data[0].0.to_string(), name);
        }
        assert_eq!(LeadFilter::default().take("data51", "x").unwrap_err().code, "unknown_parameter");
    }
}
