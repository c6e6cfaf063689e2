//! Leads: read, listed, made, changed, deleted, referred; always through a proof.

mod bounded;
mod columns;
mod create;
mod delete;
mod duplicates;
pub mod history;
mod idempotency;
mod import;
mod insert;
mod inspect;
mod of_record;
#[cfg(test)]
mod plans;
mod read;
mod refer;
mod resolve;
mod retention;
mod retwin;
mod row;
mod shapes;
mod tell;
mod test_leads;
mod told;
mod update;
pub mod wire;
mod written;

pub use bounded::is_bounded;
pub use columns::data_columns;
pub use create::create;
pub(crate) use delete::erase_again;
pub use delete::{bin_due, delete, delete_all, erase, purge, restore};
pub(crate) use duplicates::number as turn_number;
pub use history::{history, inspect_history};
pub use idempotency::create_once;
pub use import::{Block, BlockDone, ImportRow, Known, import_block};
pub use inspect::{Inspected, inspect};
pub use of_record::of_record;
pub use read::{ListQuery, get, list, total};
pub use refer::{refer, refuse_missing};
pub use retention::{Aging, RETIRED_AT_ONCE, Rule, Rules, aging, retire, rules};
pub use retwin::retwin;
pub use test_leads::{TEST_LEAD_DAYS, TEST_LEADS_A_DAY, purge_tests, tests_due};
pub(crate) use told::{Telling, ToldOf, check_filter, told};
pub use update::update;
pub use written::{Written, get_written, list_written};
