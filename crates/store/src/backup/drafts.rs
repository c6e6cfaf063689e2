//! Files in the making. One whose maker was killed lies there until the next one comes and removes it: it holds leads.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::{NamedTempFile, TempDir};

use super::failed;
use crate::{Error, Result};

const BACKUP: &str = ".leadlatch-backup-";
/// A draft that is younger may be one that its maker is about to lock.
const SETTLED: Duration = Duration::from_mins(1);

/// The file that a backup is written into, in the folder of its target. It is locked for as long as its maker lives.
pub(super) fn file(folder: &Path) -> Result<NamedTempFile> {
    for left in named(folder, BACKUP) {
        if is_left(&left) {
            removed(&left, std::fs::remove_file(&left))?;
        }
    }
    let draft = tempfile::Builder::new().prefix(BACKUP).tempfile_in(folder).map_err(|error| failed(folder, &error))?;
    draft.as_file().try_lock().map_err(|error| failed(draft.path(), &error))?;
    Ok(draft)
}

/// The folder that a restore works in, beside its database. Whoever asks has that database alone, so whatever lies there
/// under the name is left from before.
pub(super) fn folder(database: &Path, beside: &Path) -> Result<TempDir> {
    let name = database.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let prefix = format!(".{name}.restore-");
    for left in named(beside, &prefix) {
        removed(&left, std::fs::remove_dir_all(&left))?;
    }
    tempfile::Builder::new().prefix(&prefix).tempdir_in(beside).map_err(|error| failed(beside, &error))
}

fn named(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    ours.map(|entry| entry.path()).collect()
}

fn is_left(draft: &Path) -> bool {
    let Ok(file) = File::open(draft) else { return false };
    let age = file.metadata().and_then(|file| file.modified()).map(|at| at.elapsed().unwrap_or_default());
    age.is_ok_and(|age| age > SETTLED) && file.try_lock().is_ok()
}

fn removed(left: &Path, result: std::io::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::Unavailable(format!(
            "{}: left by one that was killed, and cannot be removed: {error}",
            left.display()
        ))),
        _ => {
            tracing::warn!(file = %left.display(), "what a killed backup or restore had left was removed");
            Ok(())
        }
    }
}
