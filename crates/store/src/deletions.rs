//! Deletions outlive a restore. Which keys were deleted and which leads erased stands in a file apart from the database,
//! synced after the commit and before the answer; whatever a restored database brings back of it is deleted again.

mod file;
mod sweep;
mod table;

use std::path::{Path, PathBuf};

use leadlatch_domain::key_secret::KeyDigest;
use leadlatch_domain::time::Timestamp;

pub(crate) use file::sync_folder;
pub use file::{Listed, read};
pub use sweep::Swept;
pub(crate) use sweep::apply;
pub(crate) use table::{keep_key, keep_lead, keys_of_account};

/// What was deleted, known again whatever became of ids and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gone {
    /// A key.
    Key {
        /// Its id, for people; the digest is what it is known by.
        id: i64,
        /// The digest of its secret.
        digest: KeyDigest,
    },
    /// A lead that was erased.
    Lead {
        /// Its account.
        account: i64,
        /// Its id.
        id: i64,
        /// When it was made, in microseconds.
        made_at: i64,
    },
}

/// One deletion: a line of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// When; of a key that was rotated, maybe a time to come.
    pub at: Timestamp,
    /// What.
    pub gone: Gone,
}

/// The file that a store writes its deletions to.
pub(crate) struct DeletionsFile {
    path: PathBuf,
}

impl DeletionsFile {
    /// The file by its path, which is not looked at before the first writing.
    pub(crate) fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}
