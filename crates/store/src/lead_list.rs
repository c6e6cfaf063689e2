//! The newest leads as an admin looks for one by eye, in the bin too: enough to tell them apart.

use leadlatch_domain::matrix::InspectLeads;
use leadlatch_domain::time::Timestamp;
use serde::Serialize;

use crate::Result;
use crate::access::Grant;
use crate::engine::{Connection, values};

/// A lead in a list.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// Its id.
    pub id: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// First name, last name and company, as far as it has them.
    pub name: String,
    /// Its status.
    pub status: String,
    /// In the bin since.
    pub deleted_at: Option<Timestamp>,
}

/// The newest leads that are not in the bin, or those in it, the last deleted first.
pub async fn newest(
    db: &mut Connection<'_>,
    grant: &Grant<InspectLeads>,
    deleted: bool,
    limit: u32,
) -> Result<Vec<Listed>> {
    let (bin, order) = if deleted { ("IS NOT NULL", "l.deleted_at DESC, l.id DESC") } else { ("IS NULL", "l.id DESC") };
    let sql = format!(
        "SELECT l.id, l.created_at, l.firstname, l.lastname, l.company, s.name, l.deleted_at FROM leads l \
         JOIN statuses s ON s.account_id = l.account_id AND s.id = l.status_id \
         WHERE l.account_id = $1 AND l.deleted_at {bin} ORDER BY {order} LIMIT $2"
    );
    db.query(&sql, values![grant.account(), i64::from(limit)], |row| {
        let names = [row.get::<Option<String>>(2)?, row.get(3)?, row.get(4)?];
        Ok(Listed {
            id: row.get(0)?,
            created_at: Timestamp::from_micros(row.get(1)?),
            name: names.into_iter().flatten().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" "),
            status: row.get(5)?,
            deleted_at: row.get::<Option<i64>>(6)?.map(Timestamp::from_micros),
        })
    })
    .await
}
