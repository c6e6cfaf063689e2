//! The trail: what is asked for of it, newest first, and the state of the chain.

use askama::Template;
use axum::extract::State;
use leadlatch_domain::matrix::ReadAudit;
use leadlatch_domain::time::Timestamp;
use leadlatch_store::{Connection, audit};

use super::chain::{self, Chain};
use super::entry::Row;
use super::filters::{actions, actors, targets, times};
use super::query::TrailState;
use crate::Web;
use crate::components::Filter;
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
