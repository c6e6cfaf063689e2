//! A key's page: may it be deleted, what it is, and what it did.

use askama::Template;
use axum::extract::State;
use leadlatch_domain::audit::Event;
use leadlatch_domain::key_state::KeyState;
use leadlatch_domain::matrix::{ManageKeys, ReadAudit};
use leadlatch_domain::retention::Days;
use leadlatch_domain::scope::{Scope, ScopeSet};
use leadlatch_domain::time::Timestamp;
use leadlatch_store::access_keys::directory::{self, ListedKey};
use leadlatch_store::audit::{self, RecordEntry};
use leadlatch_store::usage::by_day::{self, ByDay, Client};
use leadlatch_store::usage::log::{self, LogEntry, LogFilter, RequestLog};
use leadlatch_store::usage::report::{self, KeyUse, SeenAt};
use leadlatch_store::{Connection, Error};
use serde::Deserialize;

use super::row::{KeyRow, key_href, kind_of};
use super::said::listed;
use super::verdict::{Verdict, verdict};
use crate::Web;
use crate::asked::{Path, Query};
use crate::components::words::{clock, count, date, exact, minute, thousands};
use crate::components::{Icon, Outcomes, When};
use crate::frame::Frame;
use crate::page::{Answer, page};
use crate::signed::Signed;

/// Addresses, and programs, that are listed.
const PLACES: u32 = 50;
/// Requests of the log on a page.
const REQUESTS: u32 = 25;
/// Audit entries that are listed.
const ENTRIES: usize = 20;
/// Days after which a feature that is not needed is one too many.
const NOT_USED: i64 = 90;

/// Which part of the log is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LogQuery {
    /// `accepted` or `refused`; everything else is all.
    log: String,
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "access_keys/show.html")]
struct Page {
    frame: Frame,
    key: KeyRow,
    verdict: Verdict,
    outcomes: Outcomes,
    facts: Facts,
    addresses: Vec<Seen>,
    agents: Vec<Seen>,
    log: Log,
    unused: Option<Unused>,
    entries: Vec<Entry>,
    is_idle: bool,
}

/// What stands beside.
#[derive(Debug)]
struct Facts {
    access: String,
    made: String,
    used: Option<When>,
    expires: String,
    addresses: String,
    limit: String,
    idle: String,
    follows: Option<(String, String)>,
    followed_by: Option<(String, String)>,
    exposed: Option<String>,
}

/// An address or a program.
#[derive(Debug)]
struct Seen {
    name: String,
    first: When,
    last: When,
    requests: String,
}

#[derive(Debug)]
struct Log {
    filters: Vec<LogChoice>,
    rows: Vec<LogRow>,
    older: String,
    dropped: Option<String>,
}

#[derive(Debug)]
struct LogChoice {
    words: &'static str,
    href: String,
    chosen: bool,
}

#[derive(Debug)]
struct LogRow {
    time: String,
    exact: String,
    method: String,
    route: String,
    status: i64,
    good: bool,
    rows: String,
    took: String,
    request_id: String,
    from: String,
}

/// Features that nothing needs.
#[derive(Debug)]
struct Unused {
    /// `Read leads was last needed 97 days ago.`
    lines: Vec<(String, String)>,
    /// What would do the same work, and where to make it; none where nothing would be left.
    narrower: Option<(String, String)>,
}

#[derive(Debug)]
struct Entry {
    number: i64,
    words: String,
    at: String,
}

/// What is read for the page.
struct Read {
    listed: ListedKey,
    used: KeyUse,
    days: ByDay,
    clients: Vec<Client>,
    log: RequestLog,
    entries: Vec<RecordEntry>,
}

/// The page.
pub(crate) async fn show(
    State(web): State<Web>,
    signed: Signed<ManageKeys>,
    Path(id): Path<i64>,
    Query(asked): Query<LogQuery>,
) -> Answer {
    web.flush_usage().await?;
    let (keys, trail) = (signed.permit::<ManageKeys>()?, signed.permit::<ReadAudit>()?);
    let status = match asked.log.as_str() {
        "accepted" => Some((100, 399)),
        "refused" => Some((400, 599)),
        _ => None,
    };
    let filter = LogFilter { key: Some(id), status, before: asked.before, limit: REQUESTS, ..LogFilter::default() };
    let job = async move |db: &mut Connection<'_>| {
        let days = Days::new(30).ok_or_else(|| Error::internal("days out of range"))?;
        let clients = by_day::clients(db, &keys, id).await?;
        Ok(Read {
            listed: directory::listed(db, &keys, id).await?.into_inner(),
            used: report::show(db, &keys, id, PLACES).await?.into_inner(),
            days: by_day::by_day(db, &keys, id, days).await?.into_inner(),
            clients: clients.into_iter().map(leadlatch_store::Visible::into_inner).collect(),
            log: log::list(db, &keys, &filter).await?.into_inner(),
            entries: audit::of_record(db, &trail, ("key.", id), ENTRIES).await?,
        })
    };
    let (read, now) = (web.store().read_apart(job).await?, web.store().clock().now());
    page(&Page::new(signed.frame, &read, &asked, now))
}

impl Page {
    fn new(frame: Frame, read: &Read, asked: &LogQuery, now: Timestamp) -> Self {
        let key = KeyRow::new(&read.listed, now);
        Self {
            verdict: verdict(&read.listed.key, &read.clients, now),
            outcomes: Outcomes::new(read.days.first_day, read.days.counts.iter().copied()),
            facts: Facts::new(&read.listed, now),
            addresses: read.used.addresses.iter().map(|seen| Seen::new(seen, now)).collect(),
            agents: read.used.user_agents.iter().map(|seen| Seen::new(seen, now)).collect(),
            log: Log::new(key.id, &read.log, asked, now),
            unused: unused(&read.listed, &read.days.scopes, now),
            entries: read.entries.iter().map(Entry::new).collect(),
            is_idle: read.listed.key.state == KeyState::Idle,
            frame,
            key,
        }
    }
}

impl Facts {
    fn new(listed_key: &ListedKey, now: Timestamp) -> Self {
        let key = &listed_key.key;
        let labels: Vec<_> = key.scopes.iter().map(Scope::label).collect();
        let link = |id: i64| (format!("key {id}"), key_href(id, ""));
        let limit = key.limits.requests_per_minute;
        let exposed = |at| {
            let from = key.exposed_from.as_ref().map(|from| format!(", from {from}")).unwrap_or_default();
            format!("It stood in a URL on {}{from}, where logs keep it: rotate or delete it.", minute(at))
        };
        Self {
            access: listed(labels),
            made: format!("{} by {}", date(key.created_at), listed_key.made_by),
            used: key.last_used_at.map(|at| When::ago(at, now)),
            expires: key.expires_at.map_or_else(|| "Never".into(), minute),
            addresses: key
                .limits
                .address_ranges
                .as_ref()
                .map_or_else(|| "Any".into(), |all| all.to_stored().replace(' ', ", ")),
            limit: limit
                .map_or_else(|| "None".into(), |limit| format!("{} a minute", count(limit.get().into(), "request"))),
            idle: key
                .limits
                .idle_days
                .map_or_else(|| "Never".into(), |days| format!("After {}", count(days.get(), "day"))),
            follows: key.rotated_from.map(link),
            followed_by: key.successor_id.map(link),
            exposed: key.exposed_at.filter(|_| key.deleted_at.is_none()).map(exposed),
        }
    }
}

impl Seen {
    fn new(seen: &SeenAt, now: Timestamp) -> Self {
        let name = if seen.name.is_empty() { "No name given".to_owned() } else { seen.name.clone() };
        Self {
            name,
            first: When::date(seen.first_used_at),
            last: When::ago(seen.last_used_at, now),
            requests: thousands(seen.requests),
        }
    }
}

impl Log {
    fn new(id: i64, log: &RequestLog, asked: &LogQuery, now: Timestamp) -> Self {
        let href = |word: &str| key_href(id, "") + if word.is_empty() { "" } else { "?log=" } + word + "#log";
        let known = if matches!(asked.log.as_str(), "accepted" | "refused") { asked.log.as_str() } else { "" };
        let choices = [("", "All"), ("accepted", "Accepted"), ("refused", "Refused")];
        let filters = choices.map(|(word, words)| LogChoice { words, href: href(word), chosen: word == known });
        let part = if known.is_empty() { String::new() } else { format!("log={known}&") };
        let older = log.next_before.map(|before| format!("{}?{part}before={before}#log", key_href(id, "")));
        let dropped = format!("The log had no room for {}; the counts above are whole.", count(log.dropped, "request"));
        Self {
            filters: filters.into(),
            rows: log.entries.iter().map(|entry| LogRow::new(entry, now)).collect(),
            older: older.unwrap_or_default(),
            dropped: (log.dropped > 0).then_some(dropped),
        }
    }
}

impl LogRow {
    fn new(entry: &LogEntry, now: Timestamp) -> Self {
        let today = entry.at.day() == now.day();
        Self {
            time: if today { clock(entry.at) } else { format!("{}, {}", date(entry.at), clock(entry.at)) },
            exact: exact(entry.at),
            method: entry.method.clone(),
            route: entry.route.clone(),
            status: entry.status,
            good: entry.status < 400,
            rows: thousands(entry.rows),
            took: thousands((entry.duration + 500) / 1_000),
            request_id: entry.request_id.clone(),
            from: format!("{} {}", entry.address, entry.user_agent),
        }
    }
}

impl LogRow {
    fn icon(&self) -> Icon {
        if self.good { Icon::Tick } else { Icon::Cross }
    }
}

/// Features that no request of the last 90 days needed, of a key that is as old and still opens.
fn unused(listed_key: &ListedKey, last: &[(Scope, i64)], now: Timestamp) -> Option<Unused> {
    let key = &listed_key.key;
    let edge = now.day() - NOT_USED;
    if key.created_at.day() > edge || !matches!(key.state, KeyState::Active | KeyState::Expiring) {
        return None;
    }
    let day = |scope: Scope| last.iter().find(|(known, _)| *known == scope).map(|(_, day)| *day);
    let idle: ScopeSet = key.scopes.iter().filter(|scope| day(*scope).is_none_or(|day| day < edge)).collect();
    if idle.is_empty() {
        return None;
    }
    let line = |scope: Scope| {
        let words = day(scope).map(|day| format!(" was last needed {} ago.", count(now.day() - day, "day")));
        (scope.label().to_owned(), words.unwrap_or_else(|| " was never needed.".into()))
    };
    let left = key.scopes.without(idle);
    let labels: Vec<_> = left.iter().map(Scope::label).collect();
    let href = || super::add_href(kind_of(key), key.partner_id, left);
    let narrower = (!left.is_empty()).then(|| (listed(labels), href()));
    Some(Unused { lines: idle.iter().map(line).collect(), narrower })
}

impl Entry {
    fn new(entry: &RecordEntry) -> Self {
        let what = match entry.event {
            Event::KeyCreated => "Created".to_owned(),
            Event::KeyDeleted => "Deleted".into(),
            Event::KeyEnabled => "Enabled again".into(),
            Event::KeyRotated => "Rotated".into(),
            Event::KeyRotatedOut => "Ended by its successor’s first use".into(),
            Event::KeyExposed => "Seen in a URL".into(),
            _ => format!("Changed {}", entry.changed.join(", ").replace('_', " ")),
        };
        Self { number: entry.number, words: format!("{what} by {}", entry.who), at: minute(entry.at) }
    }
}
