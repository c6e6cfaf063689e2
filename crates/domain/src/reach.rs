//! Which rows and which fields a caller reaches: the plain-Rust statement that the SQL is held against.

use crate::id::{AccountId, PartnerId};

/// What kind of outside company a partner record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartnerKind {
    /// Supplies leads.
    Introducer,
    /// Buys leads.
    Partner,
    /// Does both.
    Both,
}

impl PartnerKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Introducer, Self::Partner, Self::Both];

    /// The name in the API, the database and the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Introducer => "introducer",
            Self::Partner => "partner",
            Self::Both => "both",
        }
    }

    /// Reads a kind by its name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The sides that the kind stands for.
    pub const fn sides(self) -> Sides {
        Sides {
            supplies: matches!(self, Self::Introducer | Self::Both),
            buys: matches!(self, Self::Partner | Self::Both),
        }
    }
}

impl serde::Serialize for PartnerKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The sides on which a record, or a key bound to it, deals in leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Sides {
    /// Leads come from it: they carry its id as `introducer_id`.
    pub supplies: bool,
    /// Leads go to it: they carry its id as `partner_id`.
    pub buys: bool,
}

impl Sides {
    /// What both have. A key reaches what it *and* its record have, so a change of the record can only narrow it.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self { supplies: self.supplies && other.supplies, buys: self.buys && other.buys }
    }

    /// The number to store: bit 0 supplies, bit 1 buys.
    pub const fn bits(self) -> i64 {
        self.supplies as i64 | (self.buys as i64) << 1
    }

    /// The sides of a stored number.
    pub const fn from_bits(bits: i64) -> Self {
        Self { supplies: bits & 1 != 0, buys: bits & 2 != 0 }
    }
}

/// The rows in reach of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Every row of the account.
    Account,
    /// The rows of one partner record.
    Partner {
        /// The record.
        record: PartnerId,
        /// The sides that key and record both have.
        sides: Sides,
    },
}

/// An account and the rows of it in reach: the oracle of every statement on leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowScope {
    /// The account; nothing crosses.
    pub account: AccountId,
    /// The rows.
    pub rows: Rows,
}

/// What decides whether a lead is in reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadReach {
    /// The lead's account.
    pub account: AccountId,
    /// Who supplied it.
    pub introducer: Option<PartnerId>,
    /// Whom it was referred to.
    pub partner: Option<PartnerId>,
    /// The supplier's key deleted it: its reach has ended.
    pub introducer_ended: bool,
    /// The buyer's key deleted it.
    pub partner_ended: bool,
    /// It is in the bin.
    pub binned: bool,
}

impl RowScope {
    /// Whether the lead is in reach.
    pub fn matches(&self, lead: &LeadReach) -> bool {
        self.account == lead.account && !lead.binned && self.rows.own(lead)
    }
}

impl Rows {
    fn own(self, lead: &LeadReach) -> bool {
        match self {
            Self::Account => true,
            Self::Partner { record, sides } => {
                let supplied = lead.introducer == Some(record) && !lead.introducer_ended;
                let bought = lead.partner == Some(record) && !lead.partner_ended;
                (sides.supplies && supplied) || (sides.buys && bought)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LeadReach, PartnerKind, RowScope, Rows, Sides};
    use crate::id::{AccountId, PartnerId};

    fn lead(introducer: Option<i64>, partner: Option<i64>) -> LeadReach {
        LeadReach {
            account: AccountId::new(1).unwrap(),
            introducer: introducer.and_then(PartnerId::new),
            partner: partner.and_then(PartnerId::new),
            introducer_ended: false,
            partner_ended: false,
            binned: false,
        }
    }

    fn scope(kind: PartnerKind) -> RowScope {
        let rows = Rows::Partner { record: PartnerId::new(7).unwrap(), sides: kind.sides() };
        RowScope { account: AccountId::new(1).unwrap(), rows }
    }

    #[test]
    fn each_side_sees_its_own_column_alone() {
        assert!(scope(PartnerKind::Introducer).matches(&lead(Some(7), None)));
        assert!(!scope(PartnerKind::Introducer).matches(&lead(None, Some(7))));
        assert!(scope(PartnerKind::Partner).matches(&lead(Some(8), Some(7))));
        assert!(!scope(PartnerKind::Partner).matches(&lead(Some(7), Some(8))));
        assert!(scope(PartnerKind::Both).matches(&lead(Some(8), Some(7))));
        assert!(!scope(PartnerKind::Both).matches(&lead(Some(8), Some(9))));
    }

    #[test]
    fn the_bin_and_a_mark_end_the_reach() {
        let binned = LeadReach { binned: true, ..lead(Some(7), None) };
        let ended = LeadReach { introducer_ended: true, ..lead(Some(7), None) };
        assert!(!scope(PartnerKind::Both).matches(&binned));
        assert!(!scope(PartnerKind::Both).matches(&ended));
        let account = RowScope { account: AccountId::new(1).unwrap(), rows: Rows::Account };
        assert!(account.matches(&ended));
        assert!(!account.matches(&binned));
    }

    #[test]
    fn a_changed_record_only_narrows() {
        let made = PartnerKind::Introducer.sides();
        assert_eq!(made.and(PartnerKind::Both.sides()), made);
        assert_eq!(made.and(PartnerKind::Partner.sides()), Sides::default());
        assert_eq!(Sides::from_bits(PartnerKind::Both.sides().bits()), PartnerKind::Both.sides());
    }
}
