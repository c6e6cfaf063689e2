//! What keys and the command line do with leads.

mod duplicates;
mod export;
mod history;
mod idempotency;
mod import;
mod leaks;
mod real_input;
mod retention;
mod search;
