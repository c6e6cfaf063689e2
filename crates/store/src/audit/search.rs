//! Finding entries of the trail: walked from the newest back, and judged one by one.

use std::collections::BTreeMap;

use leadlatch_domain::audit::{Actor, ActorKind, Entry, Event, Stored};
use leadlatch_domain::matrix::ReadAudit;

use super::read;
use crate::Result;
use crate::access::Grant;
use crate::engine::{Connection, values};

/// Entries that one search looks at, at the most.
const WALKED: i64 = 20_000;
/// Entries of one statement.
const BLOCK: i64 = 500;

/// What entries are narrowed to.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Who did it, by kind.
    pub actor: Option<ActorKind>,
    /// Who did it, by number.
    pub actor_id: Option<i64>,
    /// What was done: the beginning of events' names, such as `key.` or `key.deleted`.
    pub event: String,
    /// To which record.
    pub target_id: Option<i64>,
    /// At this time or after, in microseconds.
    pub from: Option<i64>,
    /// Before this time.
    pub to: Option<i64>,
    /// A text in the details, or the number of the entry.
    pub text: String,
}

impl AuditFilter {
    fn lets_in(&self, entry: &Entry, stored: &Stored) -> bool {
        self.actor.is_none_or(|kind| entry.actor.kind == kind)
            && self.actor_id.is_none_or(|id| entry.actor.id == id)
            && entry.event.as_str().starts_with(&self.event)
            && self.target_id.is_none_or(|id| entry.target_id == id)
            && self.from.is_none_or(|from| entry.at >= from)
            && self.to.is_none_or(|to| entry.at < to)
            && self.has_text(entry, stored)
    }

    fn has_text(&self, entry: &Entry, stored: &Stored) -> bool {
        let wanted = self.text.trim().to_lowercase();
        wanted.is_empty()
            || entry.number.to_string() == wanted
            || stored.details.as_ref().is_some_and(|(_, text)| text.to_lowercase().contains(&wanted))
    }
}

/// An entry that was found: its bytes as they are stored, and what they say, unless they are no entry.
#[derive(Debug, Clone)]
pub struct Found {
    /// What is stored.
    pub stored: Stored,
    /// What it says.
    pub entry: Option<Entry>,
}

/// What a search found, newest first.
#[derive(Debug)]
pub struct Search {
    /// The entries.
    pub found: Vec<Found>,
    /// The number before which the search goes on, if there is more to look at.
    pub before: Option<i64>,
}

/// The newest entries before a number that the filter lets in: `limit` of them, or as many as the last twenty thousand hold.
/// An entry that cannot be read is never filtered out.
pub async fn search(
    db: &mut Connection<'_>,
    grant: &Grant<ReadAudit>,
    filter: &AuditFilter,
    before: Option<i64>,
    limit: usize,
) -> Result<Search> {
    let mut next = before.unwrap_or(i64::MAX);
    let mut found = Vec::new();
    for _ in 0..WALKED / BLOCK {
        let block = block(db, grant, next).await?;
        let is_last = (block.len() as i64) < BLOCK;
        for stored in block {
            if found.len() == limit {
                return Ok(Search { found, before: Some(next) });
            }
            next = stored.number;
            let entry = Entry::decode(&stored.bytes).ok();
            if entry.as_ref().is_none_or(|entry| filter.lets_in(entry, &stored)) {
                found.push(Found { stored, entry });
            }
        }
        if is_last {
            return Ok(Search { found, before: None });
        }
    }
    Ok(Search { found, before: Some(next) })
}

async fn block(db: &mut Connection<'_>, grant: &Grant<ReadAudit>, before: i64) -> Result<Vec<Stored>> {
    let sql = "SELECT e.number, e.entry, e.hash, d.salt, d.details FROM audit_entries e \
               LEFT JOIN audit_details d ON d.account_id = e.account_id AND d.number = e.number \
               WHERE e.account_id = $1 AND e.number < $2 ORDER BY e.number DESC LIMIT $3";
    db.query(sql, values![grant.account(), before, BLOCK], read).await
}

/// What people, keys and partner records are called, also those that were deleted.
#[derive(Debug, Default)]
pub struct Names {
    users: BTreeMap<i64, String>,
    keys: BTreeMap<i64, String>,
    partners: BTreeMap<i64, String>,
}

impl Names {
    /// What an actor is called, if it has a name.
    pub fn actor(&self, actor: Actor) -> Option<&str> {
        match actor.kind {
            ActorKind::User => self.users.get(&actor.id),
            ActorKind::Key => self.keys.get(&actor.id),
            ActorKind::CommandLine | ActorKind::Role => None,
        }
        .map(String::as_str)
    }

    /// What the record of an event is called, if it has a name that is kept.
    pub fn target(&self, event: Event, id: i64) -> Option<&str> {
        match event.as_str().split('.').next() {
            Some("user" | "sign_in" | "session") => self.users.get(&id),
            Some("key") => self.keys.get(&id),
            Some("partner") => self.partners.get(&id),
            _ => None,
        }
        .map(String::as_str)
    }
}

/// The names of whom and what entries are about.
pub async fn names(db: &mut Connection<'_>, grant: &Grant<ReadAudit>, found: &[Found]) -> Result<Names> {
    let mut names = Names::default();
    for entry in found.iter().filter_map(|found| found.entry.as_ref()) {
        match entry.actor.kind {
            ActorKind::User => name(db, grant, USER, entry.actor.id, &mut names.users).await?,
            ActorKind::Key => name(db, grant, KEY, entry.actor.id, &mut names.keys).await?,
            ActorKind::CommandLine | ActorKind::Role => {}
        }
        match entry.event.as_str().split('.').next() {
            Some("user" | "sign_in" | "session") => name(db, grant, USER, entry.target_id, &mut names.users).await?,
            Some("key") => name(db, grant, KEY, entry.target_id, &mut names.keys).await?,
            Some("partner") => name(db, grant, PARTNER, entry.target_id, &mut names.partners).await?,
            _ => {}
        }
    }
    Ok(names)
}

const USER: &str = "SELECT name FROM users WHERE account_id = $1 AND id = $2";
const KEY: &str = "SELECT name FROM access_keys WHERE account_id = $1 AND id = $2";
const PARTNER: &str = "SELECT company FROM partner_records WHERE account_id = $1 AND id = $2";

async fn name(
    db: &mut Connection<'_>,
    grant: &Grant<ReadAudit>,
    sql: &str,
    id: i64,
    known: &mut BTreeMap<i64, String>,
) -> Result<()> {
    if !known.contains_key(&id)
        && let Some(name) = db.query_opt(sql, values![grant.account(), id], |row| row.get(0)).await?
    {
        known.insert(id, name);
    }
    Ok(())
}
