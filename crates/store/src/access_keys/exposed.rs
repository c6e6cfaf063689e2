//! Keys that stood in a URL, where logs on the way keep them.

use std::net::IpAddr;

use leadlatch_domain::audit::Event;
use leadlatch_domain::id::AccountId;
use leadlatch_domain::key_secret::KeyDigest;
use leadlatch_domain::matrix::MarkExposedKeys;
use serde_json::json;

use super::read::find;
use crate::access::{Access, Held};
use crate::audit::Pending;
use crate::engine::{Connection, Gate, values};
use crate::{Error, Result, Store};

impl Store {
    /// Marks a key that stood in a URL, once. A made-up key costs a look-up and never a write.
    pub async fn mark_exposed(&self, digest: KeyDigest, from: Option<IpAddr>) -> Result<()> {
        let Some((account, id)) = self.read(async move |db| unmarked(db, digest).await).await? else { return Ok(()) };
        let grant = Access::key_keeper(account, from).permit()?;
        self.write(grant, async move |db, grant| mark(db, grant, id).await).await
    }
}

async fn unmarked(db: &mut Connection<'_>, digest: KeyDigest) -> Result<Option<(AccountId, i64)>> {
    let sql = "SELECT account_id, id FROM access_keys WHERE digest = $1 AND exposed_at IS NULL AND deleted_at IS NULL";
    let found = db.query_opt(sql, values![digest.as_bytes().to_vec()], |row| {
        let account = AccountId::new(row.get(0)?).ok_or_else(|| Error::internal("a key without an account"))?;
        Ok((account, row.get(1)?))
    });
    found.await
}

async fn mark(db: &mut Connection<'_>, grant: Held<MarkExposedKeys>, id: i64) -> Result<()> {
    db.gate(id, Gate::Close).await?;
    let sql = "UPDATE access_keys SET exposed_at = $3, exposed_from = $4 \
               WHERE account_id = $1 AND id = $2 AND exposed_at IS NULL AND deleted_at IS NULL";
    let (now, from) = (db.now().as_micros(), grant.access.from.map(|address| address.to_string()));
    if db.execute(sql, values![grant.account(), id, now, from]).await? > 0 {
        let key = find(db, grant.account(), id).await?;
        let details = json!({"name": key.name, "fingerprint": key.fingerprint});
        db.audit(Pending::by(&grant, Event::KeyExposed, id, details));
    }
    Ok(())
}
