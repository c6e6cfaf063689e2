//! What a key is told of itself.

use leadlatch_domain::key_state::{KeyTimes, Warning};
use leadlatch_domain::matrix::DescribeItself;
use leadlatch_domain::scope::ScopeSet;
use leadlatch_domain::time::Timestamp;
use serde::Serialize;

use super::read::find;
use crate::access::{Grant, Visible};
use crate::engine::{Connection, values};
use crate::{Error, Result, partner_records};

/// What a key is told of itself.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Whoami {
    /// The key.
    pub key: WhoamiKey,
    /// Its account.
    pub account: WhoamiAccount,
    /// The record that a Partner key is bound to.
    #[schema(required = true)]
    pub partner: Option<WhoamiPartner>,
    /// What is about to end the key, within 14 days, nearest first.
    #[schema(value_type = Vec<WhoamiWarning>)]
    pub warnings: Vec<Warning>,
}

/// Something that is about to end the key.
// A `Warning` in the words of the document.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WhoamiWarning {
    /// `expires_soon`, `rotated` or `idle_soon`.
    pub code: String,
    /// What happens and what to do.
    pub detail: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
}

/// The key itself.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WhoamiKey {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// `full` or `partner`.
    pub kind: String,
    /// What it may do.
    #[schema(value_type = Vec<String>)]
    pub scopes: ScopeSet,
    /// When it ends by itself.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub expires_at: Option<Timestamp>,
}

/// The key's account. A Partner key is told its name alone.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WhoamiAccount {
    /// Its id; absent for Partner keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub id: Option<i64>,
    /// Its name.
    pub name: String,
    /// Its short name; absent for Partner keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub slug: Option<String>,
}

/// The key's partner record.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WhoamiPartner {
    /// Its id.
    pub id: i64,
    /// `introducer`, `partner` or `both`.
    pub kind: String,
    /// The company.
    pub company: String,
}

/// What a key is told of itself.
pub async fn whoami(db: &mut Connection<'_>, grant: &Grant<DescribeItself>) -> Result<Visible<Whoami>> {
    let id = grant.key().map(|key| key.id.get()).ok_or(Error::NotFound("key"))?;
    let key = find(db, grant.account(), id).await?;
    let partner = match key.partner_id {
        Some(partner) => {
            let record = partner_records::find(db, grant.account(), partner).await?;
            Some(WhoamiPartner { id: record.id, kind: record.kind, company: record.company })
        }
        None => None,
    };
    let sql = "SELECT id, name, slug FROM accounts WHERE id = $1";
    let whole = partner.is_none();
    let account = db.query_opt(sql, values![grant.account()], |row| {
        let (id, slug) = (row.get(0)?, row.get(2)?);
        Ok(WhoamiAccount { id: Some(id).filter(|_| whole), name: row.get(1)?, slug: Some(slug).filter(|_| whole) })
    });
    let account = account.await?.ok_or_else(|| Error::internal("a key without an account"))?;
    // This request is a use, though it is counted only when it is answered.
    let warnings = KeyTimes { last_let_in_at: Some(db.now()), ..key.times }.warnings(db.now());
    let key = WhoamiKey { id, name: key.name, kind: key.kind, scopes: key.scopes, expires_at: key.expires_at };
    Ok(Visible(Whoami { key, account, partner, warnings }))
}
