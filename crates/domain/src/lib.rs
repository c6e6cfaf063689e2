//! The values and rules of Leadlatch: no async, no SQL, no HTTP.

pub mod fault;
pub mod id;
pub mod matrix;
pub mod reach;
pub mod scope;
