//! Telephone twins after the account's country changed: a number without a country code is another number then.

use leadlatch_domain::matrix::ManageSettings;

use super::read;
use crate::Result;
use crate::access::Held;
use crate::engine::{Connection, values};

/// Leads that one transaction takes, so that others get their turn.
const BLOCK: i64 = 500;

/// Reads the telephone numbers of the next leads after an id anew, in the account's country as it is now. Gives the last id
/// that it read, or none when it is through. Done again, it changes nothing: what was interrupted is begun again.
pub async fn retwin(db: &mut Connection<'_>, grant: Held<ManageSettings>, after: i64) -> Result<Option<i64>> {
    let account = grant.account();
    let lock = db.lock_rows(" FOR UPDATE");
    let sql = format!(
        "SELECT id, phone1, phone2, phone1_twin, phone2_twin FROM leads WHERE account_id = $1 AND id > $2 \
         AND (phone1 IS NOT NULL OR phone2 IS NOT NULL) ORDER BY id LIMIT $3{lock}"
    );
    let text = |row: &crate::engine::Row<'_>, column| row.get::<Option<String>>(column);
    let read = |row: &crate::engine::Row<'_>| {
        Ok((row.get::<i64>(0)?, [text(row, 1)?, text(row, 2)?], [text(row, 3)?, text(row, 4)?]))
    };
    let leads = db.query(&sql, values![account, after, BLOCK], read).await?;
    let last = leads.last().map(|(id, ..)| *id);
    for (id, phones, before) in leads {
        let mut twins = [None, None];
        for (twin, phone) in twins.iter_mut().zip(phones) {
            if let Some(phone) = phone {
                *twin = Some(read::phone_twin(db, account, &phone).await?);
            }
        }
        if twins != before {
            let [first, second] = twins;
            let sql = "UPDATE leads SET phone1_twin = $3, phone2_twin = $4 WHERE account_id = $1 AND id = $2";
            db.execute(sql, values![account, id, first, second]).await?;
        }
    }
    Ok(last)
}
