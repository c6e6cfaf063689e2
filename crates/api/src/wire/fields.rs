//! The fields of a form, in whatever encoding its page has, and what of them a lead is made of.

use std::collections::BTreeMap;

use leadlatch_domain::fault::FieldFault;
use leadlatch_domain::lead::WireLead;
use leadlatch_domain::lead::wire::element_of;
use percent_encoding::percent_decode;

use super::decode::letters;
use super::parts::Part;

/// The names that forms have, read without regard to case, and the elements of a lead that they stand for. What is not here a form
/// never sets.
const NAMES: [(&str, &str); 19] = [
    ("intSiteID", "site"),
    ("intReferrerBuyerID", "introducer"),
    ("strSource", "source"),
    ("strMedium", "medium"),
    ("strTerm", "term"),
    ("strLeadTitle", "title"),
    ("strLeadFirstName", "firstname"),
    ("strLeadLastName", "lastname"),
    ("strLeadCompany", "company"),
    ("strLeadJobTitle", "jobtitle"),
    ("strLeadPhone1", "phone1"),
    ("strLeadPhone2", "phone2"),
    ("strLeadFax", "fax"),
    ("strLeadEmail", "email"),
    ("strLeadAddress", "address"),
    ("strLeadAddress2", "address2"),
    ("strLeadAddress3", "address3"),
    ("strLeadTownCity", "towncity"),
    ("strLeadPostcode", "postcode"),
];

/// Contact preferences: 1 is yes, 2 is no, all else unknown.
const PREFERENCES: [(&str, &str); 5] = [
    ("intDPAStatusPhoneID", "contactphone"),
    ("intDPAStatusSMSID", "contactsms"),
    ("intDPAStatusEmailID", "contactemail"),
    ("intDPAStatusMailID", "contactmail"),
    ("intDPAStatusFaxID", "contactfax"),
];

/// Fields that no person sees, and programs that fill in every form do.
const TRAPS: [&str; 2] = ["strLeadHomepage", "honeypot"];
const DATA: &str = "strLeadData";

/// The fields of a form by their names in lower case.
#[derive(Debug, Default)]
pub(super) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads names and values; where they are encoded in no way that can be read, as they are.
    pub(super) fn of(pairs: &[u8], content_type: Option<&str>) -> Self {
        let mut fields = Self::default();
        for pair in pairs.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut sides = pair.splitn(2, |byte| *byte == b'=');
            let mut side = || plain(sides.next().unwrap_or_default(), content_type);
            let (name, value) = (side().to_lowercase(), side());
            fields.0.insert(name, value.trim().to_owned());
        }
        fields
    }

    /// Adds fields over those that are there.
    pub(super) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Whether there is a field that a lead is made of.
    pub(super) fn is_form(&self) -> bool {
        let known = |(name, _): &(&str, &str)| self.0.contains_key(&name.to_ascii_lowercase());
        NAMES.iter().chain(&PREFERENCES).any(known) || self.0.keys().any(|name| number(name).is_some())
    }

    /// Adds a part of a form over what is there.
    pub(super) fn put(&mut self, part: &Part) {
        let value = letters(&part.value, part.kind.as_deref());
        self.0.insert(part.name.to_lowercase(), value.trim().to_owned());
    }

    /// The value of a field, whatever the case of its name; empty where there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(&name.to_ascii_lowercase()).map_or("", String::as_str)
    }

    /// Whether something was filled in that only a program sees.
    pub(super) fn is_trapped(&self) -> bool {
        TRAPS.iter().any(|name| !self.text(name).is_empty())
    }

    /// The lead that the fields make.
    pub(super) fn lead(&self) -> WireLead {
        let named = NAMES.iter().map(|(name, element)| ((*element).to_owned(), self.text(name).to_owned()));
        let preferences = PREFERENCES.iter().map(|(name, element)| {
            let word = match self.text(name) {
                "1" => "yes",
                "2" => "no",
                _ => "",
            };
            ((*element).to_owned(), word.to_owned())
        });
        let data = self.0.iter().filter_map(|(name, value)| {
            let number = number(name)?;
            Some((format!("data{number}"), value.clone()))
        });
        WireLead::read(named.chain(preferences).chain(data))
    }
}

/// What stands behind the name of custom fields.
fn number(name: &str) -> Option<&str> {
    let (prefix, number) = name.split_at_checked(DATA.len())?;
    prefix.eq_ignore_ascii_case(DATA).then_some(number)
}

fn plain(side: &[u8], content_type: Option<&str>) -> String {
    let spaced: Vec<u8> = side.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let bytes: Vec<u8> = percent_decode(&spaced).collect();
    letters(&bytes, content_type)
}

/// A fault by the name that its field has on the form.
pub(super) fn in_words(fault: FieldFault) -> FieldFault {
    let element = element_of(&fault.field).into_owned();
    let named = NAMES.iter().chain(&PREFERENCES).find(|(_, of)| *of == element).map(|(name, _)| (*name).to_owned());
    let data = element.strip_prefix("data").map(|number| format!("{DATA}{number}"));
    FieldFault { field: named.or(data).unwrap_or(element), ..fault }
}

#[cfg(test)]
mod tests {
    use super::Fields;

    #[test]
    fn values_are_read_in_the_encoding_of_their_page() {
        for (pairs, kind, value) in [
            (&b"a=caf%C3%A9+%26+b"[..], None, "café & b"),
            (b"a=caf%E9", None, "café"),
            ("a=café, £5".as_bytes(), None, "café, £5"),
            (b"A=%C3%A9", Some("application/x-www-form-urlencoded; charset=iso-8859-1"), "Ã©"),
            (b"x&a=1=2&&=", None, "1=2"),
            (b"a=1&A=2", None, "2"),
            (b"a=100%", None, "100%"),
        ] {
            assert_eq!(Fields::of(pairs, kind).text("a"), value, "{pairs:?}");
        }
    }

    #[test]
    fn many_fields_take_no_longer_than_they_are_long() {
        let pairs = (0..200_000).map(|number| format!("{number:x}")).collect::<Vec<_>>().join("&");
        assert_eq!(Fields::of(pairs.as_bytes(), None).0.len(), 200_000);
    }

    #[test]
    fn a_form_sets_nothing_but_what_forms_have() {
        let pairs = b"strLeadEmail=a%40example.com&strLeadData50=x&strLeadData51=y&status=Closed&user=1&cost=5&value=6\
            &id=7&key=lk&intDPAStatusEmailID=1&intDPAStatusSMSID=2&intDPAStatusFaxID=3&intSiteID=&test=1";
        let lead = Fields::of(pairs, None).lead();
        let sent = |name| lead.text(name);
        assert_eq!(
            [sent("email"), sent("data50"), sent("contactemail"), sent("contactsms")].map(Option::unwrap),
            ["a@example.com", "x", "yes", "no"]
        );
        for name in ["status", "user", "cost", "value", "id", "data51", "contactfax", "site", "test"] {
            assert_eq!(sent(name), None, "{name}");
        }
    }

    #[test]
    fn who_fills_in_what_nobody_sees_is_a_program() {
        assert!(Fields::of(b"strLeadHomepage=http%3A%2F%2Fx", None).is_trapped());
        assert!(!Fields::of(b"strLeadHomepage=&website=x", None).is_trapped());
    }
}
