//! Leads: read, listed, made, changed, deleted, referred; always through a proof.

mod create;
mod delete;
mod read;
mod refer;
mod resolve;
mod row;
mod update;

pub use create::create;
pub(crate) use delete::erase;
pub use delete::{delete, purge, restore};
pub use read::{ListQuery, get, list, total};
pub use refer::refer;
pub use update::update;
