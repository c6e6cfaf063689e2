//! The store as its callers use it, on SQLite and on PostgreSQL, and what of it must not compile.

mod accounts;
mod beside_each_other;
mod common;
mod deletions;
mod directory;
mod duplicates;
mod proofs;
mod retention;
mod row_scopes;
mod sessions;
mod story;
mod test_leads;
mod usage;
