//! What no index serves runs at most twice at once for one key: its other such reads wait their turn in a short line, so
//! that one caller cannot take the whole server's room for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use leadlatch_domain::id::KeyId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Error, Result};

/// Heavy reads of one key at the same time.
const AT_ONCE: usize = 2;
/// Those that may wait behind them; a read takes two seconds at the most, so the last waits for about eight.
const WAITING: usize = 8;
/// Lines that are kept before those where nobody stands are taken down.
const LINES: usize = 256;

/// How a read runs that no index serves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Apart {
    /// The key in whose line it stands; other callers stand in none.
    pub of: Option<KeyId>,
    /// Whether all its statements see the database at one moment. It costs PostgreSQL two round trips more.
    pub together: bool,
    /// Whether it waits however long the line is: for a part of something that has begun.
    pub patient: bool,
}

/// A place at the front of a line, for as long as it is kept.
pub(crate) type Place = Option<OwnedSemaphorePermit>;

/// The lines of all keys that read apart.
#[derive(Default)]
pub(crate) struct Lines(Mutex<HashMap<KeyId, Arc<Semaphore>>>);

impl Lines {
    /// Waits for a place. A line that is full already is [`Error::TooExpensive`].
    pub(crate) async fn enter(&self, apart: &Apart) -> Result<Place> {
        let Some(key) = apart.of else { return Ok(None) };
        let line = self.line(key, apart.patient)?;
        line.acquire_owned().await.map(Some).map_err(Error::internal)
    }

    fn line(&self, key: KeyId, patient: bool) -> Result<Arc<Semaphore>> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() >= LINES {
            lines.retain(|_, line| Arc::strong_count(line) > 1);
        }
        let line = lines.entry(key).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE)));
        // Whoever reads or waits holds the line once; so does the map.
        if !patient && Arc::strong_count(line) > AT_ONCE + WAITING {
            return Err(Error::TooExpensive);
        }
        Ok(Arc::clone(line))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{AT_ONCE, Apart, Error, KeyId, Lines, WAITING};

    fn of(key: i64) -> Apart {
        Apart { of: KeyId::new(key), ..Apart::default() }
    }

    #[tokio::test]
    async fn two_of_a_key_go_on_and_the_third_waits_for_one_of_them() {
        let lines = Lines::default();
        let (first, _second) = (lines.enter(&of(1)).await.unwrap(), lines.enter(&of(1)).await.unwrap());
        let third = || tokio::time::timeout(Duration::from_millis(20), async { lines.enter(&of(1)).await.map(drop) });
        assert!(third().await.is_err(), "the third waits");
        assert!(lines.enter(&of(2)).await.is_ok(), "another key does not");
        assert!(lines.enter(&Apart::default()).await.unwrap().is_none(), "nor does a caller without a key");
        drop(first);
        assert!(third().await.is_ok());
    }

    #[tokio::test]
    async fn a_line_is_short_but_for_what_has_begun() {
        let lines = Lines::default();
        let standing: Vec<_> =
            (0..AT_ONCE + WAITING).map(|_| lines.line(KeyId::new(1).unwrap(), false).unwrap()).collect();
        assert!(matches!(lines.enter(&of(1)).await, Err(Error::TooExpensive)));
        assert!(lines.enter(&Apart { patient: true, ..of(1) }).await.is_ok());
        drop(standing);
        assert!(lines.enter(&of(1)).await.is_ok());
    }
}
