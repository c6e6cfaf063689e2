//! What imports leads from a file.

use std::path::PathBuf;

use clap::Args;

use super::Of;

/// `import`
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// A CSV file: commas, semicolons or tabs; UTF-8, UTF-16 or Windows-1252.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) of: Of,
    /// The lead group that its leads belong to.
    #[arg(long, value_name = "NAME")]
    pub(crate) lead_group: String,
    /// Take a column for a field, such as "Tel 2=phone2", or leave it out: "Notes=ignore". May be given several times.
    #[arg(long, value_name = "COLUMN=FIELD")]
    pub(crate) map: Vec<String>,
    /// dmy or mdy: what stands first in 03/04/2026 (by default as the account's country writes it)
    #[arg(long, value_name = "ORDER")]
    pub(crate) date_format: Option<String>,
    /// Check everything and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Where the refused rows are written, with the reasons, to be corrected and imported.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Import a file once more that was imported already.
    #[arg(long)]
    pub(crate) again: bool,
}
