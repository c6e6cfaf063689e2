//! What may be changed of a key: its name, its note, its limits, and an expiry that comes sooner.

use leadlatch_domain::address_ranges::AddressRanges;
use leadlatch_domain::audit::Event;
use leadlatch_domain::fault::Fault;
use leadlatch_domain::key_limits::{KeyLimits, PerMinute};
use leadlatch_domain::key_state::KeyState;
use leadlatch_domain::matrix::ManageKeys;
use leadlatch_domain::retention::Days;
use leadlatch_domain::text::Name;
use leadlatch_domain::time::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::create::{check_note, limit_values};
use super::read::{AccessKey, find};
use crate::access::{Held, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, Gate, values};
use crate::{Error, Result, change};

/// What becomes of a value that may be absent.
#[derive(Debug, Default)]
pub enum Change<T> {
    /// It stays.
    #[default]
    Keep,
    /// It goes.
    Clear,
    /// It becomes this.
    To(T),
}

impl<T> Change<T> {
    fn apply(self, to: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *to = None,
            Self::To(value) => *to = Some(value),
        }
    }
}

/// What is to change of a key.
#[derive(Debug, Default)]
pub struct Changes {
    /// Its name.
    pub name: Option<Name>,
    /// What an admin noted.
    pub note: Change<String>,
    /// When it ends by itself: sooner than before.
    pub expires_at: Option<Timestamp>,
    /// Where it may be used from.
    pub address_ranges: Change<AddressRanges>,
    /// Requests that it may make in a minute.
    pub requests_per_minute: Change<PerMinute>,
    /// Days without use after which it is refused.
    pub idle_days: Change<Days>,
}

/// Changes a key. Its requests go by it from the moment that this is answered.
pub async fn set(
    db: &mut Connection<'_>,
    grant: Held<ManageKeys>,
    id: i64,
    changes: Changes,
) -> Result<Visible<AccessKey>> {
    db.gate(id, Gate::Close).await?;
    let before = find(db, grant.account(), id).await?;
    let after = changed(&before, changes)?;
    let sql = "UPDATE access_keys SET name = $3, note = $4, expires_at = $5, address_ranges = $6, \
               requests_per_minute = $7, idle_days = $8, access_version = access_version + 1 \
               WHERE account_id = $1 AND id = $2";
    let expires = after.expires_at.map(Timestamp::as_micros);
    let mut bound = values![grant.account(), id, after.name.as_str(), after.note.clone(), expires];
    bound.extend(limit_values(&after.limits));
    db.execute(sql, bound).await?;
    let both = (&Editable::of(&before), &Editable::of(&after));
    change::audit(db, &grant, (Event::KeyChanged, id), &after.name, both)?;
    find(db, grant.account(), id).await.map(Visible)
}

fn changed(before: &AccessKey, changes: Changes) -> Result<AccessKey> {
    if before.state == KeyState::Deleted {
        return Err(Error::Conflict("The key is deleted.".into()));
    }
    let mut after = before.clone();
    if let Some(name) = changes.name {
        name.as_str().clone_into(&mut after.name);
    }
    if let Change::To(note) = &changes.note {
        check_note(Some(note))?;
    }
    changes.note.apply(&mut after.note);
    if let Some(end) = changes.expires_at {
        refuse_later(before.expires_at, end)?;
        after.expires_at = Some(end);
    }
    changes.address_ranges.apply(&mut after.limits.address_ranges);
    changes.requests_per_minute.apply(&mut after.limits.requests_per_minute);
    changes.idle_days.apply(&mut after.limits.idle_days);
    Ok(after)
}

/// An expiry is a promise to whoever gave the key away: it may come sooner and never later.
fn refuse_later(before: Option<Timestamp>, after: Timestamp) -> Result<()> {
    match before.filter(|before| after > *before) {
        None => Ok(()),
        Some(before) => {
            let words = format!("The key expires at {before}; that may be brought forward, never put off.");
            Err(Error::Invalid(vec![Fault::new("not_permitted", words).on("expires_at")]))
        }
    }
}

/// What a change may be of, in the words of the audit trail.
#[derive(Serialize)]
struct Editable<'k> {
    name: &'k str,
    note: Option<&'k str>,
    expires_at: Option<Timestamp>,
    #[serde(flatten)]
    limits: &'k KeyLimits,
}

impl<'k> Editable<'k> {
    fn of(key: &'k AccessKey) -> Self {
        Self { name: &key.name, note: key.note.as_deref(), expires_at: key.expires_at, limits: &key.limits }
    }
}

/// Lets a key in again that had been idle for too long: its days begin anew.
pub async fn enable(db: &mut Connection<'_>, grant: Held<ManageKeys>, id: i64) -> Result<Visible<AccessKey>> {
    db.gate(id, Gate::Close).await?;
    let key = find(db, grant.account(), id).await?;
    if key.state != KeyState::Idle {
        return Err(Error::Conflict(format!("The key is not idle: it is {}.", key.state)));
    }
    let sql = format!(
        "UPDATE access_keys SET enabled_at = {}, access_version = access_version + 1 WHERE account_id = $1 AND id = $2",
        db.database_now()
    );
    db.execute(&sql, values![grant.account(), id]).await?;
    let details = json!({"name": key.name, "fingerprint": key.fingerprint, "idle_days": key.limits.idle_days});
    db.audit(Pending::by(&grant, Event::KeyEnabled, id, details));
    find(db, grant.account(), id).await.map(Visible)
}
