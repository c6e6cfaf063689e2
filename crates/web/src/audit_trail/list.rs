//! The trail: what is asked for of it, newest first, and the state of the chain.

use askama::Template;
use axum::extract::State;
use leadlatch_domain::audit::{ActorKind, Event};
use leadlatch_domain::matrix::ReadAudit;
use leadlatch_domain::time::Timestamp;
use leadlatch_store::{Connection, audit};

use super::chain::{self, Chain};
use super::entry::Row;
use super::query::TrailState;
use super::words::{self, KINDS};
use crate::Web;
use crate::components::words::{clock, date, thousands};
use crate::frame::Frame;
use crate::page::{Answer, page};
use crate::signed::Signed;

/// Entries of a page.
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "audit_trail/list.html")]
struct Page {
    frame: Frame,
    state: TrailState,
    /// The state that a search keeps, and the one that a choice of days keeps.
    kept: Vec<(&'static str, String)>,
    kept_by_days: Vec<(&'static str, String)>,
    filters: Vec<Filter>,
    time: Filter,
    rows: Vec<Row>,
    words: String,
    older: String,
    newest: String,
    chain: Panel,
}

struct Filter {
    label: &'static str,
    value: Option<String>,
    options: Vec<(String, String, bool)>,
}

/// The panel of the chain.
struct Panel {
    title: String,
    words: String,
    command: String,
    /// Where the first bad entry is.
    broken: String,
    verified: bool,
    again: String,
}

/// The page.
pub(crate) async fn show(State(web): State<Web>, signed: Signed<ReadAudit>, state: TrailState) -> Answer {
    let now = web.store().clock().now();
    let chain = chain::state(&web, &signed.grant, state.verify).await?;
    let (grant, filter, before) = (signed.grant, state.filter(now), state.before);
    let job = async move |db: &mut Connection<'_>| {
        let search = audit::search(db, &grant, &filter, before, ROWS).await?;
        let names = audit::names(db, &grant, &search.found).await?;
        Ok((search, names))
    };
    let (search, names) = web.store().read_apart(job).await?;
    let rows: Vec<Row> = search.found.iter().map(|found| Row::of(found, &names, &state)).collect();
    let to = |before| state.with(|state| state.before = before).href();
    page(&Page {
        frame: signed.frame,
        kept: state.with(|state| state.search.clear()).pairs(),
        kept_by_days: state.with(|state| (state.from, state.to, state.days) = Default::default()).pairs(),
        filters: [actors(&state), actions(&state)].into_iter().chain(targets(&state)).collect(),
        time: times(&state),
        words: which(&rows, search.before),
        older: search.before.map_or_else(String::new, |before| to(Some(before))),
        newest: if state.before.is_some() { to(None) } else { String::new() },
        chain: Panel::of(chain, &state),
        rows,
        state,
    })
}

/// Which entries are shown.
fn which(rows: &[Row], before: Option<i64>) -> String {
    match (rows.first(), rows.last()) {
        (Some(first), Some(last)) if rows.len() > 1 => format!("Entries {} to {}", first.number, last.number),
        (Some(only), _) => format!("Entry {}", only.number),
        _ => before.map_or_else(|| "None found".into(), |before| format!("None found back to entry {before}")),
    }
}

fn actors(state: &TrailState) -> Filter {
    let kinds = [
        (None, "Anybody"),
        (Some(ActorKind::User), "Users"),
        (Some(ActorKind::Key), "Access keys"),
        (Some(ActorKind::CommandLine), "Command line"),
        (Some(ActorKind::Role), "The server"),
    ];
    let options = kinds.map(|(kind, words)| {
        let href = state.with(|state| (state.actor, state.actor_id) = (kind, None)).href();
        (words.to_owned(), href, state.actor == kind && state.actor_id.is_none())
    });
    let value = state.actor.map(|kind| match state.actor_id {
        Some(id) => format!("{} {id}", kind.as_str().replace('_', " ")),
        None => kinds.iter().find(|(known, _)| *known == Some(kind)).map_or("", |(_, words)| words).to_owned(),
    });
    Filter { label: "Actor", value, options: options.into() }
}

/// Kinds of records, and of the one that is chosen every action.
fn actions(state: &TrailState) -> Filter {
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
        (label, href, state.action == action)
    };
    let known = KINDS.iter().find(|(kind, _)| *kind == state.action).map(|(_, label)| (*label).to_owned());
    let value = Some(known.unwrap_or_else(|| words::event(&state.action))).filter(|value| !value.is_empty());
    Filter { label: "Action", value, options: all.into_iter().map(option).collect() }
}

/// One record that the entries are about; it is chosen by the links of entries and of other pages.
fn targets(state: &TrailState) -> Option<Filter> {
    let id = state.target?;
    let kind = state.action.split('.').next().unwrap_or_default().replace('_', " ");
    let href = state.with(|state| state.target = None).href();
    let options = vec![("Any record".to_owned(), href, false)];
    Some(Filter { label: "Target", value: Some(format!("{kind} {id}").trim().to_owned()), options })
}

fn times(state: &TrailState) -> Filter {
    let spans = [(None, "Any time"), (Some(1), "Last 24 hours"), (Some(7), "Last 7 days"), (Some(30), "Last 30 days")];
    let by_days = state.from.is_empty() && state.to.is_empty();
    let options = spans.map(|(days, words)| {
        let href = state.with(|state| (state.days, state.from, state.to) = (days, String::new(), String::new())).href();
        (words.to_owned(), href, by_days && state.days == days)
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

impl Panel {
    fn of(chain: Chain, state: &TrailState) -> Self {
        let when = |at: Timestamp| format!("Checked at {} UTC on {}.", &clock(at)[..8], date(at));
        let file = |number: i64| format!("leadlatch audit verify --file leadlatch-audit-{number}.jsonl");
        let href = state.href();
        let again = format!("{href}{}verify=now", if href.contains('?') { '&' } else { '?' });
        let panel = |title, words, number, verified| Self {
            title,
            words,
            command: file(number),
            broken: String::new(),
            verified,
            again,
        };
        match chain {
            Chain::Holds { number: 0, at } => panel("No entry yet".into(), when(at), 0, true),
            Chain::Holds { number, at } => panel(
                format!("Verified to entry {number}"),
                format!("{} Every entry carries the digest of the one before it.", when(at)),
                number,
                true,
            ),
            Chain::Long { number } => panel(
                format!("{} entries", thousands(number)),
                "The chain is verified by the command below, on any machine.".into(),
                number,
                false,
            ),
            Chain::Broken { broken, at } => Self {
                broken: super::entry(broken.number),
                ..panel(
                    "The chain is broken".into(),
                    format!("{} The first bad place is {broken}.", when(at)),
                    broken.number,
                    false,
                )
            },
        }
    }
}
