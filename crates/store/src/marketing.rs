//! Marketing sources, mediums and terms: lists that grow from the texts on leads.

use leadlatch_domain::matrix::ReadMarketing;
use serde::Serialize;

use crate::access::{Grant, Visible};
use crate::engine::{Connection, values};
use crate::page::LOOKED_AT;
use crate::{Page, Result, Slice};

/// One entry of a marketing list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct MarketingEntry {
    /// The text.
    pub name: String,
}

/// Which of the three lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `utm_source`
    Source,
    /// `utm_medium`
    Medium,
    /// `utm_term`
    Term,
}

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Medium => "medium",
            Self::Term => "term",
        }
    }
}

/// The entries of a list after a name, in the order of their bytes.
pub async fn list(
    db: &mut Connection<'_>,
    grant: &Grant<ReadMarketing>,
    kind: Kind,
    after: &str,
    page: &Page,
) -> Result<Slice<Visible<MarketingEntry>>> {
    let sql =
        "SELECT name FROM marketing_entries WHERE account_id = $1 AND kind = $2 AND name > $3 ORDER BY name LIMIT $4";
    let read = |row: &crate::engine::Row<'_>| Ok(Visible(MarketingEntry { name: row.get(0)? }));
    let bound = |after: &str, limit: i64| values![grant.account(), kind.as_str(), after, limit];
    let total = page.total(db, sql, bound("", LOOKED_AT)).await?;
    let rows = db.query(sql, bound(after, page.fetch()), read).await?;
    // It goes on by name: where the next page begins is its last row's.
    Ok(Slice::cut(rows, page, |_| (0, 0)).counted(total))
}

/// Lets a list grow by a text that a Full key or a user used. A Partner key's texts stay on its leads.
pub(crate) async fn grow(db: &mut Connection<'_>, account: i64, kind: Kind, name: &str) -> Result<()> {
    let sql = "INSERT INTO marketing_entries (account_id, kind, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    db.execute(sql, values![account, kind.as_str(), name]).await?;
    Ok(())
}
