//! A record's newest leads.

use leadlatch_domain::lead::{LeadField, LeadView};
use leadlatch_domain::matrix::ReadLeads;
use leadlatch_domain::point::ConversionPoint;
use leadlatch_domain::time::Timestamp;
use leadlatch_store::partner_records::Side;
use leadlatch_store::{Grant, Page, leads};

use super::path_of;
use super::pips::Pips;
use crate::Web;
use crate::components::words::{ago, exact};
use crate::refusal::Refusal;

/// Rows of a page.
const ROWS: u32 = 10;

/// Leads of a record on one side.
pub(super) struct Leads {
    pub(super) side: Side,
    pub(super) rows: Vec<Row>,
    /// Where older ones are, if there are any.
    pub(super) older: String,
}

/// A lead.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) reach: String,
    pub(super) status: String,
    pub(super) point: &'static str,
    pub(super) pips: Pips,
    pub(super) received: String,
    pub(super) received_exact: String,
}

/// The newest leads of a record on a side, or those after a place that the page before has named.
pub(super) async fn read(
    web: &Web,
    grant: &Grant<ReadLeads>,
    record: i64,
    side: Side,
    after: Option<(i64, i64)>,
) -> Result<Leads, Refusal> {
    let page = Page::new(ROWS, after);
    let slice = web.store().read(async |db| leads::of_record(db, grant, (record, side), &page).await).await?;
    let now = web.store().clock().now();
    let older = slice
        .next
        .map_or_else(String::new, |(at, id)| format!("{}?{}={at}.{id}#leads", path_of(record), name_of(side)));
    Ok(Leads { side, rows: slice.rows.iter().map(|lead| Row::of(lead, now)).collect(), older })
}

/// How a side is called in an address.
pub(super) const fn name_of(side: Side) -> &'static str {
    match side {
        Side::Supplies => "supplied",
        Side::Buys => "referred",
    }
}

/// A place that [`read`] named.
pub(super) fn place(text: &str) -> Option<(i64, i64)> {
    let (at, id) = text.split_once('.')?;
    Some((at.parse().ok()?, id.parse().ok()?))
}

impl Row {
    fn of(lead: &LeadView, now: Timestamp) -> Self {
        let text = |field| lead.in_words(field);
        let first = |fields: &[LeadField]| fields.iter().map(|field| text(*field)).find(|text| !text.is_empty());
        let point = ConversionPoint::parse(&text(LeadField::ConversionPoint)).unwrap_or(ConversionPoint::New);
        let received = Timestamp::parse(&text(LeadField::ReceivedAt)).unwrap_or(now);
        Self {
            id: text(LeadField::Id),
            name: first(&[LeadField::Fullname, LeadField::Company]).unwrap_or_else(|| "No name".into()),
            reach: first(&[LeadField::Email, LeadField::Phone1, LeadField::Phone2, LeadField::Postcode])
                .unwrap_or_default(),
            status: text(LeadField::Status),
            point: point.title(),
            pips: Pips(point),
            received: ago(received, now),
            received_exact: exact(received),
        }
    }
}

impl Leads {
    /// The section's title.
    pub(super) const fn title(&self) -> &'static str {
        match self.side {
            Side::Supplies => "Leads that it supplied",
            Side::Buys => "Leads referred to it",
        }
    }

    /// What is said where there is none.
    pub(super) const fn nothing(&self) -> &'static str {
        match self.side {
            Side::Supplies => "It has supplied no lead yet. A key with Create leads sends the first.",
            Side::Buys => "No lead is referred to it yet.",
        }
    }
}
