//! Backup and restore: for SQLite here, for PostgreSQL by its own programs.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use leadlatch_domain::time::Clock;
use leadlatch_store::backup::{self as files, Keys};
use leadlatch_store::refuse_unknown_scheme;

use super::refuse_absent;
use crate::cli::RestoreKeys;
use crate::config::{Config, without_password};
use crate::output::{Failure, Outcome, Output, error};

/// How often a long backup says how far it is.
const WORD_EVERY: Duration = Duration::from_secs(2);

/// Where the SQLite file is, and where its deletions are written.
fn place(config: Config, file: &Path) -> Outcome<(PathBuf, Option<PathBuf>)> {
    refuse_unknown_scheme(&config.database)?;
    let path = files::database_file(&config.database).ok_or_else(|| on_postgres(&config.database, file))?;
    Ok((path, config.deletions_file))
}

fn on_postgres(url: &str, file: &Path) -> Failure {
    let (url, file) = (without_password(url), file.display());
    Failure::new(format!(
        "this is for SQLite; PostgreSQL has its own programs. Backup:\n\
         \x20 pg_dump --format=custom --file={file} '{url}'\n\
         Restore, with every leadlatch stopped (each deletes again, when it starts, what its deletions_file names):\n\
         \x20 pg_restore --clean --if-exists --single-transaction --dbname='{url}' {file}"
    ))
}

pub(super) fn backup(config: Config, file: &Path, output: Output) -> Outcome {
    refuse_absent(&config.database)?;
    let (path, _) = place(config, file)?;
    let mut last = Instant::now();
    let progress = move |bytes: u64| {
        if last.elapsed() >= WORD_EVERY {
            error(&format!("{} MiB written", bytes >> 20));
            last = Instant::now();
        }
    };
    output.show(&files::backup(&path, file, Clock::system().now(), progress)?)
}

pub(super) async fn restore(config: Config, file: &Path, keys: RestoreKeys, output: Output) -> Outcome {
    let (path, deletions) = place(config, file)?;
    let keys = match keys {
        RestoreKeys { deletions: Some(path), .. } => Keys::Listed(path),
        RestoreKeys { delete_keys: true, .. } => Keys::DeleteAll,
        RestoreKeys { trust_keys: true, .. } => Keys::Trust,
        _ => Keys::Known,
    };
    output.show(&files::restore(&path, deletions.as_deref(), file, keys, error).await?)
}
