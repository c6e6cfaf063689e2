//! One entry as the page shows it.

use std::collections::BTreeSet;

use leadlatch_domain::audit::{Entry, Event, Hash};
use leadlatch_domain::time::Timestamp;
use leadlatch_store::audit::{Found, Names};
use serde_json::Value as Json;

use super::query::TrailState;
use super::words;
use crate::components::words::{clock, count, date, exact};

/// A row of the trail.
pub(super) struct Row {
    pub(super) number: i64,
    pub(super) clock: String,
    pub(super) date: String,
    pub(super) exact: String,
    pub(super) who: String,
    /// Kind and number of who it was, and the address.
    pub(super) who_second: String,
    pub(super) who_href: String,
    pub(super) action: String,
    pub(super) target: String,
    pub(super) target_second: String,
    pub(super) target_href: String,
    /// The entries about the same record.
    pub(super) only_href: String,
    pub(super) detail: String,
    pub(super) opened: Opened,
    /// Whether it is the one that was asked for.
    pub(super) is_open: bool,
}

/// What an opened row shows.
#[derive(Default)]
pub(super) struct Opened {
    pub(super) before: Vec<(String, String)>,
    pub(super) after: Vec<(String, String)>,
    /// What else is known.
    pub(super) others: Vec<(String, String)>,
    /// Whether the details are gone, as is allowed.
    pub(super) erased: bool,
    pub(super) digest: String,
    pub(super) on_top_of: String,
}

impl Row {
    pub(super) fn of(found: &Found, names: &Names, state: &TrailState) -> Self {
        match &found.entry {
            Some(entry) => Self::read(entry, found, names, state),
            None => Self::unreadable(found),
        }
    }

    fn read(entry: &Entry, found: &Found, names: &Names, state: &TrailState) -> Self {
        let details = found.stored.details.as_ref().and_then(|(_, text)| serde_json::from_str::<Json>(text).ok());
        let (who, second) = words::actor(entry.actor, names);
        let at = Timestamp::from_micros(entry.at);
        let address = details.as_ref().and_then(|details| details["address"].as_str()).unwrap_or_default();
        let numbered = words::target(entry.event, entry.target_id);
        let name = details.as_ref().and_then(words::name_in).or_else(|| names.target(entry.event, entry.target_id));
        let opened = Opened::of(entry, found, details.as_ref());
        let actor = format!("{}:{}", entry.actor.kind.as_str(), entry.actor.id);
        Self {
            number: entry.number,
            clock: clock(at),
            date: date(at),
            exact: exact(at),
            who,
            who_second: [second.as_str(), address]
                .into_iter()
                .filter(|text| !text.is_empty())
                .collect::<Vec<_>>()
                .join(" · "),
            who_href: state.with(|state| state.set_actor(&actor)).href(),
            action: words::event(entry.event.as_str()),
            target: name.map_or_else(|| numbered.clone(), str::to_owned),
            target_second: if name.is_some() { numbered } else { String::new() },
            target_href: words::target_href(entry.event, entry.target_id),
            only_href: only_href(entry, state),
            detail: detail(entry, details.as_ref(), &opened),
            opened,
            is_open: state.entry == Some(entry.number),
        }
    }

    /// Bytes that are no entry: somebody wrote into the database.
    fn unreadable(found: &Found) -> Self {
        let hash = Hash::from_slice(&found.stored.hash).map(|hash| hash.to_string()).unwrap_or_default();
        Self {
            number: found.stored.number,
            clock: String::new(),
            date: "Unknown".into(),
            exact: String::new(),
            who: "Unknown".into(),
            who_second: String::new(),
            who_href: String::new(),
            action: "Unreadable".into(),
            target: "Its bytes are no entry".into(),
            target_second: String::new(),
            target_href: String::new(),
            only_href: String::new(),
            detail: "Changed in the database".into(),
            opened: Opened { digest: hash, ..Opened::default() },
            is_open: true,
        }
    }
}

/// The entries about the record of an entry; none where it has no number.
fn only_href(entry: &Entry, state: &TrailState) -> String {
    if entry.target_id == 0 {
        return String::new();
    }
    let kind = entry.event.as_str().split('.').next().unwrap_or_default().to_owned();
    state.with(|state| (state.action, state.target) = (kind, Some(entry.target_id))).href()
}

/// The one line that says most of it.
fn detail(entry: &Entry, details: Option<&Json>, opened: &Opened) -> String {
    let text = |name: &str| details.and_then(|details| details[name].as_str()).unwrap_or_default();
    if !entry.changed.is_empty() {
        return count(entry.changed.len() as i64, "field");
    }
    if !text("reason").is_empty() {
        return text("reason").to_owned();
    }
    match entry.event {
        Event::KeyCreated | Event::KeyDeleted if text("kind") == "partner" => "Partner key".into(),
        Event::KeyCreated | Event::KeyDeleted if text("kind") == "full" => "Full key".into(),
        _ if opened.erased => "Details erased".into(),
        _ => String::new(),
    }
}

impl Opened {
    fn of(entry: &Entry, found: &Found, details: Option<&Json>) -> Self {
        let hash = Hash::from_slice(&found.stored.hash).map(|hash| hash.to_string()).unwrap_or_default();
        let mut opened = Self {
            erased: found.stored.details.is_none(),
            digest: hash,
            on_top_of: if entry.number > 1 {
                format!("{} {}", entry.number - 1, short(&entry.previous.to_string()))
            } else {
                String::new()
            },
            ..Self::default()
        };
        if let Some(Json::Object(members)) = details {
            (opened.before, opened.after) = differences(details);
            let rest = members.iter().filter(|(name, _)| !matches!(name.as_str(), "before" | "after"));
            opened.others = rest.map(|(name, value)| (field(name), words::value(value))).collect();
        }
        opened
    }
}

/// Names and values of a record, to be shown.
type Fields = Vec<(String, String)>;

/// What an entry kept of before and after: of records that were there both times only what differs.
fn differences(details: Option<&Json>) -> (Fields, Fields) {
    let of = |name: &str| details.and_then(|details| details[name].as_object());
    let (before, after) = (of("before"), of("after"));
    let names: BTreeSet<&String> = before.into_iter().chain(after).flat_map(|record| record.keys()).collect();
    let same = |name: &str| before.is_some_and(|one| after.is_some_and(|other| one.get(name) == other.get(name)));
    let rows = |record: Option<&serde_json::Map<String, Json>>| {
        let shown = names.iter().filter(|name| !same(name));
        shown.filter_map(|name| Some((field(name), words::value(record?.get(*name)?)))).collect()
    };
    (rows(before), rows(after))
}

fn field(name: &str) -> String {
    name.replace('_', " ")
}

/// The ends of a digest: enough to compare two by eye.
fn short(digest: &str) -> String {
    match (digest.get(..12), digest.get(digest.len().saturating_sub(6)..)) {
        (Some(head), Some(tail)) => format!("{head}…{tail}"),
        _ => digest.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::differences;
    use serde_json::json;

    #[test]
    fn only_what_differs_is_shown_of_a_change_and_all_of_what_was_made() {
        let details = json!({"before": {"kind": "both", "email": null}, "after": {"kind": "partner", "email": null}});
        let said = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        assert_eq!(differences(Some(&details)), (said("kind", "both"), said("kind", "partner")));
        let made = json!({"after": {"kind": "both"}});
        assert_eq!(differences(Some(&made)), (Vec::new(), said("kind", "both")));
        assert_eq!(differences(None), (Vec::new(), Vec::new()));
    }
}
