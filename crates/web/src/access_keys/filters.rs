//! The menus above the list that narrow it.

use leadlatch_domain::key_directory::{KeyStatus, LastUse};
use leadlatch_domain::key_secret::KeyKind;
use leadlatch_domain::scope::Scope;
use leadlatch_store::access_keys::directory::{Directory, DirectoryQuery};

use super::query::ListState;
use super::row::kind_in_words;
use crate::components::{Choice, Filter};

/// Every menu.
pub(super) fn filters(found: &Directory, state: &ListState) -> Vec<Filter> {
    let query = &state.0;
    let kinds = [KeyKind::Full, KeyKind::Partner].map(|kind| (kind_in_words(kind).to_owned(), kind));
    let partners = found.partners.iter().map(|partner| (partner.company.clone(), partner.id));
    let scopes = Scope::ALL.map(|scope| (scope.label().to_owned(), scope));
    let uses = LastUse::ALL.iter().map(|used| (used.label().to_owned(), *used));
    let statuses = KeyStatus::ALL.iter().map(|status| (status.label().to_owned(), *status));
    let status = statuses.map(|(words, status)| {
        Choice::new(words, state.with(|query| query.status = status).href(), query.status == status)
    });
    vec![
        filter("Type", "Any type", state, kinds, query.kind, |query, kind| query.kind = kind),
        filter("Partner", "Any partner", state, partners, query.partner, |query, id| query.partner = id),
        filter("Feature", "Any feature", state, scopes, query.scope, |query, scope| query.scope = scope),
        filter("Last used", "Any time", state, uses, query.used, |query, used| query.used = used),
        Filter { label: "Status", value: Some(query.status.label().to_owned()), options: status.collect() },
    ]
}

fn filter<T: Copy + PartialEq>(
    label: &'static str,
    any: &str,
    state: &ListState,
    values: impl IntoIterator<Item = (String, T)>,
    set: Option<T>,
    change: impl Fn(&mut DirectoryQuery, Option<T>),
) -> Filter {
    let to = |value| state.with(|query| change(query, value)).href();
    let any = Choice::new(any, to(None), set.is_none());
    let values = values.into_iter().map(|(words, value)| Choice::new(words, to(Some(value)), set == Some(value)));
    Filter::of(label, any, values)
}
