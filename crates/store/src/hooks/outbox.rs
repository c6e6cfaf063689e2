//! The outbox: what happened to a lead, for each subscription that it may concern, in the transaction of the change. It
//! holds ids and names of fields, never values: what is told is read when it is told.

use leadlatch_domain::hook::HookEvent;

use crate::engine::{Connection, values};
use crate::{Error, Result};

/// Something that happened to a lead, for those whom it may concern.
pub(crate) struct Occasion<'a> {
    pub(crate) event: HookEvent,
    pub(crate) lead: i64,
    pub(crate) to: Audience,
    /// Names of fields; custom fields as `data.data1`.
    pub(crate) changed: &'a [String],
}

/// Whose subscriptions an event may concern: those that reach the account, and those of the lead's two sides.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Audience {
    /// Those of Full keys and the account's own.
    pub(crate) account: bool,
    /// The record that supplied the lead, if it reaches it.
    pub(crate) supplier: Option<i64>,
    /// The record that the lead was referred to, if it reaches it.
    pub(crate) buyer: Option<i64>,
}

impl Audience {
    fn is_nobody(self) -> bool {
        !self.account && self.supplier.is_none() && self.buyer.is_none()
    }
}

/// Queues an event. Where nobody subscribed this is one look into an index.
pub(crate) async fn emit(db: &mut Connection<'_>, account: i64, occasion: Occasion<'_>) -> Result<()> {
    let Occasion { event, lead, to, changed } = occasion;
    if to.is_nobody() {
        return Ok(());
    }
    let now = db.database_now();
    let sql = format!(
        "INSERT INTO hook_deliveries (account_id, subscription_id, event_id, event, lead_id, sides, changed, \
         occurred_at, due_at) SELECT s.account_id, s.id, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), \
         (CASE WHEN s.partner_id = $5 THEN 1 ELSE 0 END) + (CASE WHEN s.partner_id = $6 THEN 2 ELSE 0 END), \
         CAST($7 AS TEXT), CAST($8 AS BIGINT), {now} FROM hook_subscriptions s WHERE s.account_id = $1 \
         AND s.ended_at IS NULL AND s.disabled_at IS NULL AND (s.events & $9) <> 0 \
         AND (($10 AND s.partner_id IS NULL) OR s.partner_id = $5 OR s.partner_id = $6) ORDER BY s.id"
    );
    let (id, at) = (event_id(db), db.now().as_micros());
    let names = serde_json::to_string(changed).map_err(Error::internal)?;
    let bit = [event].into_iter().collect::<leadlatch_domain::hook::EventSet>().bits();
    let bound = values![account, id, event.as_str(), lead, to.supplier, to.buyer, names, at, bit, to.account];
    db.execute(&sql, bound).await.map(drop)
}

/// Whether any subscription of the account is told of an event: for changes of very many leads at once.
pub(crate) async fn is_anybody_told(db: &mut Connection<'_>, account: i64, event: HookEvent) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM hook_subscriptions WHERE account_id = $1 AND ended_at IS NULL \
               AND disabled_at IS NULL AND (events & $2) <> 0 LIMIT 1) any_of_them";
    let bit = [event].into_iter().collect::<leadlatch_domain::hook::EventSet>().bits();
    Ok(db.query_int(sql, values![account, bit]).await? > 0)
}

/// An id of 128 random bits: the same in every delivery of the event.
fn event_id(db: &Connection<'_>) -> String {
    let mut bytes = [0; 16];
    db.random().fill(&mut bytes);
    format!("evt_{}", hex::encode(bytes))
}
