//! Reading leads as they are answered: JSON written straight from their rows. A Partner key's statement does not even name
//! the columns that the key may not see.

use std::sync::LazyLock;

use leadlatch_domain::custom_field::DataKeys;
use leadlatch_domain::lead::field::Kind;
use leadlatch_domain::lead::filter::SortBy;
use leadlatch_domain::lead::written::{CorruptData, Standing, write};
use leadlatch_domain::lead::{FieldRights, LeadField, LeadSort, ValueRef};
use leadlatch_domain::matrix::ReadLeads;
use leadlatch_domain::reach::Rows;

use super::read::{self, ListQuery, PAGE_BYTES};
use super::row::{self, Columns, seen_update};
use super::shapes;
use crate::access::{Grant, Visible};
use crate::engine::{Connection, Row};
use crate::{Error, Page, Result, lead_groups};

/// What one lead takes as JSON, about.
const LEAD: usize = 2_048;
/// Leads of a page for which room is made at once.
const AT_ONCE: u32 = 64;
/// Behind a Partner key's columns: when each side last saw a change.
const SIDES: [&str; 2] = ["leads.introducer_updated_at", "leads.partner_updated_at"];

/// A select list, and where in it each field stands.
pub(super) struct SelectList {
    pub(super) sql: String,
    places: [Option<usize>; LeadField::COUNT],
    /// How many columns it has: what a statement adds stands behind them.
    width: usize,
}

static FULL: LazyLock<SelectList> = LazyLock::new(|| SelectList::of(|_| true, &[]));
static PARTNER: LazyLock<SelectList> = LazyLock::new(|| SelectList::of(|field| field.rule().partner_sees, &SIDES));

impl SelectList {
    /// The list of those who have such rows in reach.
    pub(super) fn of_rows(rows: &Rows) -> &'static Self {
        if matches!(rows, Rows::Account) { &FULL } else { &PARTNER }
    }

    fn of(seen: impl Fn(LeadField) -> bool, behind: &[&str]) -> Self {
        let (mut columns, mut places) = (Vec::new(), [None; LeadField::COUNT]);
        for field in LeadField::ALL.iter().copied().filter(|field| seen(*field)) {
            if let Some(column) = row::column(field) {
                places[field as usize] = Some(columns.len());
                columns.push(column);
            }
        }
        columns.extend(behind.iter().map(|column| (*column).to_owned()));
        Self { sql: columns.join(", "), places, width: columns.len() }
    }
}

/// Leads as their reader sees them, as JSON: objects with commas between them.
#[derive(Debug)]
pub struct Written {
    /// The text, behind whatever it was begun with.
    pub json: Vec<u8>,
    /// How many leads.
    pub count: usize,
    /// Where the next page begins, if there is one.
    pub next: Option<(i64, i64)>,
}

/// One lead in reach.
pub async fn get_written(db: &mut Connection<'_>, grant: &Grant<ReadLeads>, id: i64) -> Result<Visible<Written>> {
    let (scope, rights, mut json) = (grant.scope(), grant.fields(), Vec::with_capacity(LEAD));
    let list = SelectList::of_rows(&scope.rows);
    let (sides, record) = shapes::reader(&scope);
    let (sql, bound) = shapes::ONE.compose((sides, Columns::Seen), [scope.account.get(), record, id]);
    let read = |row: &Row<'_>| {
        let readable = DataKeys::from_bits(row.get(list.width)?);
        write(&InRow::of(row, list, &rights)?, &rights, readable, &mut json)
    };
    db.query_opt(&sql, bound, read).await?.ok_or_else(|| grant.missing("id"))?;
    Ok(Visible(Written { json, count: 1, next: None }))
}

/// A page of the leads in reach that the filter leaves, written behind what the buffer holds.
pub async fn list_written(
    db: &mut Connection<'_>,
    grant: &Grant<ReadLeads>,
    query: &ListQuery,
    page: &Page,
    mut json: Vec<u8>,
) -> Result<Visible<Written>> {
    let Some((sql, bound)) = read::statement(db, grant, query, page, Columns::Seen).await? else {
        return Ok(Visible(Written { json, count: 0, next: None }));
    };
    json.reserve(page.limit.min(AT_ONCE) as usize * LEAD);
    let groups = match grant.partner() {
        Some(_) => lead_groups::readable_by_group(db, grant.account()).await?,
        None => Vec::new(),
    };
    let mut walk = Walk {
        rights: grant.fields(),
        list: SelectList::of_rows(&grant.scope().rows),
        groups,
        sort: query.sort,
        limit: page.limit as usize,
        data: 0,
        more: false,
        last: (0, 0),
        written: Written { json, count: 0, next: None },
    };
    db.query(&sql, bound, |row| walk.step(row)).await?;
    Ok(Visible(walk.end()))
}

/// A page on its way.
struct Walk {
    rights: FieldRights,
    list: &'static SelectList,
    /// What each lead group lets Partner keys read.
    groups: Vec<(i64, DataKeys)>,
    sort: LeadSort,
    limit: usize,
    /// Bytes of custom fields so far.
    data: usize,
    more: bool,
    last: (i64, i64),
    written: Written,
}

impl Walk {
    /// Writes one row. The row too many, and what is behind a page that is full by its size, says that there is more.
    fn step(&mut self, row: &Row<'_>) -> Result<()> {
        let lead = InRow::of(row, self.list, &self.rights)?;
        self.data += lead.text(LeadField::Data)?.map_or(0, str::len);
        let written = &mut self.written;
        self.more = self.more || written.count == self.limit || written.count > 0 && self.data > PAGE_BYTES;
        if self.more {
            return Ok(());
        }
        if written.count > 0 {
            written.json.push(b',');
        }
        let group = lead.int(LeadField::LeadGroupId)?;
        let readable = self.groups.iter().find(|(known, _)| *known == group).map(|(_, keys)| *keys);
        write(&lead, &self.rights, readable.unwrap_or_default(), &mut written.json)?;
        written.count += 1;
        self.last = (lead.int(place(self.sort.by))?, lead.int(LeadField::Id)?);
        Ok(())
    }

    fn end(self) -> Written {
        Written { next: self.more.then_some(self.last), ..self.written }
    }
}

/// The field that a list is sorted by.
const fn place(sort: SortBy) -> LeadField {
    match sort {
        SortBy::ReceivedAt => LeadField::ReceivedAt,
        SortBy::UpdatedAt => LeadField::UpdatedAt,
        SortBy::Id => LeadField::Id,
    }
}

/// A lead in its row, under one reader's select list.
struct InRow<'r, 's> {
    row: &'r Row<'s>,
    list: &'static SelectList,
    /// When a Partner key's own sides last saw a change.
    seen_update: Option<i64>,
}

impl<'r, 's> InRow<'r, 's> {
    fn of(row: &'r Row<'s>, list: &'static SelectList, rights: &FieldRights) -> Result<Self> {
        let mut lead = Self { row, list, seen_update: None };
        if let FieldRights::Partner { record, .. } = rights {
            let behind = list.width - SIDES.len();
            let introducer = (lead.number(LeadField::IntroducerId)?, row.get(behind)?);
            let partner = (lead.number(LeadField::PartnerId)?, row.get(behind + 1)?);
            lead.seen_update = Some(seen_update(record.get(), introducer, partner));
        }
        Ok(lead)
    }

    fn place(&self, field: LeadField) -> Result<usize> {
        self.list.places[field as usize].ok_or_else(|| Error::internal("a field that was not asked for"))
    }

    fn number(&self, field: LeadField) -> Result<Option<i64>> {
        self.row.get(self.place(field)?)
    }

    fn text(&self, field: LeadField) -> Result<Option<&str>> {
        self.row.text(self.place(field)?)
    }

    fn int(&self, field: LeadField) -> Result<i64> {
        match self.value(field)? {
            ValueRef::Int(number) => Ok(number),
            _ => Ok(0),
        }
    }
}

impl Standing for InRow<'_, '_> {
    type Error = Error;

    fn value(&self, field: LeadField) -> Result<ValueRef<'_>> {
        if let (LeadField::UpdatedAt, Some(at)) = (field, self.seen_update) {
            return Ok(ValueRef::Int(at));
        }
        Ok(match field.kind() {
            Kind::Id | Kind::Money | Kind::Time => self.number(field)?.map_or(ValueRef::Empty, ValueRef::Int),
            Kind::Flag => ValueRef::Flag(self.row.get(self.place(field)?)?),
            _ => self.text(field)?.map_or(ValueRef::Empty, ValueRef::Text),
        })
    }
}

impl From<CorruptData> for Error {
    fn from(_: CorruptData) -> Self {
        // The text itself is not quoted: it is a lead's, and a cause is logged.
        Self::internal("a lead's data is corrupt")
    }
}
