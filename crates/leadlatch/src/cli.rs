//! The command line, as clap reads it.

mod account;
mod audit;
mod hook;
mod id;
pub(crate) mod import;
mod key;
mod key_report;
mod lead;
mod lead_group;
mod partner;
mod retention;
pub(crate) mod settings;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use self::account::{Account, Site, User, UserGroup};
pub(crate) use self::audit::{Audit, Chain};
pub(crate) use self::hook::{Hook, HookCreate, OneHook};
pub(crate) use self::key::{ChangeArgs, CreateArgs, Key, LimitArgs};
pub(crate) use self::key_report::{KeyLog, KeyReport, Selections};
pub(crate) use self::lead::{Lead, Leads};
pub(crate) use self::lead_group::{LeadGroup, LeadType, Status};
pub(crate) use self::partner::{Links, OnePartner, Partner};
pub(crate) use self::retention::Retention;

/// Leadlatch: leads behind access keys.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Cli {
    /// Print exactly one JSON value on stdout.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// sqlite:PATH or postgres://... (default sqlite:leadlatch.db)
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// A TOML file; see `leadlatch config example`.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server.
    Serve {
        /// Where to listen (default 127.0.0.1:8080).
        #[arg(long)]
        listen: Option<String>,
        /// Where /metrics listens.
        #[arg(long)]
        metrics_listen: Option<SocketAddr>,
        /// The certificate's chain, PEM: the server then speaks TLS.
        #[arg(long, value_name = "FILE")]
        tls_cert: Option<PathBuf>,
        /// The certificate's private key, PEM.
        #[arg(long, value_name = "FILE")]
        tls_key: Option<PathBuf>,
    },
    /// Run a throw-away server with an account, partners, leads and keys.
    Demo {
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: String,
        /// How many leads to make.
        #[arg(long, default_value_t = 40)]
        leads: u32,
    },
    /// Accounts: one customer company each.
    #[command(subcommand)]
    Account(Account),
    /// People of an account.
    #[command(subcommand)]
    User(User),
    /// Teams of users.
    #[command(subcommand)]
    UserGroup(UserGroup),
    /// Templates of leads.
    #[command(subcommand)]
    LeadGroup(LeadGroup),
    /// Products inside a lead group.
    #[command(subcommand)]
    LeadType(LeadType),
    /// Stages of a lead.
    #[command(subcommand)]
    Status(Status),
    /// Web sites that leads come from.
    #[command(subcommand)]
    Site(Site),
    /// Introducers and partners.
    #[command(subcommand)]
    Partner(Partner),
    /// Access keys.
    #[command(subcommand)]
    Key(Key),
    /// Hooks: who is told of what, and what became of it.
    #[command(subcommand)]
    Hook(Hook),
    /// Leads.
    #[command(subcommand)]
    Lead(Lead),
    /// Import leads from a CSV file; run again, it goes on where it was stopped.
    Import(import::Import),
    /// What goes when its days are over.
    #[command(subcommand)]
    Retention(Retention),
    /// The tamper-evident audit trail.
    #[command(subcommand)]
    Audit(Audit),
    /// Copy an SQLite database into a new file; the server may run.
    Backup {
        /// The new file; nothing is overwritten.
        file: PathBuf,
    },
    /// Put a backup in the place of an SQLite database; the server must not run.
    Restore {
        /// The backup.
        file: PathBuf,
        #[command(flatten)]
        keys: RestoreKeys,
    },
    /// Print the OpenAPI 3.1 document.
    Openapi,
    /// The configuration file.
    #[command(subcommand)]
    Config(Config),
}

/// What is known of the keys that were deleted after a backup was made. Without any, the machine's own deletions file.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct RestoreKeys {
    /// A deletions file from elsewhere, such as another node's.
    #[arg(long, value_name = "FILE")]
    pub(crate) deletions: Option<PathBuf>,
    /// Delete every key: nobody knows which were deleted.
    #[arg(long)]
    pub(crate) delete_keys: bool,
    /// Let the keys of the backup in: none was deleted since. A deletions file that is there still holds.
    #[arg(long)]
    pub(crate) trust_keys: bool,
}

/// Which account a command is about.
#[derive(Debug, Args)]
pub(crate) struct Of {
    /// The account's slug.
    #[arg(long)]
    pub(crate) account: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print a file with every default.
    Example,
    /// Check the environment, and the file of --config.
    Check,
}
