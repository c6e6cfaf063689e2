//! Forms that make something carry a token each, which counts once: a form that is sent again makes nothing, and is told
//! what it made.

use leadlatch_domain::token::Token;

use crate::access::{Grant, Held};
use crate::engine::{Connection, values};
use crate::{Error, Result};

/// What the form with the token made, if it was sent before.
pub async fn made<A>(db: &mut Connection<'_>, grant: &Grant<A>, token: &Token) -> Result<Option<i64>> {
    let person = grant.person().ok_or(Error::SignedOut)?;
    let sql = "SELECT made_id FROM used_forms WHERE account_id = $1 AND user_id = $2 AND token = $3";
    let bound = values![grant.account(), person.id.get(), token.digest().as_bytes().to_vec()];
    db.query_opt(sql, bound, |row| row.get(0)).await
}

/// Notes what the form made, in the transaction that makes it. Two that are sent at the same moment make one thing: the
/// other fails with a conflict and keeps nothing.
pub async fn keep<A>(db: &mut Connection<'_>, grant: &Held<A>, token: &Token, made_id: i64) -> Result<()> {
    let person = grant.person().ok_or(Error::SignedOut)?;
    let sql = "INSERT INTO used_forms (account_id, user_id, token, made_id, used_at) VALUES ($1, $2, $3, $4, $5)";
    let (digest, now) = (token.digest().as_bytes().to_vec(), db.now().as_micros());
    db.execute(sql, values![grant.account(), person.id.get(), digest, made_id, now]).await.map(drop)
}
