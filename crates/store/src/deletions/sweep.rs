//! Bringing file and database together: each learns what the other has, and what a restore revived is deleted again.

use std::collections::HashSet;

use leadlatch_domain::id::AccountId;
use leadlatch_domain::matrix::Role;
use leadlatch_domain::time::Timestamp;

use super::table::{self, Place};
use super::{Deletion, Gone, Listed};
use crate::access::Operator;
use crate::{Error, Result, Store, access_keys, leads};

/// Lines that are looked up in one read.
const BLOCK: usize = 200;
/// How far behind the last sweep the next begins, in microseconds: clocks of nodes differ, and a transaction may last.
const MARGIN: i64 = 300_000_000;

/// What a sweep did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Swept {
    /// Keys that were live and had been deleted.
    pub keys: u64,
    /// Leads that were there and had been erased.
    pub leads: u64,
    /// Deletions that the file lacked.
    pub written: u64,
    /// Lines of the file that could not be read.
    pub unreadable: usize,
}

impl Store {
    /// Sweeps whole: at the start, and now and then.
    pub async fn sweep(&self, operator: &Operator) -> Result<Swept> {
        let Some(listed) = self.listed().await? else { return Ok(Swept::default()) };
        let mut swept = apply(self, operator, &listed.deletions).await?;
        swept.unreadable = listed.unreadable;
        swept.written = self.write_missing(operator, 0, &listed).await?;
        Ok(swept)
    }

    /// Sweeps what is new: the end of the file, and what was deleted since the last sweep. A restore under a running
    /// server revives the newest deletions first; when one is found, the sweep is a whole one.
    pub async fn sweep_new(&self, operator: &Operator, last: Timestamp) -> Result<Swept> {
        let Some(tail) = self.deletions_file().map(super::DeletionsFile::read_tail).transpose()? else {
            return Ok(Swept::default());
        };
        let swept = apply(self, operator, &tail.deletions).await?;
        if swept != Swept::default() {
            let whole = self.sweep(operator).await?;
            return Ok(Swept { keys: whole.keys + swept.keys, leads: whole.leads + swept.leads, ..whole });
        }
        let since = last.as_micros().saturating_sub(MARGIN);
        if self.missing(operator, since, &HashSet::new()).await?.is_empty() {
            return Ok(swept);
        }
        let listed = self.listed().await?.unwrap_or_default();
        Ok(Swept { written: self.write_missing(operator, since, &listed).await?, ..swept })
    }

    async fn listed(&self) -> Result<Option<Listed>> {
        let Some(file) = self.deletions_file() else { return Ok(None) };
        let file = super::DeletionsFile::at(file.path());
        tokio::task::spawn_blocking(move || file.read()).await.map_err(Error::internal)?.map(Some)
    }

    async fn write_missing(&self, operator: &Operator, since: i64, listed: &Listed) -> Result<u64> {
        // A key that was to end later may have ended sooner, on another node.
        let now = self.clock().now();
        let ended = listed.deletions.iter().filter(|deletion| deletion.at <= now);
        let known = ended.map(|deletion| deletion.gone).collect();
        let missing = self.missing(operator, since, &known).await?;
        let count = missing.len() as u64;
        self.record(missing).await?;
        Ok(count)
    }

    /// The database's deletions since a time that are not known.
    async fn missing(&self, operator: &Operator, since: i64, known: &HashSet<Gone>) -> Result<Vec<Deletion>> {
        let mut missing = Vec::new();
        for account in self.read(async |db| table::accounts(db, operator).await).await? {
            let mut place = Some(Place::since(since));
            while let Some(from) = place {
                let read = self.read(async |db| table::block(db, operator, account, since, from).await);
                let (block, next) = read.await?;
                missing.extend(block.into_iter().filter(|deletion| !known.contains(&deletion.gone)));
                place = next;
            }
        }
        Ok(missing)
    }
}

/// Deletes again what a restore brought back of these, under roles of their own and audited.
pub(crate) async fn apply(store: &Store, operator: &Operator, deletions: &[Deletion]) -> Result<Swept> {
    let mut swept = Swept::default();
    for block in deletions.chunks(BLOCK) {
        for (account, gone) in store.read(async |db| table::revived(db, operator, block).await).await? {
            match again(store, operator, account, gone).await {
                Ok(()) if matches!(gone, Gone::Key { .. }) => swept.keys += 1,
                Ok(()) => swept.leads += 1,
                // A line that is there twice, or another node that was faster.
                Err(Error::Conflict(_) | Error::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(swept)
}

async fn again(store: &Store, operator: &Operator, account: AccountId, gone: Gone) -> Result<()> {
    match gone {
        Gone::Key { id, .. } => {
            let grant = operator.role(Role::Deletions, account).permit()?;
            store.write(grant, async move |db, grant| access_keys::end_again(db, grant, id).await).await
        }
        Gone::Lead { id, made_at, .. } => {
            let grant = operator.role(Role::Retention, account).permit()?;
            store.write(grant, async move |db, grant| leads::erase_again(db, grant, id, made_at).await).await
        }
    }
}
