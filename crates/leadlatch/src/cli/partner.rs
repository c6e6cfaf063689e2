//! The command line of partner records and their links.

use clap::{Args, Subcommand};

use super::{Of, id, settings};

/// Lead groups and types to link or unlink.
#[derive(Debug, Args)]
pub(crate) struct Links {
    /// A lead group's name.
    #[arg(long)]
    pub(crate) link_lead_group: Vec<String>,
    /// Group/Type
    #[arg(long)]
    pub(crate) link_lead_type: Vec<String>,
}

/// One partner record.
#[derive(Debug, Args)]
pub(crate) struct OnePartner {
    #[command(flatten)]
    pub(crate) of: Of,
    /// The record's id.
    #[arg(value_parser = id::partner)]
    pub(crate) id: i64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Partner {
    /// Add a partner record.
    Create {
        #[command(flatten)]
        of: Of,
        /// introducer, partner or both
        #[arg(long, value_parser = ["introducer", "partner", "both"])]
        kind: String,
        #[arg(long)]
        company: String,
        #[command(flatten)]
        links: Links,
        /// The number that clients of existing integrations hold for it.
        #[arg(long, value_name = "N")]
        wire_number: Option<String>,
    },
    /// Change a record; what is not named stays.
    Set(settings::PartnerSet),
    /// Link lead groups or types.
    Link {
        #[command(flatten)]
        one: OnePartner,
        #[command(flatten)]
        links: Links,
    },
    /// Take links away.
    Unlink {
        #[command(flatten)]
        one: OnePartner,
        #[command(flatten)]
        links: Links,
    },
    /// Let its keys in again.
    Activate(OnePartner),
    /// Refuse its keys.
    Deactivate(OnePartner),
    /// List the records.
    List(Of),
    /// Delete a record with its keys; its leads stay.
    Delete(OnePartner),
}
