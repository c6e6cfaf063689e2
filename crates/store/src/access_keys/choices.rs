//! The records that a Partner key can be bound to, as the drop-down offers them.

use std::collections::HashMap;

use leadlatch_domain::id::PartnerId;
use leadlatch_domain::matrix::ManageKeys;

use crate::access::Grant;
use crate::engine::{Connection, Row, values};
use crate::{Error, Result};

/// A record that a key can be bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerChoice {
    /// Its id.
    pub id: i64,
    /// The company.
    pub company: String,
    /// `introducer`, `partner` or `both`.
    pub kind: String,
    /// Whether its keys are let in.
    pub active: bool,
    /// Leads that a key of it would reach; absent where they are too many to count while somebody waits.
    pub leads: Option<i64>,
    /// Its keys that are not deleted: id and name.
    pub keys: Vec<(i64, String)>,
}

/// Every record of the account, by name.
pub async fn choices(db: &mut Connection<'_>, grant: &Grant<ManageKeys>) -> Result<Vec<PartnerChoice>> {
    let account = grant.account();
    let leads = match leads_of_each(db, account).await {
        Err(Error::TooExpensive) => None,
        counted => Some(counted?),
    };
    let mut keys = keys_of_each(db, account).await?;
    let sql = "SELECT id, company, kind, active FROM partner_records WHERE account_id = $1 AND deleted_at IS NULL";
    let read = |row: &Row<'_>| {
        let id = row.get(0)?;
        let leads = leads.as_ref().map(|leads| leads.get(&id).copied().unwrap_or_default());
        let keys = keys.remove(&id).unwrap_or_default();
        Ok(PartnerChoice { id, company: row.get(1)?, kind: row.get(2)?, active: row.get(3)?, leads, keys })
    };
    let mut all = db.query(sql, values![account], read).await?;
    all.sort_by_cached_key(|choice| (choice.company.to_lowercase(), choice.id));
    Ok(all)
}

/// The company of a record, if there is one.
pub async fn company(db: &mut Connection<'_>, grant: &Grant<ManageKeys>, partner: PartnerId) -> Result<Option<String>> {
    let sql = "SELECT company FROM partner_records WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL";
    db.query_opt(sql, values![grant.account(), partner.get()], |row| row.get(0)).await
}

/// Leads in reach of each record's keys: those of either side, and once those that it stands on both sides of.
async fn leads_of_each(db: &mut Connection<'_>, account: i64) -> Result<HashMap<i64, i64>> {
    let mut found = HashMap::new();
    let both = "introducer_reach = partner_reach";
    for (column, only, sign) in
        [("introducer_reach", "TRUE", 1), ("partner_reach", "TRUE", 1), ("introducer_reach", both, -1)]
    {
        let sql = format!(
            "SELECT {column}, COUNT(*) FROM leads WHERE account_id = $1 AND {column} IS NOT NULL AND NOT test \
             AND {only} GROUP BY {column}"
        );
        for (id, count) in db.query(&sql, values![account], |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?))).await? {
            *found.entry(id).or_default() += sign * count;
        }
    }
    Ok(found)
}

async fn keys_of_each(db: &mut Connection<'_>, account: i64) -> Result<HashMap<i64, Vec<(i64, String)>>> {
    let sql = "SELECT partner_id, id, name FROM access_keys WHERE account_id = $1 AND partner_id IS NOT NULL \
               AND deleted_at IS NULL ORDER BY id";
    let read = |row: &Row<'_>| Ok((row.get::<i64>(0)?, (row.get(1)?, row.get(2)?)));
    let mut found: HashMap<i64, Vec<(i64, String)>> = HashMap::new();
    for (partner, key) in db.query(sql, values![account], read).await? {
        found.entry(partner).or_default().push(key);
    }
    Ok(found)
}
