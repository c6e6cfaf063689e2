//! Authenticator apps: the code after the password, each once, and the recovery codes.

use std::net::IpAddr;

use leadlatch_domain::audit::Event;
use leadlatch_domain::authenticator::{RECOVERY_CODES, Seed, recovery_code, recovery_digest};
use leadlatch_domain::contact::Email;
use leadlatch_domain::matrix::{ManageUsers, UseAccount};
use leadlatch_domain::person::CODE_WAIT;
use leadlatch_domain::token::TokenDigest;
use serde_json::json;

use crate::access::{Access, Grant, Held, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, values};
use crate::sealing::{Purpose, Sealer};
use crate::sign_in::{SignedIn, Visit, Who, begin_whole};
use crate::users::User;
use crate::{Error, Result, Store, sessions, users};

/// Whose code is waited for.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The e-mail that the person signed in with.
    pub email: String,
    who: Who,
    session: TokenDigest,
}

impl Store {
    /// Whose code a session waits for, for ten minutes after the password.
    pub async fn waits_for_code(&self, session: TokenDigest) -> Result<Waiting> {
        self.read(async move |db| waiting(db, session, "").await).await
    }

    /// Takes the code, of the app or a recovery code; `None` when it is wrong or was taken before. What was waited in ends,
    /// and a session with a new id begins.
    pub async fn give_code(&self, waiting_for: Waiting, code: String, visit: Visit) -> Result<Option<SignedIn>> {
        let sealer = self.sealer()?;
        self.transact(async move |db| {
            // In the order of every write: the session, then its person.
            let lock = db.lock_rows(" FOR UPDATE OF s, u");
            let who = waiting(db, waiting_for.session, lock).await?.who;
            if !spend(db, who, &sealer, &code, visit.address).await? {
                return Ok(None);
            }
            let before = Some(waiting_for.session);
            begin_whole(db, who, &Visit { before, ..visit }).await.map(Some)
        })
        .await
    }

    /// Takes the code of a person who is signed in and gave the password again.
    pub async fn give_code_again(&self, grant: Grant<UseAccount>, code: String) -> Result<bool> {
        let sealer = self.sealer()?;
        self.write(grant, async move |db, grant| {
            let user = grant.person().ok_or(Error::SignedOut)?.id.get();
            spend(db, Who { account: grant.account(), user }, &sealer, &code, grant.access.from).await
        })
        .await
    }
}

async fn waiting(db: &mut Connection<'_>, session: TokenDigest, lock: &str) -> Result<Waiting> {
    let (now, wait) = (db.database_now(), CODE_WAIT.as_micros());
    let sql = format!(
        "SELECT s.account_id, s.user_id, u.email FROM sessions s \
         JOIN users u ON u.account_id = s.account_id AND u.id = s.user_id \
         WHERE s.digest = $1 AND s.waits_for_code AND s.created_at > {now} - {wait} AND u.active \
         AND NOT u.account_suspended{lock}"
    );
    let found = db
        .query_opt(&sql, values![session.as_bytes().to_vec()], |row| {
            Ok(Waiting { who: Who { account: row.get(0)?, user: row.get(1)? }, email: row.get(2)?, session })
        })
        .await?;
    found.ok_or(Error::SignedOut)
}

/// Whether a code is right; it is used up then. Of two that are sent at the same moment one is.
async fn spend(db: &mut Connection<'_>, who: Who, sealer: &Sealer, code: &str, from: Option<IpAddr>) -> Result<bool> {
    if let Some(digest) = recovery_digest(code) {
        let sql = "DELETE FROM recovery_codes WHERE account_id = $1 AND user_id = $2 AND digest = $3";
        let used = db.execute(sql, values![who.account, who.user, digest.as_bytes().to_vec()]).await? > 0;
        if used {
            let visit = Visit { address: from, ..Visit::default() };
            crate::sign_in::audit(db, who, Event::RecoveryCodeUsed, &visit, json!({}));
        }
        return Ok(used);
    }
    let sql = "SELECT authenticator FROM users WHERE account_id = $1 AND id = $2 AND authenticator IS NOT NULL";
    let sealed = db.query_opt(sql, values![who.account, who.user], |row| row.get::<Vec<u8>>(0)).await?;
    let Some(sealed) = sealed else { return Ok(false) };
    let bytes = sealer.open_sealed(Purpose::Authenticator { user: who.user }, &sealed)?;
    let seed = Seed::from_bytes(bytes).ok_or_else(|| Error::internal("a seed of another length"))?;
    let Some(step) = seed.step_of(code, db.now()) else { return Ok(false) };
    let sql = "UPDATE users SET authenticator_step = $3 WHERE account_id = $1 AND id = $2 AND authenticator_step < $3";
    Ok(db.execute(sql, values![who.account, who.user, step]).await? > 0)
}

/// Sets the app of the person up, with a code of it as proof, and gives new recovery codes, which are shown once. The
/// person's other sessions end. `None` when the code is wrong.
pub async fn set(
    db: &mut Connection<'_>,
    grant: Held<UseAccount>,
    sealer: &Sealer,
    seed: &Seed,
    code: &str,
) -> Result<Option<Vec<String>>> {
    let Some(step) = seed.step_of(code, db.now()) else { return Ok(None) };
    let (account, user, session) = ids(&grant)?;
    let sealed = sealer.seal(Purpose::Authenticator { user }, seed.bytes())?;
    let sql = "UPDATE users SET authenticator = $3, authenticator_step = $4 WHERE account_id = $1 AND id = $2";
    db.execute(sql, values![account, user, sealed, step]).await?;
    sessions::end_all(db, account, user, Some(session)).await?;
    db.audit(Pending::by(&grant, Event::AuthenticatorSet, user, json!({})));
    make_codes(db, account, user).await.map(Some)
}

/// Gives new recovery codes in place of those that are left.
pub async fn renew_codes(db: &mut Connection<'_>, grant: Held<UseAccount>) -> Result<Vec<String>> {
    let (account, user, _) = ids(&grant)?;
    db.audit(Pending::by(&grant, Event::RecoveryCodesMade, user, json!({})));
    make_codes(db, account, user).await
}

/// Takes the app away: the password alone signs in again.
pub async fn remove(db: &mut Connection<'_>, grant: Held<UseAccount>) -> Result<()> {
    let (account, user, _) = ids(&grant)?;
    db.audit(Pending::by(&grant, Event::AuthenticatorRemoved, user, json!({})));
    forget(db, account, user).await
}

/// Takes the app of a user away who lost it, with the recovery codes.
pub async fn remove_of(db: &mut Connection<'_>, grant: Held<ManageUsers>, id: i64) -> Result<()> {
    let sql = "SELECT COUNT(*) FROM users WHERE account_id = $1 AND id = $2 AND authenticator IS NOT NULL";
    if db.query_int(sql, values![grant.account(), id]).await? == 0 {
        return Err(Error::Conflict("The user has no authenticator app.".into()));
    }
    db.audit(Pending::by(&grant, Event::AuthenticatorRemoved, id, json!({})));
    forget(db, grant.account(), id).await
}

/// As [`remove_of`], by the e-mail.
pub async fn remove_by_email(
    db: &mut Connection<'_>,
    grant: Held<ManageUsers>,
    email: &Email,
) -> Result<Visible<User>> {
    let user = users::by_email(db, &grant, email).await?;
    remove_of(db, grant, user.id).await?;
    Ok(Visible(user))
}

async fn forget(db: &mut Connection<'_>, account: i64, user: i64) -> Result<()> {
    db.execute("UPDATE users SET authenticator = NULL WHERE account_id = $1 AND id = $2", values![account, user])
        .await?;
    let sql = "DELETE FROM recovery_codes WHERE account_id = $1 AND user_id = $2";
    db.execute(sql, values![account, user]).await.map(drop)
}

/// How many recovery codes the person has left.
pub async fn codes_left(db: &mut Connection<'_>, grant: &Grant<UseAccount>) -> Result<i64> {
    let person = grant.person().ok_or(Error::SignedOut)?;
    let sql = "SELECT COUNT(*) FROM recovery_codes WHERE account_id = $1 AND user_id = $2";
    db.query_int(sql, values![grant.account(), person.id.get()]).await
}

async fn make_codes(db: &mut Connection<'_>, account: i64, user: i64) -> Result<Vec<String>> {
    let sql = "DELETE FROM recovery_codes WHERE account_id = $1 AND user_id = $2";
    db.execute(sql, values![account, user]).await?;
    let codes: Vec<_> = (0..RECOVERY_CODES).map(|_| recovery_code(db.random())).collect();
    for digest in codes.iter().filter_map(|code| recovery_digest(code)) {
        let sql = "INSERT INTO recovery_codes (account_id, user_id, digest) VALUES ($1, $2, $3)";
        db.execute(sql, values![account, user, digest.as_bytes().to_vec()]).await?;
    }
    Ok(codes)
}

fn ids(grant: &Held<UseAccount>) -> Result<(i64, i64, i64)> {
    let person = Access::person(grant.access()).ok_or(Error::SignedOut)?;
    Ok((grant.account(), person.id.get(), person.session_id))
}
