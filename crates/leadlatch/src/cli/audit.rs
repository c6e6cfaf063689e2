//! The command line of the audit trail.

use clap::{Args, Subcommand};

/// Which chain: an account's, or the server's own.
#[derive(Debug, Args)]
pub(crate) struct Chain {
    /// The account's slug.
    #[arg(long, conflicts_with = "server")]
    pub(crate) account: Option<String>,
    /// The server's own chain.
    #[arg(long)]
    pub(crate) server: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// List the entries.
    List(Chain),
    /// Export the entries, a JSON line each, for checking elsewhere.
    Export(Chain),
    /// Check the database's chains, or an export.
    Verify {
        /// The account's slug: whose chain is checked, or whose chain the export must be.
        #[arg(long)]
        account: Option<String>,
        /// An export to check instead of the database.
        #[arg(long)]
        file: Option<String>,
        /// A head or an export kept elsewhere: shows a tail that was cut.
        #[arg(long)]
        head: Option<String>,
    },
}
