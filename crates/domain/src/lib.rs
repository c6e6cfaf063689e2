//! The values and rules of Leadlatch: no async, no SQL, no HTTP.

#[macro_use]
mod as_text;

pub mod account;
pub mod address_ranges;
pub mod audit;
pub mod authenticator;
pub mod contact;
pub mod custom_field;
pub mod dropdown;
pub mod duplicate;
pub mod fault;
pub mod hook;
pub mod id;
pub mod key_directory;
pub mod key_limits;
pub mod key_review;
pub mod key_rotation;
pub mod key_secret;
pub mod key_state;
pub mod lead;
pub mod matrix;
pub mod money;
pub mod partner_change;
pub mod person;
pub mod point;
pub mod preference;
pub mod problem;
pub mod random;
pub mod reach;
pub mod request_id;
pub mod retention;
pub mod scope;
pub mod spreadsheet;
pub mod support;
pub mod text;
pub mod time;
pub mod token;
pub mod web_form;
