//! `/api/v1`: a file a resource.

pub(crate) mod hooks;
pub(crate) mod lead_groups;
pub(crate) mod lead_types;
pub(crate) mod leads;
pub(crate) mod marketing;
pub(crate) mod partner_records;
pub(crate) mod sites;
pub(crate) mod statuses;
pub(crate) mod user_groups;
pub(crate) mod users;
pub(crate) mod whoami;
pub(crate) mod zapier;

/// The id of a path. What is no positive integer names no record, like any other number that none has.
pub(crate) fn path_id(text: &str) -> i64 {
    leadlatch_domain::id::LeadId::parse(text).map_or(0, leadlatch_domain::id::LeadId::get)
}
