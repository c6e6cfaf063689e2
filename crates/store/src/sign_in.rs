//! Signing in: whose e-mail it is, whether the password is right, and the session that comes of it.

use std::net::IpAddr;

use leadlatch_domain::audit::{Actor, ActorKind, Event};
use leadlatch_domain::contact::Email;
use leadlatch_domain::matrix::UseAccount;
use leadlatch_domain::token::{Token, TokenDigest};
use secrecy::SecretString;
use serde_json::{Value as Json, json};

use crate::access::Grant;
use crate::audit::{Pending, SERVER};
use crate::engine::{Connection, Row, values};
use crate::{Error, Result, Store, password};

/// Microseconds in an hour.
const HOUR: i64 = 3_600_000_000;
/// Characters of a browser's name that are kept.
const AGENT_MAX: usize = 300;

/// Where somebody comes from.
#[derive(Debug, Clone, Default)]
pub struct Visit {
    /// The address.
    pub address: Option<IpAddr>,
    /// The browser, in its own words.
    pub agent: Option<String>,
    /// The session that the browser has already, which ends with a new one.
    pub before: Option<TokenDigest>,
}

/// The user that a row names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Who {
    pub(crate) account: i64,
    pub(crate) user: i64,
}

/// Whoever wants to sign in, before the password was looked at: a user, or nobody.
#[derive(Debug)]
pub struct Candidate {
    who: Option<Who>,
    hash: Option<String>,
}

/// The password was right. Made by [`Candidate::verify`] alone.
#[derive(Debug)]
pub struct Verified {
    who: Who,
    hash: String,
}

/// The password was not right, or there is no such user; whoever asked is not told which.
#[derive(Debug)]
pub struct Refused(Option<Who>);

/// A session that was begun.
#[derive(Debug)]
pub struct SignedIn {
    /// What the cookie holds.
    pub token: Token,
    /// Whether it opens nothing before the code of the authenticator app is given.
    pub waits_for_code: bool,
}

impl Candidate {
    /// Compares the password; takes one run of argon2id whether there is such a user or not, so not for an async thread.
    pub fn verify(self, typed: &SecretString) -> std::result::Result<Verified, Refused> {
        let right = password::verify(typed, self.hash.as_deref());
        match (self.who, self.hash) {
            (Some(who), Some(hash)) if right => Ok(Verified { who, hash }),
            (who, _) => Err(Refused(who)),
        }
    }
}

impl Store {
    /// The user with an e-mail, or nobody.
    pub async fn candidate(&self, email: &Email) -> Result<Candidate> {
        let sql = "SELECT account_id, id, password_hash FROM users \
                   WHERE email_twin = $1 AND active AND NOT account_suspended";
        let twin = email.twin();
        let found = self.read(async move |db| db.query_opt(sql, values![twin], read).await).await?;
        Ok(found.unwrap_or(Candidate { who: None, hash: None }))
    }

    /// The person who is signed in, to be asked for the password again.
    pub async fn candidate_again(&self, grant: &Grant<UseAccount>) -> Result<Candidate> {
        let person = grant.person().ok_or(Error::SignedOut)?;
        let sql = "SELECT account_id, id, password_hash FROM users WHERE account_id = $1 AND id = $2";
        let bound = values![grant.account(), person.id.get()];
        self.read(async move |db| db.query_opt(sql, bound, read).await).await?.ok_or(Error::SignedOut)
    }

    /// Begins a session with a new id. The user's row is read again: a password that was changed, or a user who was
    /// deactivated since, begins none.
    pub async fn sign_in(&self, verified: Verified, visit: Visit) -> Result<SignedIn> {
        self.transact(async move |db| {
            let lock = db.lock_rows(" FOR SHARE");
            let sql = format!(
                "SELECT email FROM users WHERE account_id = $1 AND id = $2 AND password_hash = $3 AND active \
                 AND NOT account_suspended{lock}"
            );
            let bound = values![verified.who.account, verified.who.user, verified.hash];
            let live = db.query_opt(&sql, bound, |row| row.get::<String>(0)).await?;
            live.ok_or(Error::SignedOut)?;
            begin(db, verified.who, &visit).await
        })
        .await
    }

    /// Keeps a sign-in that failed: one audit entry an address and hour, in the account of the user, or in the server's own
    /// trail. What was typed is kept nowhere: it may be a password.
    pub async fn sign_in_failed(&self, refused: &Refused, visit: &Visit) -> Result<()> {
        let (who, address) = (refused.0, visit.address.map(|address| address.to_canonical().to_string()));
        let address = address.unwrap_or_else(|| "unknown".to_owned());
        self.transact(async move |db| failed(db, who, &address).await).await
    }
}

fn read(row: &Row<'_>) -> Result<Candidate> {
    Ok(Candidate { who: Some(Who { account: row.get(0)?, user: row.get(1)? }), hash: row.get(2)? })
}

async fn failed(db: &mut Connection<'_>, who: Option<Who>, address: &str) -> Result<()> {
    let account = who.map_or(SERVER, |who| who.account);
    let sql = "INSERT INTO failed_sign_ins (account_id, address, hour, failures) VALUES ($1, $2, $3, 1) \
               ON CONFLICT (account_id, address, hour) DO UPDATE SET failures = failed_sign_ins.failures + 1 \
               RETURNING failures";
    let hour = db.now().as_micros().div_euclid(HOUR);
    if db.query_int(sql, values![account, address, hour]).await? == 1 {
        db.audit(Pending {
            account,
            actor: Actor { kind: ActorKind::Role, id: 0 },
            event: Event::SignInFailed,
            target_id: who.map_or(0, |who| who.user),
            changed: Vec::new(),
            details: json!({"address": address}),
        });
    }
    Ok(())
}

/// Begins a session of a user, and ends the one that the browser had. With an authenticator app it waits for the code.
pub(crate) async fn begin(db: &mut Connection<'_>, who: Who, visit: &Visit) -> Result<SignedIn> {
    let sql = "SELECT authenticator IS NOT NULL FROM users WHERE account_id = $1 AND id = $2";
    let waits = db.query_opt(sql, values![who.account, who.user], |row| row.get::<bool>(0)).await?;
    insert(db, who, visit, waits.ok_or(Error::SignedOut)?).await
}

/// As [`begin`], after the code.
pub(crate) async fn begin_whole(db: &mut Connection<'_>, who: Who, visit: &Visit) -> Result<SignedIn> {
    insert(db, who, visit, false).await
}

async fn insert(db: &mut Connection<'_>, who: Who, visit: &Visit, waits: bool) -> Result<SignedIn> {
    if let Some(before) = visit.before {
        db.execute("DELETE FROM sessions WHERE digest = $1", values![before.as_bytes().to_vec()]).await?;
    }
    let (token, now) = (Token::generate(db.random()), db.database_now());
    let sql = format!(
        "INSERT INTO sessions (account_id, user_id, digest, created_at, seen_at, confirmed_at, waits_for_code, address, \
         agent) VALUES ($1, $2, $3, {now}, {now}, {now}, $4, $5, $6)"
    );
    let agent: Option<String> = visit.agent.as_ref().map(|agent| agent.chars().take(AGENT_MAX).collect());
    let digest = token.digest().as_bytes().to_vec();
    db.execute(&sql, values![who.account, who.user, digest, waits, address(visit), agent]).await?;
    if !waits {
        audit(db, who, Event::SignedIn, visit, json!({}));
    }
    Ok(SignedIn { token, waits_for_code: waits })
}

fn address(visit: &Visit) -> Option<String> {
    visit.address.map(|address| address.to_canonical().to_string())
}

/// An entry about what a person did who is not signed in yet.
pub(crate) fn audit(db: &mut Connection<'_>, who: Who, event: Event, visit: &Visit, mut details: Json) {
    if let (Json::Object(members), Some(address)) = (&mut details, address(visit)) {
        members.insert("address".into(), json!(address));
    }
    let actor = Actor { kind: ActorKind::User, id: who.user };
    db.audit(Pending { account: who.account, actor, event, target_id: who.user, changed: Vec::new(), details });
}
