//! The command line, as clap reads it.

pub(crate) mod import;
mod key;
mod key_report;
pub(crate) mod settings;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use self::key::{ChangeArgs, Key, LimitArgs};
pub(crate) use self::key_report::{KeyLog, KeyReport, Selections};

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
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server.
    Serve {
        /// A TOML file; see `leadlatch config example`.
        #[arg(long)]
        config: Option<String>,
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
pub(crate) enum Account {
    /// Make an account with a lead group and seven statuses.
    Create {
        #[arg(long)]
        name: String,
        #[arg(long)]
        slug: String,
        #[arg(long, default_value = "GB")]
        country: String,
        #[arg(long, default_value = "Europe/London")]
        time_zone: String,
        #[arg(long, default_value = "GBP")]
        currency: String,
        #[arg(long)]
        host: Option<String>,
    },
    /// Change its settings; what is not named stays.
    Set(settings::AccountSet),
    /// List the accounts.
    List,
    /// Refuse every key of an account until it is resumed.
    Suspend(Of),
    /// Let an account go on.
    Resume(Of),
    /// Erase an account and everything in it.
    Delete(Of),
}

#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Add a user; the password comes from stdin or a prompt.
    Create {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: String,
        #[arg(long, value_parser = ["admin", "member"])]
        role: String,
    },
    /// Change a user; what is not named stays.
    Set(settings::UserSet),
    /// List the users.
    List(Of),
    /// Give a user another password, from stdin or a prompt.
    ResetPassword {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        email: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserGroup {
    /// Add a user group.
    Create {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        name: String,
    },
    /// Give a user group another name.
    Set {
        #[command(flatten)]
        one: settings::OneUserGroup,
        /// Its new name.
        #[arg(long)]
        name: String,
    },
    /// Put a user into a group.
    Add(settings::Member),
    /// Take a user out of a group.
    Remove(settings::Member),
    /// List the user groups.
    List(Of),
    /// Delete a user group without users and leads.
    Delete(settings::OneUserGroup),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Site {
    /// Add a site.
    Create {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        name: String,
    },
    /// Give a site another name.
    Set {
        #[command(flatten)]
        one: settings::OneSite,
        /// Its new name.
        #[arg(long)]
        name: String,
    },
    /// List the sites.
    List(Of),
    /// Delete a site without leads.
    Delete(settings::OneSite),
}

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
    },
    /// Change its settings; what is not named stays.
    Set(settings::LeadGroupSet),
    /// Add, replace or remove custom fields.
    Field(settings::LeadGroupField),
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

/// Leads of an account.
#[derive(Debug, Args)]
pub(crate) struct Leads {
    #[command(flatten)]
    pub(crate) of: Of,
    /// Their ids.
    #[arg(required = true)]
    pub(crate) ids: Vec<i64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Lead {
    /// Refer a lead to a partner that buys.
    Refer {
        #[command(flatten)]
        of: Of,
        id: i64,
        #[arg(long)]
        partner: i64,
    },
    /// Take a referral back.
    Unrefer {
        #[command(flatten)]
        of: Of,
        id: i64,
    },
    /// Show leads, in the bin too, with where their contact preferences come from.
    Show(Leads),
    /// Show every change of a lead with who made it, newest first.
    History {
        #[command(flatten)]
        of: Of,
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
        id: i64,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Retention {
    /// Count what would go now, and in the 30 days after.
    Preview(Of),
    /// Let go at once what the server would let go within the hour.
    Run(Of),
}

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

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print a file with every default.
    Example,
    /// Check a file and the environment.
    Check {
        /// The file; without it, the environment alone is checked.
        #[arg(long, value_name = "FILE")]
        config: Option<String>,
    },
}
