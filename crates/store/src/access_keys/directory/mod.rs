//! The keys of an account as the settings page lists them: narrowed, ordered, a page at a time, with what each did in 30
//! days.
//!
//! An account has some thousand keys at the most. They are read at once, and narrowed and ordered here: a key's state is a
//! matter of several times and the clock, stated once in the domain and not in SQL again.

mod days;
mod query;
mod rotating;

use std::cmp::Reverse;
use std::collections::HashMap;

use leadlatch_domain::key_directory::{KeyCard, KeyOrder, KeyStatus};
use leadlatch_domain::matrix::ManageKeys;
use leadlatch_domain::time::Timestamp;
use serde::Serialize;

pub use self::days::{DAYS, DayCount};
pub use self::query::DirectoryQuery;
use self::query::holds_card;
pub use self::rotating::OldKey;
use super::read::{AccessKey, KeyFilter};
use crate::access::{Grant, Visible};
use crate::engine::{Connection, Row, values};
use crate::{Error, Result};

/// Keys of a page.
pub const PAGE: usize = 50;

/// A page of keys, and what is said above it.
#[derive(Debug)]
pub struct Directory {
    /// What is true of all keys of the account that open, whatever the query.
    pub counts: Counts,
    /// Keys that the query leaves.
    pub total: usize,
    /// Those of the page.
    pub rows: Vec<ListedKey>,
    /// The records that keys are bound to, by name.
    pub partners: Vec<KeyPartner>,
}

/// Numbers of the keys that open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All keys there are, whatever has become of them.
    pub whole: usize,
    /// All that open.
    pub active: usize,
    /// Those of each card, in the order of the cards.
    pub cards: [usize; KeyCard::ALL.len()],
    /// When the oldest of those was made that were never used.
    pub oldest_unused: Option<Timestamp>,
    /// When the one was last used that has been idle for longest.
    pub longest_idle: Option<Timestamp>,
}

/// A key in the list.
#[derive(Debug, Clone, Serialize)]
pub struct ListedKey {
    /// The key.
    #[serde(flatten)]
    pub key: AccessKey,
    /// The record that a Partner key is bound to.
    pub partner: Option<KeyPartner>,
    /// Who made it, by name where that is known.
    pub made_by: String,
    /// Who deleted it, in the same way.
    #[serde(skip)]
    pub deleter: Option<String>,
    /// Requests of 30 days, today among them.
    pub requests: i64,
    /// How many of them were refused: every 4xx and 5xx.
    pub refused: i64,
    /// The same by day, today last.
    #[serde(skip)]
    pub days: [DayCount; DAYS],
    /// The key that it was rotated from, while that one still opens.
    pub old_key: Option<OldKey>,
}

/// The record of a Partner key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyPartner {
    /// Its id.
    pub id: i64,
    /// The company.
    pub company: String,
    /// `introducer`, `partner` or `both`.
    pub kind: String,
}

impl ListedKey {
    /// Whether a rotation of the key is under way: it was rotated and still opens, or the one that it follows does.
    pub fn is_rotating(&self) -> bool {
        self.key.successor_id.is_some() || self.old_key.is_some()
    }
}

/// The page of the list that a query asks for. Pages begin at 1.
pub async fn directory(
    db: &mut Connection<'_>,
    grant: &Grant<ManageKeys>,
    query: &DirectoryQuery,
) -> Result<Directory> {
    let page = query.page.max(1) - 1;
    let (counts, partners, mut keys) = narrowed(db, grant, query).await?;
    let total = keys.len();
    let rest = keys.split_off(keys.len().min(page.saturating_mul(PAGE)));
    let mut rows: Vec<_> = rest.into_iter().take(PAGE).collect();
    days::fill(db, grant, &mut rows).await?;
    rotating::fill(db, grant, &mut rows).await?;
    Ok(Directory { counts, total, rows, partners })
}

/// Every key that a query leaves, in its order: for an export.
pub async fn all(
    db: &mut Connection<'_>,
    grant: &Grant<ManageKeys>,
    query: &DirectoryQuery,
) -> Result<Vec<Visible<ListedKey>>> {
    let (.., keys) = narrowed(db, grant, query).await?;
    Ok(keys.into_iter().map(Visible).collect())
}

/// Keys of the account by their ids, as they are listed; those that are deleted are left out.
pub async fn of_ids(
    db: &mut Connection<'_>,
    grant: &Grant<ManageKeys>,
    ids: &[i64],
) -> Result<Vec<Visible<ListedKey>>> {
    let query =
        DirectoryQuery { status: KeyStatus::Any, order: KeyOrder::Name, descending: false, ..Default::default() };
    let (.., keys) = narrowed(db, grant, &query).await?;
    Ok(keys.into_iter().filter(|row| ids.contains(&row.key.id)).map(Visible).collect())
}

/// One key as it is listed.
pub async fn listed(db: &mut Connection<'_>, grant: &Grant<ManageKeys>, id: i64) -> Result<Visible<ListedKey>> {
    let of = KeyFilter { deleted: true, ..KeyFilter::default() };
    let keys = super::list(db, grant, of).await?;
    let opening: Vec<i64> = keys.iter().filter(|key| opens(key)).map(|key| key.id).collect();
    let key = keys.into_iter().find(|key| key.id == id).ok_or(Error::NotFound("key"))?;
    let mut rows = [Names::read(db, grant).await?.row(key.0, &days::totals(db, grant, Some(id)).await?, &opening)];
    days::fill(db, grant, &mut rows).await?;
    rotating::fill(db, grant, &mut rows).await?;
    let [row] = rows;
    Ok(Visible(row))
}

async fn narrowed(
    db: &mut Connection<'_>,
    grant: &Grant<ManageKeys>,
    query: &DirectoryQuery,
) -> Result<(Counts, Vec<KeyPartner>, Vec<ListedKey>)> {
    let of = KeyFilter { deleted: true, ..KeyFilter::default() };
    let keys = super::list(db, grant, of).await?;
    let (names, totals, now) = (Names::read(db, grant).await?, days::totals(db, grant, None).await?, db.now());
    let opening: Vec<i64> = keys.iter().filter(|key| opens(key)).map(|key| key.id).collect();
    let counts = Counts::of(keys.iter().map(|key| &key.0), now);
    let rows = keys.into_iter().map(|key| names.row(key.0, &totals, &opening));
    let mut rows: Vec<_> = rows.filter(|row| query.leaves(row, now)).collect();
    sort(&mut rows, query);
    Ok((counts, names.partners_in_order(), rows))
}

fn opens(key: &AccessKey) -> bool {
    KeyStatus::Active.holds(key.state, false)
}

fn sort(rows: &mut [ListedKey], query: &DirectoryQuery) {
    // Whatever the order, keys that are alike in it stand newest first.
    rows.sort_by_key(|row| Reverse(row.key.id));
    match query.order {
        KeyOrder::Name => rows.sort_by_cached_key(|row| row.key.name.to_lowercase()),
        KeyOrder::Type => {
            rows.sort_by_cached_key(|row| row.partner.as_ref().map(|partner| partner.company.to_lowercase()));
        }
        KeyOrder::Used => rows.sort_by_key(|row| row.key.last_used_at),
        KeyOrder::Requests => rows.sort_by_key(|row| row.requests),
        KeyOrder::Created => rows.sort_by_key(|row| row.key.created_at),
        KeyOrder::Expires => rows.sort_by_key(|row| row.key.expires_at.unwrap_or(Timestamp::MAX)),
    }
    if query.descending {
        rows.reverse();
    }
}

impl Counts {
    fn of<'k>(keys: impl Iterator<Item = &'k AccessKey>, now: Timestamp) -> Self {
        let mut counts = Self::default();
        for key in keys {
            counts.whole += 1;
            if !opens(key) {
                continue;
            }
            counts.active += 1;
            for (count, card) in counts.cards.iter_mut().zip(KeyCard::ALL) {
                *count += usize::from(holds_card(*card, key, now));
            }
            if key.last_used_at.is_none() {
                counts.oldest_unused = Some(counts.oldest_unused.map_or(key.created_at, |old| old.min(key.created_at)));
            }
            if let Some(used) = key.last_used_at.filter(|_| holds_card(KeyCard::Idle, key, now)) {
                counts.longest_idle = Some(counts.longest_idle.map_or(used, |old| old.min(used)));
            }
        }
        counts
    }

    /// The number of a card.
    pub fn card(&self, card: KeyCard) -> usize {
        let place = KeyCard::ALL.iter().position(|known| *known == card);
        place.map_or(0, |place| self.cards[place])
    }
}

/// The names of records and people that keys refer to by number.
struct Names {
    partners: HashMap<i64, KeyPartner>,
    users: HashMap<i64, String>,
}

impl Names {
    async fn read(db: &mut Connection<'_>, grant: &Grant<ManageKeys>) -> Result<Self> {
        let sql = "SELECT id, company, kind FROM partner_records WHERE account_id = $1";
        let read = |row: &Row<'_>| {
            let partner = KeyPartner { id: row.get(0)?, company: row.get(1)?, kind: row.get(2)? };
            Ok((partner.id, partner))
        };
        let partners = db.query(sql, values![grant.account()], read).await?.into_iter().collect();
        let sql = "SELECT id, name FROM users WHERE account_id = $1";
        let users = db.query(sql, values![grant.account()], |row| Ok((row.get(0)?, row.get(1)?))).await?;
        Ok(Self { partners, users: users.into_iter().collect() })
    }

    fn row(&self, key: AccessKey, totals: &HashMap<i64, DayCount>, opening: &[i64]) -> ListedKey {
        let sum = totals.get(&key.id).copied().unwrap_or_default();
        let old_key = key.rotated_from.filter(|old| opening.contains(old)).map(OldKey::of);
        ListedKey {
            partner: key.partner_id.and_then(|id| self.partners.get(&id).cloned()),
            made_by: self.person(&key.created_by),
            deleter: key.deleted_by.as_deref().map(|who| self.person(who)),
            requests: sum.accepted + sum.refused,
            refused: sum.refused,
            days: [DayCount::default(); DAYS],
            old_key,
            key,
        }
    }

    /// The name of a user that a record names by number.
    fn person(&self, words: &str) -> String {
        let id = words.strip_prefix("user ").and_then(|id| id.parse::<i64>().ok());
        match id.and_then(|id| self.users.get(&id)) {
            Some(name) => name.clone(),
            None if words == "command line" => "Command line".into(),
            None => words.to_owned(),
        }
    }

    fn partners_in_order(&self) -> Vec<KeyPartner> {
        let mut all: Vec<_> = self.partners.values().cloned().collect();
        all.sort_by_cached_key(|partner| (partner.company.to_lowercase(), partner.id));
        all
    }
}
