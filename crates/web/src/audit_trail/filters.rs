//! The menus that narrow the trail.

use leadlatch_domain::audit::{ActorKind, Event};

use super::query::TrailState;
use super::words::{self, KINDS};
use crate::components::{Choice, Filter};

/// Kinds of actors, or the one that is chosen by the links of entries.
pub(super) fn actors(state: &TrailState) -> Filter {
    let kinds = [
        (None, "Anybody"),
        (Some(ActorKind::User), "Users"),
        (Some(ActorKind::Key), "Access keys"),
        (Some(ActorKind::CommandLine), "Command line"),
        (Some(ActorKind::Role), "The server"),
    ];
    let options = kinds.map(|(kind, words)| {
        let href = state.with(|state| (state.actor, state.actor_id) = (kind, None)).href();
        Choice::new(words, href, state.actor == kind && state.actor_id.is_none())
    });
    let value = state.actor.map(|kind| match state.actor_id {
        Some(id) => format!("{} {id}", kind.as_str().replace('_', " ")),
        None => kinds.iter().find(|(known, _)| *known == Some(kind)).map_or("", |(_, words)| words).to_owned(),
    });
    Filter { label: "Actor", value, options: options.into() }
}

/// Kinds of records, and of the one that is chosen every action.
pub(super) fn actions(state: &TrailState) -> Filter {
    let chosen = state.action.split('.').next().unwrap_or_default();
    let kinds = [("", "Any action")].into_iter().chain(KINDS);
    let mut all = Vec::new();
    for (kind, label) in kinds {
        all.push((kind, label.to_owned()));
        let events =
            Event::ALL.iter().map(|event| event.as_str()).filter(|event| event.split('.').next() == Some(kind));
        all.extend(events.filter(|_| kind == chosen).map(|event| (event, words::event(event))));
    }
    let option = |(action, label): (&str, String)| {
        let href = state.with(|state| (state.action, state.target) = (action.to_owned(), None)).href();
        Choice::new(label, href, state.action == action)
    };
    let known = KINDS.iter().find(|(kind, _)| *kind == state.action).map(|(_, label)| (*label).to_owned());
    let value = Some(known.unwrap_or_else(|| words::event(&state.action))).filter(|value| !value.is_empty());
    Filter { label: "Action", value, options: all.into_iter().map(option).collect() }
}

/// One record that the entries are about; it is chosen by the links of entries and of other pages.
pub(super) fn targets(state: &TrailState) -> Option<Filter> {
    let id = state.target?;
    let kind = state.action.split('.').next().unwrap_or_default().replace('_', " ");
    let href = state.with(|state| state.target = None).href();
    let options = vec![Choice::new("Any record", href, false)];
    Some(Filter { label: "Target", value: Some(format!("{kind} {id}").trim().to_owned()), options })
}

/// Spans of time up to now; days are chosen beside them.
pub(super) fn times(state: &TrailState) -> Filter {
    let spans = [(None, "Any time"), (Some(1), "Last 24 hours"), (Some(7), "Last 7 days"), (Some(30), "Last 30 days")];
    let by_days = state.from.is_empty() && state.to.is_empty();
    let options = spans.map(|(days, words)| {
        let href = state.with(|state| (state.days, state.from, state.to) = (days, String::new(), String::new())).href();
        Choice::new(words, href, by_days && state.days == days)
    });
    let value = match (by_days, state.days) {
        (true, None) => None,
        (true, Some(days)) => {
            let known = spans.iter().find(|(known, _)| *known == Some(days));
            Some(known.map_or_else(|| format!("Last {days} days"), |(_, words)| (*words).to_owned()))
        }
        (false, _) if state.to.is_empty() => Some(format!("since {}", state.from)),
        (false, _) if state.from.is_empty() => Some(format!("to {}", state.to)),
        (false, _) => Some(format!("{} to {}", state.from, state.to)),
    };
    Filter { label: "Time", value, options: options.into() }
}
