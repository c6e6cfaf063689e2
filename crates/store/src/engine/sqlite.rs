//! SQLite: reads on the request's thread from a few connections, heavy reads apart, writes on one thread that commits
//! its whole queue at once (group commit).

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;
use sea_query::Value;
use sea_query_rusqlite::RusqliteValue;
use tokio::sync::oneshot;

use super::Row;
use super::readers::Pool;
use crate::{Error, Result};

/// Read connections that serve requests in place.
const READERS: usize = 4;
/// Heavy reads that run at the same time.
const APART: usize = 2;
/// How long a statement may take, as on PostgreSQL.
pub(crate) const STATEMENT_LIMIT: Duration = Duration::from_secs(2);
/// Jobs that one commit takes along at the most.
const GROUP: usize = 256;

/// An open database file.
pub(crate) struct Sqlite {
    readers: Pool,
    apart: Arc<Pool>,
    writer: Writer,
    _lock: std::fs::File,
}

/// The thread that writes, and the queue that it drains.
struct Writer {
    queue: Option<mpsc::SyncSender<Job>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Writer {
    fn start(connection: rusqlite::Connection) -> Result<Self> {
        let (queue, jobs) = mpsc::sync_channel(4096);
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || write_loop(connection, &jobs))
            .map_err(Error::internal)?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    fn send(&self, job: Job) -> Result<()> {
        let stopped = || Error::Unavailable("the writer has stopped".into());
        self.queue.as_ref().ok_or_else(stopped)?.try_send(job).map_err(|refused| match refused {
            mpsc::TrySendError::Full(_) => Error::Unavailable("too many writes wait".into()),
            mpsc::TrySendError::Disconnected(_) => stopped(),
        })
    }
}

impl Drop for Writer {
    /// Waits until what was queued is written and the connection is closed, which moves the write-ahead log into the file:
    /// a database at rest is one file.
    fn drop(&mut self) {
        drop(self.queue.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer ended by a panic");
        }
    }
}

/// A job runs inside the open transaction and gives what to do once the commit is known.
type Job = Box<dyn FnOnce(&mut rusqlite::Connection) -> Answer + Send>;
type Answer = Box<dyn FnOnce(Result<()>) + Send>;

impl Sqlite {
    /// Opens the file. Its [`hold_lock`] is kept for as long as the process has it open.
    pub(crate) fn open(path: &Path, lock: std::fs::File) -> Result<Self> {
        let writer = open_writer(path)?;
        // Each job can be undone by itself, so SQLite copies the pages that it changes: into memory, not into a file.
        writer.pragma_update(None, "temp_store", "MEMORY")?;
        let (readers, apart) = (Pool::open(path, READERS)?, Arc::new(Pool::open(path, APART)?));
        Ok(Self { readers, apart, writer: Writer::start(writer)?, _lock: lock })
    }

    /// Runs a read on this thread, with the time limit: for what an index and a limit bound.
    pub(crate) async fn read<T>(&self, job: impl AsyncFnOnce(&mut rusqlite::Connection) -> Result<T>) -> Result<T> {
        let _permit = self.readers.permits.acquire().await.map_err(Error::internal)?;
        let mut reader = self.readers.take()?;
        job(reader.connection()?).await
    }

    /// Runs a read on a thread of its own, with the time limit: for what no index serves. `together` lets all its
    /// statements see the file as it was at the first.
    pub(crate) async fn read_apart<T: Send + 'static>(
        &self,
        together: bool,
        job: impl FnOnce(&mut rusqlite::Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = Arc::clone(&self.apart.permits).acquire_owned().await.map_err(Error::internal)?;
        let pool = Arc::clone(&self.apart);
        let run = move || {
            // The thread's own: a caller that goes away does not stop the thread, nor free its connection.
            let _permit = permit;
            let mut reader = pool.take()?;
            let connection = reader.connection()?;
            if together { at_one_moment(connection, job) } else { job(connection) }
        };
        tokio::task::spawn_blocking(run).await.map_err(Error::internal)?
    }

    /// Runs a write on the writer's thread; answers when it is durable.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut rusqlite::Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let run: Job = Box::new(move |connection| {
            let result = in_savepoint(connection, job);
            Box::new(move |committed| {
                // The caller may have gone away; what it asked for is done all the same. A job's own failure says more
                // than that of the group.
                let _ = answer.send(if result.is_err() { result } else { committed.and(result) });
            })
        });
        self.writer.send(run)?;
        answered.await.map_err(|_| Error::Unavailable("the writer has stopped".into()))?
    }
}

/// A read transaction that leaves nothing open, whatever the job did.
fn at_one_moment<T>(
    connection: &mut rusqlite::Connection,
    job: impl FnOnce(&mut rusqlite::Connection) -> Result<T>,
) -> Result<T> {
    connection.execute_batch("BEGIN DEFERRED")?;
    let result = caught(connection, job);
    if !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    result
}

fn in_savepoint<T>(
    connection: &mut rusqlite::Connection,
    job: impl FnOnce(&mut rusqlite::Connection) -> Result<T>,
) -> Result<T> {
    connection.prepare_cached("SAVEPOINT job")?.execute([])?;
    let result = caught(connection, job);
    if connection.is_autocommit() {
        // The failure was such that SQLite undid the whole transaction, and the savepoint with it.
        return result;
    }
    let undone =
        if result.is_err() { connection.prepare_cached("ROLLBACK TO job")?.execute([]).map(drop) } else { Ok(()) };
    if let Err(error) = undone.and_then(|()| connection.prepare_cached("RELEASE job")?.execute([]).map(drop)) {
        // Half a job must not be committed with the others: the whole group goes.
        connection.execute_batch("ROLLBACK")?;
        return result.and(Err(error.into()));
    }
    result
}

/// Runs a job. A panic in it is its own failure, and not the end of all writing.
fn caught<T>(
    connection: &mut rusqlite::Connection,
    job: impl FnOnce(&mut rusqlite::Connection) -> Result<T>,
) -> Result<T> {
    // What a job leaves behind in the database is rolled back, and the connection keeps nothing else.
    catch_unwind(AssertUnwindSafe(|| job(connection))).unwrap_or_else(|_| Err(Error::panicked()))
}

fn write_loop(mut connection: rusqlite::Connection, jobs: &mpsc::Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let group = std::iter::once(first).chain(jobs.try_iter().take(GROUP - 1)).collect();
        commit_group(&mut connection, group);
    }
}

/// One transaction for all that waits. When it cannot begin, nothing is run; when it cannot commit, nothing has happened.
fn commit_group(connection: &mut rusqlite::Connection, group: Vec<Job>) {
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        tracing::error!(%error, "a group of writes could not begin");
        // The jobs are dropped, and with them the senders: their callers are answered 503.
        return;
    }
    let mut answers: Vec<Answer> = Vec::with_capacity(group.len());
    for job in group {
        answers.push(job(connection));
        // A full disk or a failing one makes SQLite roll the whole group back by itself. A job that ran now would be
        // committed alone, and answered as lost with the others: the rest is dropped unrun.
        if connection.is_autocommit() {
            break;
        }
    }
    let committed = commit(connection);
    if let Err(error) = &committed {
        tracing::error!(%error, "a group of writes could not be committed");
    }
    for answer in answers {
        answer(committed.as_ref().copied().map_err(Error::for_each));
    }
}

fn commit(connection: &rusqlite::Connection) -> Result<()> {
    if connection.is_autocommit() {
        return Err(Error::Unavailable("the database undid the whole group of writes".into()));
    }
    connection.execute_batch("COMMIT").map_err(|error| {
        if let Err(error) = connection.execute_batch("ROLLBACK") {
            tracing::debug!(%error, "nothing was left to roll back");
        }
        error.into()
    })
}

fn configure(connection: &rusqlite::Connection) -> Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(256);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.pragma_update(None, "mmap_size", 268_435_456)?;
    // Otherwise SQLite plans a statement anew whenever the value of its `LIMIT` is bound.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

pub(super) fn open_reader(path: &Path) -> Result<rusqlite::Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = rusqlite::Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// The connection that writes, durable at each commit; what is erased leaves no bytes behind.
pub(crate) fn open_writer(path: &Path) -> Result<rusqlite::Connection> {
    if !path.exists() {
        // Only then: closing a second handle of an open database would drop the locks that SQLite has on it.
        open_private(path)?;
    }
    let connection = rusqlite::Connection::open(path)?;
    configure(&connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", true)?;
    Ok(connection)
}

/// Holds `PATH.lock` beside others that have the file open; only a restore takes it alone.
pub(crate) fn hold_lock(path: &Path) -> Result<std::fs::File> {
    let file = lock_file(path, "lock")?;
    file.try_lock_shared().map_err(|_| Error::Unavailable(format!("{} is being restored", path.display())))?;
    Ok(file)
}

/// A file beside the database that processes lock against each other.
pub(crate) fn lock_file(path: &Path, ending: &str) -> Result<std::fs::File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    let beside = PathBuf::from(name);
    open_private(&beside)
}

/// Opens a file, making it where it is missing for the server's own user alone: leads are nobody else's on the machine.
/// SQLite gives the files that it makes beside the database the same rights.
fn open_private(path: &Path) -> Result<std::fs::File> {
    let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
    opened.map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))
}

/// Runs a statement and reads its rows, all of them, before anything else happens on the connection.
pub(crate) fn query<T>(
    connection: &mut rusqlite::Connection,
    sql: &str,
    values: Vec<Value>,
    mut read: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut statement = prepare(connection, sql)?;
    bind(&mut statement, values)?;
    let mut rows = statement.raw_query();
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(&Row::Sqlite(row))?);
    }
    Ok(all)
}

/// Runs a statement that gives no rows.
pub(crate) fn execute(connection: &mut rusqlite::Connection, sql: &str, values: Vec<Value>) -> Result<u64> {
    let mut statement = prepare(connection, sql)?;
    bind(&mut statement, values)?;
    Ok(statement.raw_execute()? as u64)
}

/// The statement of a text, kept by its connection. To SQLite `$1` is a name, which has to be looked for among the others,
/// and `?1` a place.
fn prepare<'c>(connection: &'c rusqlite::Connection, sql: &str) -> Result<rusqlite::CachedStatement<'c>> {
    Ok(connection.prepare_cached(&sql.replace('$', "?"))?)
}

fn bind(statement: &mut rusqlite::CachedStatement<'_>, values: Vec<Value>) -> Result<()> {
    for (place, value) in (1..).zip(values) {
        statement.raw_bind_parameter(place, RusqliteValue(value))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{READERS, Sqlite, hold_lock};
    use crate::{Error, Result};

    const ENDLESS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n";

    fn count(connection: &rusqlite::Connection, sql: &str) -> Result<i64> {
        Ok(connection.query_row(sql, [], |row| row.get(0))?)
    }

    #[tokio::test]
    async fn no_read_goes_on_for_ever_and_the_next_has_all_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let sqlite = Sqlite::open(&path, hold_lock(&path).unwrap()).unwrap();
        let endless = sqlite.read(async |link| count(link, ENDLESS)).await;
        assert!(matches!(endless, Err(Error::TooExpensive)), "{endless:?}");
        let endless = sqlite.read_apart(true, |link| count(link, ENDLESS)).await;
        assert!(matches!(endless, Err(Error::TooExpensive)), "{endless:?}");
        let short =
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT COUNT(*) FROM n";
        assert_eq!(sqlite.read(async |link| count(link, short)).await.unwrap(), 100_000);
        assert_eq!(sqlite.read_apart(true, |link| count(link, short)).await.unwrap(), 100_000);
    }

    fn panics<T>(link: &rusqlite::Connection) -> Result<T> {
        link.execute_batch("INSERT INTO t VALUES (2)")?;
        panic!("a fault of ours");
    }

    #[tokio::test]
    async fn a_panic_ends_its_own_job_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let sqlite = Arc::new(Sqlite::open(&path, hold_lock(&path).unwrap()).unwrap());
        sqlite.write(|link| Ok(link.execute_batch("CREATE TABLE t (n)")?)).await.unwrap();
        for _ in 0..2 * READERS {
            let failed = sqlite.write(|link| panics::<()>(link)).await;
            assert!(matches!(failed, Err(Error::Internal(_))), "{failed:?}");
            let failed = sqlite.read_apart(true, |_| -> Result<()> { panic!("a fault of ours") }).await;
            assert!(matches!(failed, Err(Error::Internal(_))), "{failed:?}");
            let reading = Arc::clone(&sqlite);
            let read = async move { reading.read(async |_| -> Result<()> { panic!("a fault of ours") }).await };
            assert!(tokio::spawn(read).await.unwrap_err().is_panic());
        }
        sqlite.write(|link| Ok(link.execute_batch("INSERT INTO t VALUES (1)")?)).await.unwrap();
        let sum = "SELECT SUM(n) FROM t";
        assert_eq!(sqlite.read(async |link| count(link, sum)).await.unwrap(), 1);
        assert_eq!(sqlite.read_apart(true, |link| count(link, sum)).await.unwrap(), 1);
    }
}
