//! What each key may reach, from the access matrix.

use askama::Template;
use leadlatch_domain::matrix::{MATRIX, Needs, PartnerReach, Rule, UseAccount};
use leadlatch_domain::text::capital;

use super::topics::{self, Topic};
use crate::frame::Frame;
use crate::page::{Answer, page};
use crate::signed::Signed;

#[derive(Template)]
#[template(path = "help_layout/access.html")]
struct Page {
    frame: Frame,
    topics: Vec<Topic>,
    lines: Vec<Line>,
    /// What no key may ever do.
    admins: Vec<String>,
}

/// An action that a key may do.
struct Line {
    what: String,
    /// The feature in words, and the scope's name.
    feature: Option<(&'static str, &'static str)>,
    partner: &'static str,
    never: bool,
}

/// The page.
pub(super) async fn show(signed: Signed<UseAccount>) -> Answer {
    let lines = MATRIX.iter().filter(|rule| rule.open_to_keys()).map(Line::of).collect();
    let admins = MATRIX.iter().filter(|rule| rule.needs == Needs::Admin).map(|rule| capital(rule.words)).collect();
    page(&Page { frame: signed.frame, topics: topics::all(), lines, admins })
}

impl Line {
    fn of(rule: &Rule) -> Self {
        Self {
            what: capital(rule.words),
            feature: rule.scope().map(|scope| (scope.label(), scope.as_str())),
            partner: rule.partner.in_words(),
            never: rule.partner == PartnerReach::Never,
        }
    }
}
