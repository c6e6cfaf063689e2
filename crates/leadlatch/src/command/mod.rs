//! The commands: a file each for what belongs together.

mod audit;
mod backup;
mod change;
mod erase;
mod hook;
mod hosts;
mod import;
mod key;
mod key_report;
mod lead;
mod partner;
mod retention;
mod settings;
mod tables;

use ipnet::IpNet;
use leadlatch_domain::matrix::Action;
use leadlatch_store::backup::database_file;
use leadlatch_store::{Access, Connection, Grant, Held, Opened, Store, accounts};

use crate::cli::{Account, Cli, Command, Config as ConfigCommand};
use crate::config::{Config, EXAMPLE, ignored_variables};
use crate::output::{Failure, Outcome, Output, error, line};
use crate::serve::Server;

/// Runs what was asked for.
pub(crate) async fn run(cli: Cli) -> Outcome {
    let (output, file) = (Output { json: cli.json }, cli.config.as_deref());
    match cli.command {
        Command::Serve { listen, metrics_listen, tls_cert, tls_key } => {
            let mut config = configuration(file, cli.database)?;
            config.listen = listen.unwrap_or(config.listen);
            config.metrics_listen = metrics_listen.or(config.metrics_listen);
            config.tls_cert = tls_cert.or(config.tls_cert);
            config.tls_key = tls_key.or(config.tls_key);
            config.validate()?;
            crate::serve::check(&config)?;
            serve(&config).await
        }
        Command::Demo { listen, leads } => crate::demo::run(&listen, leads, output).await,
        Command::Openapi => print_openapi(),
        Command::Config(ConfigCommand::Example) if output.json => output.show(&Config::default()),
        Command::Config(ConfigCommand::Example) => {
            line(EXAMPLE.trim_end());
            Ok(())
        }
        Command::Config(ConfigCommand::Check) => check(&configuration(file, cli.database)?, output),
        Command::Backup { file: to } => backup::backup(configuration(file, cli.database)?, &to, output),
        Command::Restore { file: from, keys } => {
            backup::restore(configuration(file, cli.database)?, &from, keys, output).await
        }
        command => {
            let config = configuration(file, cli.database)?;
            if !matches!(command, Command::Account(Account::Create { .. })) {
                refuse_absent(&config.database)?;
            }
            let opened = Store::open_keeping(&config.database, config.beside()).await?;
            let hook_allowed_ranges = config.hook_allowed_ranges.clone();
            on_database(command, Shell { opened, output, hook_allowed_ranges }).await
        }
    }
}

/// The file and the environment, and the command line over both.
fn configuration(file: Option<&str>, database: Option<String>) -> Outcome<Config> {
    let mut config = Config::read(file)?;
    config.database = database.unwrap_or(config.database);
    Ok(config)
}

/// A command on a database that is not there is in the wrong folder: it must not make one and find it empty.
fn refuse_absent(url: &str) -> Outcome {
    match database_file(url).filter(|path| !path.as_os_str().is_empty() && !path.exists()) {
        Some(path) => Err(Failure::new(format!(
            "there is no database at {}; give --database URL, or --config FILE",
            path.display()
        ))),
        None => Ok(()),
    }
}

async fn serve(config: &Config) -> Outcome {
    crate::log::start(config.log.into());
    let opened = Store::open_keeping(&config.database, config.beside()).await?;
    if !opened.store.keeps_deletions() {
        tracing::warn!("no deletions_file: a restored database would bring deleted keys back");
    }
    let server = Server::bind(config, opened).await?;
    tracing::info!(tls = server.encrypted(), address = %server.address()?, "listening");
    if let Some(link) = server.first_admin_link()? {
        line(&format!("Nobody can sign in yet. This link makes the first admin, once, within an hour:\n  {link}"));
    }
    server.run().await
}

/// Shows the configuration that the server would have, and says which variables look like ours and are not read.
fn check(config: &Config, output: Output) -> Outcome {
    for note in ignored_variables() {
        error(&note);
    }
    crate::config::check::all(config)?;
    output.show(&config.shown())
}

fn print_openapi() -> Outcome {
    let failed = |fault: serde_json::Error| Failure::new(fault.to_string());
    let mut document = serde_json::to_value(leadlatch_api::openapi()).map_err(failed)?;
    order_extensions(&mut document);
    line(&serde_json::to_string_pretty(&document).map_err(failed)?);
    Ok(())
}

/// Extensions come in any order; in a file that is checked in they stand in one.
fn order_extensions(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            let (mut extensions, others): (Vec<_>, Vec<_>) =
                std::mem::take(members).into_iter().partition(|(name, _)| name.starts_with("x-"));
            extensions.sort_by(|one, other| one.0.cmp(&other.0));
            members.extend(others.into_iter().chain(extensions));
            members.values_mut().for_each(order_extensions);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(order_extensions),
        _ => {}
    }
}

async fn on_database(command: Command, shell: Shell) -> Outcome {
    match command {
        Command::Account(command) => settings::account(&shell, command).await,
        Command::User(command) => settings::user(&shell, command).await,
        Command::UserGroup(command) => settings::user_group(&shell, command).await,
        Command::LeadGroup(command) => settings::lead_group(&shell, command).await,
        Command::LeadType(command) => settings::lead_type(&shell, command).await,
        Command::Status(command) => settings::status(&shell, command).await,
        Command::Site(command) => settings::site(&shell, command).await,
        Command::Partner(command) => partner::run(&shell, command).await,
        Command::Key(command) => key::run(&shell, command).await,
        Command::Hook(command) => hook::run(&shell, command).await,
        Command::Lead(command) => lead::run(&shell, command).await,
        Command::Import(args) => Box::pin(import::run(&shell, args)).await,
        Command::Retention(command) => retention::run(&shell, command).await,
        Command::Audit(command) => audit::run(&shell, command).await,
        Command::Serve { .. }
        | Command::Demo { .. }
        | Command::Backup { .. }
        | Command::Restore { .. }
        | Command::Openapi
        | Command::Config(_) => Err(Failure::new("this command opens no database, or opens it in its own way")),
    }
}

/// An open database and how to print.
pub(crate) struct Shell {
    pub(crate) opened: Opened,
    pub(crate) output: Output,
    /// Where hooks may go beside public addresses.
    pub(crate) hook_allowed_ranges: Vec<IpNet>,
}

impl Shell {
    /// The operator as admin of an account.
    pub(crate) async fn admin(&self, slug: &str) -> Outcome<Access> {
        let operator = &self.opened.operator;
        let account = self.opened.store.read(async |db| accounts::find(db, operator, slug).await).await?;
        Ok(operator.admin_of(account.id))
    }

    /// Runs a write of an account's admin.
    pub(crate) async fn write<A, T, J>(&self, slug: &str, job: J) -> Outcome<T>
    where
        A: Action,
        T: Send + 'static,
        J: AsyncFnOnce(&mut Connection<'_>, Held<A>) -> leadlatch_store::Result<T> + Send + 'static,
    {
        let grant: Grant<A> = self.admin(slug).await?.permit()?;
        Ok(self.opened.store.write(grant, job).await?)
    }

    /// The proof for a read of an account's admin.
    pub(crate) async fn grant<A: Action>(&self, slug: &str) -> Outcome<Grant<A>> {
        Ok(self.admin(slug).await?.permit()?)
    }
}
