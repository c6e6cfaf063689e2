//! The commands: a file each for what belongs together.

mod audit;
mod backup;
mod change;
mod import;
mod key;
mod key_report;
mod lead;
mod partner;
mod retention;
mod settings;

use leadlatch_domain::matrix::Action;
use leadlatch_store::{Access, Connection, Grant, Held, Opened, Store, accounts};

use crate::cli::{Cli, Command, Config as ConfigCommand};
use crate::config::{Config, EXAMPLE, ignored_variables};
use crate::output::{Failure, Outcome, Output, error, line};
use crate::serve::Server;

/// Runs what was asked for.
pub(crate) async fn run(cli: Cli) -> Outcome {
    let output = Output { json: cli.json };
    match cli.command {
        Command::Serve { config, listen, metrics_listen, tls_cert, tls_key } => {
            let mut config = Config::read(config.as_deref())?;
            config.database = cli.database.unwrap_or(config.database);
            config.listen = listen.unwrap_or(config.listen);
            config.metrics_listen = metrics_listen.or(config.metrics_listen);
            config.tls_cert = tls_cert.or(config.tls_cert);
            config.tls_key = tls_key.or(config.tls_key);
            config.validate()?;
            serve(&config).await
        }
        Command::Demo { listen, leads } => crate::demo::run(&listen, leads).await,
        Command::Openapi => print_openapi(),
        Command::Config(ConfigCommand::Example) => {
            line(EXAMPLE.trim_end());
            Ok(())
        }
        Command::Config(ConfigCommand::Check { config }) => check(config.as_deref(), output),
        Command::Backup { file } => backup::backup(cli.database, &file, output),
        Command::Restore { file, keys } => backup::restore(cli.database, &file, keys, output).await,
        command => {
            let config = Config::read(None)?;
            let database = cli.database.unwrap_or(config.database);
            let opened = Store::open_keeping(&database, config.deletions_file.as_deref()).await?;
            on_database(command, opened, output).await
        }
    }
}

async fn serve(config: &Config) -> Outcome {
    crate::log::start(config.log.into());
    let opened = Store::open_keeping(&config.database, config.deletions_file.as_deref()).await?;
    if !opened.store.keeps_deletions() {
        tracing::warn!("no deletions_file: a restored database would bring deleted keys back");
    }
    let server = Server::bind(config, opened).await?;
    tracing::info!(tls = server.encrypted(), address = %server.address()?, "listening");
    server.run().await
}

/// Shows the configuration that the server would have, and says which variables look like ours and are not read.
fn check(file: Option<&str>, output: Output) -> Outcome {
    let config = Config::read(file)?;
    for note in ignored_variables() {
        error(&note);
    }
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

async fn on_database(command: Command, opened: Opened, output: Output) -> Outcome {
    let shell = Shell { opened, output };
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
