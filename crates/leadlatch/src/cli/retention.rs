//! The command line of retention.

use clap::Subcommand;

use super::Of;

#[derive(Debug, Subcommand)]
pub(crate) enum Retention {
    /// Count what would go now, and in the 30 days after.
    Preview(Of),
    /// Let go at once what the server would let go within the hour.
    Run(Of),
}
