//! What the columns of a file are taken for.

use leadlatch_domain::custom_field::{CustomField, DataKey, FieldType};
use leadlatch_domain::lead::LeadField;
use leadlatch_domain::lead::field::Write;

use crate::output::{Failure, Outcome};

/// What a column is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// A field of the lead.
    Field(LeadField),
    /// A record of the account, by id or in words.
    Named(LeadField),
    /// A custom field; undefined ones hold text.
    Data(DataKey, FieldType),
    /// First and last name in one.
    Fullname,
    /// Nothing.
    Ignored,
}

/// Records that a file names in words.
const NAMED: [(&str, LeadField); 5] = [
    ("lead_type", LeadField::LeadTypeId),
    ("introducer", LeadField::IntroducerId),
    ("site", LeadField::SiteId),
    ("user", LeadField::UserId),
    ("user_group", LeadField::UserGroupId),
];

/// What people call a field, letters and digits alone.
const SYNONYMS: &[(&str, &str)] = &[
    ("firstname", "forename givenname first christianname fname"),
    ("lastname", "surname familyname last secondname lname"),
    ("fullname", "name contactname customername clientname leadname"),
    ("title", "salutation prefix"),
    ("email", "emailaddress mail mailaddress email1 primaryemail"),
    ("phone1", "telephone1 tel1 primaryphone mainphone mobile1"),
    ("phone2", "telephone2 tel2 secondaryphone alternativephone otherphone mobile2"),
    ("fax", "faxnumber"),
    ("company", "companyname organisation organization business businessname"),
    ("jobtitle", "job position role"),
    ("address", "address1 addressline1 street streetaddress addressline houseandstreet"),
    ("address2", "addressline2"),
    ("address3", "addressline3"),
    ("towncity", "town city posttown locality"),
    ("postcode", "postalcode zip zipcode postcodezip pcode"),
    ("dob", "dateofbirth birthdate birthday"),
    ("reference", "ref externalid externalreference leadref leadreference yourreference"),
    ("source", "utmsource leadsource marketingsource"),
    ("medium", "utmmedium marketingmedium"),
    ("term", "utmterm keyword"),
    ("status", "leadstatus stage"),
    ("lead_type", "type product producttype"),
    ("introducer", "supplier leadsupplier introducercompany"),
    ("user", "owner assignedto assigneduser"),
    ("user_group", "team"),
    ("ip_address", "ip"),
    ("contact_phone", "phoneoptin phoneconsent optinphone"),
    ("contact_sms", "smsoptin smsconsent optinsms"),
    ("contact_email", "emailoptin emailconsent optinemail"),
    ("contact_mail", "postoptin mailoptin optinpost"),
    ("contact_time", "besttimetocall timetocall besttime"),
    ("cost", "leadcost"),
    ("value", "leadvalue"),
];

/// Telephone columns that do not say which: the first of them is taken for `phone1`, the next for `phone2`.
const PHONES: &str = "phone telephone tel mobile mobilephone mobilenumber cell cellphone phonenumber telephonenumber telno \
                      phoneno mobileno contactnumber homephone hometelephone landline workphone daytimephone eveningphone";

/// Columns of our own report: they say what was wrong, and are nothing of the lead.
pub(super) const REPORT: [&str; 2] = ["refused_line", "refused_because"];

/// Finds what each column is taken for: as it was told, by the name of a field, by the label of a custom field, by what
/// people call it. Case, blanks and punctuation make no difference.
pub(super) fn find(headers: &[String], told: &[String], fields: &[CustomField]) -> Outcome<Vec<Target>> {
    let mut targets: Vec<Option<Target>> = vec![None; headers.len()];
    for one in told {
        let (column, field) =
            one.rsplit_once('=').ok_or_else(|| Failure::new(format!("--map {one}: write COLUMN=FIELD")))?;
        let target = named(field.trim(), fields)
            .ok_or_else(|| Failure::new(format!("--map {one}: a lead has no field {}", field.trim())))?;
        let same = |header: &&String| plain(header) == plain(column) && !plain(column).is_empty();
        let found: Vec<_> = headers.iter().enumerate().filter(|(_, header)| same(header)).map(|(at, _)| at).collect();
        let [at] = found[..] else {
            return Err(Failure::new(format!("--map {one}: the file has {} columns {column}", found.len())));
        };
        targets[at] = Some(target);
    }
    for (header, target) in headers.iter().zip(&mut targets) {
        if target.is_none() {
            *target = named(header, fields).or_else(|| called(header, fields));
        }
    }
    take_phones(headers, &mut targets);
    let targets: Vec<Target> = targets.into_iter().map(|target| target.unwrap_or(Target::Ignored)).collect();
    refuse_twice(headers, &targets)?;
    refuse_unreachable(&targets)?;
    Ok(targets)
}

fn take_phones(headers: &[String], targets: &mut [Option<Target>]) {
    let mut free: Vec<Target> = [LeadField::Phone1, LeadField::Phone2].map(Target::Field).to_vec();
    free.retain(|phone| !targets.contains(&Some(*phone)));
    free.reverse();
    for (header, target) in headers.iter().zip(targets) {
        if target.is_none() && PHONES.split_whitespace().any(|word| word == plain(header)) {
            *target = free.pop();
        }
    }
}

/// A target by the exact name of what it is.
fn named(name: &str, fields: &[CustomField]) -> Option<Target> {
    let plain_name = plain(name);
    if REPORT.iter().any(|own| plain(own) == plain_name) || plain_name == "ignore" {
        return Some(Target::Ignored);
    }
    let writable = |field: &&LeadField| {
        field.rule().full != Write::Never
            && !matches!(field, LeadField::Data | LeadField::Test | LeadField::LeadGroupId)
    };
    if let Some(field) = LeadField::ALL.iter().filter(writable).find(|field| plain(field.name()) == plain_name) {
        return Some(
            NAMED.iter().find(|(_, id)| id == field).map_or(Target::Field(*field), |(_, id)| Target::Named(*id)),
        );
    }
    if let Some((_, field)) = NAMED.iter().find(|(words, _)| plain(words) == plain_name) {
        let labelled = fields.iter().any(|field| plain(&field.label) == plain_name);
        return (!labelled).then_some(Target::Named(*field)).or_else(|| labelled_as(&plain_name, fields));
    }
    if plain_name == "fullname" {
        return Some(Target::Fullname);
    }
    let key = DataKey::parse(&plain_name).ok();
    let of_key =
        |key| fields.iter().find(|field| field.key == key).map_or(FieldType::LongText, |field| field.field_type);
    key.map(|key| Target::Data(key, of_key(key))).or_else(|| labelled_as(&plain_name, fields))
}

fn labelled_as(plain_name: &str, fields: &[CustomField]) -> Option<Target> {
    let found = fields.iter().find(|field| plain(&field.label) == plain_name && !plain_name.is_empty());
    found.map(|field| Target::Data(field.key, field.field_type))
}

/// A target by what people call it.
fn called(header: &str, fields: &[CustomField]) -> Option<Target> {
    let header = plain(header);
    let found = SYNONYMS.iter().find(|(_, words)| words.split_whitespace().any(|word| word == header));
    found.and_then(|(name, _)| named(name, fields))
}

/// Letters and digits in lower case.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn refuse_twice(headers: &[String], targets: &[Target]) -> Outcome {
    for (at, target) in targets.iter().enumerate().filter(|(_, target)| **target != Target::Ignored) {
        if let Some(before) = targets[..at].iter().position(|other| other == target) {
            let (one, other, name) = (&headers[before], &headers[at], target.name());
            return Err(Failure::new(format!(
                "the columns {one} and {other} are both taken for {name}: say --map \"{other}=ignore\", or what it is"
            )));
        }
    }
    let has = |field| targets.contains(&Target::Field(field));
    if targets.contains(&Target::Fullname) && (has(LeadField::Firstname) || has(LeadField::Lastname)) {
        return Err(Failure::new("a column holds the full name and others parts of it: say --map \"COLUMN=ignore\""));
    }
    Ok(())
}

fn refuse_unreachable(targets: &[Target]) -> Outcome {
    use LeadField::{Address, Email, Phone1, Phone2, Postcode};
    let has = |field| targets.contains(&Target::Field(field));
    if has(Email) || has(Phone1) || has(Phone2) || (has(Address) && has(Postcode)) {
        return Ok(());
    }
    let said = "no column is taken for an email, a phone, or an address with a postcode, so no row could be a lead; \
                say which with --map COLUMN=FIELD";
    Err(Failure::new(said))
}

impl Target {
    /// The name of the field, as reasons name it.
    pub(super) fn name(self) -> String {
        match self {
            Self::Field(field) | Self::Named(field) => field.name().to_owned(),
            Self::Data(key, _) => format!("data.{key}"),
            Self::Fullname => "fullname".into(),
            Self::Ignored => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Target, find};
    use leadlatch_domain::custom_field::CustomField;

    fn names(headers: &[&str], told: &[&str]) -> Result<Vec<String>, String> {
        let headers: Vec<_> = headers.iter().map(|text| (*text).to_owned()).collect();
        let told: Vec<_> = told.iter().map(|text| (*text).to_owned()).collect();
        let fields =
            ["data3=Loan size:currency", "data4=Product:text"].map(|spec| CustomField::parse_spec(spec).unwrap());
        let found = find(&headers, &told, &fields).map_err(|failure| failure.to_string())?;
        Ok(found.into_iter().map(Target::name).collect())
    }

    #[test]
    fn columns_are_known_by_what_people_call_them() {
        let headers = [
            "First Name",
            "SURNAME",
            "E-mail",
            "Mobile",
            "Home phone",
            "Post Code",
            "D.O.B.",
            "loan_size",
            "DATA7",
            "Notes",
            "refused_line",
        ];
        let found = [
            "firstname",
            "lastname",
            "email",
            "phone1",
            "phone2",
            "postcode",
            "dob",
            "data.data3",
            "data.data7",
            "",
            "",
        ];
        assert_eq!(names(&headers, &[]).unwrap(), found);
        assert_eq!(names(&["Phone 2", "Tel"], &[]).unwrap(), ["phone2", "phone1"]);
        assert_eq!(
            names(&["email", "Product", "Lead type"], &[]).unwrap(),
            ["email", "data.data4", "lead_type_id"],
            "a label is stronger"
        );
        assert_eq!(names(&["email", "Name"], &[]).unwrap(), ["email", "fullname"]);
    }

    #[test]
    fn columns_are_taken_as_they_are_told() {
        assert_eq!(names(&["x", "E=mail"], &["x=Loan size", "E=mail=email"]).unwrap(), ["data.data3", "email"]);
        assert_eq!(names(&["email", "Email address"], &["email address=ignore"]).unwrap(), ["email", ""]);
        for (headers, told) in [
            (&["email", "Email address"][..], &[][..]),
            (&["email"][..], &["tel=phone1"][..]),
            (&["email"][..], &["email=password"][..]),
            (&["email", "x"][..], &["x=progress"][..]),
            (&["email", "name", "surname"][..], &[][..]),
            (&["firstname", "postcode"][..], &[][..]),
        ] {
            assert!(names(headers, told).is_err(), "{headers:?} {told:?}");
        }
    }
}
