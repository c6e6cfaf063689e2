//! The command line of leads.

use clap::{Args, Subcommand};

use super::{Of, id};

/// Leads of an account.
#[derive(Debug, Args)]
pub(crate) struct Leads {
    #[command(flatten)]
    pub(crate) of: Of,
    /// Their ids.
    #[arg(required = true, value_parser = id::lead)]
    pub(crate) ids: Vec<i64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Lead {
    /// Refer a lead to a partner that buys.
    Refer {
        #[command(flatten)]
        of: Of,
        #[arg(value_parser = id::lead)]
        id: i64,
        /// The record's id.
        #[arg(long, value_name = "ID", value_parser = id::partner)]
        partner: i64,
    },
    /// Take a referral back.
    Unrefer {
        #[command(flatten)]
        of: Of,
        #[arg(value_parser = id::lead)]
        id: i64,
    },
    /// List the newest leads, or those in the bin.
    List {
        #[command(flatten)]
        of: Of,
        /// Those in the bin, the last deleted first.
        #[arg(long)]
        deleted: bool,
        /// Leads at the most.
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Show leads, in the bin too, with where their contact preferences come from.
    Show(Leads),
    /// Show every change of a lead with who made it, newest first.
    History {
        #[command(flatten)]
        of: Of,
        #[arg(value_parser = id::lead)]
        id: i64,
    },
    /// Put leads into the bin.
    Delete(Leads),
    /// Erase leads at once and for ever, with their history.
    Erase(Leads),
    /// Take a lead out of the bin.
    Restore {
        #[command(flatten)]
        of: Of,
        #[arg(value_parser = id::lead)]
        id: i64,
    },
}
