//! Partner records: the outside companies that supply leads, buy them, or both; and their links.

mod directory;
mod input;
mod links;
mod write;

pub use directory::{Directory, DirectoryQuery, DirectorySort, Listed, directory, leads_of, one};
pub use input::{delete_of_side, make, make_by_form, update};
pub use leadlatch_domain::partner_change::PartnerChange;
pub use links::{Links, link};
pub use write::{activate, create, create_numbered, delete, set};

use leadlatch_domain::matrix::{Action, WritePartners};
use leadlatch_domain::reach::PartnerKind;
use serde::Serialize;

use crate::access::{Grant, Visible};
use crate::engine::{Connection, Row, values};
use crate::of_rows::ids_of;
use crate::page::LOOKED_AT;
use crate::{Error, Page, Result, Slice};

/// A partner record.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PartnerRecord {
    /// Its id.
    pub id: i64,
    /// `introducer`, `partner` or `both`.
    pub kind: String,
    /// The company.
    pub company: String,
    /// Whom to ask for.
    #[schema(required = true)]
    pub contact_name: Option<String>,
    /// The company's e-mail address.
    #[schema(required = true)]
    pub email: Option<String>,
    /// The company's telephone number.
    #[schema(required = true)]
    pub phone: Option<String>,
    /// Whether its keys are let in; absent for Partner keys, which are not let in otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub active: Option<bool>,
    /// The number that clients of existing integrations hold for it. Absent for Partner keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub wire_number: Option<i64>,
    /// The lead groups that it may use, with all their types.
    pub lead_group_ids: Vec<i64>,
    /// The lead types that it may use by themselves.
    pub lead_type_ids: Vec<i64>,
}

/// On which side records are asked for: `/introducers` or `/partners`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Those that supply leads.
    Supplies,
    /// Those that buy them.
    Buys,
}

impl Side {
    /// The kind of records that stand on this side alone.
    pub const fn kind(self) -> PartnerKind {
        match self {
            Self::Supplies => PartnerKind::Introducer,
            Self::Buys => PartnerKind::Partner,
        }
    }

    /// The column of leads that holds who reaches them on this side.
    pub(crate) const fn reach(self) -> &'static str {
        match self {
            Self::Supplies => "introducer_reach",
            Self::Buys => "partner_reach",
        }
    }
}

const SELECT: &str = "SELECT id, kind, company, contact_name, email, phone, active, wire_number FROM partner_records \
     WHERE account_id = $1 AND deleted_at IS NULL";

/// The records of a side in reach, by id. A Partner key reaches its own, if the key stands on that side.
pub async fn list<A: Action>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    side: Side,
    page: &Page,
) -> Result<Slice<Visible<PartnerRecord>>> {
    let sql = format!(
        "{SELECT} AND kind IN ($2, 'both') AND id > $3 AND (CAST($4 AS BIGINT) = 0 OR id = $4) ORDER BY id LIMIT $5"
    );
    let bound =
        |after: i64, limit: i64| values![grant.account(), side.kind().as_str(), after, reach(grant, side), limit];
    let total = page.total(db, &sql, bound(0, LOOKED_AT)).await?;
    let after = page.after.map_or(0, |(_, id)| id);
    let mut rows = db.query(&sql, bound(after, page.fetch()), read).await?;
    with_links(db, grant.account(), &mut rows).await?;
    for row in &mut rows {
        reduce(grant, row);
    }
    Ok(Slice::cut(rows.into_iter().map(Visible).collect(), page, |row| (row.id, row.id)).counted(total))
}

/// The id that a Partner key is kept to, an id that no record has when it does not stand on the side, 0 for everyone else.
fn reach<A>(grant: &Grant<A>, side: Side) -> i64 {
    grant.partner().map_or(0, |(record, sides)| {
        let stands = if side == Side::Supplies { sides.supplies } else { sides.buys };
        if stands { record.get() } else { -1 }
    })
}

/// One record of a side in reach.
pub async fn get<A: Action>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    side: Side,
    id: i64,
) -> Result<Visible<PartnerRecord>> {
    let sql = format!("{SELECT} AND kind IN ($2, 'both') AND id = $3 AND (CAST($4 AS BIGINT) = 0 OR id = $4)");
    let bound = values![grant.account(), side.kind().as_str(), id, reach(grant, side)];
    let mut record = db.query_opt(&sql, bound, read).await?.ok_or_else(|| grant.missing("id"))?;
    with_links(db, grant.account(), std::slice::from_mut(&mut record)).await?;
    reduce(grant, &mut record);
    Ok(Visible(record))
}

/// Takes away what is not on the closed list of a Partner key.
fn reduce<A>(grant: &Grant<A>, record: &mut PartnerRecord) {
    if grant.partner().is_some() {
        record.active = None;
        record.wire_number = None;
    }
}

/// Every record of the account, whatever its kind.
pub async fn all(db: &mut Connection<'_>, grant: &Grant<WritePartners>) -> Result<Vec<Visible<PartnerRecord>>> {
    let mut rows = db.query(&format!("{SELECT} ORDER BY id"), values![grant.account()], read).await?;
    with_links(db, grant.account(), &mut rows).await?;
    Ok(rows.into_iter().map(Visible).collect())
}

pub(crate) async fn find(db: &mut Connection<'_>, account: i64, id: i64) -> Result<PartnerRecord> {
    let found = db.query_opt(&format!("{SELECT} AND id = $2"), values![account, id], read).await?;
    let mut record = found.ok_or_else(|| Error::no_such("partner", id))?;
    with_links(db, account, std::slice::from_mut(&mut record)).await?;
    Ok(record)
}

fn read(row: &Row<'_>) -> Result<PartnerRecord> {
    Ok(PartnerRecord {
        id: row.get(0)?,
        kind: row.get(1)?,
        company: row.get(2)?,
        contact_name: row.get(3)?,
        email: row.get(4)?,
        phone: row.get(5)?,
        active: Some(row.get(6)?),
        wire_number: row.get(7)?,
        lead_group_ids: Vec::new(),
        lead_type_ids: Vec::new(),
    })
}

/// Puts the lead groups and types that the records are linked to beside them.
async fn with_links(db: &mut Connection<'_>, account: i64, records: &mut [PartnerRecord]) -> Result<()> {
    let groups = "SELECT partner_id, lead_group_id FROM partner_lead_groups WHERE account_id = $1 \
                  AND partner_id BETWEEN $2 AND $3 ORDER BY partner_id, lead_group_id";
    let types = "SELECT partner_id, lead_type_id FROM partner_lead_types WHERE account_id = $1 \
                 AND partner_id BETWEEN $2 AND $3 ORDER BY partner_id, lead_type_id";
    let mut groups = ids_of(db, groups, account, records.iter().map(|record| record.id)).await?;
    let mut types = ids_of(db, types, account, records.iter().map(|record| record.id)).await?;
    for record in records {
        record.lead_group_ids = groups.remove(&record.id).unwrap_or_default();
        record.lead_type_ids = types.remove(&record.id).unwrap_or_default();
    }
    Ok(())
}
