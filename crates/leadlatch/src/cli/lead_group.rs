//! The command line of lead groups, lead types and statuses.

use clap::Subcommand;

use super::{Of, settings};

#[derive(Debug, Subcommand)]
pub(crate) enum LeadGroup {
    /// Add a lead group.
    Create {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        name: String,
        /// data1=Label:type[:required][:choices=A|B][:partner=rw|w|none]
        #[arg(long)]
        field: Vec<String>,
        /// The number that clients of existing integrations hold for it.
        #[arg(long, value_name = "N")]
        wire_number: Option<String>,
    },
    /// Change its settings; what is not named stays.
    Set(settings::LeadGroupSet),
    /// Add, replace or remove custom fields.
    Field(settings::LeadGroupField),
    /// Let forms on web pages post to it, or no longer; what is not named stays.
    WebForm(settings::LeadGroupWebForm),
    /// List the lead groups with their settings.
    List(Of),
    /// Delete a lead group without leads, lead types and links.
    Delete(settings::OneLeadGroup),
}

#[derive(Debug, Subcommand)]
pub(crate) enum LeadType {
    /// Add a lead type to a lead group.
    Create {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        lead_group: String,
        #[arg(long)]
        name: String,
    },
    /// Give a lead type another name.
    Set {
        #[command(flatten)]
        one: settings::OneLeadType,
        /// Its new name.
        #[arg(long)]
        name: String,
    },
    /// List the lead types.
    List(Of),
    /// Delete a lead type without leads and links.
    Delete(settings::OneLeadType),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Status {
    /// Add a status.
    Create {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        name: String,
        /// new, validated, contacted, qualified, converted, invalidated or closed
        #[arg(long)]
        point: String,
        #[arg(long)]
        position: Option<i64>,
    },
    /// Change a status; what is not named stays.
    Set(settings::StatusSet),
    /// List the statuses with their settings.
    List(Of),
    /// Delete a status without leads.
    Delete(settings::OneStatus),
}
