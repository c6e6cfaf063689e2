//! The load harness: what one request costs the server in CPU time, beside a bare reply and a reference server.

mod bare;
mod case;
mod client;
mod cpu;
mod fixture;
mod keys_page;
mod output;
mod process;
mod reference;
mod report;
mod run;
mod subject;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use output::{Outcome, line, progress};
use run::Plan;
use subject::Sizes;

/// Measures what one request costs the server in CPU time.
#[derive(Debug, Parser)]
#[command(about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the servers, drive load and print the table.
    Run(Run),
    /// Fill a database and print how long the page of the access keys takes.
    KeysPage(KeysPage),
    /// The bare reply.
    #[command(hide = true)]
    ServeHyper,
    /// The reference.
    #[command(hide = true)]
    ServeReference { path: PathBuf },
    /// The reference on PostgreSQL.
    #[command(hide = true)]
    ServeReferenceOnPostgres { url: String },
}

#[derive(Debug, Args)]
struct Run {
    /// Leads in the database.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..))]
    leads: u32,
    /// Access keys in the database; one in ten is a Full key.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..))]
    keys: u32,
    /// How long a server is asked in a round.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Rounds of each case; the median is printed.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Connections that ask at the same time.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// A case; may be given several times.
    #[arg(long)]
    case: Vec<String>,
    /// The cases on PostgreSQL too, in a throw-away cluster.
    #[arg(long)]
    postgres: bool,
    /// Print one JSON value, with the figures of every round.
    #[arg(long)]
    json: bool,
    /// Only list the cases.
    #[arg(long)]
    list: bool,
}

#[derive(Debug, Args)]
struct KeysPage {
    /// Access keys in the database; one in ten is a Full key.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..))]
    keys: u32,
    /// Requests in the log, over 30 days.
    #[arg(long, default_value_t = 1_000_000)]
    requests: u32,
    /// On PostgreSQL too, in a throw-away cluster.
    #[arg(long)]
    postgres: bool,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(asked) => measure(&asked),
        Command::KeysPage(KeysPage { keys, requests, postgres }) => {
            let plan = keys_page::Plan { keys: keys as usize, requests: requests as usize };
            warn_of_debug();
            server(keys_page::run(plan, postgres))
        }
        Command::ServeHyper => server(bare::serve()),
        Command::ServeReference { path } => server(reference::serve(&path)),
        Command::ServeReferenceOnPostgres { url } => server(reference::postgres::serve(&url)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            progress(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}

fn server(serving: impl Future<Output = Outcome>) -> Outcome {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serving)
}

fn warn_of_debug() {
    if cfg!(debug_assertions) {
        progress("this is a debug build: its figures mean nothing");
    }
}

fn measure(asked: &Run) -> Outcome {
    if asked.list {
        for case in &case::CASES {
            line(&format!("{:<22} {}", case.name, case.about));
        }
        return Ok(());
    }
    warn_of_debug();
    let plan = Plan {
        cases: Plan::choose(&asked.case, asked.postgres)?,
        sizes: Sizes { leads: asked.leads as usize, keys: asked.keys as usize },
        connections: asked.connections as usize,
        rounds: asked.rounds as usize,
        span: Duration::try_from_secs_f64(asked.seconds).map_err(|error| output::Failure::of("--seconds", error))?,
    };
    // One thread is enough to ask, and leaves the other cores to the server.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let measured = runtime.block_on(run::run(&plan))?;
    if asked.json {
        line(&report::json(&measured).to_string());
    } else {
        for text in report::lines(&measured) {
            line(&text);
        }
    }
    Ok(())
}
