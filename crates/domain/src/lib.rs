//! The values and rules of Leadlatch: no async, no SQL, no HTTP.

pub mod fault;
