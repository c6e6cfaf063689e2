//! One thread writes what waits in its queue in one transaction: durable before anybody is answered.

use std::path::Path;
use std::sync::mpsc;

use rusqlite::Connection;
use rusqlite::types::Value;
use tokio::sync::oneshot;

use super::database::{Insert, open};
use crate::output::Outcome;

/// Records that one commit takes along at the most.
const GROUP: usize = 256;

type Job = (Vec<Value>, oneshot::Sender<Vec<Value>>);

/// The way to the writing thread.
#[derive(Debug, Clone)]
pub(super) struct Writer(mpsc::SyncSender<Job>);

impl Writer {
    pub(super) fn start(path: &Path) -> Outcome<Self> {
        let mut connection = open(path)?;
        let (sender, jobs) = mpsc::sync_channel(4096);
        std::thread::spawn(move || {
            let insert = Insert::new();
            while let Ok(first) = jobs.recv() {
                let group = std::iter::once(first).chain(jobs.try_iter().take(GROUP - 1)).collect();
                // A group that fails drops its senders, and its callers are answered 500.
                let _ = commit(&mut connection, &insert, group);
            }
        });
        Ok(Self(sender))
    }

    /// Inserts a record and gives it back with its id, or nothing when it could not be written.
    pub(super) async fn insert(&self, values: Vec<Value>) -> Option<Vec<Value>> {
        let (answer, answered) = oneshot::channel();
        self.0.try_send((values, answer)).ok()?;
        answered.await.ok()
    }
}

fn commit(connection: &mut Connection, insert: &Insert, mut group: Vec<Job>) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for (values, _) in &mut group {
        values[0] = Value::Integer(insert.run(&transaction, values)?);
    }
    transaction.commit()?;
    for (values, answer) in group {
        // The caller may have gone away.
        let _ = answer.send(values);
    }
    Ok(())
}
