//! The commands: a file each for what belongs together.

mod audit;
mod key;
mod key_report;
mod settings;

use leadlatch_domain::matrix::Action;
use leadlatch_store::{Access, Connection, Grant, Held, Opened, Store, accounts};

use crate::cli::{Cli, Command, Config as ConfigCommand};
use crate::config::{Config, EXAMPLE};
use crate::output::{Failure, Outcome, Output, line};
use crate::serve::Server;

/// Runs what was asked for.
pub(crate) async fn run(cli: Cli) -> Outcome {
    let output = Output { json: cli.json };
    match cli.command {
        Command::Serve { config, listen, metrics_listen } => {
            let mut config = Config::read(config.as_deref())?;
            config.database = cli.database.unwrap_or(config.database);
            config.listen = listen.unwrap_or(config.listen);
            config.metrics_listen = metrics_listen.or(config.metrics_listen);
            serve(&config).await
        }
        Command::Demo { listen, leads } => crate::demo::run(&listen, leads).await,
        Command::Openapi => print_openapi(),
        Command::Config(ConfigCommand::Example) => {
            line(EXAMPLE.trim_end());
            Ok(())
        }
        Command::Config(ConfigCommand::Check { config }) => output.show(&Config::read(config.as_deref())?),
        command => {
            let database = match cli.database {
                Some(database) => database,
                None => Config::read(None)?.database,
            };
            on_database(command, Store::open(&database).await?, output).await
        }
    }
}

async fn serve(config: &Config) -> Outcome {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::INFO).init();
    let server = Server::bind(config, Store::open(&config.database).await?).await?;
    tracing::info!(address = %server.address()?, "listening");
    server.run().await
}

fn print_openapi() -> Outcome {
    let text = leadlatch_api::openapi().to_pretty_json().map_err(|error| Failure::new(error.to_string()))?;
    line(&text);
    Ok(())
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
        Command::Partner(command) => key::partner(&shell, command).await,
        Command::Key(command) => key::key(&shell, command).await,
        Command::Lead(command) => key::lead(&shell, command).await,
        Command::Audit(command) => audit::run(&shell, command).await,
        Command::Serve { .. } | Command::Demo { .. } | Command::Openapi | Command::Config(_) => {
            Err(Failure::new("this command works without a database"))
        }
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
