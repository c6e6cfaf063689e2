//! Erasing an account with everything in it: begun, then block by block, then ended.

use leadlatch_domain::audit::{Event, Hash};
use serde_json::json;

use super::{Account, find, suspend};
use crate::audit::{self, Pending};
use crate::engine::{Connection, Row, values};
use crate::{Error, Operator, Result, access_keys, deletions};

/// What an account may have very much of, by what its rows are told apart, and how many of them go in one transaction. A row
/// of the first two takes what hangs on it along. Its trail goes last; the rest goes with its last transaction.
const LARGE: [(&str, &str, i64); 8] = [
    ("leads", "id", 500),
    ("hook_deliveries", "id", 500),
    ("request_log", "id", 5_000),
    ("import_refusals", "import_id, record", 5_000),
    ("access_key_usage", "key_id, day, outcome, scope", 5_000),
    ("deletions", "gone_at, kind, id", 5_000),
    ("audit_details", "number", 5_000),
    ("audit_entries", "number", 5_000),
];

/// Ends all that an account does. From here on nothing but its erasure goes on, and both its trail and the server's say so:
/// one that is cut off has left traces.
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

/// Erases a block of what an account has very much of, so that neither its deletion nor anybody's write waits for all of it;
/// how many rows went, and none when there are no more.
pub async fn erase_some(db: &mut Connection<'_>, operator: &Operator, slug: &str) -> Result<u64> {
    let account = being_erased(db, operator, slug).await?.id.get();
    for (table, key, rows) in LARGE {
        let sql = format!(
            "DELETE FROM {table} WHERE account_id = $1 AND ({key}) IN \
             (SELECT {key} FROM {table} WHERE account_id = $1 ORDER BY {key} LIMIT $2)"
        );
        let gone = db.execute(&sql, values![account, rows]).await?;
        if gone > 0 {
            return Ok(gone);
        }
    }
    Ok(0)
}

async fn being_erased(db: &mut Connection<'_>, operator: &Operator, slug: &str) -> Result<Account> {
    let account = find(db, operator, slug).await?;
    if account.erasing {
        Ok(account)
    } else {
        Err(Error::Conflict(format!("The erasure of the account {slug} has not begun.")))
    }
}

/// Ends the erasure: what is left of the account goes. The server's own trail keeps the head of its chain.
pub async fn delete(db: &mut Connection<'_>, operator: &Operator, slug: &str) -> Result<Account> {
    let account = being_erased(db, operator, slug).await?;
    let id = account.id.get();
    let read = |row: &Row<'_>| Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?));
    let head = db.query_opt("SELECT number, hash FROM audit_heads WHERE account_id = $1", values![id], read).await?;
    access_keys::close_gates(db, id, None).await?;
    for (key, digest) in deletions::keys_of_account(db, id).await? {
        deletions::keep_key(db, key, digest).await?;
    }
    // What came since the last block, then what holds on to the settings that the account's row would take along.
    let large = LARGE.map(|(table, ..)| table);
    for table in large.into_iter().chain(["access_keys", "partner_records", "audit_heads", "failed_sign_ins"]) {
        db.execute(&format!("DELETE FROM {table} WHERE account_id = $1"), values![id]).await?;
    }
    db.execute("DELETE FROM accounts WHERE id = $1", values![id]).await?;
    let hash = |bytes: &[u8]| Hash::from_slice(bytes).map(|hash| hash.to_string());
    let last = head.map(|(number, bytes)| json!({"number": number, "hash": hash(&bytes)}));
    let details = json!({"slug": slug, "name": account.name, "last_head": last});
    db.audit(Pending::by_operator(audit::SERVER, Event::AccountDeleted, id, details));
    Ok(account)
}
