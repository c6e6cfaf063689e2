//! Leads: read, listed, made, changed, deleted, referred; always through a proof.

mod create;
mod delete;
#[cfg(test)]
mod plans;
mod read;
mod refer;
mod resolve;
mod retwin;
mod row;
mod update;

pub use create::create;
pub use delete::{delete, purge, restore};
pub use read::{ListQuery, get, list, total};
pub use refer::refer;
pub use retwin::retwin;
pub use update::update;
