//! What of a lead's fields a caller sees, filters by and writes.

use super::field::{LeadField, Write};
use super::record::ValueRef;
use crate::id::PartnerId;
use crate::reach::Sides;

/// The fields in reach of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldRights {
    /// Every field.
    Full,
    /// The closed list of a Partner key.
    Partner {
        /// The record that the key is bound to.
        record: PartnerId,
        /// The sides that key and record both have.
        sides: Sides,
    },
}

/// Whether a lead is being made or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is being made.
    Create,
    /// It is being changed.
    Update,
}

/// What becomes of a field that a caller sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is written.
    Written,
    /// It may name one record alone, and changes nothing.
    OnlyOwn(PartnerId),
    /// 403 by the field's name.
    Denied,
    /// 422: nobody writes it here.
    ReadOnly,
}

impl FieldRights {
    /// Whether the caller sees what the field holds. A Partner key sees of the two record columns only its own id.
    pub fn sees(&self, field: LeadField, value: ValueRef<'_>) -> bool {
        match self {
            Self::Full => true,
            Self::Partner { record, .. } => match field {
                LeadField::IntroducerId | LeadField::PartnerId => value == ValueRef::Int(record.get()),
                _ => field.rule().partner_sees,
            },
        }
    }

    /// Whether the caller may filter or sort by the field: only by what it sees.
    pub const fn may_name(&self, field: LeadField) -> bool {
        matches!(self, Self::Full) || field.rule().partner_sees
    }

    /// What becomes of the field when the caller sends it.
    pub fn verdict(&self, field: LeadField, mode: Mode) -> Verdict {
        let rule = field.rule();
        match self {
            Self::Full if written(rule.full, mode) => Verdict::Written,
            Self::Full => Verdict::ReadOnly,
            Self::Partner { record, sides } => match rule.partner {
                Write::Own if sides.set_anyway(field, mode) => Verdict::OnlyOwn(*record),
                write if written(write, mode) => Verdict::Written,
                _ => Verdict::Denied,
            },
        }
    }
}

impl Sides {
    /// Whether the column may hold the record anyway: a record of both kinds creates as introducer, and afterwards stands in
    /// either. Whether it does in one lead only the store knows.
    const fn set_anyway(self, field: LeadField, mode: Mode) -> bool {
        match field {
            LeadField::IntroducerId => self.supplies,
            LeadField::PartnerId => self.buys && (!self.supplies || matches!(mode, Mode::Update)),
            _ => false,
        }
    }
}

const fn written(write: Write, mode: Mode) -> bool {
    matches!((write, mode), (Write::Always, _) | (Write::OnCreate, Mode::Create))
}

#[cfg(test)]
mod tests {
    use super::{FieldRights, LeadField, Mode, Verdict};
    use crate::id::PartnerId;
    use crate::reach::PartnerKind;

    fn partner(kind: PartnerKind) -> FieldRights {
        FieldRights::Partner { record: PartnerId::new(7).unwrap(), sides: kind.sides() }
    }

    #[test]
    fn a_partner_may_name_only_its_own_record_where_it_is_set_anyway() {
        let own = Verdict::OnlyOwn(PartnerId::new(7).unwrap());
        let verdict = |kind, field| partner(kind).verdict(field, Mode::Create);
        assert_eq!(verdict(PartnerKind::Introducer, LeadField::IntroducerId), own);
        assert_eq!(verdict(PartnerKind::Introducer, LeadField::PartnerId), Verdict::Denied);
        assert_eq!(verdict(PartnerKind::Partner, LeadField::PartnerId), own);
        assert_eq!(verdict(PartnerKind::Both, LeadField::IntroducerId), own);
        assert_eq!(verdict(PartnerKind::Both, LeadField::PartnerId), Verdict::Denied);
        let verdict = |kind, field| partner(kind).verdict(field, Mode::Update);
        assert_eq!(verdict(PartnerKind::Both, LeadField::PartnerId), own);
        assert_eq!(verdict(PartnerKind::Introducer, LeadField::PartnerId), Verdict::Denied);
        assert_eq!(verdict(PartnerKind::Partner, LeadField::IntroducerId), Verdict::Denied);
    }

    #[test]
    fn marketing_texts_are_a_partners_on_create_alone() {
        let rights = partner(PartnerKind::Introducer);
        assert_eq!(rights.verdict(LeadField::Source, Mode::Create), Verdict::Written);
        assert_eq!(rights.verdict(LeadField::Source, Mode::Update), Verdict::Denied);
        assert!(!rights.may_name(LeadField::Source));
    }

    #[test]
    fn read_only_is_a_422_for_a_full_key_and_a_403_for_a_partner() {
        assert_eq!(FieldRights::Full.verdict(LeadField::Progress, Mode::Create), Verdict::ReadOnly);
        assert_eq!(partner(PartnerKind::Both).verdict(LeadField::Progress, Mode::Create), Verdict::Denied);
    }
}
