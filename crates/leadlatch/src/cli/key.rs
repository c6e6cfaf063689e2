//! `leadlatch key`.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use leadlatch_domain::scope::Scope;

use super::key_report::{KeyLog, KeyReport};
use super::{Of, id};

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Make a key and print its secret, once.
    Create(CreateArgs),
    /// List the keys, newest first.
    List {
        #[command(flatten)]
        of: Of,
        /// Deleted ones too.
        #[arg(long)]
        deleted: bool,
        /// Those of one partner record.
        #[arg(long, value_name = "ID", value_parser = id::partner)]
        partner: Option<i64>,
        #[arg(long, value_parser = ["full", "partner"])]
        kind: Option<String>,
        /// active, expiring, idle, expired, rotated or deleted
        #[arg(long)]
        state: Option<String>,
    },
    /// Show one key, and who uses it for what.
    Show {
        #[command(flatten)]
        of: Of,
        #[arg(value_parser = id::key)]
        id: i64,
        /// Addresses and programs to show, those used last first.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=200))]
        places: u32,
    },
    /// Report what each live key did, and which deserve a look.
    Report(KeyReport),
    /// List the requests of keys, newest first.
    Log(KeyLog),
    /// Change a key: its name, note and limits, and an expiry that comes sooner.
    Set {
        #[command(flatten)]
        of: Of,
        #[arg(value_parser = id::key)]
        id: i64,
        #[command(flatten)]
        changes: ChangeArgs,
    },
    /// Let a key in again that was disabled because it was idle.
    Enable {
        #[command(flatten)]
        of: Of,
        #[arg(value_parser = id::key)]
        id: i64,
    },
    /// Make a key's successor, with the same access and limits, and print its secret, once.
    Rotate {
        #[command(flatten)]
        of: Of,
        #[arg(value_parser = id::key)]
        id: i64,
        /// When the old key ends: now, 24h, or first-use of the successor (7 days at most)
        #[arg(long, default_value = "24h")]
        overlap: String,
        /// The successor's name; the same by default.
        #[arg(long)]
        name: Option<String>,
        /// Which hook subscriptions move to the successor: all, none, or their ids with commas between them. The others
        /// end with the old key.
        #[arg(long, default_value = "all", value_name = "all|none|ID,...")]
        move_hooks: String,
    },
    /// Delete keys, for ever: all of them, or none if one cannot be.
    Delete {
        #[command(flatten)]
        of: Of,
        #[arg(required = true, value_parser = id::key)]
        ids: Vec<i64>,
        #[arg(long)]
        reason: Option<String>,
    },
}

/// What a key is made from.
#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    pub(crate) of: Of,
    /// Full reaches the account, Partner the leads of one record.
    #[arg(long, value_parser = ["full", "partner"])]
    pub(crate) kind: String,
    /// The partner record's id, for a Partner key.
    #[arg(long, value_name = "ID", value_parser = id::partner)]
    pub(crate) partner: Option<i64>,
    /// What admins know it by.
    #[arg(long)]
    pub(crate) name: String,
    /// A note for admins.
    #[arg(long)]
    pub(crate) note: Option<String>,
    /// What it may do; may be given several times. A Partner key has the first three at the most.
    #[arg(long, required = true, value_parser = scopes())]
    pub(crate) scope: Vec<Scope>,
    /// When it ends: a date, which means midnight UTC as it begins, or an RFC 3339 time; never by default.
    #[arg(long, value_name = "TIME")]
    pub(crate) expires: Option<String>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// The scopes, each with the label that people see.
fn scopes() -> impl TypedValueParser<Value = Scope> {
    let known = Scope::ALL.map(|scope| PossibleValue::new(scope.as_str()).help(scope.label()));
    PossibleValuesParser::new(known).try_map(|name| Scope::parse(&name).ok_or("there is no such scope"))
}

/// What a key is limited by.
#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// An address or a range, such as 192.0.2.0/24, that it is let in from; may be given several times.
    #[arg(long, value_name = "RANGE")]
    pub(crate) ip: Vec<String>,
    /// Requests a minute, at the most.
    #[arg(long, value_name = "REQUESTS")]
    pub(crate) rate: Option<i64>,
    /// Refuse it when it was not used for so many days.
    #[arg(long, value_name = "DAYS")]
    pub(crate) idle_days: Option<String>,
}

/// What is to change, at least one thing.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct ChangeArgs {
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// A note for admins; an empty one takes it away.
    #[arg(long)]
    pub(crate) note: Option<String>,
    /// A date, which means midnight UTC as it begins, or an RFC 3339 time, sooner than the one it has.
    #[arg(long)]
    pub(crate) expires: Option<String>,
    /// An address or a range that it is let in from, in place of all it has; may be given several times.
    #[arg(long, value_name = "RANGE", conflicts_with = "no_ip")]
    pub(crate) ip: Vec<String>,
    /// Let it in from everywhere.
    #[arg(long)]
    pub(crate) no_ip: bool,
    /// Requests a minute, at the most.
    #[arg(long, value_name = "REQUESTS", conflicts_with = "no_rate")]
    pub(crate) rate: Option<i64>,
    /// Take that limit away.
    #[arg(long)]
    pub(crate) no_rate: bool,
    /// Refuse it when it was not used for so many days.
    #[arg(long, value_name = "DAYS", conflicts_with = "no_idle_days")]
    pub(crate) idle_days: Option<String>,
    /// Take that limit away.
    #[arg(long)]
    pub(crate) no_idle_days: bool,
}
