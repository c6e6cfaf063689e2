//! What the requests of existing integrations need, stated once: the check, the permission table and the tests go by it.

use leadlatch_domain::matrix::{Action, CreateLeads, DeleteLeads, PostWebForm, ReadLeads, Rule, UpdateLeads};

use super::{CREATE_UPDATE, FORM, LEAD};

/// A request and what it needs.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// The path.
    pub path: &'static str,
    /// What is asked for there.
    pub request: &'static str,
    /// What it needs.
    pub rule: Rule,
}

const fn line<A: Action>(path: &'static str, request: &'static str) -> Line {
    Line { path, request, rule: A::RULE }
}

/// Every request of existing integrations.
pub const RULES: &[Line] = &[
    line::<CreateLeads>(CREATE_UPDATE, "create"),
    line::<UpdateLeads>(CREATE_UPDATE, "update"),
    line::<ReadLeads>(LEAD, "search"),
    line::<ReadLeads>(LEAD, "read"),
    line::<DeleteLeads>(LEAD, "delete"),
    line::<PostWebForm>(FORM, "form"),
];
