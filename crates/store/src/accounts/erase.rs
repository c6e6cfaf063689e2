//! Erasing an account with everything in it: begun, then block by block, then ended.

use leadlatch_domain::audit::{Event, Hash};
use serde_json::json;

use super::{Account, get, suspend};
use crate::audit::{self, Pending};
use crate::engine::{Connection, Row, values};
use crate::{Error, Operator, Result, access_keys, deletions};

/// A table, by what its rows are told apart, and how many of them go in one statement.
type Large = (&'static str, &'static str, i64);

/// What an account may have very much of, in the order in which it goes. A row of the first two takes what hangs on it along;
/// the trail goes last.
const LARGE: [Large; 14] = [
    ("leads", "id", 500),
    ("hook_deliveries", "id", 500),
    ("hook_subscriptions", "id", 500),
    ("request_log", "id", 5_000),
    ("request_log_drops", "key_id, day", 5_000),
    ("idempotency_keys", "key_id, route, text_digest", 5_000),
    ("import_refusals", "import_id, record", 5_000),
    ("access_key_usage", "key_id, day, outcome, scope", 5_000),
    ("access_key_addresses", "key_id, address", 5_000),
    ("access_key_agents", "key_id, user_agent", 5_000),
    ("marketing_entries", "kind, name", 5_000),
    ("deletions", "gone_at, kind, id", 5_000),
    ("audit_details", "number", 5_000),
    ("audit_entries", "number", 5_000),
];
/// What holds on to the settings that the account's row takes along.
const HOLDING: [Large; 2] = [("access_keys", "id", 500), ("partner_records", "id", 500)];

/// A block of an erasure that is done.
#[derive(Debug, Clone, Copy)]
pub struct Erased {
    /// Rows that went.
    pub rows: u64,
    /// The part where the next block begins; none after the last.
    pub next: Option<usize>,
}

/// Ends all that an account does. From here on no key, no person and no command finds it, and both its trail and the server's
/// say so: an erasure that is cut off has left traces.
pub async fn begin_erasure(db: &mut Connection<'_>, operator: &Operator, slug: &str) -> Result<Account> {
    let account = suspend(db, operator, slug, true).await?;
    if account.erasing {
        return Ok(account);
    }
    let id = account.id.get();
    db.execute("UPDATE accounts SET erasing = TRUE WHERE id = $1", values![id]).await?;
    let details = json!({"slug": slug, "name": account.name});
    db.audit(Pending::by_operator(audit::SERVER, Event::AccountErasureBegun, id, details.clone()));
    db.audit(Pending::by_operator(id, Event::AccountErasureBegun, id, details));
    Ok(Account { erasing: true, ..account })
}

/// Erases a block of what an account has very much of, so that neither its deletion nor anybody's write waits for all of it.
/// Begins with part 0. Each part is left when it has no whole block any more: what comes in later, such as the refusal of a
/// dead key, does not hold up the end.
pub async fn erase_some(db: &mut Connection<'_>, _: &Operator, slug: &str, part: usize) -> Result<Erased> {
    let account = being_erased(db, slug).await?.id.get();
    let Some(large) = LARGE.get(part) else { return Ok(Erased { rows: 0, next: None }) };
    let (rows, whole) = erase_block(db, account, large).await?;
    let next = if whole { part } else { part + 1 };
    Ok(Erased { rows, next: Some(next).filter(|next| *next < LARGE.len()) })
}

/// How many rows went, and whether that was a whole block.
async fn erase_block(db: &mut Connection<'_>, account: i64, large: &Large) -> Result<(u64, bool)> {
    let (table, key, rows) = large;
    let sql = format!(
        "DELETE FROM {table} WHERE account_id = $1 AND ({key}) IN \
         (SELECT {key} FROM {table} WHERE account_id = $1 ORDER BY {key} LIMIT $2)"
    );
    let gone = db.execute(&sql, values![account, *rows]).await?;
    Ok((gone, gone == rows.unsigned_abs()))
}

async fn being_erased(db: &mut Connection<'_>, slug: &str) -> Result<Account> {
    let account = get(db, slug).await?;
    if account.erasing && account.suspended {
        Ok(account)
    } else {
        Err(Error::Conflict(format!("The erasure of the account {slug} has not begun.")))
    }
}

/// Ends the erasure: what is left of the account goes. The server's own trail keeps the head of its chain.
pub async fn delete(db: &mut Connection<'_>, _: &Operator, slug: &str) -> Result<Account> {
    let account = being_erased(db, slug).await?;
    let id = account.id.get();
    let read = |row: &Row<'_>| Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?));
    let head = db.query_opt("SELECT number, hash FROM audit_heads WHERE account_id = $1", values![id], read).await?;
    access_keys::close_gates(db, id, None).await?;
    for (key, digest) in deletions::keys_of_account(db, id).await? {
        deletions::keep_key(db, key, digest).await?;
    }
    // The first is what came since the last block.
    for large in LARGE.iter().chain(&HOLDING) {
        while erase_block(db, id, large).await?.1 {}
    }
    for table in ["audit_heads", "failed_sign_ins"] {
        db.execute(&format!("DELETE FROM {table} WHERE account_id = $1"), values![id]).await?;
    }
    db.execute("DELETE FROM accounts WHERE id = $1", values![id]).await?;
    let hash = |bytes: &[u8]| Hash::from_slice(bytes).map(|hash| hash.to_string());
    let last = head.map(|(number, bytes)| json!({"number": number, "hash": hash(&bytes)}));
    let details = json!({"slug": slug, "name": account.name, "last_head": last});
    db.audit(Pending::by_operator(audit::SERVER, Event::AccountDeleted, id, details));
    Ok(account)
}
