//! Accounts: one customer company each. They are the operator's; their settings are an admin's.

use leadlatch_domain::account::{Country, CurrencyCode, Host, Slug, ZoneName};
use leadlatch_domain::audit::Event;
use leadlatch_domain::duplicate::{DuplicateChange, DuplicateRule};
use leadlatch_domain::id::AccountId;
use leadlatch_domain::matrix::ManageSettings;
use leadlatch_domain::point::ConversionPoint;
use leadlatch_domain::retention::Days;
use leadlatch_domain::text::Name;
use leadlatch_domain::time::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::access::{Held, Operator};
use crate::audit::{self, Pending};
use crate::engine::{Connection, Row, values};
use crate::{Error, Result, access_keys, change, lead_groups, statuses};

mod erase;

pub use erase::{Erased, begin_erasure, delete, erase_some};

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
    /// Whether it is being erased: some of it is gone already.
    pub erasing: bool,
    /// Where leads are put that name no group.
    pub default_lead_group_id: Option<i64>,
    /// When a new lead counts as a duplicate, in groups without a rule of their own.
    pub duplicates: DuplicateRule,
    /// Days that a deleted lead can be put back.
    pub bin_days: i64,
    /// Days that the request log is kept.
    pub request_log_days: i64,
    /// Days that the details of audit entries are kept; the entries stay.
    pub audit_details_days: i64,
    /// Whether existing integrations may come over plain http.
    pub plain_http: bool,
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

const COLUMNS: &str = "id, slug, name, country, time_zone, currency, host, suspended, bin_days, created_at, \
     default_lead_group_id, duplicate_within, duplicate_fields, duplicate_outcome, request_log_days, \
     audit_details_days, plain_http, erasing";

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

/// One account by its slug. One that is being erased is not there any more for anything else.
pub async fn find(db: &mut Connection<'_>, _: &Operator, slug: &str) -> Result<Account> {
    let account = get(db, slug).await?;
    if account.erasing { Err(erasing(slug)) } else { Ok(account) }
}

fn erasing(slug: &str) -> Error {
    Error::Conflict(format!(
        "The account {slug} is being erased: leadlatch account delete --account {slug} goes on with that."
    ))
}

async fn get(db: &mut Connection<'_>, slug: &str) -> Result<Account> {
    let sql = format!("SELECT {COLUMNS} FROM accounts WHERE slug = $1");
    db.query_opt(&sql, values![slug], read).await?.ok_or_else(|| Error::no_such("account", slug))
}

/// Suspends an account, or lets it go on: its keys are refused from the moment that this is answered.
pub async fn suspend(db: &mut Connection<'_>, _: &Operator, slug: &str, suspended: bool) -> Result<Account> {
    let id = get(db, slug).await?.id.get();
    access_keys::close_gates(db, id, None).await?;
    // Behind the gates: two that change it at the same time see each other.
    let account = get(db, slug).await?;
    if account.erasing && !suspended {
        return Err(erasing(slug));
    }
    if account.suspended == suspended {
        return Ok(account);
    }
    db.execute("UPDATE accounts SET suspended = $2 WHERE id = $1", values![id, suspended]).await?;
    let sql =
        "UPDATE access_keys SET account_suspended = $2, access_version = access_version + 1 WHERE account_id = $1";
    db.execute(sql, values![id, suspended]).await?;
    db.execute("UPDATE users SET account_suspended = $2 WHERE account_id = $1", values![id, suspended]).await?;
    let event = if suspended { Event::AccountSuspended } else { Event::AccountResumed };
    let details = json!({"slug": slug, "name": account.name});
    db.audit(Pending::by_operator(audit::SERVER, event, id, details.clone()));
    db.audit(Pending::by_operator(id, event, id, details));
    Ok(Account { suspended, ..account })
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
        default_lead_group_id: row.get(10)?,
        duplicates: read_rule(row.get(11)?, row.get(12)?, &row.get::<String>(13)?)?,
        bin_days: row.get(8)?,
        request_log_days: row.get(14)?,
        audit_details_days: row.get(15)?,
        plain_http: row.get(16)?,
        erasing: row.get(17)?,
        created_at: Timestamp::from_micros(row.get(9)?),
    })
}

/// A rule from its three columns.
pub(crate) fn read_rule(within: i64, fields: i64, outcome: &str) -> Result<DuplicateRule> {
    DuplicateRule::from_stored(within, fields, outcome)
        .ok_or_else(|| Error::internal("a rule for duplicates is corrupt"))
}

/// The account's rule for duplicates.
pub(crate) async fn rule(db: &mut Connection<'_>, account: i64) -> Result<DuplicateRule> {
    let sql = "SELECT duplicate_within, duplicate_fields, duplicate_outcome FROM accounts WHERE id = $1";
    let read = |row: &Row<'_>| read_rule(row.get(0)?, row.get(1)?, &row.get::<String>(2)?);
    db.query_opt(sql, values![account], read).await?.ok_or(Error::NotFound("account"))
}

/// What an admin changes of an account; what is left out stays. The slug never changes: commands and scripts go by it.
#[derive(Debug, Default)]
pub struct AccountChange {
    /// Its name.
    pub name: Option<Name>,
    /// Its country; [`crate::leads::retwin`] then brings the telephone twins of its leads along.
    pub country: Option<Country>,
    /// Its time zone.
    pub time_zone: Option<ZoneName>,
    /// Its currency; amounts stay the numbers that they are.
    pub currency: Option<CurrencyCode>,
    /// Its host name, with the authority over it.
    pub host: Option<HostChange>,
    /// The name of the group where leads are put that name none.
    pub default_lead_group: Option<String>,
    /// When a new lead counts as a duplicate.
    pub duplicates: DuplicateChange,
    /// Days that a deleted lead can be put back.
    pub bin_days: Option<Days>,
    /// Days that the request log is kept.
    pub request_log_days: Option<Days>,
    /// Days that the details of audit entries are kept.
    pub audit_details_days: Option<Days>,
    /// Whether existing integrations may come over plain http.
    pub plain_http: Option<bool>,
}

/// A host name belongs to one account on the server, so it is the operator's to give, not an admin's to take.
pub struct HostChange {
    /// The authority.
    pub by: Operator,
    /// The host name, or none.
    pub host: Option<Host>,
}

impl std::fmt::Debug for HostChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.host.fmt(f)
    }
}

/// Changes the settings of an account.
pub async fn set(db: &mut Connection<'_>, grant: Held<ManageSettings>, change: AccountChange) -> Result<Account> {
    let id = grant.account();
    change::one_at_a_time(db, id).await?;
    let sql = format!("SELECT {COLUMNS} FROM accounts WHERE id = $1");
    let before = db.query_opt(&sql, values![id], read).await?.ok_or(Error::NotFound("account"))?;
    let mut after = apply(before.clone(), &change);
    if let Some(name) = &change.default_lead_group {
        after.default_lead_group_id = Some(lead_groups::named(db, id, name).await?);
    }
    if before.host != after.host {
        refuse_taken_host(db, after.host.as_deref()).await?;
    }
    store(db, &after).await?;
    change::audit(db, &grant, (Event::AccountChanged, id), &after.name, (&before, &after))?;
    Ok(after)
}

fn apply(before: Account, change: &AccountChange) -> Account {
    let days = |days: Option<Days>, kept| days.map_or(kept, Days::get);
    Account {
        name: change.name.as_ref().map_or(before.name, Name::to_string),
        country: change.country.as_ref().map_or(before.country, |country| country.as_str().to_owned()),
        time_zone: change.time_zone.as_ref().map_or(before.time_zone, |zone| zone.as_str().to_owned()),
        currency: change.currency.as_ref().map_or(before.currency, |currency| currency.as_str().to_owned()),
        host: match &change.host {
            Some(change) => change.host.as_ref().map(|host| host.as_str().to_owned()),
            None => before.host,
        },
        duplicates: change.duplicates.apply(before.duplicates),
        bin_days: days(change.bin_days, before.bin_days),
        request_log_days: days(change.request_log_days, before.request_log_days),
        audit_details_days: days(change.audit_details_days, before.audit_details_days),
        plain_http: change.plain_http.unwrap_or(before.plain_http),
        ..before
    }
}

async fn refuse_taken_host(db: &mut Connection<'_>, host: Option<&str>) -> Result<()> {
    let Some(host) = host else { return Ok(()) };
    match db.query_int("SELECT COUNT(*) FROM accounts WHERE host = $1", values![host]).await? {
        0 => Ok(()),
        _ => Err(Error::Conflict(format!("The host name {host} belongs to another account."))),
    }
}

async fn store(db: &mut Connection<'_>, account: &Account) -> Result<()> {
    let sql = "UPDATE accounts SET name = $2, country = $3, time_zone = $4, currency = $5, host = $6, \
               default_lead_group_id = $7, duplicate_within = $8, duplicate_fields = $9, duplicate_outcome = $10, \
               bin_days = $11, request_log_days = $12, audit_details_days = $13, plain_http = $14 WHERE id = $1";
    let rule = &account.duplicates;
    let bound = values![
        account.id.get(),
        account.name.as_str(),
        account.country.as_str(),
        account.time_zone.as_str(),
        account.currency.as_str(),
        account.host.clone(),
        account.default_lead_group_id,
        rule.within.number(),
        rule.fields.bits(),
        rule.outcome.as_str(),
        account.bin_days,
        account.request_log_days,
        account.audit_details_days,
        account.plain_http,
    ];
    db.execute(sql, bound).await.map(drop)
}

#[cfg(test)]
impl NewAccount {
    /// Any account, for tests beside the statements.
    pub(crate) fn acme() -> Self {
        Self {
            name: Name::parse("acme").expect("a name"),
            slug: Slug::parse("acme").expect("a slug"),
            country: Country::default(),
            time_zone: ZoneName::parse("Europe/London").expect("a zone"),
            currency: CurrencyCode::parse("GBP").expect("a currency"),
            host: None,
        }
    }
}
