//! What of an account is set up: for the page that leads to what is not.

use leadlatch_domain::matrix::ManageSettings;

use crate::access::Grant;
use crate::engine::{Connection, values};
use crate::{Error, Result};

/// What there is by now.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that is there or not")]
pub struct SetUp {
    /// There is a partner record.
    pub partner: bool,
    /// There is an access key.
    pub key: bool,
    /// A key was let in.
    pub key_used: bool,
    /// There is a lead.
    pub lead: bool,
    /// There is a second admin who can sign in.
    pub second_admin: bool,
}

/// Reads it; each part ends at the first row that it finds.
pub async fn read(db: &mut Connection<'_>, grant: &Grant<ManageSettings>) -> Result<SetUp> {
    let sql = "SELECT EXISTS (SELECT 1 FROM partner_records WHERE account_id = $1 AND deleted_at IS NULL), \
               EXISTS (SELECT 1 FROM access_keys WHERE account_id = $1 AND deleted_at IS NULL), \
               EXISTS (SELECT 1 FROM access_key_last_used WHERE account_id = $1), \
               EXISTS (SELECT 1 FROM leads WHERE account_id = $1), \
               (SELECT COUNT(*) FROM users WHERE account_id = $1 AND role = 'admin' AND active \
               AND password_hash <> '') > 1";
    let read = |row: &crate::engine::Row<'_>| {
        Ok(SetUp {
            partner: row.get(0)?,
            key: row.get(1)?,
            key_used: row.get(2)?,
            lead: row.get(3)?,
            second_admin: row.get(4)?,
        })
    };
    db.query_opt(sql, values![grant.account()], read)
        .await?
        .ok_or_else(|| Error::internal("a row that is always there"))
}
