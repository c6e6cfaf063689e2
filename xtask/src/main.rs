//! The project's own chores: `cargo run -p xtask -- tidy`, `cargo run -p xtask -- permissions [--check]`,
//! `cargo run -p xtask -- messy-leads`.

mod messy_leads;
mod permissions;
mod tidy;

use std::env;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo run -p xtask -- tidy | permissions [--check] | messy-leads [--rows N] [--seed N]";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["tidy"] => tidy::run(),
        ["permissions"] => permissions::run(false),
        ["permissions", "--check"] => permissions::run(true),
        ["messy-leads", ref rest @ ..] => messy_leads::run(rest),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(said) => {
            // With nowhere left to say it, the exit code still tells.
            let _ = writeln!(io::stderr(), "{said}");
            ExitCode::FAILURE
        }
    }
}

/// The top folder of the workspace: of the checkout that cargo runs us from, not of the one that we were built in.
fn workspace() -> Result<PathBuf, String> {
    let ours = env::var_os("CARGO_MANIFEST_DIR").ok_or_else(|| format!("not run by cargo; {USAGE}"))?;
    let mut folder = PathBuf::from(ours);
    folder.pop();
    Ok(folder)
}
