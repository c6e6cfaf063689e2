//! The normalised twins of a lead: the forms in which two leads are found to be the same person, company or place.

use super::field::LeadField;
use super::record::Lead;
use crate::account::Country;
use crate::contact::{Email, phone_twin};
use crate::duplicate::{MatchField, MatchFields};

/// Characters that a twin keeps: an index takes no longer text on either engine.
const LONGEST: usize = 300;

/// What of a lead is compared and looked up, each `None` where the lead has not enough of it to say anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Twins {
    /// First and last name; one of them alone is no match for anybody.
    pub name: Option<String>,
    /// The company.
    pub company: Option<String>,
    /// The first line of the address and the postcode; both are needed.
    pub address: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The first number, with its country.
    pub phone1: Option<String>,
    /// The second number, with its country.
    pub phone2: Option<String>,
}

impl Twins {
    /// The twins of a lead whose numbers are dialled in a country.
    pub fn of(lead: &Lead, country: &Country) -> Self {
        let plain = |field| lead.text(field).map(letters).filter(|text| !text.is_empty());
        let both = |one: Option<String>, other: Option<String>| Some(cut(format!("{}\n{}", one?, other?)));
        let phone = |field| lead.text(field).map(|text| phone_twin(text, country)).filter(|text| !text.is_empty());
        let postcode = plain(LeadField::Postcode).map(|text| text.replace(' ', ""));
        Self {
            name: both(plain(LeadField::Firstname), plain(LeadField::Lastname)),
            company: plain(LeadField::Company).map(cut),
            address: both(plain(LeadField::Address), postcode),
            email: lead.text(LeadField::Email).and_then(|text| Email::parse(text).ok()).map(|email| email.twin()),
            phone1: phone(LeadField::Phone1),
            phone2: phone(LeadField::Phone2),
        }
    }

    /// The twins by their columns.
    pub fn columns(&self) -> [(&'static str, Option<&str>); 6] {
        [
            ("name_twin", self.name.as_deref()),
            ("company_twin", self.company.as_deref()),
            ("address_twin", self.address.as_deref()),
            ("email_twin", self.email.as_deref()),
            ("phone1_twin", self.phone1.as_deref()),
            ("phone2_twin", self.phone2.as_deref()),
        ]
    }

    /// What is held against which columns for the fields of a rule. There are as many of them for every lead, so that
    /// what is asked of the database does not depend on what a lead has: either number is compared with either.
    pub fn probes(&self, fields: MatchFields) -> Vec<(&'static str, Option<&str>)> {
        let mut probes = Vec::with_capacity(8);
        for field in fields.iter() {
            for (column, twin) in self.of_field(field) {
                probes.extend(
                    columns_of(field)
                        .iter()
                        .filter(|other| **other == column || field == MatchField::Phone)
                        .map(|column| (*column, twin)),
                );
            }
        }
        probes
    }

    /// What two leads that match have in common: the field and the twin, those that the lead has.
    pub fn keys(&self, fields: MatchFields) -> Vec<(MatchField, &str)> {
        let mut keys = Vec::with_capacity(6);
        for field in fields.iter() {
            for twin in self.of_field(field).into_iter().filter_map(|(_, twin)| twin) {
                if !keys.contains(&(field, twin)) {
                    keys.push((field, twin));
                }
            }
        }
        keys
    }

    fn of_field(&self, field: MatchField) -> Vec<(&'static str, Option<&str>)> {
        self.columns().into_iter().filter(|(column, _)| columns_of(field).contains(column)).collect()
    }
}

/// The columns that hold the twins of a field.
pub const fn columns_of(field: MatchField) -> &'static [&'static str] {
    match field {
        MatchField::Name => &["name_twin"],
        MatchField::Company => &["company_twin"],
        MatchField::Phone => &["phone1_twin", "phone2_twin"],
        MatchField::Email => &["email_twin"],
        MatchField::Address => &["address_twin"],
    }
}

/// Letters and digits in lower case, words with one space between them: apostrophes and points are dropped, what else
/// stands between words separates them.
fn letters(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !matches!(c, '\'' | '’' | '`' | '.')) {
        if c.is_alphanumeric() {
            kept.extend(c.to_lowercase());
        } else if !kept.is_empty() && !kept.ends_with(' ') {
            kept.push(' ');
        }
    }
    kept.truncate(kept.trim_end().len());
    kept
}

fn cut(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::{Country, Lead, LeadField, MatchField, MatchFields, Twins};
    use crate::lead::Value;

    fn twins(values: &[(LeadField, &str)]) -> Twins {
        let mut lead = Lead::default();
        for (field, text) in values {
            lead.set(*field, Value::Text((*text).into()));
        }
        Twins::of(&lead, &Country::default())
    }

    #[test]
    fn spellings_of_one_person_and_one_place_are_the_same() {
        use LeadField::{Address, Company, Email, Firstname, Lastname, Phone1, Postcode};
        let one = [(Firstname, "Mary-Ann"), (Lastname, "O’BRIEN"), (Company, "A.B.C. Ltd"), (Phone1, "020 7946 0000")];
        let other =
            [(Firstname, " mary ann"), (Lastname, "O'Brien"), (Company, "abc  ltd."), (Phone1, "+442079460000")];
        assert_eq!(twins(&one), twins(&other));
        let one = [(Address, "1, High Street"), (Postcode, "n1 9gu"), (Email, "Ann@Example.com")];
        let other = [(Address, "1 High  street"), (Postcode, "N19GU"), (Email, "ann@example.com")];
        assert_eq!(twins(&one), twins(&other));
        assert_ne!(twins(&[(Firstname, "Ann"), (Lastname, "Lee")]), twins(&[(Firstname, "An"), (Lastname, "nLee")]));
    }

    #[test]
    fn half_a_name_and_half_an_address_match_nobody() {
        let halves =
            twins(&[(LeadField::Firstname, "Ann"), (LeadField::Postcode, "N1 9GU"), (LeadField::Company, "-")]);
        assert_eq!(halves, Twins::default());
        assert!(twins(&[(LeadField::Company, &"長".repeat(400))]).company.is_some_and(|text| text.len() == 900));
    }

    #[test]
    fn either_number_is_held_against_either() {
        let fields = MatchFields::parse("phone,email").unwrap();
        let some = twins(&[(LeadField::Phone2, "020 7946 0000")]);
        let columns = |twins: &Twins| twins.probes(fields).into_iter().map(|(column, _)| column).collect::<Vec<_>>();
        assert_eq!(columns(&some), ["phone1_twin", "phone2_twin", "phone1_twin", "phone2_twin", "email_twin"]);
        assert_eq!(columns(&some), columns(&Twins::default()), "the same is asked whatever the lead has");
        assert_eq!(some.keys(fields), [(MatchField::Phone, "+442079460000")]);
    }
}
