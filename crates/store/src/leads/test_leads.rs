//! Test leads: through the live path, marked, few, and gone after a week.

use leadlatch_domain::lead::{Lead, LeadField, Value};
use leadlatch_domain::matrix::PurgeLeads;

use super::duplicates::number;
use crate::access::{Grant, Held};
use crate::engine::{Connection, Turn, values};
use crate::retention::{self, DAY, Due, Kept, KeptDays, PURGED_AT_ONCE, Span};
use crate::{Error, Result};

/// Test leads that a key makes in a day, by the calendar of UTC.
pub const TEST_LEADS_A_DAY: i64 = 100;
/// How long a test lead is kept.
pub const TEST_LEAD_DAYS: i64 = 7;

/// Whether a lead is one.
pub(super) fn is_test(lead: &Lead) -> bool {
    *lead.get(LeadField::Test) == Value::Flag(true)
}

/// Refuses a test lead above the number of the day. Those in the bin count too. What has no key has no number.
pub(super) async fn refuse_too_many<A>(db: &mut Connection<'_>, grant: &Grant<A>, lead: &Lead) -> Result<()> {
    let (true, Some(key)) = (is_test(lead), grant.key().map(|key| key.id.get())) else { return Ok(()) };
    db.take_turns(&[(Turn::Alone, number(grant.account(), &format!("test leads of {key}")))]).await?;
    let now = db.now();
    let midnight = now.day() * DAY;
    let sql =
        "SELECT COUNT(*) FROM leads WHERE account_id = $1 AND created_by_key_id = $2 AND created_at >= $3 AND test";
    if db.query_int(sql, values![grant.account(), key, midnight]).await? < TEST_LEADS_A_DAY {
        return Ok(());
    }
    // Rounded up, so that who waits as long is let in.
    Err(Error::TooManyTestLeads((midnight + DAY - now.as_micros() + 999_999) / 1_000_000))
}

/// Those of an account: a number of days that no setting changes.
const TEST_LEADS: Kept = Kept {
    rows: "(SELECT account_id, created_at FROM leads WHERE test) t",
    at: "created_at",
    days: KeptDays::Always(TEST_LEAD_DAYS),
};

/// How many test leads come due in a span.
pub async fn tests_due(db: &mut Connection<'_>, grant: &Grant<PurgeLeads>, span: Span) -> Result<Due> {
    retention::due(db, grant.account(), &TEST_LEADS, span).await
}

/// Erases the test leads whose week is over, with what hangs on them; answers how many, at most [`PURGED_AT_ONCE`].
/// They are nobody's data, so the audit trail is not told of each.
pub async fn purge_tests(db: &mut Connection<'_>, grant: Held<PurgeLeads>) -> Result<u64> {
    let sql = "SELECT id FROM leads WHERE account_id = $1 AND created_at <= $2 AND test ORDER BY created_at LIMIT $3";
    let before = db.now().as_micros() - TEST_LEAD_DAYS * DAY;
    let due: Vec<i64> =
        db.query(sql, values![grant.account(), before, PURGED_AT_ONCE as i64], |row| row.get(0)).await?;
    for id in &due {
        db.execute("DELETE FROM leads WHERE account_id = $1 AND id = $2", values![grant.account(), *id]).await?;
    }
    Ok(due.len() as u64)
}
