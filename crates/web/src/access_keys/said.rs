//! What a key can do and cannot, in plain language, from the reader's side.

use leadlatch_domain::key_limits::KeyLimits;
use leadlatch_domain::key_secret::KeyKind;
use leadlatch_domain::scope::{Scope, ScopeSet};
use leadlatch_domain::time::Timestamp;
use leadlatch_store::access_keys::Counted;

use crate::components::Icon;
use crate::components::words::{count, date, thousands};

/// One line: with a name or a number in the middle that stands out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) icon: Icon,
    pub(super) yes: bool,
    pub(super) before: String,
    pub(super) strong: String,
    pub(super) after: String,
}

fn can(before: &str, strong: &str, after: &str) -> Line {
    let [before, strong, after] = [before, strong, after].map(str::to_owned);
    Line { icon: Icon::Tick, yes: true, before, strong, after }
}

fn cannot(words: &str) -> Line {
    Line { icon: Icon::Cross, yes: false, before: words.to_owned(), strong: String::new(), after: String::new() }
}

/// A key that is thought of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thought<'t> {
    pub(super) kind: KeyKind,
    /// The record's name, when one is chosen.
    pub(super) partner: Option<&'t str>,
    pub(super) scopes: ScopeSet,
    /// Leads that it would reach, when that is known.
    pub(super) leads: Option<Counted>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) limits: &'t KeyLimits,
}

impl Thought<'_> {
    /// What is said of it.
    pub(super) fn lines(&self) -> Vec<Line> {
        let mut lines = match self.kind {
            KeyKind::Partner => self.of_partner(),
            KeyKind::Full => self.of_full(),
        };
        lines.extend(self.limited());
        lines
    }

    fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(scope)
    }

    /// `create and read`, in the order of the features.
    fn verbs(&self) -> String {
        let verbs = [
            (Scope::CreateLeads, &["create"][..]),
            (Scope::ReadLeads, &["read"]),
            (Scope::UpdateDeleteLeads, &["change", "delete"]),
        ];
        listed(verbs.iter().filter(|(scope, _)| self.has(*scope)).flat_map(|(_, words)| words.iter().copied()))
    }

    /// `: 412 today.`, where the key may read them.
    fn today(&self) -> String {
        match self.leads.filter(|_| self.has(Scope::ReadLeads)) {
            Some(Counted::Exactly(leads)) => format!(": {} today.", thousands(leads)),
            Some(Counted::Over(leads)) => format!(": over {} today.", thousands(leads)),
            None => ".".into(),
        }
    }

    fn of_partner(&self) -> Vec<Line> {
        let Some(partner) = self.partner else {
            return vec![cannot("Choose a partner or introducer, to see what the key would do.")];
        };
        let mut lines = Vec::new();
        match self.verbs() {
            verbs if verbs.is_empty() => lines.push(cannot("Can do nothing yet: tick a feature.")),
            verbs if verbs == "create" => lines.push(can("Can create leads of ", partner, ".")),
            verbs => lines.push(can(&format!("Can {verbs} leads of "), partner, &self.today())),
        }
        lines.extend(self.missing());
        lines.push(cannot("Cannot see other partners, users or marketing data."));
        lines
    }

    fn of_full(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        match self.verbs() {
            verbs if verbs.is_empty() => {}
            verbs if verbs == "create" => lines.push(can("Can create leads in ", "any lead group", ".")),
            verbs => {
                lines.push(can(&format!("Can {verbs} "), "every lead", &format!(" of the account{}", self.today())));
            }
        }
        let others = [
            (Scope::ManageActivities, "activity records"),
            (Scope::Voice, "calls"),
            (Scope::Appointments, "appointments"),
            (Scope::Journeys, "journeys"),
            (Scope::ManagePartners, "partner records"),
        ];
        let managed = listed(others.iter().filter(|(scope, _)| self.has(*scope)).map(|(_, words)| *words));
        if !managed.is_empty() {
            lines.push(can(&format!("Can manage {managed}."), "", ""));
        }
        if lines.is_empty() {
            return vec![cannot("Can do nothing yet: tick a feature.")];
        }
        lines.push(can("Can see users, introducers, partners and marketing data.", "", ""));
        lines.extend(self.missing());
        lines
    }

    /// What of leads it may not do.
    fn missing(&self) -> Option<Line> {
        let verbs = [
            (Scope::CreateLeads, &["create"][..]),
            (Scope::ReadLeads, &["read"]),
            (Scope::UpdateDeleteLeads, &["change", "delete"]),
        ];
        let missing: Vec<_> =
            verbs.iter().filter(|(scope, _)| !self.has(*scope)).flat_map(|(_, words)| words.iter().copied()).collect();
        (!missing.is_empty()).then(|| cannot(&format!("Cannot {} leads.", either(&missing))))
    }

    fn limited(&self) -> Vec<Line> {
        let clock = |before: &str, strong: &str, after: &str| Line {
            icon: Icon::Clock,
            yes: false,
            ..can(before, strong, after)
        };
        let mut lines = vec![match self.expires_at {
            None => clock("Never expires.", "", ""),
            Some(at) => clock("Expires on ", &date(at), "."),
        }];
        if let Some(ranges) = &self.limits.address_ranges {
            let words = ranges.to_stored().replace(' ', ", ");
            lines.push(Line { icon: Icon::Lock, yes: false, ..can("Works only from ", &words, ".") });
        }
        if let Some(limit) = self.limits.requests_per_minute {
            lines.push(clock("At most ", &count(limit.get().into(), "request"), " a minute."));
        }
        if let Some(days) = self.limits.idle_days {
            lines.push(clock("Disabled after ", &count(days.get(), "day"), " without use."));
        }
        lines
    }
}

/// The limits in few words, for a fold that is closed: `Never expires, any address, no limit`.
pub(super) fn limits_in_words(expires_at: Option<Timestamp>, limits: &KeyLimits) -> String {
    let set = [
        expires_at.map(|at| format!("Expires {}", date(at))),
        limits.address_ranges.as_ref().map(|_| "set addresses".to_owned()),
        limits.requests_per_minute.map(|limit| format!("{} a minute", thousands(limit.get().into()))),
        limits.idle_days.map(|days| format!("{} idle", count(days.get(), "day"))),
    ];
    let usual = ["Never expires", "any address", "no limit"];
    let words = set
        .into_iter()
        .enumerate()
        .filter_map(|(place, set)| set.or_else(|| usual.get(place).map(|word| (*word).to_owned())));
    words.collect::<Vec<_>>().join(", ")
}

/// `a, b and c`.
pub(super) fn listed<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    joined(&words.into_iter().collect::<Vec<_>>(), "and")
}

fn either(words: &[&str]) -> String {
    joined(words, "or")
}

fn joined(words: &[&str], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: KeyKind, scopes: &[Scope], leads: Option<i64>) -> Vec<String> {
        let limits = KeyLimits::default();
        let partner = (kind == KeyKind::Partner).then_some("Acme");
        let (scopes, leads) = (scopes.iter().copied().collect(), leads.map(Counted::Exactly));
        let lines = Thought { kind, partner, scopes, leads, expires_at: None, limits: &limits }.lines();
        lines.into_iter().map(|line| line.before + &line.strong + &line.after).collect()
    }

    #[test]
    fn a_partner_key_is_said_with_its_partner() {
        assert_eq!(
            said(KeyKind::Partner, &[Scope::CreateLeads, Scope::ReadLeads], Some(1_412)),
            [
                "Can create and read leads of Acme: 1,412 today.",
                "Cannot change or delete leads.",
                "Cannot see other partners, users or marketing data.",
                "Never expires."
            ]
        );
        assert_eq!(said(KeyKind::Partner, &[Scope::CreateLeads], None)[0], "Can create leads of Acme.");
        assert_eq!(said(KeyKind::Partner, &[], None)[0], "Can do nothing yet: tick a feature.");
    }

    #[test]
    fn a_full_key_is_said_with_what_it_reaches() {
        assert_eq!(
            said(KeyKind::Full, &[Scope::ReadLeads, Scope::Journeys], Some(18_930)),
            [
                "Can read every lead of the account: 18,930 today.",
                "Can manage journeys.",
                "Can see users, introducers, partners and marketing data.",
                "Cannot create, change or delete leads.",
                "Never expires."
            ]
        );
        assert!(!said(KeyKind::Full, &Scope::ALL, None).iter().any(|line| line.starts_with("Cannot")));
    }

    #[test]
    fn limits_are_said_in_few_words() {
        assert_eq!(limits_in_words(None, &KeyLimits::default()), "Never expires, any address, no limit");
    }
}
