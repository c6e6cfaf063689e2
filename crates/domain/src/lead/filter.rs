//! Which leads a list holds and in what order: one filter for list, search, export, hooks, pages and command line.

use super::field::LeadField;
use super::filters::refuse_unknown;
use super::rights::FieldRights;
use crate::custom_field::DataKey;
use crate::fault::{Fault, FieldFault};
use crate::point::ConversionPoint;
use crate::time::Timestamp;

/// What a list is narrowed to. What is absent narrows nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LeadFilter {
    /// A status by its name.
    pub status: Option<String>,
    /// A status by its id.
    pub status_id: Option<i64>,
    /// The conversion point of the status.
    pub conversion_point: Option<ConversionPoint>,
    /// A lead group.
    pub lead_group_id: Option<i64>,
    /// A lead type.
    pub lead_type_id: Option<i64>,
    /// Who supplied it.
    pub introducer_id: Option<i64>,
    /// Whom it was referred to.
    pub partner_id: Option<i64>,
    /// An e-mail address, as its twin.
    pub email: Option<String>,
    /// A telephone number in any spelling, either of the two.
    pub phone: Option<String>,
    /// The caller's own reference, exactly.
    pub reference: Option<String>,
    /// Received at or after.
    pub received_from: Option<Timestamp>,
    /// Received before or at.
    pub received_to: Option<Timestamp>,
    /// Changed at or after.
    pub updated_since: Option<Timestamp>,
    /// Custom fields, exactly; they need a lead group.
    pub data: Vec<(DataKey, String)>,
    /// Test leads instead of live ones.
    pub test: bool,
}

/// The order of a list; each is served by an index, but for the id in a Partner key's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeadSort {
    /// The column.
    pub by: SortBy,
    /// Newest or highest first.
    pub descending: bool,
}

/// A column that leads can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SortBy {
    /// When it came.
    ReceivedAt,
    /// When it last changed, as the caller's side sees it.
    UpdatedAt,
    /// Its number.
    Id,
}

impl Default for LeadSort {
    fn default() -> Self {
        Self { by: SortBy::ReceivedAt, descending: true }
    }
}

impl LeadSort {
    /// The name in `?sort=`.
    pub const fn as_str(self) -> &'static str {
        match (self.by, self.descending) {
            (SortBy::ReceivedAt, true) => "-received_at",
            (SortBy::ReceivedAt, false) => "received_at",
            (SortBy::UpdatedAt, true) => "-updated_at",
            (SortBy::UpdatedAt, false) => "updated_at",
            (SortBy::Id, true) => "-id",
            (SortBy::Id, false) => "id",
        }
    }
}

/// What `?sort=` takes.
pub const SORTS: [&str; 6] = ["-received_at", "received_at", "-updated_at", "updated_at", "-id", "id"];

/// Why a list cannot be given.
#[derive(Debug, PartialEq, Eq)]
pub enum FilterRefused {
    /// The caller may not name these fields.
    Fields(Vec<String>),
    /// Another company's record was named.
    OutOfReach,
    /// Bad values and unknown names, all of them.
    Invalid(Vec<FieldFault>),
}

impl LeadFilter {
    /// Reads the query parameters of a list; `limit`, `cursor` and `total` are the page's own and not given here.
    pub fn parse(pairs: &[(String, String)], rights: &FieldRights) -> Result<(Self, LeadSort), FilterRefused> {
        refuse_names(pairs, rights)?;
        let (mut filter, mut sort, mut faults) = (Self::default(), LeadSort::default(), Vec::new());
        for (name, value) in pairs {
            let taken = match (name.as_str(), value.as_str()) {
                ("sort", "") => Ok(()),
                ("sort", value) => read_sort(value).map(|read| sort = read),
                // What is left empty counts as absent; its name is judged all the same.
                (name, "") => refuse_unknown(name),
                (name, value) => filter.take(name, value),
            };
            if let Err(fault) = taken {
                faults.push(fault.on(name.clone()));
            }
        }
        if !filter.data.is_empty() && filter.lead_group_id.is_none() {
            faults.push(Fault::new("required", "Custom fields belong to a lead group: name one.").on("lead_group_id"));
        }
        filter.refuse_foreign(rights)?;
        if faults.is_empty() { Ok((filter, sort)) } else { Err(FilterRefused::Invalid(faults)) }
    }

    /// By another company's record a Partner key filters nothing.
    fn refuse_foreign(&self, rights: &FieldRights) -> Result<(), FilterRefused> {
        let FieldRights::Partner { record, .. } = rights else { return Ok(()) };
        let foreign = |id: Option<i64>| id.is_some_and(|id| id != record.get());
        if foreign(self.introducer_id) || foreign(self.partner_id) { Err(FilterRefused::OutOfReach) } else { Ok(()) }
    }
}

fn refuse_names(pairs: &[(String, String)], rights: &FieldRights) -> Result<(), FilterRefused> {
    let named = |name: &str, value: &str| match name {
        "sort" => LeadField::parse(value.trim_start_matches('-')),
        name => LeadField::parse(name),
    };
    let denied: Vec<String> = pairs
        .iter()
        .filter_map(|(name, value)| named(name, value))
        .filter(|field| !rights.may_name(*field))
        .map(|field| field.name().to_owned())
        .collect();
    if denied.is_empty() { Ok(()) } else { Err(FilterRefused::Fields(denied)) }
}

fn read_sort(value: &str) -> Result<LeadSort, Fault> {
    let (descending, column) = value.strip_prefix('-').map_or((false, value), |column| (true, column));
    let by = match column {
        "received_at" => SortBy::ReceivedAt,
        "updated_at" => SortBy::UpdatedAt,
        "id" => SortBy::Id,
        _ => return Err(Fault::new("bad_choice", "Sort by received_at, updated_at or id, with - for descending.")),
    };
    Ok(LeadSort { by, descending })
}

#[cfg(test)]
mod tests {
    use super::{FieldRights, FilterRefused, LeadFilter};
    use crate::id::PartnerId;
    use crate::reach::PartnerKind;

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn partner() -> FieldRights {
        FieldRights::Partner { record: PartnerId::new(7).unwrap(), sides: PartnerKind::Both.sides() }
    }

    #[test]
    fn a_partner_names_only_what_it_sees() {
        for list in [&[("cost", "1")][..], &[("sort", "-cost")], &[("source", "x"), ("received_from", "nonsense")]] {
            assert!(matches!(LeadFilter::parse(&pairs(list), &partner()), Err(FilterRefused::Fields(_))), "{list:?}");
        }
    }

    #[test]
    fn a_name_is_judged_whatever_its_value() {
        let read = |name| LeadFilter::parse(&pairs(&[(name, "")]), &FieldRights::Full);
        for known in ["sort", "email", "data7", "received_from", "test"] {
            assert_eq!(read(known).unwrap(), LeadFilter::parse(&[], &FieldRights::Full).unwrap(), "{known}");
        }
        for unknown in ["colour", "data51", "source"] {
            assert!(matches!(read(unknown), Err(FilterRefused::Invalid(_))), "{unknown}");
        }
        assert!(matches!(LeadFilter::parse(&pairs(&[("cost", "")]), &partner()), Err(FilterRefused::Fields(_))));
    }

    #[test]
    fn every_sort_of_the_list_is_read_as_itself() {
        for sort in super::SORTS {
            let (_, read) = LeadFilter::parse(&pairs(&[("sort", sort)]), &FieldRights::Full).unwrap();
            assert_eq!(read.as_str(), sort);
        }
    }

    #[test]
    fn a_partner_filters_by_its_own_record_alone() {
        assert!(LeadFilter::parse(&pairs(&[("introducer_id", "7")]), &partner()).is_ok());
        let other = LeadFilter::parse(&pairs(&[("introducer_id", "8")]), &partner());
        assert_eq!(other.unwrap_err(), FilterRefused::OutOfReach);
    }

    #[test]
    fn unknown_names_and_bad_values_are_said_together() {
        let refused =
            LeadFilter::parse(&pairs(&[("colour", "x"), ("status_id", "x"), ("cost", "1")]), &FieldRights::Full);
        let Err(FilterRefused::Invalid(faults)) = refused else { panic!("{refused:?}") };
        assert_eq!(faults.len(), 3);
    }
}
