//! `/zapier`: what an integration tool shows while a person sets it up.

pub(crate) mod dropdowns;
pub(crate) mod samples;

use leadlatch_domain::problem::Code;

use crate::list::{ListQuery, pairs, repeated};
use crate::problem::Problem;

/// The lead group of a query that takes nothing else. An empty text counts as absent: that is what an unfilled box sends.
fn lead_group(url: Option<&str>, known: &[&str]) -> Result<Option<i64>, Problem> {
    let pairs = pairs(url)?;
    let faults = repeated(&pairs);
    let mut query = ListQuery::of_pairs(pairs, faults);
    query.only(known)?;
    query.others.retain(|(_, value)| !value.is_empty());
    query.id("lead_group_id")
}

/// A 404 that says which words the last part of the path may be.
fn no_such_word(what: &str, words: &[&str]) -> Problem {
    Problem::because(Code::NoSuchRoute, format!("There is no such {what}. Use one of: {}.", words.join(", ")))
}
