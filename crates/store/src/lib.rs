//! The only crate with SQL. Account data leaves and enters it by a proof alone: a [`Grant`] made from an authenticated
//! caller, checked again inside the transaction of a write ([`Held`]).

pub mod access;
pub mod access_keys;
pub mod accounts;
mod asked;
pub mod audit;
mod authenticate;
pub mod backup;
mod change;
pub mod custom_fields;
pub mod deletions;
mod engine;
mod error;
pub mod imports;
mod in_use;
pub mod lead_group_settings;
pub mod lead_groups;
pub mod lead_list;
pub mod lead_types;
pub mod leads;
mod line;
pub mod marketing;
mod names;
mod page;
pub mod partner_records;
pub mod password;
pub mod retention;
mod scope_sql;
pub mod sites;
pub mod status_settings;
pub mod statuses;
mod store;
pub mod usage;
pub mod user_groups;
pub mod users;

pub use access::{Access, Grant, Held, Operator, Visible};
pub use authenticate::confirm;
pub use engine::Connection;
pub use error::{Denied, Error, Result};
pub use in_use::InUse;
pub use line::Apart;
pub use page::{Page, Slice};
pub use store::{Opened, Store, deletions_path, refuse_unknown_scheme};
