//! Accounts: one customer company each. They are the operator's, not an admin's.

use leadlatch_domain::account::{Country, CurrencyCode, Host, Slug, ZoneName};
use leadlatch_domain::audit::Event;
use leadlatch_domain::id::AccountId;
use leadlatch_domain::point::ConversionPoint;
use leadlatch_domain::text::Name;
use leadlatch_domain::time::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::access::Operator;
use crate::audit::{self, Pending};
use crate::engine::{Connection, Row, values};
use crate::{Error, Result, access_keys, deletions, lead_groups, statuses};

/// An account, as its operator sees it.
#[derive(Debug, Clone, Serialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its short name in commands and addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Where numbers without a country code are dialled.
    pub country: String,
    /// The zone of its days.
    pub time_zone: String,
    /// The currency of its amounts.
    pub currency: String,
    /// The host name of its own, if it has one.
    pub host: Option<String>,
    /// Whether its keys are refused.
    pub suspended: bool,
    /// Days that a deleted lead can be put back.
    pub bin_days: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What an account is made from.
#[derive(Debug)]
pub struct NewAccount {
    /// Its name.
    pub name: Name,
    /// Its short name, unique on the server.
    pub slug: Slug,
    /// Its country.
    pub country: Country,
    /// Its time zone.
    pub time_zone: ZoneName,
    /// Its currency.
    pub currency: CurrencyCode,
    /// Its host name.
    pub host: Option<Host>,
}

const COLUMNS: &str = "id, slug, name, country, time_zone, currency, host, suspended, bin_days, created_at";

/// Makes an account with the lead group *General* and a status for each conversion point.
pub async fn create(db: &mut Connection<'_>, _: &Operator, new: NewAccount) -> Result<Account> {
    refuse_taken(db, new.slug.as_str()).await?;
    let sql = "INSERT INTO accounts (slug, name, country, time_zone, currency, host, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";
    let now = db.now().as_micros();
    let host = new.host.as_ref().map(|host| host.as_str().to_owned());
    let (slug, name) = (new.slug.as_str(), new.name.as_str());
    let (country, zone, currency) = (new.country.as_str(), new.time_zone.as_str(), new.currency.as_str());
    let id = db.query_int(sql, values![slug, name, country, zone, currency, host, now]).await?;
    audit::begin_chain(db, id).await?;
    let group = lead_groups::insert(db, id, "General", "general").await?;
    db.execute("UPDATE accounts SET default_lead_group_id = $2 WHERE id = $1", values![id, group]).await?;
    for (position, point) in ConversionPoint::ALL.into_iter().enumerate() {
        statuses::insert(db, id, point.title(), point.as_str(), position as i64 + 1, point).await?;
    }
    let details = json!({"slug": slug, "name": name});
    db.audit(Pending::by_operator(audit::SERVER, Event::AccountCreated, id, details.clone()));
    db.audit(Pending::by_operator(id, Event::AccountCreated, id, details));
    get(db, new.slug.as_str()).await
}

async fn refuse_taken(db: &mut Connection<'_>, slug: &str) -> Result<()> {
    let taken = db.query_int("SELECT COUNT(*) FROM accounts WHERE slug = $1", values![slug]).await?;
    if taken == 0 { Ok(()) } else { Err(Error::Conflict(format!("There is an account with the slug {slug} already."))) }
}

/// Every account.
pub async fn list(db: &mut Connection<'_>, _: &Operator) -> Result<Vec<Account>> {
    db.query(&format!("SELECT {COLUMNS} FROM accounts ORDER BY id"), values![], read).await
}

/// One account by its slug.
pub async fn find(db: &mut Connection<'_>, _: &Operator, slug: &str) -> Result<Account> {
    get(db, slug).await
}

async fn get(db: &mut Connection<'_>, slug: &str) -> Result<Account> {
    let sql = format!("SELECT {COLUMNS} FROM accounts WHERE slug = $1");
    db.query_opt(&sql, values![slug], read).await?.ok_or(Error::NotFound("account"))
}

/// Suspends an account, or lets it go on: its keys are refused from the moment that this is answered.
pub async fn suspend(db: &mut Connection<'_>, _: &Operator, slug: &str, suspended: bool) -> Result<Account> {
    let account = get(db, slug).await?;
    let id = account.id.get();
    access_keys::close_gates(db, id, None).await?;
    db.execute("UPDATE accounts SET suspended = $2 WHERE id = $1", values![id, suspended]).await?;
    let sql =
        "UPDATE access_keys SET account_suspended = $2, access_version = access_version + 1 WHERE account_id = $1";
    db.execute(sql, values![id, suspended]).await?;
    let event = if suspended { Event::AccountSuspended } else { Event::AccountResumed };
    let details = json!({"slug": slug, "name": account.name});
    db.audit(Pending::by_operator(audit::SERVER, event, id, details.clone()));
    db.audit(Pending::by_operator(id, event, id, details));
    Ok(Account { suspended, ..account })
}

/// Erases an account and everything that belongs to it. The server's own trail keeps the head of its chain.
pub async fn delete(db: &mut Connection<'_>, operator: &Operator, slug: &str) -> Result<Account> {
    let account = find(db, operator, slug).await?;
    let id = account.id.get();
    let head = db
        .query_opt("SELECT number, hash FROM audit_heads WHERE account_id = $1", values![id], |row| {
            Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?))
        })
        .await?;
    access_keys::close_gates(db, id, None).await?;
    for (key, digest) in deletions::keys_of_account(db, id).await? {
        deletions::keep_key(db, key, digest).await?;
    }
    // Leads first: they hold on to the settings that the account's row would take along.
    for table in
        ["leads", "access_keys", "partner_records", "audit_details", "audit_entries", "audit_heads", "deletions"]
    {
        db.execute(&format!("DELETE FROM {table} WHERE account_id = $1"), values![id]).await?;
    }
    db.execute("DELETE FROM accounts WHERE id = $1", values![id]).await?;
    let last = head.map(|(number, hash)| json!({"number": number, "hash": leadlatch_domain::audit::Hash::from_slice(&hash).map(|hash| hash.to_string())}));
    let details = json!({"slug": slug, "name": account.name, "last_head": last});
    db.audit(Pending::by_operator(audit::SERVER, Event::AccountDeleted, id, details));
    Ok(account)
}

fn read(row: &Row<'_>) -> Result<Account> {
    Ok(Account {
        id: AccountId::new(row.get(0)?).ok_or_else(|| Error::internal("an account without an id"))?,
        slug: row.get(1)?,
        name: row.get(2)?,
        country: row.get(3)?,
        time_zone: row.get(4)?,
        currency: row.get(5)?,
        host: row.get(6)?,
        suspended: row.get(7)?,
        bin_days: row.get(8)?,
        created_at: Timestamp::from_micros(row.get(9)?),
    })
}
