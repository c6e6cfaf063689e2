//! The one central record: what a lead is, and what of it a caller sees and writes.

pub mod field;
pub mod filter;
pub mod filters;
pub mod history;
pub mod input;
pub mod record;
pub mod rights;
pub mod sample;
pub mod twins;
pub mod view;
pub mod wire;
pub mod written;

pub use field::LeadField;
pub use filter::{LeadFilter, LeadSort};
pub use input::LeadInput;
pub use record::{Lead, Value, ValueRef};
pub use rights::{FieldRights, Mode};
pub use twins::Twins;
pub use view::LeadView;
pub use wire::WireLead;
