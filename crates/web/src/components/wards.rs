//! Wards: the eight features in their fixed order, filled where they are granted.

use std::fmt::Write;

use leadlatch_domain::key_secret::KeyKind;
use leadlatch_domain::scope::{Scope, ScopeSet};

use super::Svg;

const STEP: usize = 11;

/// The wards of a key. They never stand alone: the words are beside them.
pub(crate) fn wards(kind: KeyKind, scopes: ScopeSet) -> Svg {
    let mut inside = String::new();
    for (place, scope) in Scope::ALL.into_iter().enumerate() {
        let x = place * STEP;
        let drawn = if scopes.contains(scope) {
            write!(inside, "<rect class='on' x='{x}' y='0' width='8' height='8' rx='1.5'/>")
        } else if kind == KeyKind::Partner && !scope.partner_may_have() {
            write!(inside, "<path class='never' d='M{} 4h6'/>", x + 1)
        } else {
            write!(inside, "<rect class='off' x='{x}.5' y='.5' width='7' height='7' rx='1.2'/>")
        };
        drawn.expect("a text takes all");
    }
    Svg::named("wards", (85, 8), &name(scopes), &inside)
}

/// What the wards say in words: `2 of 8 features: Create leads, Read leads`.
pub(crate) fn name(scopes: ScopeSet) -> String {
    let labels: Vec<_> = scopes.iter().map(Scope::label).collect();
    let colon = if labels.is_empty() { "" } else { ": " };
    format!("{} of {} features{colon}{}", labels.len(), Scope::ALL.len(), labels.join(", "))
}

/// A key's access in few words, such as `Create, read`.
pub(crate) fn in_words(scopes: ScopeSet) -> String {
    let leads =
        [(Scope::CreateLeads, "create"), (Scope::ReadLeads, "read"), (Scope::UpdateDeleteLeads, "update, delete")];
    let others = [
        (Scope::ManageActivities, "activities"),
        (Scope::Voice, "voice"),
        (Scope::Appointments, "appointments"),
        (Scope::Journeys, "journeys"),
        (Scope::ManagePartners, "partners"),
    ];
    if scopes == ScopeSet::all() {
        return "Everything".into();
    }
    let had = |(scope, _): &&(Scope, &'static str)| scopes.contains(*scope);
    let mut words: Vec<_> = leads.iter().chain(&others).filter(had).map(|(_, word)| *word).collect();
    let leads_alone = others.iter().all(|(scope, _)| !scopes.contains(*scope));
    if words.len() == 1 && leads_alone {
        let last = words.pop().unwrap_or_default();
        return capital(&format!("{last} leads"));
    }
    capital(&words.join(", "))
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(|| "Nothing".into(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(scopes: &[Scope]) -> ScopeSet {
        scopes.iter().copied().collect()
    }

    #[test]
    fn a_partner_key_has_a_dash_where_it_can_never_have_a_feature() {
        let two = set(&[Scope::CreateLeads, Scope::ReadLeads]);
        let count = |kind, what: &str| wards(kind, two).to_string().matches(what).count();
        assert_eq!(["class='on'", "class='off'", "class='never'"].map(|what| count(KeyKind::Partner, what)), [2, 1, 5]);
        assert_eq!(["class='on'", "class='off'", "class='never'"].map(|what| count(KeyKind::Full, what)), [2, 6, 0]);
        assert_eq!(name(two), "2 of 8 features: Create leads, Read leads");
    }

    #[test]
    fn access_is_said_in_few_words() {
        let words = |scopes: &[Scope]| in_words(set(scopes));
        assert_eq!(words(&[Scope::CreateLeads]), "Create leads");
        assert_eq!(words(&[Scope::CreateLeads, Scope::ReadLeads]), "Create, read");
        assert_eq!(words(&[Scope::UpdateDeleteLeads]), "Update, delete leads");
        assert_eq!(words(&[Scope::ReadLeads, Scope::ManageActivities, Scope::Voice]), "Read, activities, voice");
        assert_eq!(words(&[Scope::ManagePartners]), "Partners");
        assert_eq!(in_words(ScopeSet::all()), "Everything");
    }
}
