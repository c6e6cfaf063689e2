//! `/leads`: a file an operation.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod export;
pub(crate) mod get;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod referral;
pub(crate) mod search;
pub(crate) mod update;

use leadlatch_domain::lead::{LeadInput, Mode};
use leadlatch_store::Grant;
use serde_json::{Map, Value};

use crate::problem::Problem;

/// A body read for its caller: names judged, values kept with what is wrong with them.
fn read_input<A>(grant: &Grant<A>, body: &Map<String, Value>, mode: Mode) -> Result<LeadInput, Problem> {
    LeadInput::parse(body, mode, &grant.fields()).map_err(|refused| Problem::refused_input(refused, grant.scopes()))
}
