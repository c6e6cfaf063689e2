//! Who is signed in: a session's live row is read by the digest of its cookie at every request, and again inside every
//! write of the person.

use std::net::IpAddr;
use std::sync::Arc;

use leadlatch_domain::audit::Event;
use leadlatch_domain::id::{AccountId, UserId};
use leadlatch_domain::matrix::UseAccount;
use leadlatch_domain::person::{CODE_WAIT, PASSWORD_AGE, PersonRole, SESSION_IDLE, SESSION_WHOLE};
use leadlatch_domain::time::Timestamp;
use leadlatch_domain::token::TokenDigest;
use serde::Serialize;
use serde_json::json;

use crate::access::{Access, Caller, Grant, Held, Operator};
use crate::audit::Pending;
use crate::engine::{Connection, Row, values};
use crate::{Error, Result, Store};

/// How old the time of last use becomes before it is written again.
const SEEN_EVERY: i64 = 60_000_000;
/// Microseconds in a day.
const DAY: i64 = 86_400_000_000;

/// A person who is signed in, as the live row says.
#[derive(Debug, Clone)]
pub struct Person {
    /// The user.
    pub id: UserId,
    /// The person's name.
    pub name: String,
    /// The address that the person signs in with.
    pub email: String,
    /// What the person may do.
    pub role: PersonRole,
    /// The account's name.
    pub account_name: String,
    /// The session's id.
    pub session_id: i64,
    /// Whether an authenticator app is asked for beside the password.
    pub has_authenticator: bool,
    /// Whether the password was given a short while ago.
    pub fresh: bool,
    pub(crate) session: TokenDigest,
}

impl Store {
    /// Lets in whoever presents a session's cookie.
    pub async fn authenticate_session(&self, session: TokenDigest, from: Option<IpAddr>) -> Result<Access> {
        let (access, seen_long_ago) = self.read(async move |db| find(db, session, from, "").await).await?;
        if seen_long_ago {
            // When a session was last seen is worth no page.
            if let Err(error) = self.transact(async move |db| touch(db, session).await).await {
                tracing::warn!(%error, "when a session was last seen could not be kept");
            }
        }
        Ok(access)
    }
}

/// The session inside a write, held: on PostgreSQL its row and its person's are locked `FOR SHARE`, so that their end comes
/// before or after the whole of the write.
pub(crate) async fn hold(db: &mut Connection<'_>, session: TokenDigest, from: Option<IpAddr>) -> Result<Access> {
    let lock = db.lock_rows(" FOR SHARE OF s, u");
    find(db, session, from, lock).await.map(|(access, _)| access)
}

/// The session, read again.
pub(crate) async fn live(db: &mut Connection<'_>, session: TokenDigest, from: Option<IpAddr>) -> Result<Access> {
    find(db, session, from, "").await.map(|(access, _)| access)
}

async fn find(
    db: &mut Connection<'_>,
    session: TokenDigest,
    from: Option<IpAddr>,
    lock: &str,
) -> Result<(Access, bool)> {
    let now = db.database_now();
    let [idle, whole, fresh] = [SESSION_IDLE, SESSION_WHOLE, PASSWORD_AGE].map(|span| span.as_micros());
    let sql = format!(
        "SELECT s.account_id, s.user_id, u.name, u.email, u.role, a.name, s.id, u.authenticator IS NOT NULL, \
         s.confirmed_at > {now} - {fresh}, s.seen_at <= {now} - {SEEN_EVERY} \
         FROM sessions s JOIN users u ON u.account_id = s.account_id AND u.id = s.user_id \
         JOIN accounts a ON a.id = s.account_id \
         WHERE s.digest = $1 AND NOT s.waits_for_code AND s.seen_at > {now} - {idle} AND s.created_at > {now} - {whole} \
         AND u.active AND NOT u.account_suspended{lock}"
    );
    let from = from.map(|address| address.to_canonical());
    let found = db.query_opt(&sql, values![session.as_bytes().to_vec()], |row| read(row, session, from)).await?;
    found.ok_or(Error::SignedOut)
}

fn read(row: &Row<'_>, session: TokenDigest, from: Option<IpAddr>) -> Result<(Access, bool)> {
    let corrupt = || Error::internal("a session's row is corrupt");
    let person = Person {
        id: UserId::new(row.get(1)?).ok_or_else(corrupt)?,
        name: row.get(2)?,
        email: row.get(3)?,
        role: PersonRole::parse(&row.get::<String>(4)?).map_err(|_| corrupt())?,
        account_name: row.get(5)?,
        session_id: row.get(6)?,
        has_authenticator: row.get(7)?,
        fresh: row.get(8)?,
        session,
    };
    let account = AccountId::new(row.get(0)?).ok_or_else(corrupt)?;
    Ok((Access { account, caller: Caller::User(Arc::new(person)), from }, row.get(9)?))
}

async fn touch(db: &mut Connection<'_>, session: TokenDigest) -> Result<()> {
    let sql = format!("UPDATE sessions SET seen_at = {} WHERE digest = $1", db.database_now());
    db.execute(&sql, values![session.as_bytes().to_vec()]).await.map(drop)
}

/// The password was given again in this session.
pub async fn confirmed(db: &mut Connection<'_>, grant: Held<UseAccount>) -> Result<()> {
    let person = grant.person().ok_or(Error::SignedOut)?;
    let sql = format!("UPDATE sessions SET confirmed_at = {} WHERE digest = $1", db.database_now());
    db.execute(&sql, values![person.session.as_bytes().to_vec()]).await.map(drop)
}

/// A session, for whoever it belongs to.
#[derive(Debug, Clone, Serialize)]
pub struct Session {
    /// Its id.
    pub id: i64,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// Where the person signed in from.
    pub address: Option<String>,
    /// With which browser, in its own words.
    pub agent: Option<String>,
}

/// The person's own sessions that are not over, the last used first.
pub async fn own(db: &mut Connection<'_>, grant: &Grant<UseAccount>) -> Result<Vec<Session>> {
    let person = grant.person().ok_or(Error::SignedOut)?;
    let (now, idle, whole) = (db.database_now(), SESSION_IDLE.as_micros(), SESSION_WHOLE.as_micros());
    let sql = format!(
        "SELECT id, created_at, seen_at, address, agent FROM sessions WHERE account_id = $1 AND user_id = $2 \
         AND NOT waits_for_code AND seen_at > {now} - {idle} AND created_at > {now} - {whole} ORDER BY seen_at DESC, id"
    );
    db.query(&sql, values![grant.account(), person.id.get()], read_session).await
}

fn read_session(row: &Row<'_>) -> Result<Session> {
    Ok(Session {
        id: row.get(0)?,
        created_at: Timestamp::from_micros(row.get(1)?),
        seen_at: Timestamp::from_micros(row.get(2)?),
        address: row.get(3)?,
        agent: row.get(4)?,
    })
}

/// Ends the session that calls: the person signs out.
pub async fn end(db: &mut Connection<'_>, grant: Held<UseAccount>) -> Result<()> {
    let person = grant.person().ok_or(Error::SignedOut)?;
    db.execute("DELETE FROM sessions WHERE digest = $1", values![person.session.as_bytes().to_vec()]).await?;
    db.audit(Pending::by(&grant, Event::SignedOut, person.id.get(), json!({"email": person.email})));
    Ok(())
}

/// Ends another of the person's own sessions.
pub async fn revoke(db: &mut Connection<'_>, grant: Held<UseAccount>, id: i64) -> Result<()> {
    let person = grant.person().ok_or(Error::SignedOut)?;
    let sql = "DELETE FROM sessions WHERE account_id = $1 AND user_id = $2 AND id = $3";
    if db.execute(sql, values![grant.account(), person.id.get(), id]).await? > 0 {
        let details = json!({"email": person.email, "session_id": id});
        db.audit(Pending::by(&grant, Event::SessionRevoked, person.id.get(), details));
    }
    Ok(())
}

/// Ends the sessions of a user but for one that may be kept, and every link that was made for the user.
pub(crate) async fn end_all(db: &mut Connection<'_>, account: i64, user: i64, but: Option<i64>) -> Result<()> {
    let sql = "DELETE FROM sessions WHERE account_id = $1 AND user_id = $2 AND id <> $3";
    db.execute(sql, values![account, user, but.unwrap_or(0)]).await?;
    db.execute("DELETE FROM links WHERE account_id = $1 AND user_id = $2", values![account, user]).await.map(drop)
}

/// Ends every session and link of the server: after a restore nobody knows which of them had ended.
pub(crate) async fn end_everywhere(db: &mut Connection<'_>) -> Result<()> {
    db.execute("DELETE FROM sessions", values![]).await?;
    db.execute("DELETE FROM links", values![]).await.map(drop)
}

/// Removes what is over: sessions and links, tokens of forms after a day, counts of failed sign-ins after a week.
pub async fn purge(db: &mut Connection<'_>, _: &Operator) -> Result<()> {
    let (now, idle, whole, wait) =
        (db.database_now(), SESSION_IDLE.as_micros(), SESSION_WHOLE.as_micros(), CODE_WAIT.as_micros());
    for sql in [
        format!(
            "DELETE FROM sessions WHERE seen_at <= {now} - {idle} OR created_at <= {now} - {whole} \
             OR (waits_for_code AND created_at <= {now} - {wait})"
        ),
        format!("DELETE FROM links WHERE expires_at <= {now}"),
        format!("DELETE FROM used_forms WHERE used_at <= {now} - {DAY}"),
        format!("DELETE FROM failed_sign_ins WHERE hour <= ({now} - 7 * {DAY}) / 3600000000"),
    ] {
        db.execute(&sql, values![]).await?;
    }
    Ok(())
}
