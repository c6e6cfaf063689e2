//! Leads: read, listed, made, changed, deleted, referred; always through a proof.

mod create;
mod delete;
mod duplicates;
mod import;
mod insert;
#[cfg(test)]
mod plans;
mod read;
mod refer;
mod resolve;
mod retwin;
mod row;
mod test_leads;
mod update;

pub use create::create;
pub use delete::{delete, purge, restore};
pub use import::{Block, BlockDone, ImportRow, Known, import_block};
pub use read::{ListQuery, get, list, total};
pub use refer::refer;
pub use retwin::retwin;
pub use test_leads::{TEST_LEAD_DAYS, TEST_LEADS_A_DAY, purge_tests};
pub use update::update;
