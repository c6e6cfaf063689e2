//! `leadlatch key report` and `log`.

use clap::Args;

use super::Of;

/// What a key must be to be reported. Each narrows the list: two of them leave the keys that both hold for.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag by itself, and all may be given")]
pub(crate) struct Selections {
    /// Never used, and older than 7 days.
    #[arg(long)]
    pub(crate) unused: bool,
    /// Not used for --days.
    #[arg(long)]
    pub(crate) idle: bool,
    /// Without an end.
    #[arg(long)]
    pub(crate) never_expires: bool,
    /// With every scope, or with one that no request has ever needed although the key is older than --days.
    #[arg(long)]
    pub(crate) over_broad: bool,
}

/// Which keys are reported.
#[derive(Debug, Args)]
pub(crate) struct KeyReport {
    #[command(flatten)]
    pub(crate) of: Of,
    /// Days to look at, today among them, in UTC.
    #[arg(long, default_value = "30")]
    pub(crate) days: String,
    #[command(flatten)]
    pub(crate) selections: Selections,
    /// Print the ids alone, a line each, for `key delete`.
    #[arg(long)]
    pub(crate) ids: bool,
}

/// Which requests are listed.
#[derive(Debug, Args)]
pub(crate) struct KeyLog {
    #[command(flatten)]
    pub(crate) of: Of,
    /// The key's id; every key of the account without it, deleted ones too.
    #[arg(value_parser = super::id::key)]
    pub(crate) id: Option<i64>,
    /// A status such as 403, or a class such as 4xx.
    #[arg(long)]
    pub(crate) status: Option<String>,
    /// A route's template, such as /api/v1/leads/{id}
    #[arg(long, value_name = "TEMPLATE")]
    pub(crate) route: Option<String>,
    /// An HTTP method.
    #[arg(long)]
    pub(crate) method: Option<String>,
    /// Not before this date or RFC 3339 time.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Before this date or RFC 3339 time.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Entries at the most.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) limit: u32,
    /// Older than this entry: for the next page.
    #[arg(long, value_name = "ID")]
    pub(crate) before: Option<i64>,
}
