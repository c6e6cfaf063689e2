//! Leads: read, listed, made, changed, deleted, referred; always through a proof.

mod bounded;
mod columns;
mod create;
mod delete;
pub mod history;
mod idempotency;
mod inspect;
mod read;
mod refer;
mod resolve;
mod row;
mod update;

pub use bounded::is_bounded;
pub use columns::data_columns;
pub use create::create;
pub use delete::{delete, delete_all, erase, purge, restore};
pub use history::{history, inspect_history};
pub use idempotency::{FORGOTTEN_AT_ONCE, Made, Once, create_once, forget_idempotency};
pub use inspect::{Inspected, inspect};
pub use read::{ListQuery, get, list, total};
pub use refer::refer;
pub use update::update;
