//! Every field of a lead in one table: its name, its kind, who writes it and whether a Partner key sees it.
//!
//! The closed lists of what a Partner key sees and writes are columns of this table; a field that says nothing about
//! Partner keys is closed to them.

/// What a field holds; decides how it is checked, stored and written as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The number of a record.
    Id,
    /// A text of at most so many characters.
    Text(usize),
    /// An e-mail address, with a twin for look-ups.
    Email,
    /// A telephone number, with a twin for look-ups.
    Phone,
    /// A date, `YYYY-MM-DD`.
    Date,
    /// An amount of money.
    Money,
    /// `yes`, `no` or `unknown`.
    Preference,
    /// An IP address.
    Address,
    /// True or false.
    Flag,
    /// A time, RFC 3339.
    Time,
    /// A status by its name: stored as `status_id`.
    StatusName,
    /// The conversion point of the status, joined.
    Point,
    /// The progress, moved by the status alone.
    Progress,
    /// Composed of other fields.
    Composed,
    /// The custom fields, an object.
    Data,
}

/// When a caller may write a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// Never: it is read-only.
    Never,
    /// When the lead is created, and never again by an update.
    OnCreate,
    /// When the lead is created and afterwards.
    Always,
    /// Only the caller's own record's id, where that would be set anyway.
    Own,
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct FieldRule {
    /// The name in JSON and in SQL.
    pub name: &'static str,
    /// The name as JSON writes it before a value.
    pub label: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// When a Full key may write it.
    pub full: Write,
    /// When a Partner key may write it.
    pub partner: Write,
    /// Whether a Partner key sees it.
    pub partner_sees: bool,
}

macro_rules! fields {
    ($($field:ident $name:literal $kind:expr, $full:ident, $partner:ident, $sees:literal;)+) => {
        /// A field of a lead, in the order in which a lead is written.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum LeadField {
            $(#[doc = concat!("`", $name, "`")] $field,)+
        }

        impl LeadField {
            /// Every field, in order.
            pub const ALL: &[Self] = &[$(Self::$field),+];

            const RULES: &[FieldRule] = &[$(FieldRule {
                name: $name, label: concat!("\"", $name, "\":"), kind: $kind, full: Write::$full, partner: Write::$partner, partner_sees: $sees,
            }),+];
        }
    };
}

const NAME: Kind = Kind::Text(crate::text::TEXT_MAX);
const POSTCODE: Kind = Kind::Text(crate::text::POSTCODE_MAX);

fields! {
    // field         name               holds             Full key  Partner key: writes, sees
    Id               "id"               Kind::Id,         Never,    Never,    true;
    LeadGroupId      "lead_group_id"    Kind::Id,         OnCreate, OnCreate, true;
    LeadTypeId       "lead_type_id"     Kind::Id,         Always,   Always,   true;
    SiteId           "site_id"          Kind::Id,         Always,   Never,    false;
    IntroducerId     "introducer_id"    Kind::Id,         OnCreate, Own,      true;
    PartnerId        "partner_id"       Kind::Id,         Never,    Own,      true;
    UserId           "user_id"          Kind::Id,         Always,   Never,    false;
    UserGroupId      "user_group_id"    Kind::Id,         Always,   Never,    false;
    StatusId         "status_id"        Kind::Id,         Always,   Always,   true;
    Status           "status"           Kind::StatusName, Always,   Always,   true;
    ConversionPoint  "conversion_point" Kind::Point,      Never,    Never,    true;
    Progress         "progress"         Kind::Progress,   Never,    Never,    true;
    Reference        "reference"        NAME,             Always,   Always,   true;
    Source           "source"           NAME,             Always,   OnCreate, false;
    Medium           "medium"           NAME,             Always,   OnCreate, false;
    Term             "term"             NAME,             Always,   OnCreate, false;
    Cost             "cost"             Kind::Money,      Always,   Never,    false;
    Value            "value"            Kind::Money,      Always,   Never,    false;
    Title            "title"            NAME,             Always,   Always,   true;
    Firstname        "firstname"        NAME,             Always,   Always,   true;
    Lastname         "lastname"         NAME,             Always,   Always,   true;
    Fullname         "fullname"         Kind::Composed,   Never,    Never,    true;
    Company          "company"          NAME,             Always,   Always,   true;
    Jobtitle         "jobtitle"         NAME,             Always,   Always,   true;
    Address          "address"          NAME,             Always,   Always,   true;
    Address2         "address2"         NAME,             Always,   Always,   true;
    Address3         "address3"         NAME,             Always,   Always,   true;
    Towncity         "towncity"         NAME,             Always,   Always,   true;
    Postcode         "postcode"         POSTCODE,         Always,   Always,   true;
    Email            "email"            Kind::Email,      Always,   Always,   true;
    Phone1           "phone1"           Kind::Phone,      Always,   Always,   true;
    Phone2           "phone2"           Kind::Phone,      Always,   Always,   true;
    Fax              "fax"              Kind::Phone,      Always,   Always,   true;
    Dob              "dob"              Kind::Date,       Always,   Always,   true;
    ContactPhone     "contact_phone"    Kind::Preference, Always,   Always,   true;
    ContactSms       "contact_sms"      Kind::Preference, Always,   Always,   true;
    ContactEmail     "contact_email"    Kind::Preference, Always,   Always,   true;
    ContactMail      "contact_mail"     Kind::Preference, Always,   Always,   true;
    ContactFax       "contact_fax"      Kind::Preference, Always,   Always,   true;
    ContactTime      "contact_time"     NAME,             Always,   Always,   true;
    IpAddress        "ip_address"       Kind::Address,    Always,   OnCreate, false;
    Data             "data"             Kind::Data,       Always,   Always,   true;
    DuplicateOf      "duplicate_of"     Kind::Id,         Never,    Never,    false;
    Test             "test"             Kind::Flag,       OnCreate, OnCreate, true;
    ReceivedAt       "received_at"      Kind::Time,       Never,    Never,    true;
    CreatedAt        "created_at"       Kind::Time,       Never,    Never,    true;
    UpdatedAt        "updated_at"       Kind::Time,       Never,    Never,    true;
}

impl LeadField {
    /// How many fields there are.
    pub const COUNT: usize = Self::ALL.len();

    /// The field's line of the table.
    pub const fn rule(self) -> &'static FieldRule {
        &Self::RULES[self as usize]
    }

    /// The name in JSON and in SQL.
    pub const fn name(self) -> &'static str {
        self.rule().name
    }

    /// What it holds.
    pub const fn kind(self) -> Kind {
        self.rule().kind
    }

    /// Finds a field by its exact name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.name() == name)
    }

    /// Whether the field of every lead holds something, so that it is never `null`.
    pub const fn always_holds(self) -> bool {
        use Kind::{Data, Flag, Point, Preference, Progress, StatusName, Time};
        matches!(self.kind(), StatusName | Point | Progress | Flag | Preference | Time | Data)
            || matches!(self, Self::Id | Self::StatusId | Self::LeadGroupId)
    }

    /// Whether the field is a column of its own; the others are joined or composed.
    pub const fn is_stored(self) -> bool {
        !matches!(self.kind(), Kind::StatusName | Kind::Point | Kind::Composed)
    }
}

#[cfg(test)]
mod tests {
    use super::{LeadField, Write};

    #[test]
    fn names_lead_back_to_their_fields() {
        for field in LeadField::ALL {
            assert_eq!(LeadField::parse(field.name()), Some(*field));
        }
        assert_eq!(LeadField::parse("password"), None);
    }

    #[test]
    fn a_partner_writes_nothing_on_update_that_a_full_key_could_not() {
        for field in LeadField::ALL {
            if field.rule().partner == Write::Always {
                assert_eq!(field.rule().full, Write::Always, "{}", field.name());
            }
        }
    }

    /// Every field is either seen or named here as hidden, so that a slip in the table shows.
    #[test]
    fn what_a_partner_sees_is_the_closed_list() {
        let sees: Vec<_> = LeadField::ALL.iter().filter(|f| f.rule().partner_sees).map(|f| f.name()).collect();
        let hidden = [
            "site_id",
            "user_id",
            "user_group_id",
            "source",
            "medium",
            "term",
            "cost",
            "value",
            "ip_address",
            "duplicate_of",
        ];
        assert_eq!(sees.len() + hidden.len(), LeadField::COUNT);
        assert!(hidden.iter().all(|name| !sees.contains(name)));
    }
}
