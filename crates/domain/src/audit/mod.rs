//! The audit trail as pure code: what an entry is, its exact bytes, and how a chain of them is checked.

mod entry;
mod event;
mod export;
mod verify;

pub use entry::{Actor, ActorKind, Corrupt, Entry, Hash, SALT_LENGTH, details_hash};
pub use event::Event;
pub use export::{ExportLine, read_export, read_heads};
pub use verify::{Broken, Fracture, Head, Report, Stored, Verifier};
