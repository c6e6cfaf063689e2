//! Connections of SQLite that read: each is one read's at a time, with a limit of time, and goes back however that ends.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::Semaphore;

use super::sqlite::{STATEMENT_LIMIT, open_reader};
use crate::{Error, Result};

/// How many virtual machine steps pass between two looks at the clock.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// Connections that read, and as many permits.
pub(super) struct Pool {
    free: Mutex<Vec<Reader>>,
    pub(super) permits: Arc<Semaphore>,
}

/// A connection that reads, and when the read that has it must be done.
struct Reader {
    connection: rusqlite::Connection,
    deadline: Arc<Mutex<Instant>>,
}

impl Reader {
    fn open(path: &Path) -> Result<Self> {
        let connection = open_reader(path)?;
        let deadline = Arc::new(Mutex::new(Instant::now()));
        let until = Arc::clone(&deadline);
        let is_late = move || Instant::now() > *until.lock().unwrap_or_else(PoisonError::into_inner);
        connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(is_late))?;
        Ok(Self { connection, deadline })
    }
}

impl Pool {
    pub(super) fn open(path: &Path, size: usize) -> Result<Self> {
        let free = (0..size).map(|_| Reader::open(path)).collect::<Result<_>>()?;
        Ok(Self { free: Mutex::new(free), permits: Arc::new(Semaphore::new(size)) })
    }

    /// A connection for a read that begins now. Whoever takes it holds a permit for longer.
    pub(super) fn take(&self) -> Result<Taken<'_>> {
        let reader = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = reader.ok_or_else(|| Error::Unavailable("no read connection is free".into()))?;
        *reader.deadline.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + STATEMENT_LIMIT;
        Ok(Taken { pool: self, reader: Some(reader) })
    }
}

/// A connection while it is somebody's: it goes back however that ends, by a panic too.
pub(super) struct Taken<'p> {
    pool: &'p Pool,
    /// There until it goes back.
    reader: Option<Reader>,
}

impl Taken<'_> {
    pub(super) fn connection(&mut self) -> Result<&mut rusqlite::Connection> {
        let reader = self.reader.as_mut().ok_or_else(|| Error::internal("a read connection that was given back"))?;
        Ok(&mut reader.connection)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            self.pool.free.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
        }
    }
}
