//! Scopes: the things that a key may do, chosen when it is made and never changed.

use serde::{Serialize, Serializer};

/// One thing that a key may do. The order is that of the settings page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Submit new leads.
    CreateLeads,
    /// Read, list and export leads.
    ReadLeads,
    /// Change leads and put them into the bin.
    UpdateDeleteLeads,
    /// Notes, calls, e-mails, texts and tasks on a lead.
    ManageActivities,
    /// Look callers up and log calls.
    Voice,
    /// Dated meetings with a lead.
    Appointments,
    /// Put leads on journeys.
    Journeys,
    /// Write partner records, their links, and referrals.
    ManagePartners,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 8] = [
        Self::CreateLeads,
        Self::ReadLeads,
        Self::UpdateDeleteLeads,
        Self::ManageActivities,
        Self::Voice,
        Self::Appointments,
        Self::Journeys,
        Self::ManagePartners,
    ];

    /// The name in the API, the database and the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreateLeads => "create_leads",
            Self::ReadLeads => "read_leads",
            Self::UpdateDeleteLeads => "update_delete_leads",
            Self::ManageActivities => "manage_activities",
            Self::Voice => "voice",
            Self::Appointments => "appointments",
            Self::Journeys => "journeys",
            Self::ManagePartners => "manage_partners",
        }
    }

    /// The label that people see, to the word of the source document.
    pub const fn label(self) -> &'static str {
        match self {
            Self::CreateLeads => "Create leads",
            Self::ReadLeads => "Read leads",
            Self::UpdateDeleteLeads => "Update and delete leads",
            Self::ManageActivities => "Manage activity records",
            Self::Voice => "Access Voice Integration",
            Self::Appointments => "Appointments",
            Self::Journeys => "Journeys",
            Self::ManagePartners => "Manage partners",
        }
    }

    /// Whether a Partner key may carry it; the others are for Full keys only.
    pub const fn partner_may_have(self) -> bool {
        matches!(self, Self::CreateLeads | Self::ReadLeads | Self::UpdateDeleteLeads)
    }

    /// Whether a member of the account may do what it stands for: work on leads, but change no settings.
    pub const fn member_may_use(self) -> bool {
        !matches!(self, Self::Journeys | Self::ManagePartners)
    }

    /// Reads a scope by its name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }

    const fn bit(self) -> i64 {
        1 << self as i64
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The scopes of one key: a set, stored as one whole number so that a request parses nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScopeSet(i64);

impl ScopeSet {
    /// All eight.
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    /// The set of a stored number; bits that are no scope are dropped, since absence means nothing.
    pub fn from_bits(bits: i64) -> Self {
        Self(bits & Self::all().0)
    }

    /// The number to store.
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// Whether the scope is in the set.
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Those that are in this set and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Those that are in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes in the order of the settings page.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::{Scope, ScopeSet};

    #[test]
    fn a_set_survives_its_stored_number() {
        for bits in 0..256 {
            let set = ScopeSet::from_bits(bits);
            assert_eq!(set.bits(), bits);
            assert_eq!(set.iter().collect::<ScopeSet>(), set);
        }
        assert_eq!(ScopeSet::from_bits(-1), ScopeSet::all());
    }

    #[test]
    fn names_are_read_back() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Some(scope));
        }
        assert_eq!(Scope::parse("everything"), None);
    }
}
