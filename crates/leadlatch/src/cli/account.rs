//! The command line of accounts and their people.

use clap::{Args, Subcommand};

use super::{Of, settings};

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

/// One user.
#[derive(Debug, Args)]
pub(crate) struct OneUser {
    #[command(flatten)]
    pub(crate) of: Of,
    /// Which user.
    #[arg(long)]
    pub(crate) email: String,
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
    /// Delete a user who has no leads; the last admin who can sign in stays.
    Delete(OneUser),
    /// Take a user's authenticator app away: the password alone signs in again.
    RemoveAuthenticator(OneUser),
    /// Give a user another password, from stdin or a prompt; the user's sessions end.
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
        /// The number that clients of existing integrations hold for it.
        #[arg(long, value_name = "N")]
        wire_number: Option<String>,
    },
    /// Change a site; what is not named stays.
    Set(settings::SiteSet),
    /// List the sites.
    List(Of),
    /// Delete a site without leads.
    Delete(settings::OneSite),
}
