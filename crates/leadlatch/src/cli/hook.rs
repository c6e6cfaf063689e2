//! Hooks, as clap reads them.

use clap::{Args, Subcommand};

use super::Of;

#[derive(Debug, Subcommand)]
pub(crate) enum Hook {
    /// List the subscriptions of the account and of its keys.
    List {
        #[command(flatten)]
        of: Of,
        /// Those of one key.
        #[arg(long, value_name = "ID")]
        key: Option<i64>,
        /// Those that are over, too.
        #[arg(long)]
        ended: bool,
    },
    /// Show one.
    Show(OneHook),
    /// Subscribe the account itself: bound to no key, it reaches everything. The secret is shown once.
    Create(HookCreate),
    /// End one.
    Delete(OneHook),
    /// Let one go on that failed for days or rests.
    Enable(OneHook),
    /// Change the signing secret; the former one signs beside it for a day.
    Secret(OneHook),
    /// List the deliveries of a subscription, newest first.
    Deliveries {
        #[command(flatten)]
        one: OneHook,
        /// How many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show a delivery with its attempts and what was sent.
    Delivery(OneDelivery),
    /// Have deliveries sent again, under the same event ids.
    Replay {
        #[command(flatten)]
        of: Of,
        /// The deliveries.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct OneHook {
    #[command(flatten)]
    pub(crate) of: Of,
    /// The subscription.
    pub(crate) id: i64,
}

#[derive(Debug, Args)]
pub(crate) struct OneDelivery {
    #[command(flatten)]
    pub(crate) of: Of,
    /// The delivery.
    pub(crate) id: i64,
}

#[derive(Debug, Args)]
pub(crate) struct HookCreate {
    #[command(flatten)]
    pub(crate) of: Of,
    /// Where deliveries go: https, without user and password.
    #[arg(long, value_name = "URL")]
    pub(crate) target: String,
    /// What is told, such as lead.created; several times for several.
    #[arg(long = "event", required = true, value_name = "EVENT")]
    pub(crate) events: Vec<String>,
    /// What a lead must match, as NAME=VALUE of the list of leads; several times for several.
    #[arg(long = "filter", value_name = "NAME=VALUE")]
    pub(crate) filters: Vec<String>,
    /// json, or form with flat names.
    #[arg(long, default_value = "json")]
    pub(crate) format: String,
}
