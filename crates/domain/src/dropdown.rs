//! The dropdowns of integration tools, each with the action that reads its list.

use crate::matrix::{
    Action, ReadIntroducers, ReadLeadGroups, ReadLeadTypes, ReadMarketing, ReadPartners, ReadSites, ReadStatuses,
    ReadUserGroups, ReadUsers, Rule,
};

macro_rules! dropdowns {
    ($($dropdown:ident $name:literal $action:ident;)+) => {
        /// A dropdown, by the list that it shows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Dropdown {
            $(#[doc = concat!("`", $name, "`")] $dropdown,)+
        }

        impl Dropdown {
            /// Every dropdown.
            pub const ALL: &[Self] = &[$(Self::$dropdown),+];

            /// The name in its path.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$dropdown => $name,)+ }
            }

            /// The line of the access matrix that its rows are read by.
            pub const fn rule(self) -> Rule {
                match self { $(Self::$dropdown => $action::RULE,)+ }
            }
        }
    };
}

dropdowns! {
    LeadGroups  "lead_groups" ReadLeadGroups;
    LeadTypes   "lead_types"  ReadLeadTypes;
    Statuses    "statuses"    ReadStatuses;
    Users       "users"       ReadUsers;
    UserGroups  "user_groups" ReadUserGroups;
    Introducers "introducers" ReadIntroducers;
    Partners    "partners"    ReadPartners;
    Sources     "sources"     ReadMarketing;
    Mediums     "mediums"     ReadMarketing;
    Terms       "terms"       ReadMarketing;
    Sites       "sites"       ReadSites;
}

impl Dropdown {
    /// Finds a dropdown by its exact name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|dropdown| dropdown.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::Dropdown;
    use crate::matrix::PartnerReach;

    #[test]
    fn names_lead_back_to_their_dropdowns() {
        for dropdown in Dropdown::ALL {
            assert_eq!(Dropdown::parse(dropdown.as_str()), Some(*dropdown));
        }
        assert_eq!(Dropdown::parse("Users"), None);
    }

    #[test]
    fn what_partner_keys_never_read_is_what_the_source_says() {
        let never = Dropdown::ALL.iter().filter(|one| one.rule().partner == PartnerReach::Never);
        let never: Vec<_> = never.map(|one| one.as_str()).collect();
        assert_eq!(never, ["users", "user_groups", "sources", "mediums", "terms", "sites"]);
    }
}
