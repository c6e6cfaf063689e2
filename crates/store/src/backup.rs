//! Backup and restore of an SQLite database. A backup is one file, whole or absent; a restore changes nothing until all
//! of it is ready, and keeps the database that was there.

mod copy;
mod drafts;
mod restore;

use std::path::{Path, PathBuf};

use leadlatch_domain::time::Timestamp;
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;

use crate::deletions::sync_folder;
use crate::engine::sqlite::hold_lock;
use crate::{Error, Result, store};

pub use restore::{Keys, Restored, restore};

/// How many steps of SQLite's machine lie between two words about the progress.
const STEPS_BETWEEN_WORDS: i32 = 1_000_000;

/// What a backup is.
#[derive(Debug, Serialize)]
pub struct Backup {
    /// Where it is.
    pub file: PathBuf,
    /// How large.
    pub bytes: u64,
    /// The schema's number.
    pub schema: i64,
    /// When it was begun: it holds what was committed before.
    pub at: Timestamp,
}

/// The file of an SQLite URL; on PostgreSQL its own programs make and restore backups.
pub fn database_file(url: &str) -> Option<PathBuf> {
    store::sqlite_path(url)
}

/// Copies a database into a new file while others read and write it. `progress` hears the bytes written so far.
///
/// The copy is made under another name beside the new file and is given its own when it is on the disk, so that a half
/// one never has it.
pub fn backup(
    database: &Path,
    to: &Path,
    at: Timestamp,
    mut progress: impl FnMut(u64) + Send + 'static,
) -> Result<Backup> {
    if !database.exists() {
        return Err(Error::Unavailable(format!("there is no database {}", database.display())));
    }
    refuse_existing(to)?;
    let _lock = hold_lock(database)?;
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let schema = copy::schema_of(&connection, database)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let draft = drafts::file(folder)?;
    let path = draft.path().to_owned();
    let written = move || std::fs::metadata(&path).map(|file| file.len()).unwrap_or_default();
    let look = move || {
        progress(written());
        false
    };
    connection.progress_handler(STEPS_BETWEEN_WORDS, Some(look))?;
    let name = draft.path().to_str().ok_or_else(|| failed(to, &"its name is not UTF-8"))?;
    // One read transaction: writers go on, and the copy holds what was committed when it began. What was erased, and
    // still lay in free pages, is not in it.
    connection.execute("VACUUM INTO $1", [name])?;
    draft.as_file().sync_all().map_err(|error| failed(to, &error))?;
    let bytes = draft.as_file().metadata().map_err(|error| failed(to, &error))?.len();
    draft.persist_noclobber(to).map_err(|error| failed(to, &error.error))?;
    sync_folder(to).map_err(|error| failed(to, &error))?;
    Ok(Backup { file: to.to_owned(), bytes, schema, at })
}

fn refuse_existing(path: &Path) -> Result<()> {
    match path.symlink_metadata() {
        Ok(_) => Err(failed(path, &"it is there already, and a backup overwrites nothing")),
        Err(_) => Ok(()),
    }
}

fn failed(path: &Path, error: &impl std::fmt::Display) -> Error {
    Error::Unavailable(format!("{}: {error}", path.display()))
}
