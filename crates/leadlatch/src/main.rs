//! The one binary: the server, and the command line of whoever runs it.

mod cli;
mod command;
mod config;
mod demo;
mod log;
mod output;
mod retention;
mod serve;
mod upkeep;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match command::run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::error(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}
