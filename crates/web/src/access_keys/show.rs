//! A key's page: may it be deleted, what it is, and what it did.

use askama::Template;
use axum::extract::State;
use leadlatch_domain::audit::Event;
use leadlatch_domain::key_state::KeyState;
use leadlatch_domain::matrix::{ManageKeys, ReadAudit};
use leadlatch_domain::retention::Days;
use leadlatch_domain::time::Timestamp;
use leadlatch_store::access_keys::directory::{self, ListedKey};
use leadlatch_store::audit::{self, RecordEntry};
use leadlatch_store::usage::by_day::{self, ByDay, Client};
use leadlatch_store::usage::log::{self, RequestLog};
use leadlatch_store::usage::report::{self, KeyUse, SeenAt};
use leadlatch_store::{Connection, Error};

use super::facts::Facts;
use super::log::{Log, LogQuery};
use super::row::KeyRow;
use super::unused::{self, Unused};
use super::verdict::{Verdict, verdict};
use crate::Web;
use crate::asked::{Path, Query};
use crate::components::words::{minute, thousands};
use crate::components::{Outcomes, When};
use crate::frame::Frame;
use crate::page::{Answer, page};
use crate::signed::Signed;

/// Addresses, and programs, that are listed.
const PLACES: u32 = 50;
/// Audit entries that are listed.
const ENTRIES: usize = 20;

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

/// An address or a program.
#[derive(Debug)]
struct Seen {
    name: String,
    first: When,
    last: When,
    requests: String,
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
    web.freshen_usage().await;
    let (keys, trail) = (signed.permit::<ManageKeys>()?, signed.permit::<ReadAudit>()?);
    let filter = asked.filter(id);
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
            unused: unused::of(&read.listed, &read.days.scopes, now),
            entries: read.entries.iter().map(Entry::new).collect(),
            is_idle: read.listed.key.state == KeyState::Idle,
            frame,
            key,
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
