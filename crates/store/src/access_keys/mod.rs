//! Access keys: made, changed, rotated and deleted by people; a key can describe and delete itself alone.

mod choices;
mod create;
pub mod directory;
mod end;
mod exposed;
mod gates;
mod in_clear;
mod limits;
mod preview;
mod read;
mod rotate;
mod whoami;

pub use choices::{PartnerChoice, choices, company};
pub use create::{NewKey, create, create_once};
pub use end::{delete, delete_itself};
pub use limits::{Change, Changes, enable, set};
pub use preview::{Counted, Preview, PreviewCount, PreviewLead, Wished, preview};
pub use read::{AccessKey, KeyFilter, get, list};
pub use rotate::{Rotation, rotate, rotate_moving};
pub use whoami::{Whoami, WhoamiAccount, WhoamiKey, WhoamiPartner, WhoamiWarning, whoami};

pub(crate) use end::{all_live, delete_of_partner, end_again, end_unknown};
pub(crate) use gates::{close_gates, raise_versions};
pub(crate) use read::{address_ranges, digest, per_minute};
pub(crate) use rotate::end_predecessor;
