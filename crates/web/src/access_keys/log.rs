//! The request log on a key's page: its rows, and the filters that stand in the address.

use leadlatch_domain::time::Timestamp;
use leadlatch_store::usage::log::{LogEntry, LogFilter, RequestLog};
use serde::Deserialize;

use super::row::key_href;
use crate::components::Icon;
use crate::components::words::{clock, count, date, exact, thousands};
use crate::paths;

/// Requests of the log on a page.
const REQUESTS: u32 = 25;
/// Statuses that are offered: their word in the address, what they are called, the lowest and the highest.
const STATUSES: [(&str, &str, (u16, u16)); 9] = [
    ("accepted", "Accepted", (100, 399)),
    ("refused", "Refused", (400, 599)),
    ("401", "401, not recognised", (401, 401)),
    ("403", "403, not permitted", (403, 403)),
    ("404", "404, not found", (404, 404)),
    ("409", "409, conflict", (409, 409)),
    ("422", "422, not valid", (422, 422)),
    ("429", "429, too many", (429, 429)),
    ("500", "500 and above", (500, 599)),
];
const METHODS: [&str; 5] = ["GET", "POST", "PATCH", "PUT", "DELETE"];

/// Which part of the log is shown. What is not known asks for nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LogQuery {
    /// A word of the statuses.
    log: String,
    method: String,
    /// A route's template, whole.
    route: String,
    before: Option<i64>,
}

#[derive(Debug)]
pub(super) struct Log {
    pub(super) statuses: Vec<Choice>,
    pub(super) methods: Vec<Choice>,
    pub(super) route: String,
    /// Routes of the rows that are shown, to choose from.
    pub(super) routes: Vec<String>,
    pub(super) narrowed: bool,
    pub(super) rows: Vec<LogRow>,
    pub(super) older: String,
    pub(super) dropped: Option<String>,
}

/// A value of a drop-down.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) value: &'static str,
    pub(super) words: &'static str,
    pub(super) chosen: bool,
}

#[derive(Debug)]
pub(super) struct LogRow {
    pub(super) time: String,
    pub(super) exact: String,
    pub(super) method: String,
    pub(super) route: String,
    pub(super) status: i64,
    pub(super) good: bool,
    pub(super) rows: String,
    pub(super) took: String,
    pub(super) request_id: String,
    pub(super) from: String,
}

impl LogQuery {
    fn status(&self) -> Option<(u16, u16)> {
        STATUSES.iter().find(|(word, ..)| *word == self.log).map(|(.., range)| *range)
    }

    fn method(&self) -> Option<&'static str> {
        METHODS.into_iter().find(|method| *method == self.method)
    }

    fn route(&self) -> Option<String> {
        Some(self.route.trim().to_owned()).filter(|route| !route.is_empty())
    }

    /// The question to the store.
    pub(super) fn filter(&self, key: i64) -> LogFilter {
        LogFilter {
            key: Some(key),
            status: self.status(),
            method: self.method().map(str::to_owned),
            route: self.route(),
            before: self.before,
            limit: REQUESTS,
            ..LogFilter::default()
        }
    }

    /// The address of the part that begins before an entry.
    fn older(&self, key: i64, before: i64) -> String {
        let log = Some(("log", self.log.clone())).filter(|_| self.status().is_some());
        let method = self.method().map(|method| ("method", method.to_owned()));
        let route = self.route().map(|route| ("route", route));
        let pairs = log.into_iter().chain(method).chain(route).chain([("before", before.to_string())]);
        paths::with_query(&key_href(key, ""), pairs) + "#log"
    }
}

impl Log {
    pub(super) fn new(id: i64, log: &RequestLog, asked: &LogQuery, now: Timestamp) -> Self {
        let (status, method) = (asked.status(), asked.method());
        let dropped = format!("The log had no room for {}; the counts above are whole.", count(log.dropped, "request"));
        let mut routes: Vec<_> = log.entries.iter().map(|entry| entry.route.clone()).collect();
        routes.sort_unstable();
        routes.dedup();
        Self {
            statuses: STATUSES
                .map(|(value, words, range)| Choice { value, words, chosen: status == Some(range) })
                .into(),
            methods: METHODS.map(|value| Choice { value, words: value, chosen: method == Some(value) }).into(),
            route: asked.route().unwrap_or_default(),
            routes,
            narrowed: status.is_some() || method.is_some() || asked.route().is_some(),
            rows: log.entries.iter().map(|entry| LogRow::new(entry, now)).collect(),
            older: log.next_before.map(|before| asked.older(id, before)).unwrap_or_default(),
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

    pub(super) fn icon(&self) -> Icon {
        if self.good { Icon::Tick } else { Icon::Cross }
    }
}
