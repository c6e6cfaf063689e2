//! Access keys: made, changed, rotated and deleted by people; a key can describe and delete itself alone.

mod create;
mod end;
mod exposed;
mod gates;
mod limits;
mod read;
mod rotate;
mod whoami;

pub use create::{NewKey, create};
pub use end::{delete, delete_itself};
pub use limits::{Change, Changes, enable, set};
pub use read::{AccessKey, KeyFilter, get, list};
pub use rotate::{Rotation, rotate, rotate_moving};
pub use whoami::{Whoami, WhoamiAccount, WhoamiKey, WhoamiPartner, WhoamiWarning, whoami};

pub(crate) use end::{all_live, delete_of_partner, end_again, end_unknown, read_digest};
pub(crate) use gates::{close_gates, raise_versions};
pub(crate) use read::{address_ranges, per_minute};
pub(crate) use rotate::end_predecessor;
