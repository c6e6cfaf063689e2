//! Restoring: everything is done to a copy, which then takes the database's name in one step.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use leadlatch_domain::audit::Event;
use leadlatch_domain::matrix::Role;
use leadlatch_domain::time::{Clock, Timestamp};
use serde::Serialize;
use serde_json::json;

use super::{copy, drafts, failed};
use crate::access::Operator;
use crate::audit::{self, Pending};
use crate::deletions::{self, DeletionsFile, Listed, Swept, sync_folder};
use crate::engine::file_system;
use crate::engine::sqlite::lock_file;
use crate::store::deletions_beside;
use crate::{Error, Opened, Result, Store, access_keys, sessions};

/// What is known of the keys that were deleted after the backup was made.
#[derive(Debug)]
pub enum Keys {
    /// What the machine's own deletions file says.
    Known,
    /// What a deletions file from elsewhere says too.
    Listed(PathBuf),
    /// Nothing: every key is deleted.
    DeleteAll,
    /// That none was: the keys of the backup are let in.
    Trust,
}

/// What a restore did.
#[derive(Debug, Serialize)]
pub struct Restored {
    /// The backup.
    pub restored: PathBuf,
    /// The database.
    pub database: PathBuf,
    /// Where the database is that was there before.
    pub kept: Option<PathBuf>,
    /// The schema's number in the backup.
    pub schema: i64,
    /// Keys that the backup had live and that are deleted now.
    pub keys_deleted: u64,
    /// Leads that the backup had and that are erased now.
    pub leads_erased: u64,
}

/// Puts a backup in the place of a database that nobody has open. `say` hears what is being done.
pub async fn restore(
    database: &Path,
    deletions_file: Option<&Path>,
    from: &Path,
    keys: Keys,
    say: impl Fn(&str),
) -> Result<Restored> {
    file_system::refuse_network(database)?;
    let own = deletions_file.map_or_else(|| deletions_beside(database), Path::to_owned);
    let (gone, elsewhere) = known(&own, &keys)?;
    let _lock = lock_alone(database)?;
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let workshop = drafts::folder(database, folder)?;
    let draft = workshop.path().join("leadlatch.db");
    say("copying and checking the backup");
    let schema = copy::make(from, &draft)?;
    copy::move_counters(&draft, database)?;
    say("bringing the schema up to date and deleting what was deleted since");
    let swept = prepare(&draft, from, &gone, matches!(keys, Keys::DeleteAll)).await?;
    copy::close(&draft)?;
    say("putting it in the database's place");
    let kept = swap(&draft, database)?;
    let mut written = deletions::read(&deletions_beside(&draft))?.deletions;
    written.extend(elsewhere.deletions);
    DeletionsFile::open(&own)?.append(&written)?;
    let Swept { keys: keys_deleted, leads: leads_erased, .. } = swept;
    let (restored, database) = (from.to_owned(), database.to_owned());
    Ok(Restored { restored, database, kept, schema, keys_deleted, leads_erased })
}

/// Everything that is known to be gone, and which of it is not in the machine's own file.
fn known(own: &Path, keys: &Keys) -> Result<(Listed, Listed)> {
    let mut gone = if own.exists() { deletions::read(own)? } else { Listed::default() };
    let elsewhere = match keys {
        Keys::Known if !own.exists() => {
            return Err(Error::Unavailable(format!(
                "there is no deletions file {}, so nobody knows which keys were deleted after the backup. Name one with \
                 --deletions FILE; or delete every key with --delete-keys; or, if none was deleted since, say --trust-keys",
                own.display()
            )));
        }
        Keys::Listed(path) => deletions::read(path)?,
        _ => Listed::default(),
    };
    if gone.unreadable + elsewhere.unreadable > 0 {
        tracing::warn!(lines = gone.unreadable + elsewhere.unreadable, "lines of a deletions file cannot be read");
    }
    gone.deletions.extend(&elsewhere.deletions);
    Ok((gone, elsewhere))
}

fn lock_alone(database: &Path) -> Result<File> {
    let lock = lock_file(database, "lock")?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            Err(failed(database, &"a server or a command has it open; stop the server and try again"))
        }
        Err(TryLockError::Error(error)) => Err(failed(database, &error)),
    }
}

/// Does to the copy what has to hold when it is used: through the store itself, audited.
async fn prepare(draft: &Path, from: &Path, gone: &Listed, delete_all: bool) -> Result<Swept> {
    let url = format!("sqlite:{}", draft.display());
    let Opened { store, operator } = Store::open(&url).await?;
    let mut swept = deletions::apply(&store, &operator, &gone.deletions).await?;
    if delete_all {
        swept.keys += delete_keys(&store, &operator).await?;
    }
    let file = from.file_name().map(|name| name.to_string_lossy().into_owned());
    let details = json!({"file": file, "keys_deleted": swept.keys, "leads_erased": swept.leads});
    let note = async move |db: &mut crate::Connection<'_>| {
        sessions::end_everywhere(db).await?;
        db.audit(Pending::by_operator(audit::SERVER, Event::ServerRestored, 0, details));
        Ok(())
    };
    store.operate(&operator, note).await?;
    Ok(swept)
}

async fn delete_keys(store: &Store, operator: &Operator) -> Result<u64> {
    let live = store.read(async |db| access_keys::all_live(db, operator).await).await?;
    let count = live.len() as u64;
    for (account, id) in live {
        let grant = operator.role(Role::Deletions, account).permit()?;
        store.write(grant, async move |db, grant| access_keys::end_unknown(db, grant, id).await).await?;
    }
    Ok(count)
}

/// Gives the copy the database's name, and the database another.
fn swap(draft: &Path, database: &Path) -> Result<Option<PathBuf>> {
    let aside = database.exists().then(|| aside(database, Clock::system().now()));
    if let Some(aside) = &aside {
        // What was committed last may still be in the log. A log that stays would be played into the new database.
        if copy::close(database).is_err() {
            for ending in ["-wal", "-shm"] {
                let _ = std::fs::rename(copy::beside(database, ending), copy::beside(aside, ending));
            }
        }
        // Two names for a moment, so that the database's own is never without a file.
        let kept = std::fs::hard_link(database, aside).or_else(|_| std::fs::rename(database, aside));
        kept.map_err(|error| failed(aside, &error))?;
    }
    std::fs::rename(draft, database).map_err(|error| failed(database, &error))?;
    sync_folder(database).map_err(|error| failed(database, &error))?;
    Ok(aside)
}

fn aside(database: &Path, now: Timestamp) -> PathBuf {
    let time = now.to_string().replace(['-', ':'], "");
    let time = time.split('.').next().unwrap_or_default();
    copy::beside(database, &format!(".before-restore-{time}Z"))
}
