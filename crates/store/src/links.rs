//! Links that open one thing once: the first admin's, an invitation, a new password. The database has their digests.

use leadlatch_domain::audit::Event;
use leadlatch_domain::contact::Email;
use leadlatch_domain::id::AccountId;
use leadlatch_domain::matrix::ManageUsers;
use leadlatch_domain::person::LinkPurpose;
use leadlatch_domain::text::Name;
use leadlatch_domain::token::Token;
use serde_json::json;

use crate::access::{Held, Operator};
use crate::accounts::NewAccount;
use crate::audit::Pending;
use crate::engine::{Connection, Row, Turn, values};
use crate::sign_in::{SignedIn, Visit, Who, begin};
use crate::{Error, Result, Store, accounts, authenticate, sessions, sign_in, users};

/// Two first admins are not made at the same moment: the number by which they wait for each other.
const FIRST_ADMIN: i64 = i64::MIN + 12;

/// What a link opens, for the page that it leads to.
#[derive(Debug, Clone)]
pub struct Opens {
    /// What for.
    pub purpose: LinkPurpose,
    /// The account; none before the first admin makes it.
    pub account_name: Option<String>,
    /// The user's name and e-mail, if the link is a user's.
    pub user: Option<(String, String)>,
}

/// Who the first admin is.
#[derive(Debug)]
pub struct FirstAdmin {
    /// The account to make, unless there is one.
    pub account: Option<NewAccount>,
    /// The person's name.
    pub name: Name,
    /// The address to sign in with.
    pub email: Email,
    /// The password, hashed.
    pub password_hash: String,
}

struct Found {
    purpose: String,
    account: Option<i64>,
    user: Option<i64>,
}

impl Store {
    /// A link for the first admin of a server that has no user yet, and one account at the most.
    pub async fn first_admin_link(&self, operator: &Operator) -> Result<Option<Token>> {
        self.operate(operator, async move |db| {
            if !nobody_yet(db).await? || accounts_at_all(db).await?.len() > 1 {
                return Ok(None);
            }
            insert(db, None, LinkPurpose::FirstAdmin).await.map(Some)
        })
        .await
    }

    /// What a link opens, without opening it.
    pub async fn look_at_link(&self, link: &Token) -> Result<Opens> {
        self.read(async move |db| look(db, link).await).await
    }

    /// Makes the first admin, and the account unless there is one, and signs the person in. The link is used up.
    pub async fn make_first_admin(&self, link: Token, new: FirstAdmin, visit: Visit) -> Result<SignedIn> {
        self.transact(async move |db| {
            db.take_turns(&[(Turn::Alone, FIRST_ADMIN)]).await?;
            take(db, &link, &[LinkPurpose::FirstAdmin]).await?;
            if !nobody_yet(db).await? {
                return Err(Error::NoSuchLink);
            }
            first_admin(db, new, &visit).await
        })
        .await
    }

    /// Sets the password of the user whom a link names, ends the user's sessions, and signs the person in. The link, and
    /// every other of the user, is used up.
    pub async fn set_password_by_link(&self, link: Token, hash: String, visit: Visit) -> Result<SignedIn> {
        self.transact(async move |db| {
            let who = take(db, &link, &[LinkPurpose::Invitation, LinkPurpose::Password]).await?;
            let who = who.ok_or(Error::NoSuchLink)?;
            if !users::may_sign_in(db, who).await? {
                return Err(Error::NoSuchLink);
            }
            users::store_password(db, who, hash).await?;
            sessions::end_all(db, who.account, who.user, None).await?;
            sign_in::audit(db, who, Event::UserPasswordChanged, &visit, json!({"by": "link"}));
            begin(db, who, &visit).await
        })
        .await
    }
}

async fn first_admin(db: &mut Connection<'_>, new: FirstAdmin, visit: &Visit) -> Result<SignedIn> {
    let operator = Operator::new();
    let account = match (accounts_at_all(db).await?.as_slice(), new.account) {
        ([(id, _)], _) => AccountId::new(*id).ok_or_else(|| Error::internal("an account without an id"))?,
        ([], Some(account)) => accounts::create(db, &operator, account).await?.id,
        _ => return Err(Error::NoSuchLink),
    };
    // The link is the operator's: whoever opens it acts for the operator this once.
    let grant = authenticate::hold(db, operator.admin_of(account).permit::<ManageUsers>()?).await?;
    let user = users::create(db, grant, new.name, new.email, "admin", new.password_hash).await?.id;
    begin(db, Who { account: account.get(), user }, visit).await
}

/// Makes a link for a user: an invitation for one without a password, or a new password for one who has any. What was made
/// for the user before ends.
pub async fn make(db: &mut Connection<'_>, grant: Held<ManageUsers>, user: i64) -> Result<(LinkPurpose, Token)> {
    let (email, has_password) = users::for_link(db, &grant, user).await?;
    let purpose = if has_password { LinkPurpose::Password } else { LinkPurpose::Invitation };
    let account = grant.account();
    db.execute("DELETE FROM links WHERE account_id = $1 AND user_id = $2", values![account, user]).await?;
    let token = insert(db, Some(Who { account, user }), purpose).await?;
    let details = json!({"email": email, "purpose": purpose});
    db.audit(Pending::by(&grant, Event::UserLinkMade, user, details));
    Ok((purpose, token))
}

pub(crate) async fn insert(db: &mut Connection<'_>, who: Option<Who>, purpose: LinkPurpose) -> Result<Token> {
    let (token, now) = (Token::generate(db.random()), db.database_now());
    db.execute(&format!("DELETE FROM links WHERE expires_at <= {now}"), values![]).await?;
    let sql = format!(
        "INSERT INTO links (digest, account_id, user_id, purpose, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, {now}, {now} + $5)"
    );
    let (account, user) = (who.map(|who| who.account), who.map(|who| who.user));
    let lives = i64::try_from(purpose.lives().as_micros()).unwrap_or(0);
    let bound = values![token.digest().as_bytes().to_vec(), account, user, purpose.as_str(), lives];
    db.execute(&sql, bound).await?;
    Ok(token)
}

async fn look(db: &mut Connection<'_>, link: &Token) -> Result<Opens> {
    let sql = format!(
        "SELECT l.purpose, l.account_id, a.name, u.name, u.email FROM links l \
         LEFT JOIN users u ON u.account_id = l.account_id AND u.id = l.user_id \
         LEFT JOIN accounts a ON a.id = l.account_id \
         WHERE l.digest = $1 AND l.expires_at > {} AND (l.user_id IS NULL OR (u.active AND NOT u.account_suspended))",
        db.database_now()
    );
    let read = |row: &Row<'_>| {
        let user = row.get::<Option<String>>(3)?.zip(row.get::<Option<String>>(4)?);
        Ok((row.get::<String>(0)?, row.get::<Option<String>>(2)?, user))
    };
    let found = db.query_opt(&sql, values![link.digest().as_bytes().to_vec()], read).await?;
    let (purpose, mut account_name, user) = found.ok_or(Error::NoSuchLink)?;
    let purpose = LinkPurpose::parse(&purpose).map_err(|_| Error::internal("a link for nothing"))?;
    if purpose == LinkPurpose::FirstAdmin {
        if !nobody_yet(db).await? {
            return Err(Error::NoSuchLink);
        }
        account_name = accounts_at_all(db).await?.into_iter().next().map(|(_, name)| name);
    }
    Ok(Opens { purpose, account_name, user })
}

/// Uses a link up. Of two that open it at the same moment one finds it gone; if what follows fails, it stays.
async fn take(db: &mut Connection<'_>, link: &Token, purposes: &[LinkPurpose]) -> Result<Option<Who>> {
    let now = db.database_now();
    let sql =
        format!("DELETE FROM links WHERE digest = $1 AND expires_at > {now} RETURNING purpose, account_id, user_id");
    let read = |row: &Row<'_>| Ok(Found { purpose: row.get(0)?, account: row.get(1)?, user: row.get(2)? });
    let found = db.query_opt(&sql, values![link.digest().as_bytes().to_vec()], read).await?;
    let found = found.filter(|found| purposes.iter().any(|purpose| purpose.as_str() == found.purpose));
    let found = found.ok_or(Error::NoSuchLink)?;
    Ok(found.account.zip(found.user).map(|(account, user)| Who { account, user }))
}

async fn nobody_yet(db: &mut Connection<'_>) -> Result<bool> {
    Ok(db.query_int("SELECT COUNT(*) FROM users", values![]).await? == 0)
}

/// The first two accounts.
async fn accounts_at_all(db: &mut Connection<'_>) -> Result<Vec<(i64, String)>> {
    let sql = "SELECT id, name FROM accounts ORDER BY id LIMIT 2";
    db.query(sql, values![], |row| Ok((row.get(0)?, row.get(1)?))).await
}
