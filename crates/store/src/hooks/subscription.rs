//! A subscription as its key, and as an admin, sees it.

use leadlatch_domain::hook::target::mask;
use leadlatch_domain::hook::{EventSet, HookFormat, HookSecret, Target};
use leadlatch_domain::time::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json};

use crate::engine::{Connection, Row, values};
use crate::sealing::{Purpose, Sealer};
use crate::{Error, Result, authenticate};

/// What a subscription is made from.
#[derive(Debug)]
pub struct NewHook {
    /// Where deliveries go.
    pub target: Target,
    /// What is told, at least one event.
    pub events: EventSet,
    /// The parameters of a list of leads that a lead must match.
    pub filter: Map<String, Json>,
    /// How bodies are written.
    pub format: HookFormat,
}

/// A subscription as its key sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Hook {
    /// Its id.
    pub id: i64,
    /// Where deliveries go; `?***` stands for a query.
    pub target_url: String,
    /// What is told.
    #[schema(value_type = Vec<String>)]
    pub events: EventSet,
    /// What a lead must match.
    #[schema(value_type = Object)]
    pub filter: Map<String, Json>,
    /// `json` or `form`.
    pub format: String,
    /// `active`; `failing` while deliveries are tried again; `disabled` when that went on for three days.
    #[schema(value_type = String)]
    pub state: HookState,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The last delivery that was tried.
    #[schema(required = true)]
    pub last_delivery: Option<LastDelivery>,
    /// The signing secret, in the answer that makes it and never again.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown")]
    #[schema(nullable = false, value_type = Option<String>)]
    pub secret: Option<HookSecret>,
}

#[expect(clippy::ref_option, reason = "serde hands over the field itself")]
fn shown<S: Serializer>(secret: &Option<HookSecret>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    secret.as_ref().map(HookSecret::expose).serialize(serializer)
}

/// What a key is told of a delivery.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LastDelivery {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Of which event.
    pub event_id: String,
    /// `delivered`, `failing` or `ended`.
    pub state: String,
}

/// How a subscription does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookState {
    /// What is told arrives.
    Active,
    /// What failed last is tried again.
    Failing,
    /// It failed for days, and nothing is told.
    Disabled,
    /// It is over.
    Ended,
}

impl HookState {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Failing => "failing",
            Self::Disabled => "disabled",
            Self::Ended => "ended",
        }
    }
}

impl Serialize for HookState {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A subscription as an admin sees it.
#[derive(Debug, Serialize)]
pub struct Subscription {
    /// What its key sees.
    #[serde(flatten)]
    pub hook: Hook,
    /// The key that it is bound to; none for the account's own.
    pub key_id: Option<i64>,
    /// That key's name.
    pub key_name: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// Failures in a row.
    pub failures: i64,
    /// Since when it fails.
    pub failing_since: Option<Timestamp>,
    /// When it is tried again, if it rests.
    pub rests_until: Option<Timestamp>,
    /// Since when it is disabled.
    pub disabled_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why: `deleted`, `key_ended` or `gone`.
    pub ended_because: Option<String>,
    /// Deliveries that wait.
    pub waiting: i64,
    /// Whether its key is disabled since it was idle: what happens now is dropped, until somebody enables the key again.
    pub key_idle: bool,
}

/// The columns that [`read`] reads, of the alias `s`.
pub(super) const COLUMNS: &str = "s.id, s.target_url, s.target_query IS NOT NULL, s.events, s.filter, s.format, \
     s.created_at, s.failures, s.disabled_at, s.ended_at, s.last_at, s.last_event_id, s.last_state";

/// How many columns that are.
const WIDTH: usize = 13;

/// Those behind them that [`read_whole`] reads too, with its key by the alias `k`.
pub(super) fn more(now: &str) -> String {
    format!(
        "s.key_id, k.name, s.created_by, s.failing_since, s.rests_until, s.ended_because, \
         (SELECT COUNT(*) FROM hook_deliveries d WHERE d.account_id = s.account_id AND d.subscription_id = s.id \
         AND d.finished_at IS NULL), {}",
        authenticate::idle(now)
    )
}

fn time(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>> {
    Ok(row.get::<Option<i64>>(column)?.map(Timestamp::from_micros))
}

pub(super) fn read(row: &Row<'_>) -> Result<Hook> {
    let last = time(row, 10)?.zip(row.get::<Option<String>>(11)?).zip(row.get::<Option<String>>(12)?);
    Ok(Hook {
        id: row.get(0)?,
        target_url: mask(row.text(1)?.unwrap_or_default(), row.get(2)?),
        events: EventSet::from_bits(row.get(3)?),
        filter: serde_json::from_str(row.text(4)?.unwrap_or_default()).map_err(Error::internal)?,
        format: row.get(5)?,
        state: state(row)?,
        created_at: Timestamp::from_micros(row.get(6)?),
        last_delivery: last.map(|((at, event_id), state)| LastDelivery { at, event_id, state }),
        secret: None,
    })
}

fn state(row: &Row<'_>) -> Result<HookState> {
    Ok(match (row.get::<i64>(7)?, time(row, 8)?, time(row, 9)?) {
        (_, _, Some(_)) => HookState::Ended,
        (_, Some(_), None) => HookState::Disabled,
        (0, None, None) => HookState::Active,
        _ => HookState::Failing,
    })
}

pub(super) fn read_whole(row: &Row<'_>) -> Result<Subscription> {
    Ok(Subscription {
        hook: read(row)?,
        key_id: row.get(WIDTH)?,
        key_name: row.get(WIDTH + 1)?,
        created_by: row.get(WIDTH + 2)?,
        failures: row.get(7)?,
        failing_since: time(row, WIDTH + 3)?,
        rests_until: time(row, WIDTH + 4)?,
        disabled_at: time(row, 8)?,
        ended_at: time(row, 9)?,
        ended_because: row.get(WIDTH + 5)?,
        waiting: row.get(WIDTH + 6)?,
        key_idle: row.get(WIDTH + 7)?,
    })
}

/// Whom a new subscription belongs to.
pub(super) struct Owner {
    pub(super) account: i64,
    pub(super) key: Option<i64>,
    pub(super) partner: Option<i64>,
    pub(super) by: String,
}

/// Writes a subscription. Its secrets are sealed for its id, so they follow it.
pub(super) async fn insert(
    db: &mut Connection<'_>,
    owner: &Owner,
    sealer: &Sealer,
    new: &NewHook,
) -> Result<(i64, HookSecret)> {
    let sql = "INSERT INTO hook_subscriptions (account_id, key_id, partner_id, target_url, events, filter, format, \
               secret, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id";
    let filter = serde_json::to_string(&new.filter).map_err(Error::internal)?;
    let (now, nothing) = (db.now().as_micros(), Vec::<u8>::new());
    let (base, format, by) = (new.target.base(), new.format.as_str(), owner.by.as_str());
    let events = new.events.bits();
    let bound = values![owner.account, owner.key, owner.partner, base, events, filter, format, nothing, now, by];
    let id = db.query_int(sql, bound).await?;
    let secret = HookSecret::generate(db.random());
    let sealed = sealer.seal(Purpose::HookSecret { subscription: id }, secret.as_bytes())?;
    let query = new.target.query().map(|query| sealer.seal(Purpose::HookQuery { subscription: id }, query.as_bytes()));
    let sql = "UPDATE hook_subscriptions SET secret = $3, target_query = $4 WHERE account_id = $1 AND id = $2";
    db.execute(sql, values![owner.account, id, sealed, query.transpose()?]).await?;
    Ok((id, secret))
}
