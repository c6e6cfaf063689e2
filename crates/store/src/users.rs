//! Users: the people of an account.

use leadlatch_domain::audit::Event;
use leadlatch_domain::contact::Email;
use leadlatch_domain::matrix::{ManageUsers, ReadUsers};
use leadlatch_domain::person::PersonRole;
use leadlatch_domain::text::Name;
use leadlatch_domain::time::Timestamp;
use leadlatch_domain::token::Token;
use serde::Serialize;
use serde_json::json;

use crate::access::{Grant, Held, Visible};
use crate::audit::Pending;
use crate::engine::{Connection, Row, values};
use crate::in_use::{self, Holder};
use crate::of_rows::ids_of;
use crate::page::LOOKED_AT;
use crate::sign_in::Who;
use crate::{Error, Page, Result, Slice, change, links, password, sessions, used_forms};

/// A user, without what opens the account.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct User {
    /// Its id.
    pub id: i64,
    /// The person's name.
    pub name: String,
    /// The address that the person signs in with.
    pub email: String,
    /// `admin` or `member`.
    pub role: String,
    /// Whether the person may sign in.
    pub active: bool,
    /// The groups that the person belongs to.
    pub user_group_ids: Vec<i64>,
}

const ADMIN: &str = PersonRole::Admin.as_str();
const SELECT: &str = "SELECT id, name, email, role, active FROM users WHERE account_id = $1";

/// The users of the account, by id.
pub async fn list(db: &mut Connection<'_>, grant: &Grant<ReadUsers>, page: &Page) -> Result<Slice<Visible<User>>> {
    let sql = format!("{SELECT} AND id > $2 ORDER BY id LIMIT $3");
    let bound = |after: i64, limit: i64| values![grant.account(), after, limit];
    let total = page.total(db, &sql, bound(0, LOOKED_AT)).await?;
    let after = page.after.map_or(0, |(_, id)| id);
    let mut users = db.query(&sql, bound(after, page.fetch()), read).await?;
    with_groups(db, grant.account(), &mut users).await?;
    Ok(Slice::cut(users.into_iter().map(Visible).collect(), page, |user| (user.id, user.id)).counted(total))
}

/// One user of the account.
pub async fn get(db: &mut Connection<'_>, grant: &Grant<ReadUsers>, id: i64) -> Result<Visible<User>> {
    let found = db.query_opt(&format!("{SELECT} AND id = $2"), values![grant.account(), id], read).await?;
    let mut user = found.ok_or_else(|| grant.missing("user_id"))?;
    with_groups(db, grant.account(), std::slice::from_mut(&mut user)).await?;
    Ok(Visible(user))
}

/// Puts the groups that the people belong to beside them.
async fn with_groups(db: &mut Connection<'_>, account: i64, users: &mut [User]) -> Result<()> {
    let sql = "SELECT user_id, user_group_id FROM user_group_members WHERE account_id = $1 \
               AND user_id BETWEEN $2 AND $3 ORDER BY user_id, user_group_id";
    let mut groups = ids_of(db, sql, account, users.iter().map(|user| user.id)).await?;
    for user in users {
        user.user_group_ids = groups.remove(&user.id).unwrap_or_default();
    }
    Ok(())
}

fn read(row: &Row<'_>) -> Result<User> {
    let (id, name, email) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(User { id, name, email, role: row.get(3)?, active: row.get(4)?, user_group_ids: Vec::new() })
}

/// Adds a user. An e-mail belongs to one account on a server.
pub async fn create(
    db: &mut Connection<'_>,
    grant: Held<ManageUsers>,
    name: Name,
    email: Email,
    role: &'static str,
    password_hash: String,
) -> Result<Visible<User>> {
    insert(db, &grant, name, email, role, password_hash).await.map(Visible)
}

async fn insert(
    db: &mut Connection<'_>,
    grant: &Held<ManageUsers>,
    name: Name,
    email: Email,
    role: &'static str,
    password_hash: String,
) -> Result<User> {
    if db.query_int("SELECT COUNT(*) FROM users WHERE email_twin = $1", values![email.twin()]).await? > 0 {
        return Err(Error::Conflict(format!("The e-mail {} belongs to a user already.", email.as_str())));
    }
    let sql = "INSERT INTO users (account_id, email, email_twin, name, role, password_hash, created_at, password_set_at, \
               account_suspended) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $7, (SELECT suspended FROM accounts WHERE id = $1)) RETURNING id";
    let (given, now) = (email.as_str(), db.now().as_micros());
    let bound = values![grant.account(), given, email.twin(), name.as_str(), role, password_hash, now];
    let id = db.query_int(sql, bound).await?;
    let details = json!({"name": name.as_str(), "email": given, "role": role});
    db.audit(Pending::by(grant, Event::UserCreated, id, details));
    let (name, email, role) = (name.to_string(), given.to_owned(), role.to_owned());
    Ok(User { id, name, email, role, active: true, user_group_ids: Vec::new() })
}

/// Writes a password.
pub(crate) async fn store_password(db: &mut Connection<'_>, who: Who, hash: String) -> Result<()> {
    let sql = "UPDATE users SET password_hash = $3, password_set_at = $4 WHERE account_id = $1 AND id = $2";
    db.execute(sql, values![who.account, who.user, hash, db.now().as_micros()]).await.map(drop)
}

/// Whether a user may sign in; the row is held.
pub(crate) async fn may_sign_in(db: &mut Connection<'_>, who: Who) -> Result<bool> {
    let lock = db.lock_rows(" FOR NO KEY UPDATE");
    let sql = format!("SELECT active AND NOT account_suspended FROM users WHERE account_id = $1 AND id = $2{lock}");
    let may = db.query_opt(&sql, values![who.account, who.user], |row| row.get(0)).await?;
    Ok(may.unwrap_or(false))
}

/// The e-mail of a user who may sign in, and whether there is a password already.
pub(crate) async fn for_link(db: &mut Connection<'_>, grant: &Grant<ManageUsers>, id: i64) -> Result<(String, bool)> {
    let sql = "SELECT email, password_hash <> $3 FROM users WHERE account_id = $1 AND id = $2 AND active";
    let bound = values![grant.account(), id, password::NONE];
    let found = db.query_opt(sql, bound, |row| Ok((row.get(0)?, row.get(1)?))).await?;
    found.ok_or_else(|| grant.missing("user_id"))
}

/// Gives a user another password, and ends the user's sessions.
pub async fn reset_password(
    db: &mut Connection<'_>,
    grant: Held<ManageUsers>,
    email: Email,
    password_hash: String,
) -> Result<Visible<User>> {
    let user = by_email(db, &grant, &email).await?;
    store_password(db, Who { account: grant.account(), user: user.id }, password_hash).await?;
    sessions::end_all(db, grant.account(), user.id, None).await?;
    db.audit(Pending::by(&grant, Event::UserPasswordReset, user.id, json!({"email": user.email})));
    Ok(Visible(user))
}

/// The user of an e-mail address, with the groups that the person belongs to.
pub(crate) async fn by_email<A>(db: &mut Connection<'_>, grant: &Grant<A>, email: &Email) -> Result<User> {
    let find = format!("{SELECT} AND email_twin = $2");
    let found = db.query_opt(&find, values![grant.account(), email.twin()], read).await?;
    let mut user = found.ok_or_else(|| Error::no_such("user", email.as_str()))?;
    with_groups(db, grant.account(), std::slice::from_mut(&mut user)).await?;
    Ok(user)
}

/// What an admin changes of a user; what is left out stays.
#[derive(Debug, Default)]
pub struct UserChange {
    /// The person's name.
    pub name: Option<Name>,
    /// `admin` or `member`.
    pub role: Option<&'static str>,
    /// Whether the person may sign in.
    pub active: Option<bool>,
}

/// Changes the user of an e-mail address.
pub async fn set(
    db: &mut Connection<'_>,
    grant: Held<ManageUsers>,
    email: &Email,
    change: UserChange,
) -> Result<Visible<User>> {
    change::one_at_a_time(db, grant.account()).await?;
    let before = by_email(db, &grant, email).await?;
    apply(db, &grant, before, change).await
}

/// Changes the user of an id.
pub async fn set_by_id(
    db: &mut Connection<'_>,
    grant: Held<ManageUsers>,
    id: i64,
    change: UserChange,
) -> Result<Visible<User>> {
    change::one_at_a_time(db, grant.account()).await?;
    let before = by_id(db, &grant, id).await?;
    apply(db, &grant, before, change).await
}

async fn apply(
    db: &mut Connection<'_>,
    grant: &Held<ManageUsers>,
    before: User,
    change: UserChange,
) -> Result<Visible<User>> {
    let after = User {
        name: change.name.map_or_else(|| before.name.clone(), |name| name.to_string()),
        role: change.role.map_or_else(|| before.role.clone(), str::to_owned),
        active: change.active.unwrap_or(before.active),
        ..before.clone()
    };
    if after.role != ADMIN || !after.active {
        refuse_last_admin(db, grant, &before).await?;
    }
    let sql = "UPDATE users SET name = $3, role = $4, active = $5 WHERE account_id = $1 AND id = $2";
    let (name, role) = (after.name.as_str(), after.role.as_str());
    db.execute(sql, values![grant.account(), after.id, name, role, after.active]).await?;
    if !after.active {
        sessions::end_all(db, grant.account(), after.id, None).await?;
    }
    change::audit(db, grant, (Event::UserChanged, after.id), &after.name, (&before, &after))?;
    Ok(Visible(after))
}

/// Deletes the user of an e-mail address, who has no leads.
pub async fn delete(db: &mut Connection<'_>, grant: Held<ManageUsers>, email: &Email) -> Result<Visible<User>> {
    change::one_at_a_time(db, grant.account()).await?;
    let gone = by_email(db, &grant, email).await?;
    remove(db, &grant, gone).await
}

/// Deletes the user of an id, who has no leads.
pub async fn delete_by_id(db: &mut Connection<'_>, grant: Held<ManageUsers>, id: i64) -> Result<Visible<User>> {
    change::one_at_a_time(db, grant.account()).await?;
    let gone = by_id(db, &grant, id).await?;
    remove(db, &grant, gone).await
}

async fn remove(db: &mut Connection<'_>, grant: &Held<ManageUsers>, gone: User) -> Result<Visible<User>> {
    refuse_last_admin(db, grant, &gone).await?;
    let what = format!("user {}", gone.name);
    in_use::refuse(db, grant.account(), gone.id, what, &[Holder::leads("user_id")]).await?;
    db.execute("DELETE FROM users WHERE account_id = $1 AND id = $2", values![grant.account(), gone.id]).await?;
    db.audit(Pending::by(grant, Event::UserDeleted, gone.id, json!({"before": gone})));
    Ok(Visible(gone))
}

/// The leads that a user has, those of the bin among them.
pub async fn leads_of(db: &mut Connection<'_>, grant: &Grant<ManageUsers>, id: i64) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM leads WHERE account_id = $1 AND user_id = $2";
    db.query_int(sql, values![grant.account(), id]).await
}

/// An account keeps one admin who can sign in: without any, nobody could make another.
async fn refuse_last_admin(db: &mut Connection<'_>, grant: &Held<ManageUsers>, user: &User) -> Result<()> {
    if user.role != ADMIN || !user.active {
        return Ok(());
    }
    let sql = "SELECT COUNT(*) FROM users WHERE account_id = $1 AND id <> $2 AND role = $3 AND active \
               AND password_hash <> $4";
    match db.query_int(sql, values![grant.account(), user.id, ADMIN, password::NONE]).await? {
        0 => {
            Err(Error::Conflict(format!("{} is the last admin who can sign in. Make another admin first.", user.name)))
        }
        _ => Ok(()),
    }
}

async fn by_id(db: &mut Connection<'_>, grant: &Grant<ManageUsers>, id: i64) -> Result<User> {
    let found = db.query_opt(&format!("{SELECT} AND id = $2"), values![grant.account(), id], read).await?;
    let mut user = found.ok_or_else(|| grant.missing("user_id"))?;
    with_groups(db, grant.account(), std::slice::from_mut(&mut user)).await?;
    Ok(user)
}

/// Adds a user without a password, and makes the link by which the person sets one.
pub async fn invite(
    db: &mut Connection<'_>,
    grant: Held<ManageUsers>,
    name: Name,
    email: Email,
    role: &'static str,
    form: &Token,
) -> Result<(Visible<User>, Token)> {
    let user = insert(db, &grant, name, email, role, password::NONE.to_owned()).await?;
    used_forms::keep(db, &grant, form, user.id).await?;
    let (_, link) = links::make(db, grant, user.id).await?;
    Ok((Visible(user), link))
}

/// How the users of the account sign in.
#[derive(Debug, Clone)]
pub struct SignsIn {
    /// The user.
    pub id: i64,
    /// Whether there is a password; an invitation waits otherwise.
    pub has_password: bool,
    /// Whether an authenticator app is asked for.
    pub has_authenticator: bool,
    /// When the person was last here, as far as a session tells.
    pub seen_at: Option<Timestamp>,
}

/// How they sign in, by id.
pub async fn sign_ins(db: &mut Connection<'_>, grant: &Grant<ManageUsers>) -> Result<Vec<SignsIn>> {
    let sql = "SELECT u.id, u.password_hash <> $2, u.authenticator IS NOT NULL, (SELECT MAX(s.seen_at) FROM sessions s \
               WHERE s.account_id = u.account_id AND s.user_id = u.id AND NOT s.waits_for_code) \
               FROM users u WHERE u.account_id = $1 ORDER BY u.id";
    let read = |row: &Row<'_>| {
        let seen_at = row.get::<Option<i64>>(3)?.map(Timestamp::from_micros);
        Ok(SignsIn { id: row.get(0)?, has_password: row.get(1)?, has_authenticator: row.get(2)?, seen_at })
    };
    db.query(sql, values![grant.account(), password::NONE], read).await
}
