//! Searching as an integration does: by calendar days, and by pages that are numbered.

use leadlatch_domain::account::ZoneName;
use leadlatch_domain::fault::Fault;
use leadlatch_domain::lead::filter::FilterRefused;
use leadlatch_domain::lead::{LeadField, LeadFilter, LeadSort, LeadView};
use leadlatch_domain::matrix::ReadLeads;
use leadlatch_domain::time::{Date, Timestamp};

use super::find;
use super::names::{Record, records};
use crate::access::{Grant, Visible};
use crate::engine::{Connection, compose, values};
use crate::leads::read::{self, ListQuery};
use crate::leads::row::{self, Columns};
use crate::{Error, Page, Result};

/// Leads on one page at the most.
pub const PAGE_MAX: u32 = 1_000;
/// Leads that are read at once.
const BLOCK: u32 = 200;
/// Blocks that were cut short because of their size; more are not held at once.
const LARGE_BLOCKS: usize = 8;

/// What an integration searches for.
#[derive(Debug, Default)]
pub struct Search {
    /// The filters of the JSON API that are sent in the same words.
    pub pairs: Vec<(String, String)>,
    /// A lead group, by wire number, id or name.
    pub lead_group: Option<String>,
    /// A lead type, by name or id.
    pub lead_type: Option<String>,
    /// An introducer, by wire number or id.
    pub introducer: Option<String>,
    /// Received on this day or after it.
    pub from: Option<Date>,
    /// Received on this day or before it.
    pub to: Option<Date>,
    /// The page, from 1.
    pub page: u32,
    /// Leads on a page.
    pub per_page: u32,
}

/// A page of what was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The leads, newest first.
    pub records: Vec<Visible<Record>>,
    /// How many there are on all pages.
    pub total: i64,
}

/// A page of the leads in reach that a search finds.
pub async fn search(db: &mut Connection<'_>, grant: &Grant<ReadLeads>, search: &Search) -> Result<Found> {
    let Some(filter) = filter(db, grant, search).await? else { return Ok(Found::default()) };
    let total = read::count(db, grant, &filter, i64::MAX.cast_unsigned()).await?;
    let query = ListQuery { filter, sort: LeadSort::default() };
    let before = u64::from(search.page.saturating_sub(1)) * u64::from(search.per_page);
    let after = match before {
        0 => None,
        before => match place(db, grant, &query, before).await? {
            Some(place) => Some(place),
            None => return Ok(Found { records: Vec::new(), total }),
        },
    };
    let leads = page(db, grant, &query, after, search.per_page).await?;
    Ok(Found { records: records(db, grant, leads).await?, total })
}

/// The place of the last lead of the page before.
async fn place(
    db: &mut Connection<'_>,
    grant: &Grant<ReadLeads>,
    query: &ListQuery,
    before: u64,
) -> Result<Option<(i64, i64)>> {
    let Some(narrowed) = read::narrow(db, grant, &query.filter).await? else { return Ok(None) };
    let first = Page::new(1, None);
    let statement = read::page_of(&grant.scope(), Columns::Whole, query, narrowed, &first).offset(before - 1).take();
    let (sql, bound) = compose(&statement);
    let rows = db.query(&sql, bound, row::read).await?;
    let int = |field| move |row: &row::LeadRow| row.lead.int(field).unwrap_or_default();
    Ok(rows.first().map(|row| (int(LeadField::ReceivedAt)(row), int(LeadField::Id)(row))))
}

async fn page(
    db: &mut Connection<'_>,
    grant: &Grant<ReadLeads>,
    query: &ListQuery,
    mut after: Option<(i64, i64)>,
    per_page: u32,
) -> Result<Vec<Visible<LeadView>>> {
    let (mut leads, mut large) = (Vec::new(), 0);
    loop {
        let left = per_page.saturating_sub(u32::try_from(leads.len()).unwrap_or(u32::MAX));
        let limit = left.min(BLOCK);
        let block = read::list(db, grant, query, &Page::new(limit, after)).await?;
        large += usize::from(block.next.is_some() && block.rows.len() < limit as usize);
        leads.extend(block.rows);
        if block.next.is_none() || leads.len() >= per_page as usize {
            return Ok(leads);
        }
        if large > LARGE_BLOCKS {
            return Err(Error::TooExpensive);
        }
        after = block.next;
    }
}

/// What the list is narrowed to; `None` when a record that is named is none.
async fn filter(db: &mut Connection<'_>, grant: &Grant<ReadLeads>, search: &Search) -> Result<Option<LeadFilter>> {
    let read = LeadFilter::parse(&search.pairs, &grant.fields());
    let (mut filter, _) = read.map_err(|refused| match refused {
        FilterRefused::Fields(fields) => Error::fields(fields, grant.scopes()),
        FilterRefused::OutOfReach => Error::OutOfReach,
        FilterRefused::Invalid(faults) => Error::Invalid(faults),
    })?;
    if let Some(text) = &search.introducer {
        filter.introducer_id = find::introducer(db, grant, text).await?;
        if filter.introducer_id.is_none() {
            return if grant.partner().is_some() { Err(Error::OutOfReach) } else { Ok(None) };
        }
    }
    if let Some(text) = &search.lead_group {
        filter.lead_group_id = find::group_of_leads(db, grant, text).await?;
        if filter.lead_group_id.is_none() {
            return Ok(None);
        }
    }
    if let Some(text) = &search.lead_type {
        filter.lead_type_id = lead_type(db, grant, filter.lead_group_id, text).await?;
        if filter.lead_type_id.is_none() {
            return Ok(None);
        }
    }
    let zone = zone(db, grant.account()).await?;
    filter.received_from = search.from.map(|day| day.start_in(&zone));
    filter.received_to = search.to.map(|day| Timestamp::from_micros(day.next().start_in(&zone).as_micros() - 1));
    Ok(Some(filter))
}

async fn lead_type<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    group: Option<i64>,
    text: &str,
) -> Result<Option<i64>> {
    if let Some(group) = group {
        return find::lead_type(db, grant, group, text).await;
    }
    match find::types_named(db, grant, text).await?.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(*only)),
        _ => {
            let fault = Fault::new("ambiguous", "Several lead groups have a type of this name: send leadgroup too.");
            Err(Error::Invalid(vec![fault.on(LeadField::LeadTypeId.name())]))
        }
    }
}

/// The zone of the account's days.
async fn zone(db: &mut Connection<'_>, account: i64) -> Result<ZoneName> {
    let sql = "SELECT time_zone FROM accounts WHERE id = $1";
    let name: Option<String> = db.query_opt(sql, values![account], |row| row.get(0)).await?;
    ZoneName::parse(&name.unwrap_or_default()).map_err(|_| Error::internal("an account's time zone is none"))
}
