//! The copy that a restore works on: checked, and with its id counters moved forward.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::failed;
use crate::engine::migrate;
use crate::engine::sqlite::open_writer;
use crate::{Error, Result};

/// How far id counters are moved: nobody knows how many ids were given out after the backup was made.
const IDS_FORWARD: i64 = 1_000_000;

/// How often, and how far apart, a database that is still open elsewhere in this process is asked for.
const TRIES: usize = 500;
const BETWEEN_TRIES: Duration = Duration::from_millis(10);

/// The number of the schema, if the file is a database of ours.
pub(super) fn schema_of(connection: &Connection, file: &Path) -> Result<i64> {
    let applied = connection.query_row(migrate::HIGHEST, [], |row| row.get::<_, Option<i64>>(0));
    let keys = connection.query_row("SELECT COUNT(*) FROM (SELECT 1 FROM access_keys LIMIT 1)", [], |_| Ok(()));
    match (applied, keys) {
        (Ok(Some(schema)), Ok(())) => Ok(schema),
        _ => Err(failed(file, &"this is no Leadlatch database")),
    }
}

/// Copies a backup, with the write-ahead log that may lie beside a database that was kept aside, and checks all of it.
pub(super) fn make(from: &Path, to: &Path) -> Result<i64> {
    copy_file(from, to)?;
    let log = beside(from, "-wal");
    if log.exists() {
        copy_file(&log, &beside(to, "-wal"))?;
    }
    let broken = |error: rusqlite::Error| failed(from, &format!("this is no sound SQLite database ({error})"));
    let connection = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(broken)?;
    let said: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(broken)?;
    if said != "ok" {
        return Err(failed(from, &format!("the database is damaged: {said}")));
    }
    schema_of(&connection, from)
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    let mut source = File::open(from).map_err(|error| failed(from, &error))?;
    let target = OpenOptions::new().create_new(true).write(true).mode(0o600).open(to);
    let mut target = target.map_err(|error| failed(to, &error))?;
    std::io::copy(&mut source, &mut target).map_err(|error| failed(to, &error))?;
    target.sync_all().map_err(|error| failed(to, &error))
}

/// A file that SQLite keeps beside another.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Moves the id counters of a copy past every id that the database in use may have given out since.
pub(super) fn move_counters(copy: &Path, current: &Path) -> Result<()> {
    let copy = open_writer(copy)?;
    let current = Connection::open_with_flags(current, OpenFlags::SQLITE_OPEN_READ_WRITE).ok();
    let mut statement =
        copy.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'")?;
    let tables: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for table in tables {
        let given = |database: &Connection| {
            let counter = "SELECT seq FROM sqlite_sequence WHERE name = $1";
            database.query_row(counter, [&table], |row| row.get::<_, i64>(0)).optional().map(Option::unwrap_or_default)
        };
        // A database in use that cannot be read is often why there is a restore: then the step alone has to do.
        let seen = current.as_ref().map_or(0, |current| given(current).unwrap_or_default());
        let next = given(&copy)?.max(seen) + IDS_FORWARD;
        copy.execute("DELETE FROM sqlite_sequence WHERE name = $1", [&table])?;
        copy.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)", rusqlite::params![table, next])?;
    }
    Ok(())
}

/// Brings all of a database into its one file, once nobody has it open any more.
pub(super) fn close(path: &Path) -> Result<()> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let leave_log = || connection.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get::<_, String>(0));
    let mut mode = leave_log();
    // SQLite itself does not wait for this one. The writer's thread lets go a moment after its store.
    for _ in 0..TRIES {
        if !mode.as_ref().is_err_and(|error| error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)) {
            break;
        }
        std::thread::sleep(BETWEEN_TRIES);
        mode = leave_log();
    }
    let mode = mode?;
    drop(connection);
    if mode != "delete" || beside(path, "-wal").exists() {
        return Err(Error::Unavailable(format!("{} is still open", path.display())));
    }
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| failed(path, &error))
}
