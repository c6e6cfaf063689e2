//! Keys of existing integrations that came over plain http, where anyone on the way can read them.

use leadlatch_domain::audit::Event;
use leadlatch_domain::matrix::MarkKeysInClear;
use serde_json::json;

use super::read::find;
use crate::access::{Access, Held};
use crate::audit::Pending;
use crate::engine::{Connection, Gate, values};
use crate::{Result, Store};

impl Store {
    /// Marks the key of a request that came over plain http, once; answers whether its account lets such requests in.
    pub async fn mark_in_clear(&self, access: &Access) -> Result<bool> {
        let Some(id) = access.key_id().map(leadlatch_domain::id::KeyId::get) else { return Ok(false) };
        let account = access.account;
        let sql = "SELECT a.plain_http, k.sent_in_clear_at IS NOT NULL FROM accounts a JOIN access_keys k \
                   ON k.account_id = a.id WHERE a.id = $1 AND k.id = $2";
        let job = async move |db: &mut Connection<'_>| {
            db.query_opt(sql, values![account.get(), id], |row| Ok((row.get(0)?, row.get(1)?))).await
        };
        let (allowed, marked) = self.read(job).await?.unwrap_or((false, true));
        if !marked {
            let grant = Access::key_keeper(account, access.from).permit()?;
            self.write(grant, async move |db, grant| mark(db, grant, id).await).await?;
        }
        Ok(allowed)
    }
}

async fn mark(db: &mut Connection<'_>, grant: Held<MarkKeysInClear>, id: i64) -> Result<()> {
    db.gate(id, Gate::Close).await?;
    let sql = "UPDATE access_keys SET sent_in_clear_at = $3 \
               WHERE account_id = $1 AND id = $2 AND sent_in_clear_at IS NULL AND deleted_at IS NULL";
    let now = db.now().as_micros();
    if db.execute(sql, values![grant.account(), id, now]).await? > 0 {
        let key = find(db, grant.account(), id).await?;
        let details = json!({"name": key.name, "fingerprint": key.fingerprint});
        db.audit(Pending::by(&grant, Event::KeySentInClear, id, details));
    }
    Ok(())
}
