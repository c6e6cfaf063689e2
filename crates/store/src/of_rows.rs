//! What belongs to the rows of a page: asked for once for the page, and not once for each row.

use std::collections::HashMap;

use crate::Result;
use crate::engine::{Connection, Row, values};

/// Ids that belong to rows, by the row's own id. The statement gives `row, id` of one account for rows between two ids.
pub(crate) async fn ids_of(
    db: &mut Connection<'_>,
    sql: &str,
    account: i64,
    rows: impl Iterator<Item = i64> + Clone,
) -> Result<HashMap<i64, Vec<i64>>> {
    let mut found: HashMap<i64, Vec<i64>> = HashMap::new();
    let (Some(first), Some(last)) = (rows.clone().min(), rows.max()) else { return Ok(found) };
    let pair = |row: &Row<'_>| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?));
    for (row, id) in db.query(sql, values![account, first, last], pair).await? {
        found.entry(row).or_default().push(id);
    }
    Ok(found)
}
