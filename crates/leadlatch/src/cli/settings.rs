//! What changes settings: each command names one of them and what is to change.

use clap::{ArgGroup, Args};

use super::{Of, OnePartner};

/// What there is to change, of which a command names at least one thing.
fn change(names: &[&'static str]) -> ArgGroup {
    ArgGroup::new("change").args(names).required(true).multiple(true)
}

/// When a new lead counts as a duplicate.
#[derive(Debug, Args)]
pub(crate) struct Duplicates {
    /// off, all or a number of days; on a lead group also inherit
    #[arg(long = "duplicates", value_name = "WHICH")]
    pub(crate) within: Option<String>,
    /// Any of name, company, phone, email and address, with commas between them.
    #[arg(long = "duplicate-match", value_name = "FIELDS")]
    pub(crate) fields: Option<String>,
    /// `refuse`, `link` or `link_and_copy`
    #[arg(long = "duplicate-outcome", value_name = "OUTCOME")]
    pub(crate) outcome: Option<String>,
}

/// `account set`
#[derive(Debug, Args)]
#[command(group = change(&[
    "name", "country", "time_zone", "currency", "host", "no_host", "default_lead_group", "within", "fields", "outcome",
    "bin_days", "request_log_days", "audit_details_days", "plain_http",
]))]
pub(crate) struct AccountSet {
    #[command(flatten)]
    pub(crate) of: Of,
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Two letters: where telephone numbers without a country code are dialled. Numbers of leads are read anew.
    #[arg(long)]
    pub(crate) country: Option<String>,
    #[arg(long)]
    pub(crate) time_zone: Option<String>,
    /// Three letters; amounts stay the numbers that they are.
    #[arg(long)]
    pub(crate) currency: Option<String>,
    #[arg(long)]
    pub(crate) host: Option<String>,
    /// Take the host name away.
    #[arg(long, conflicts_with = "host")]
    pub(crate) no_host: bool,
    /// Where leads are put that name no group.
    #[arg(long, value_name = "NAME")]
    pub(crate) default_lead_group: Option<String>,
    #[command(flatten)]
    pub(crate) duplicates: Duplicates,
    /// Days that a deleted lead can be put back.
    #[arg(long, value_name = "N")]
    pub(crate) bin_days: Option<String>,
    /// Days that the request log is kept.
    #[arg(long, value_name = "N")]
    pub(crate) request_log_days: Option<String>,
    /// Days that the details of audit entries are kept; the entries stay.
    #[arg(long, value_name = "N")]
    pub(crate) audit_details_days: Option<String>,
    /// Let existing integrations come over plain http: anyone on the way can then read leads and keys.
    #[arg(long, value_name = "on|off", value_parser = ["on", "off"])]
    pub(crate) plain_http: Option<String>,
}

/// `user set`
#[derive(Debug, Args)]
#[command(group = change(&["name", "role", "active", "inactive"]))]
pub(crate) struct UserSet {
    #[command(flatten)]
    pub(crate) of: Of,
    /// Which user.
    #[arg(long)]
    pub(crate) email: String,
    #[arg(long)]
    pub(crate) name: Option<String>,
    #[arg(long, value_parser = ["admin", "member"])]
    pub(crate) role: Option<String>,
    /// Let the user sign in.
    #[arg(long, conflicts_with = "inactive")]
    pub(crate) active: bool,
    /// Let the user no longer sign in.
    #[arg(long)]
    pub(crate) inactive: bool,
}

/// One user group.
#[derive(Debug, Args)]
pub(crate) struct OneUserGroup {
    #[command(flatten)]
    pub(crate) of: Of,
    /// Its name.
    #[arg(long)]
    pub(crate) user_group: String,
}

/// A user and a group.
#[derive(Debug, Args)]
pub(crate) struct Member {
    #[command(flatten)]
    pub(crate) one: OneUserGroup,
    /// The user.
    #[arg(long)]
    pub(crate) email: String,
}

/// One site.
#[derive(Debug, Args)]
pub(crate) struct OneSite {
    #[command(flatten)]
    pub(crate) of: Of,
    /// Its name.
    #[arg(long)]
    pub(crate) site: String,
}

/// `site set`
#[derive(Debug, Args)]
#[command(group = change(&["name", "wire_number"]))]
pub(crate) struct SiteSet {
    #[command(flatten)]
    pub(crate) one: OneSite,
    /// Its new name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The number that clients of existing integrations hold for it, or off.
    #[arg(long, value_name = "N|off")]
    pub(crate) wire_number: Option<String>,
}

/// One lead group.
#[derive(Debug, Args)]
pub(crate) struct OneLeadGroup {
    #[command(flatten)]
    pub(crate) of: Of,
    /// Its name.
    #[arg(long)]
    pub(crate) lead_group: String,
}

/// `lead-group set`
#[derive(Debug, Args)]
#[command(group = change(&["name", "default", "within", "fields", "outcome", "retention_days", "wire_number"]))]
pub(crate) struct LeadGroupSet {
    #[command(flatten)]
    pub(crate) one: OneLeadGroup,
    /// Its new name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Put leads that name no group here.
    #[arg(long)]
    pub(crate) default: bool,
    #[command(flatten)]
    pub(crate) duplicates: Duplicates,
    /// Days after which its leads go by themselves, or off.
    #[arg(long, value_name = "N|off")]
    pub(crate) retention_days: Option<String>,
    /// The number that clients of existing integrations hold for it, or off.
    #[arg(long, value_name = "N|off")]
    pub(crate) wire_number: Option<String>,
}

/// `lead-group web-form`
#[derive(Debug, Args)]
#[command(group = change(&["on", "off", "origin", "redirect_host", "introducer"]))]
pub(crate) struct LeadGroupWebForm {
    #[command(flatten)]
    pub(crate) of: Of,
    /// The name of the lead group.
    #[arg(value_name = "GROUP")]
    pub(crate) lead_group: String,
    /// Let forms on web pages post to it.
    #[arg(long, conflicts_with = "off")]
    pub(crate) on: bool,
    /// Let no form post to it.
    #[arg(long)]
    pub(crate) off: bool,
    /// Each page that may post, such as `https://www.example.com`; replaces those that are there, an empty text all of them.
    #[arg(long)]
    pub(crate) origin: Vec<String>,
    /// Each host that a post may lead on to, such as www.example.com; replaces those that are there.
    #[arg(long)]
    pub(crate) redirect_host: Vec<String>,
    /// Each introducer that a post may name, by the id of its record; replaces those that are there.
    #[arg(long, value_name = "ID")]
    pub(crate) introducer: Vec<String>,
}

/// `lead-group field`
#[derive(Debug, Args)]
pub(crate) struct LeadGroupField {
    #[command(flatten)]
    pub(crate) one: OneLeadGroup,
    /// data1=Label:type[:required][:choices=A|B][:partner=rw|w|none]
    #[arg(required_unless_present = "remove")]
    pub(crate) spec: Vec<String>,
    /// A field to remove, such as data3; what leads hold in it stays.
    #[arg(long, value_name = "FIELD")]
    pub(crate) remove: Vec<String>,
    /// Define it although leads hold what does not fit; their values stay as they are.
    #[arg(long)]
    pub(crate) force: bool,
}

/// One lead type.
#[derive(Debug, Args)]
pub(crate) struct OneLeadType {
    #[command(flatten)]
    pub(crate) of: Of,
    /// The name of its lead group.
    #[arg(long)]
    pub(crate) lead_group: String,
    /// Its name.
    #[arg(long)]
    pub(crate) lead_type: String,
}

/// One status.
#[derive(Debug, Args)]
pub(crate) struct OneStatus {
    #[command(flatten)]
    pub(crate) of: Of,
    /// Its name.
    #[arg(long)]
    pub(crate) status: String,
}

/// `status set`
#[derive(Debug, Args)]
#[command(group = change(&["name", "point", "position", "retention_days"]))]
pub(crate) struct StatusSet {
    #[command(flatten)]
    pub(crate) one: OneStatus,
    /// Its new name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// new, validated, contacted, qualified, converted, invalidated or closed
    #[arg(long)]
    pub(crate) point: Option<String>,
    /// Its place in the list, from 1.
    #[arg(long)]
    pub(crate) position: Option<i64>,
    /// Days after which its leads go by themselves, or off.
    #[arg(long, value_name = "N|off")]
    pub(crate) retention_days: Option<String>,
}

/// `partner set`
#[derive(Debug, Args)]
#[command(group = change(&["company", "kind", "contact_name", "email", "phone", "wire_number"]))]
pub(crate) struct PartnerSet {
    #[command(flatten)]
    pub(crate) one: OnePartner,
    #[arg(long)]
    pub(crate) company: Option<String>,
    /// introducer, partner or both; its keys keep no side that they were not made with
    #[arg(long, value_parser = ["introducer", "partner", "both"])]
    pub(crate) kind: Option<String>,
    /// Whom to ask for; an empty text takes it away.
    #[arg(long)]
    pub(crate) contact_name: Option<String>,
    /// An empty text takes it away.
    #[arg(long)]
    pub(crate) email: Option<String>,
    /// An empty text takes it away.
    #[arg(long)]
    pub(crate) phone: Option<String>,
    /// The number that clients of existing integrations hold for it, or off.
    #[arg(long, value_name = "N|off")]
    pub(crate) wire_number: Option<String>,
}
