//! Sets of features with a name, which Add New offers as chips.

use leadlatch_domain::key_secret::KeyKind;
use leadlatch_domain::scope::{Scope, ScopeSet};

/// A set of features.
pub(super) struct Template {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    scopes: &'static [Scope],
}

pub(super) const TEMPLATES: [Template; 4] = [
    Template { name: "submit", label: "Submit leads", scopes: &[Scope::CreateLeads] },
    Template { name: "read", label: "Read only", scopes: &[Scope::ReadLeads] },
    Template { name: "zapier", label: "Zapier", scopes: &[Scope::CreateLeads, Scope::ReadLeads] },
    Template { name: "everything", label: "Everything", scopes: &Scope::ALL },
];

impl Template {
    /// Its features, of those that a kind may have.
    pub(super) fn scopes(&self, kind: KeyKind) -> ScopeSet {
        self.scopes.iter().copied().filter(|scope| kind == KeyKind::Full || scope.partner_may_have()).collect()
    }

    /// The names of its features, with blanks between them.
    pub(super) fn names(&self) -> String {
        self.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
    }
}
