//! Partner records as the pages list them: with how many keys and leads they have.

use leadlatch_domain::matrix::WritePartners;
use leadlatch_domain::reach::PartnerKind;
use leadlatch_domain::text::fold;

use super::{PartnerRecord, Side};
use crate::access::{Grant, Visible};
use crate::engine::{Connection, Row, values};
use crate::page::LOOKED_AT;
use crate::{Error, Result};

/// What a list of records is narrowed to, its order, and its page.
#[derive(Debug, Default)]
pub struct DirectoryQuery {
    /// A part of the company, the contact's name, the e-mail address or the number.
    pub search: String,
    /// Records of one kind.
    pub kind: Option<PartnerKind>,
    /// Those that are active, or those that are not.
    pub active: Option<bool>,
    /// The order.
    pub sort: DirectorySort,
    /// Whether the order is turned round.
    pub descending: bool,
    /// Rows before the page.
    pub skip: usize,
    /// Rows of the page.
    pub limit: usize,
}

/// What records are ordered by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DirectorySort {
    /// The company's name.
    #[default]
    Company,
    /// The kind, then the company's name.
    Kind,
    /// How many live keys there are.
    Keys,
    /// When it was made.
    Made,
}

/// A record in the list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its id.
    pub id: i64,
    /// Its kind.
    pub kind: PartnerKind,
    /// The company.
    pub company: String,
    /// Whom to ask for.
    pub contact_name: Option<String>,
    /// The company's e-mail address.
    pub email: Option<String>,
    /// Whether its keys are let in.
    pub active: bool,
    /// Live keys.
    pub keys: i64,
    /// Lead groups and types that it is linked to.
    pub links: i64,
    /// Leads that it supplied, counted to one more than [`crate::COUNTED`].
    pub supplied: i64,
    /// Leads that are referred to it, counted alike.
    pub bought: i64,
}

/// A page of records.
#[derive(Debug)]
pub struct Directory {
    /// The rows.
    pub rows: Vec<Visible<Listed>>,
    /// How many the search and the filters leave.
    pub found: usize,
    /// How many there are at all.
    pub all: usize,
}

const SELECT: &str = "SELECT p.id, p.kind, p.company, p.contact_name, p.email, p.active, \
     (SELECT COUNT(*) FROM access_keys k WHERE k.account_id = p.account_id AND k.partner_id = p.id \
     AND k.deleted_at IS NULL), \
     (SELECT COUNT(*) FROM partner_lead_groups g WHERE g.account_id = p.account_id AND g.partner_id = p.id) + \
     (SELECT COUNT(*) FROM partner_lead_types t WHERE t.account_id = p.account_id AND t.partner_id = p.id) \
     FROM partner_records p WHERE p.account_id = $1 AND p.deleted_at IS NULL";

/// The records that the query asks for. An account has as many as it has outside companies, so they are searched in memory;
/// leads are counted for the rows of the page alone.
pub async fn directory(
    db: &mut Connection<'_>,
    grant: &Grant<WritePartners>,
    query: &DirectoryQuery,
) -> Result<Directory> {
    let mut rows = db.query(SELECT, values![grant.account()], read).await?;
    let all = rows.len();
    let wanted = fold(&query.search);
    rows.retain(|row| {
        query.kind.is_none_or(|kind| row.kind == kind)
            && query.active.is_none_or(|active| row.active == active)
            && (wanted.is_empty() || is_like(row, &wanted))
    });
    sort(&mut rows, query.sort);
    if query.descending {
        rows.reverse();
    }
    let found = rows.len();
    let mut page: Vec<Listed> = rows.into_iter().skip(query.skip).take(query.limit).collect();
    for row in &mut page {
        row.supplied = leads_of(db, grant, row.id, Side::Supplies).await?;
        row.bought = leads_of(db, grant, row.id, Side::Buys).await?;
    }
    Ok(Directory { rows: page.into_iter().map(Visible).collect(), found, all })
}

fn is_like(row: &Listed, wanted: &str) -> bool {
    let texts = [Some(&row.company), row.contact_name.as_ref(), row.email.as_ref()];
    texts.into_iter().flatten().any(|text| fold(text).contains(wanted)) || row.id.to_string() == wanted
}

fn sort(rows: &mut [Listed], by: DirectorySort) {
    rows.sort_by_cached_key(|row| {
        let number = match by {
            DirectorySort::Company => 0,
            DirectorySort::Kind => row.kind.sides().bits(),
            DirectorySort::Keys => row.keys,
            DirectorySort::Made => row.id,
        };
        (number, fold(&row.company), row.id)
    });
}

fn read(row: &Row<'_>) -> Result<Listed> {
    let kind: String = row.get(1)?;
    Ok(Listed {
        id: row.get(0)?,
        kind: PartnerKind::parse(&kind).ok_or_else(|| Error::internal("a partner record of no kind"))?,
        company: row.get(2)?,
        contact_name: row.get(3)?,
        email: row.get(4)?,
        active: row.get(5)?,
        keys: row.get(6)?,
        links: row.get(7)?,
        supplied: 0,
        bought: 0,
    })
}

/// The live leads of a record on a side, counted to one more than [`crate::COUNTED`].
pub async fn leads_of(db: &mut Connection<'_>, grant: &Grant<WritePartners>, id: i64, side: Side) -> Result<i64> {
    let column = side.reach();
    let sql = format!(
        "SELECT COUNT(*) FROM (SELECT 1 FROM leads WHERE account_id = $1 AND {column} = $2 AND test = FALSE \
         LIMIT {LOOKED_AT}) AS found"
    );
    db.query_int(&sql, values![grant.account(), id]).await
}

/// One record, whatever its kind.
pub async fn one(db: &mut Connection<'_>, grant: &Grant<WritePartners>, id: i64) -> Result<Visible<PartnerRecord>> {
    super::find(db, grant.account(), id).await.map(Visible)
}
