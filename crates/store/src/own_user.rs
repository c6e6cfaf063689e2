//! What a person changes of the own user: name, e-mail and password.

use leadlatch_domain::audit::Event;
use leadlatch_domain::contact::Email;
use leadlatch_domain::matrix::UseAccount;
use leadlatch_domain::text::Name;
use serde_json::json;

use crate::access::Held;
use crate::audit::Pending;
use crate::engine::{Connection, values};
use crate::sign_in::Who;
use crate::{Error, Result, sessions, users};

/// Gives the person another name.
pub async fn rename(db: &mut Connection<'_>, grant: Held<UseAccount>, name: Name) -> Result<()> {
    let person = grant.person().ok_or(Error::SignedOut)?;
    if person.name == name.as_str() {
        return Ok(());
    }
    let sql = "UPDATE users SET name = $3 WHERE account_id = $1 AND id = $2";
    db.execute(sql, values![grant.account(), person.id.get(), name.as_str()]).await?;
    let details = json!({"name": name.as_str(), "before": {"name": person.name}, "after": {"name": name.as_str()}});
    db.audit(Pending::by(&grant, Event::UserChanged, person.id.get(), details).changed(["name"]));
    Ok(())
}

/// Gives the person another address to sign in with. An e-mail belongs to one account on a server.
pub async fn set_email(db: &mut Connection<'_>, grant: Held<UseAccount>, email: Email) -> Result<()> {
    let person = grant.person().ok_or(Error::SignedOut)?;
    let id = person.id.get();
    if db.query_int("SELECT COUNT(*) FROM users WHERE email_twin = $1 AND id <> $2", values![email.twin(), id]).await?
        > 0
    {
        return Err(Error::Conflict(format!("The e-mail {} belongs to a user already.", email.as_str())));
    }
    let sql = "UPDATE users SET email = $3, email_twin = $4 WHERE account_id = $1 AND id = $2";
    db.execute(sql, values![grant.account(), id, email.as_str(), email.twin()]).await?;
    let details = json!({"before": {"email": person.email}, "after": {"email": email.as_str()}});
    db.audit(Pending::by(&grant, Event::UserEmailChanged, id, details).changed(["email"]));
    Ok(())
}

/// Gives the person another password. The person's other sessions end, and links that were made for the person.
pub async fn set_password(db: &mut Connection<'_>, grant: Held<UseAccount>, hash: String) -> Result<()> {
    let person = grant.person().ok_or(Error::SignedOut)?;
    let who = Who { account: grant.account(), user: person.id.get() };
    users::store_password(db, who, hash).await?;
    sessions::end_all(db, who.account, who.user, Some(person.session_id)).await?;
    db.audit(Pending::by(&grant, Event::UserPasswordChanged, who.user, json!({"by": "person"})));
    Ok(())
}
