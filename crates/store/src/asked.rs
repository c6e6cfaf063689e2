//! A read together with the look at the key that it is for.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{PoisonError, RwLock};

use leadlatch_domain::key_secret::KeyDigest;
use leadlatch_domain::matrix::Action;

use crate::access::{Access, Grant};
use crate::engine::Connection;
use crate::{Error, Result, Store, authenticate};

/// Keys that are remembered at the most, a few hundred bytes each.
const ROOM: usize = 10_000;

/// What each key was let in as the last time: by it PostgreSQL is asked for a read beside the key's row, in one flight
/// instead of two. It lets nobody in. What came back is given out only when the live row, read for the very request, says
/// the same in every part; otherwise it is dropped and read again.
#[derive(Default)]
pub(crate) struct Remembered(RwLock<HashMap<KeyDigest, Access>>);

impl Remembered {
    /// The proof that the key would get if nothing has changed.
    fn guess<A: Action>(&self, digest: KeyDigest, from: Option<IpAddr>) -> Option<Grant<A>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&digest).cloned()?;
        Access { from: from.map(|address| address.to_canonical()), ..known }.permit().ok()
    }

    fn keep(&self, digest: KeyDigest, access: &Access) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= ROOM {
            known.clear();
        }
        known.insert(digest, access.clone());
    }
}

impl Store {
    /// Lets a presented key in and runs a read for it that an index and a limit bound: a store function and what it is
    /// asked for. `admit` judges the caller before anything is given out, and makes the proof.
    pub async fn read_as<A: Action, I: Copy, T, E: From<Error>>(
        &self,
        (digest, from): (KeyDigest, Option<IpAddr>),
        admit: impl Fn(Access) -> std::result::Result<Grant<A>, E>,
        job: impl AsyncFn(&mut Connection<'_>, &Grant<A>, I) -> Result<T>,
        asked: I,
    ) -> std::result::Result<T, E> {
        let read = self.read(async |db| {
            let (access, guess) = self.look(db, (digest, from), &job, asked).await?;
            // The first use of a successor changes something, which is not for a read to do.
            if access.key().is_some_and(|key| key.ends_predecessor) {
                return Ok(None);
            }
            match (admit(access), guess) {
                (Err(refused), _) => Ok(Some(Err(refused))),
                (Ok(_), Some(read)) => read.map(|read| Some(Ok(read))),
                (Ok(grant), None) => job(db, &grant, asked).await.map(|read| Some(Ok(read))),
            }
        });
        if let Some(done) = read.await? {
            return done;
        }
        let grant = admit(self.authenticate(digest, from).await?)?;
        Ok(self.read(async |db| job(db, &grant, asked).await).await?)
    }

    /// The key's live row, and what was read beside it, if that was done by just what the row says.
    async fn look<A: Action, I: Copy, T>(
        &self,
        db: &mut Connection<'_>,
        (digest, from): (KeyDigest, Option<IpAddr>),
        job: &impl AsyncFn(&mut Connection<'_>, &Grant<A>, I) -> Result<T>,
        asked: I,
    ) -> Result<(Access, Option<Result<T>>)> {
        let Some(mut beside) = db.beside() else { return Ok((authenticate::key(db, digest, from).await?, None)) };
        if let Some(guess) = self.remembered().guess::<A>(digest, from) {
            let (seen, read) =
                tokio::join!(biased; authenticate::key(db, digest, from), job(&mut beside, &guess, asked));
            let access = seen?;
            if access.is_same_key(&guess.access) {
                return Ok((access, Some(read)));
            }
            self.remembered().keep(digest, &access);
            return Ok((access, None));
        }
        let access = authenticate::key(db, digest, from).await?;
        self.remembered().keep(digest, &access);
        Ok((access, None))
    }
}
