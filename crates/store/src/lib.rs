//! The only crate with SQL. Account data leaves and enters it by a proof alone: a [`Grant`] made from an authenticated
//! caller, checked again inside the transaction of a write ([`Held`]).

pub mod access;
pub mod access_keys;
pub mod accounts;
pub mod audit;
mod authenticate;
pub mod backup;
pub mod deletions;
mod engine;
mod error;
pub mod lead_groups;
pub mod lead_types;
pub mod leads;
pub mod marketing;
mod page;
pub mod partner_records;
pub mod password;
mod scope_sql;
pub mod sites;
pub mod statuses;
mod store;
pub mod usage;
pub mod user_groups;
pub mod users;

pub use access::{Access, Grant, Held, Operator, Visible};
pub use engine::Connection;
pub use error::{Denied, Error, Result};
pub use page::{Page, Slice};
pub use store::{Opened, Store};
