//! The features that Add New offers, one by one and in sets.

use leadlatch_domain::scope::Scope;

use super::form::Typed;
use super::template::{TEMPLATES, Template};

/// A feature's row.
#[derive(Debug)]
pub(super) struct Feature {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) words: &'static str,
    pub(super) ticked: bool,
    pub(super) full_only: bool,
    /// Whether it is the first that a Partner key never has.
    pub(super) begins_full_only: bool,
}

/// A set of features with a name.
#[derive(Debug)]
pub(super) struct Chip {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) scopes: String,
    pub(super) pressed: bool,
}

/// Every feature.
pub(super) fn features(typed: &Typed) -> Vec<Feature> {
    let ticked = typed.scopes();
    let mut begun = false;
    let row = |scope: Scope| {
        let full_only = !scope.partner_may_have();
        let begins_full_only = full_only && !begun;
        begun = full_only;
        let (name, label, ticked) = (scope.as_str(), scope.label(), ticked.contains(scope));
        Feature { name, label, words: allows(scope), ticked, full_only, begins_full_only }
    };
    Scope::ALL.into_iter().map(row).collect()
}

/// What a feature allows, in one line.
const fn allows(scope: Scope) -> &'static str {
    match scope {
        Scope::CreateLeads => "Send new leads in",
        Scope::ReadLeads => "See leads, and subscribe to their events",
        Scope::UpdateDeleteLeads => "Change fields and status, and remove leads",
        Scope::ManageActivities => "Notes, calls, tasks on a lead",
        Scope::Voice => "Look callers up and log calls",
        Scope::Appointments => "Read, book and move appointments",
        Scope::Journeys => "Start and end journey runs",
        Scope::ManagePartners => "Create and change partner records",
    }
}

/// Every set.
pub(super) fn chips(typed: &Typed) -> Vec<Chip> {
    let (kind, ticked) = (typed.kind(), typed.scopes());
    let fits = |template: &Template| !ticked.is_empty() && template.scopes(kind) == ticked;
    let chip = |template: &Template| Chip {
        name: template.name,
        label: template.label,
        scopes: template.names(),
        pressed: fits(template),
    };
    TEMPLATES.iter().map(chip).collect()
}
