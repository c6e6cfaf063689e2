//! The store: the engine chosen once by URL, and the ways in. Reads that an index bounds run in place (`read`), what takes
//! longer apart (`read_apart`, `read_together`, `read_in_line`); a caller's changes go by `write`, the operator's by `operate`.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use leadlatch_domain::key_secret::KeyDigest;
use leadlatch_domain::matrix::Action;
use leadlatch_domain::problem::Code;
use leadlatch_domain::random::Randomness;
use leadlatch_domain::time::Clock;
use tokio_postgres::IsolationLevel;

use crate::access::{Access, Grant, Held, Operator};
use crate::asked::Remembered;
use crate::deletions::{Deletion, DeletionsFile};
use crate::engine::postgres::Postgres;
use crate::engine::sqlite::{Sqlite, hold_lock};
use crate::engine::{Connection, Link, file_system, migrate};
use crate::line::{Apart, Lines};
use crate::sealing::{Sealer, beside};
use crate::usage::UsedKey;
use crate::{Error, Result, access_keys, audit, authenticate};

/// The database, with the clock and the randomness that everything in it goes by.
pub struct Store {
    engine: Engine,
    deletions: Option<DeletionsFile>,
    sealer: Option<Arc<Sealer>>,
    clock: Clock,
    random: Randomness,
    lines: Lines,
    remembered: Remembered,
}

enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// Files beside the database that are in none of its backups; without a choice they stand beside an SQLite file, and
/// nowhere on PostgreSQL.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'p> {
    /// What was deleted for ever.
    pub deletions: Option<&'p Path>,
    /// The key that secrets are sealed with.
    pub sealing_key: Option<&'p Path>,
}

/// A store and the authority over it, which only the process that opened it has.
pub struct Opened {
    /// The store.
    pub store: Store,
    /// Whoever holds it runs the server: the command line.
    pub operator: Operator,
}

impl Store {
    /// Opens `sqlite:PATH` or `postgres://...`, and brings its schema up to date.
    ///
    /// Deletions are written to a file beside an SQLite database, and to none on PostgreSQL.
    pub async fn open(url: &str) -> Result<Opened> {
        Self::open_keeping(url, Beside::default()).await
    }

    /// As [`Store::open`], with files of the operator's choice.
    pub async fn open_keeping(url: &str, files: Beside<'_>) -> Result<Opened> {
        let deletions = deletions_path(url, files.deletions);
        let sealing_key = files.sealing_key.map(Path::to_owned).or_else(|| sqlite_path(url).as_deref().map(beside));
        let mut opened = Self::open_with(url, Clock::system(), Randomness::system()).await?;
        opened.store.deletions = deletions.map(|path| DeletionsFile::open(&path)).transpose()?;
        let random = &opened.store.random;
        opened.store.sealer = sealing_key.map(|path| Sealer::open(&path, random)).transpose()?.map(Arc::new);
        Ok(opened)
    }

    /// As [`Store::open`], with a clock and a randomness of the caller's and no deletions file: for tests.
    pub async fn open_with(url: &str, clock: Clock, random: Randomness) -> Result<Opened> {
        refuse_unknown_scheme(url)?;
        let engine = if let Some(path) = sqlite_path(url) {
            file_system::refuse_network(&path)?;
            let lock = hold_lock(&path)?;
            let file = path.clone();
            tokio::task::spawn_blocking(move || migrate::sqlite(&file)).await.map_err(Error::internal)??;
            Engine::Sqlite(Sqlite::open(&path, lock)?)
        } else {
            let postgres = Postgres::open(url)?;
            migrate::postgres(&postgres).await?;
            Engine::Postgres(postgres)
        };
        let (lines, remembered) = (Lines::default(), Remembered::default());
        let store = Self { engine, deletions: None, sealer: None, clock, random, lines, remembered };
        Ok(Opened { store, operator: Operator::new() })
    }

    /// The clock that the store goes by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What secrets are sealed with that the server must use itself.
    pub fn sealer(&self) -> Result<Arc<Sealer>> {
        self.sealer.clone().ok_or(Error::Refused(Code::NoSealingKey))
    }

    /// The source of secrets.
    pub fn random(&self) -> &Randomness {
        &self.random
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.read(async |db| db.query_int("SELECT COUNT(*) FROM accounts WHERE id = 0", Vec::new()).await.map(drop))
            .await
    }

    /// Lets a presented key in: one look-up of its live row. The first use of a successor ends the key that it follows
    /// before it goes on.
    pub async fn authenticate(&self, digest: KeyDigest, from: Option<IpAddr>) -> Result<Access> {
        let access = self.read(async move |db| authenticate::key(db, digest, from).await).await?;
        let Some(key) = access.key().filter(|key| key.ends_predecessor) else { return Ok(access) };
        if access.check_address().is_err() {
            return Ok(access);
        }
        let (grant, id) = (Access::key_keeper(access.account, from).permit()?, key.id.get());
        self.write(grant, async move |db, grant| access_keys::end_predecessor(db, grant, id).await).await?;
        self.read(async move |db| authenticate::key(db, digest, from).await).await
    }

    /// The key whose secret was presented, whether it is let in or not: for the count of what it is refused. It permits
    /// nothing.
    pub async fn presented_key(&self, digest: KeyDigest) -> Result<Option<UsedKey>> {
        self.read(async move |db| authenticate::whose(db, digest).await).await
    }

    /// The proof made anew from the caller's live row: for what lasts longer than the beginning of a request.
    pub async fn again<A: Action>(&self, grant: &Grant<A>) -> Result<Grant<A>> {
        let from = grant.access.from;
        let access = match (grant.key(), grant.person()) {
            (Some(key), _) => self.authenticate(key.digest, from).await?,
            (None, Some(person)) => self.authenticate_session(person.session, from).await?,
            (None, None) => grant.access.clone(),
        };
        access.permit()
    }

    /// Runs a read that an index and a limit bound, on the caller's thread.
    pub async fn read<T>(&self, job: impl AsyncFnOnce(&mut Connection<'_>) -> Result<T>) -> Result<T> {
        let (now, random) = (self.clock.now(), self.random.clone());
        match &self.engine {
            Engine::Sqlite(sqlite) => {
                sqlite.read(async move |link| job(&mut Connection::new(Link::Sqlite(link), now, random)).await).await
            }
            Engine::Postgres(postgres) => {
                let client = postgres.pool.get().await?;
                job(&mut Connection::new(Link::Postgres(&client), now, random)).await
            }
        }
    }

    /// Runs a read that no index serves: apart from the requests' threads, and for two seconds at the most.
    pub async fn read_apart<T, J>(&self, job: J) -> Result<T>
    where
        T: Send + 'static,
        J: AsyncFnOnce(&mut Connection<'_>) -> Result<T> + Send + 'static,
    {
        self.read_in_line(Apart::default(), job).await
    }

    /// As [`Store::read_apart`], with all its statements at one moment: for what must agree with itself.
    pub async fn read_together<T, J>(&self, job: J) -> Result<T>
    where
        T: Send + 'static,
        J: AsyncFnOnce(&mut Connection<'_>) -> Result<T> + Send + 'static,
    {
        self.read_in_line(Apart { together: true, ..Apart::default() }, job).await
    }

    /// As [`Store::read_apart`], when the key that it is for has a place free, and at one moment if that is asked for.
    pub async fn read_in_line<T, J>(&self, apart: Apart, job: J) -> Result<T>
    where
        T: Send + 'static,
        J: AsyncFnOnce(&mut Connection<'_>) -> Result<T> + Send + 'static,
    {
        let place = self.lines.enter(&apart).await?;
        let (now, random) = (self.clock.now(), self.random.clone());
        let postgres = match &self.engine {
            Engine::Sqlite(sqlite) => {
                let run = move |link: &mut rusqlite::Connection| {
                    let result = at_once(async { job(&mut Connection::new(Link::Sqlite(link), now, random)).await });
                    drop(place);
                    result
                };
                return sqlite.read_apart(apart.together, run).await;
            }
            Engine::Postgres(postgres) => postgres,
        };
        let mut client = postgres.pool.get().await?;
        if !apart.together {
            return job(&mut Connection::new(Link::Postgres(&client), now, random)).await;
        }
        let snapshot = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let snapshot = snapshot.start().await?;
        job(&mut Connection::new(Link::Transaction(&snapshot), now, random)).await
    }

    /// Runs a write in one transaction. The caller's proof is checked again inside it, before the job and with its row
    /// held, and the job's audit entries are appended as its last statements.
    pub async fn write<A, T, J>(&self, grant: Grant<A>, job: J) -> Result<T>
    where
        A: Action,
        T: Send + 'static,
        J: AsyncFnOnce(&mut Connection<'_>, Held<A>) -> Result<T> + Send + 'static,
    {
        self.transact(async move |db| {
            let held = authenticate::hold(db, grant).await?;
            job(db, held).await
        })
        .await
    }

    /// Runs a write as [`Store::write`] does, up to its commit, and takes all of it back: what it would have done.
    pub async fn rehearse<A, T, J>(&self, grant: Grant<A>, job: J) -> Result<T>
    where
        A: Action,
        T: Send + 'static,
        J: AsyncFnOnce(&mut Connection<'_>, Held<A>) -> Result<T> + Send + 'static,
    {
        let done = Arc::new(Mutex::new(None));
        let place = Arc::clone(&done);
        let ended = self.write(grant, async move |db, held| {
            let outcome = job(db, held).await?;
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
            Err::<(), _>(Error::Rehearsed)
        });
        match ended.await {
            Err(Error::Rehearsed) => {}
            Err(error) => return Err(error),
            Ok(()) => return Err(Error::internal("a rehearsal was kept")),
        }
        let outcome = done.lock().unwrap_or_else(PoisonError::into_inner).take();
        outcome.ok_or_else(|| Error::internal("a rehearsal without an outcome"))
    }

    /// The caller that a key would be, for a rehearsal: nothing is counted, and a rotation is not ended by it.
    pub async fn recognise(&self, digest: KeyDigest, from: Option<IpAddr>) -> Result<Access> {
        self.read(async move |db| authenticate::key(db, digest, from).await).await
    }

    /// Runs a write of the server's operator, which belongs to no account or to one that it makes.
    pub async fn operate<T, J>(&self, _operator: &Operator, job: J) -> Result<T>
    where
        T: Send + 'static,
        J: AsyncFnOnce(&mut Connection<'_>) -> Result<T> + Send + 'static,
    {
        self.transact(job).await
    }

    pub(crate) async fn transact<T, J>(&self, job: J) -> Result<T>
    where
        T: Send + 'static,
        J: AsyncFnOnce(&mut Connection<'_>) -> Result<T> + Send + 'static,
    {
        let (now, random) = (self.clock.now(), self.random.clone());
        let (result, deleted) = match &self.engine {
            Engine::Sqlite(sqlite) => {
                let run = move |link: &mut rusqlite::Connection| {
                    at_once(async { to_its_end(&mut Connection::new(Link::Sqlite(link), now, random), job).await })
                };
                sqlite.write(run).await?
            }
            Engine::Postgres(postgres) => {
                let mut client = postgres.pool.get().await?;
                let transaction = client.transaction().await?;
                let mut db = Connection::new(Link::Transaction(&transaction), now, random);
                let ended = to_its_end(&mut db, job).await;
                drop(db);
                commit_or_take_back(transaction, ended).await?
            }
        };
        self.record(deleted).await?;
        Ok(result)
    }

    /// Writes deletions that are committed to the file, and answers when they are on the disk.
    pub(crate) async fn record(&self, deleted: Vec<Deletion>) -> Result<()> {
        let Some(file) = self.deletions.as_ref().filter(|_| !deleted.is_empty()) else { return Ok(()) };
        let file = DeletionsFile::at(file.path());
        let written = tokio::task::spawn_blocking(move || file.append(&deleted)).await.map_err(Error::internal)?;
        written.inspect_err(|error| tracing::error!(%error, "a deletion holds, but not after a restore"))
    }

    pub(crate) fn remembered(&self) -> &Remembered {
        &self.remembered
    }

    pub(crate) fn deletions_file(&self) -> Option<&DeletionsFile> {
        self.deletions.as_ref()
    }

    /// Whether deletions are written to a file that outlives a restore.
    pub fn keeps_deletions(&self) -> bool {
        self.deletions.is_some()
    }
}

/// Commits what went well. What was refused is taken back before anybody hears of it: its locks are free by then.
async fn commit_or_take_back<T>(transaction: deadpool_postgres::Transaction<'_>, ended: Result<T>) -> Result<T> {
    match ended {
        Ok(result) => {
            transaction.commit().await?;
            Ok(result)
        }
        Err(refused) => {
            if let Err(error) = transaction.rollback().await {
                tracing::warn!(%error, "a transaction ended with its connection");
            }
            Err(refused)
        }
    }
}

async fn to_its_end<T>(
    db: &mut Connection<'_>,
    job: impl AsyncFnOnce(&mut Connection<'_>) -> Result<T>,
) -> Result<(T, Vec<Deletion>)> {
    let result = job(db).await?;
    audit::append_pending(db).await?;
    Ok((result, db.take_deleted()))
}

/// Runs a future that never waits: on SQLite every statement is done when it returns.
fn at_once<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(Error::internal("a job on SQLite waited for something that is not the database")),
    }
}

/// Where the deletions of an SQLite database are written unless the operator says otherwise.
pub(crate) fn deletions_beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".deletions");
    PathBuf::from(name)
}

/// Where deletions are written: where the operator says, or beside an SQLite database.
pub fn deletions_path(url: &str, chosen: Option<&Path>) -> Option<PathBuf> {
    chosen.map(Path::to_owned).or_else(|| sqlite_path(url).as_deref().map(deletions_beside))
}

/// Refuses what names no engine. The text is not quoted: it may hold a password.
pub fn refuse_unknown_scheme(url: &str) -> Result<()> {
    let file = sqlite_path(url).is_some_and(|path| !path.as_os_str().is_empty());
    if file || url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(());
    }
    let known = "a database is sqlite:PATH, such as sqlite:leadlatch.db, or postgres://USER@HOST/NAME";
    Err(Error::Unavailable(known.into()))
}

/// The file of a `sqlite:` URL.
pub(crate) fn sqlite_path(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"))?;
    Some(Path::new(path).to_owned())
}
