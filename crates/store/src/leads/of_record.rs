//! The newest leads of one partner record, for its page: found by the record's own index, read as any lead in reach.

use leadlatch_domain::lead::LeadView;
use leadlatch_domain::matrix::ReadLeads;

use super::read;
use crate::access::{Grant, Visible};
use crate::engine::{Connection, Row, values};
use crate::partner_records::Side;
use crate::{Page, Result, Slice};

/// The live leads that are in the reach of a record on a side, newest first.
pub async fn of_record(
    db: &mut Connection<'_>,
    grant: &Grant<ReadLeads>,
    (record, side): (i64, Side),
    page: &Page,
) -> Result<Slice<Visible<LeadView>>> {
    let column = side.reach();
    let sql = format!(
        "SELECT received_at, id FROM leads WHERE account_id = $1 AND {column} = $2 AND test = FALSE \
         AND (received_at, id) < ($3, $4) ORDER BY received_at DESC, id DESC LIMIT $5"
    );
    let (at, id) = page.after.unwrap_or((i64::MAX, i64::MAX));
    let place = |row: &Row<'_>| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?));
    let places = db.query(&sql, values![grant.account(), record, at, id, page.fetch()], place).await?;
    let Slice { rows: places, next, total } = Slice::cut(places, page, |place| *place);
    let mut rows = Vec::with_capacity(places.len());
    for (_, id) in places {
        if let Some(found) = read::fetch(db, &grant.scope(), id, "").await? {
            rows.push(read::view(db, grant, found).await?);
        }
    }
    Ok(Slice { rows, next, total })
}
