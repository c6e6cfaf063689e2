//! How a lead stands in its row: the select list, and the way back into a record.

use std::sync::LazyLock;

use leadlatch_domain::custom_field::{DataKey, DataKeys};
use leadlatch_domain::lead::field::Kind;
use leadlatch_domain::lead::record::Data;
use leadlatch_domain::lead::{FieldRights, Lead, LeadField, Value};

use crate::engine::Row;
use crate::{Error, Result};

/// The columns behind those of the fields.
const HIDDEN: [&str; 4] = ["introducer_updated_at", "partner_updated_at", "introducer_ended_at", "partner_ended_at"];

/// How many columns [`COLUMNS`] has: all fields but the composed one, and the hidden columns.
const WIDTH: usize = LeadField::COUNT - 1 + HIDDEN.len();

/// The select list, built once: every field's column in the order of the table, then the hidden ones.
pub(super) static COLUMNS: LazyLock<String> = LazyLock::new(|| {
    let fields = LeadField::ALL.iter().copied().filter_map(column);
    let hidden = HIDDEN.iter().map(|column| format!("leads.{column}"));
    fields.chain(hidden).collect::<Vec<_>>().join(", ")
});

/// Where a field stands, if it is not composed.
pub(super) fn column(field: LeadField) -> Option<String> {
    match field.kind() {
        Kind::StatusName => Some("statuses.name".to_owned()),
        Kind::Point => Some("statuses.point".to_owned()),
        Kind::Composed => None,
        _ => Some(format!("leads.{}", field.name())),
    }
}

/// What a statement reads of its leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Columns {
    /// Whole rows: [`COLUMNS`].
    Whole,
    /// What its reader sees: [`super::written`].
    Seen,
}

/// The custom fields that the lead's group lets Partner keys read, as bits: bit 1 for `data1`.
pub(super) const READABLE: &str = "(SELECT CAST(COALESCE(SUM(CAST(1 AS BIGINT) << CAST(f.number AS INTEGER)), 0) AS BIGINT) \
     FROM custom_fields f WHERE f.account_id = leads.account_id AND f.lead_group_id = leads.lead_group_id \
     AND f.partner_right = 'rw')";

/// A lead with what its row says beside the fields.
#[derive(Debug)]
pub(super) struct LeadRow {
    pub(super) lead: Lead,
    pub(super) introducer_updated_at: i64,
    pub(super) partner_updated_at: i64,
    pub(super) introducer_ended: bool,
    pub(super) partner_ended: bool,
    /// The custom fields that Partner keys read, if they were asked for.
    pub(super) readable: Option<DataKeys>,
}

/// Reads a row of [`COLUMNS`] with [`READABLE`] behind them.
pub(super) fn read_one(row: &Row<'_>) -> Result<LeadRow> {
    let bits = row.get(WIDTH)?;
    Ok(LeadRow { readable: Some(DataKeys::from_bits(bits)), ..read(row)? })
}

/// Reads a row of [`COLUMNS`].
pub(super) fn read(row: &Row<'_>) -> Result<LeadRow> {
    let (mut lead, mut column) = (Lead::default(), 0);
    for field in LeadField::ALL.iter().copied().filter(|field| field.kind() != Kind::Composed) {
        match field.kind() {
            Kind::Data => lead.data = read_data(row.text(column)?.unwrap_or_default())?,
            kind => lead.set(field, read_value(row, column, kind)?),
        }
        column += 1;
    }
    Ok(LeadRow {
        lead,
        introducer_updated_at: row.get(column)?,
        partner_updated_at: row.get(column + 1)?,
        introducer_ended: row.get::<Option<i64>>(column + 2)?.is_some(),
        partner_ended: row.get::<Option<i64>>(column + 3)?.is_some(),
        readable: None,
    })
}

fn read_value(row: &Row<'_>, column: usize, kind: Kind) -> Result<Value> {
    Ok(match kind {
        Kind::Id | Kind::Money | Kind::Time => row.get::<Option<i64>>(column)?.map_or(Value::Empty, Value::Int),
        Kind::Flag => Value::Flag(row.get(column)?),
        _ => row.text(column)?.map_or(Value::Empty, |text| Value::Text(text.into())),
    })
}

fn read_data(text: &str) -> Result<Data> {
    if text == "{}" {
        return Ok(Data::new());
    }
    // The parser's own words would quote the values, and a cause is logged.
    let corrupt = || Error::internal("a lead's data is corrupt");
    let members: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).map_err(|_| corrupt())?;
    let read = |(name, value): (String, serde_json::Value)| match (DataKey::parse(&name), value) {
        (Ok(key), serde_json::Value::String(value)) => Ok((key, value)),
        _ => Err(corrupt()),
    };
    members.into_iter().map(read).collect()
}

/// The stored text of custom fields, in the order of their numbers: one text for one content.
pub(super) fn data_text(data: &Data) -> Result<String> {
    let mut sorted = data.clone();
    sorted.sort_by_key(|(key, _)| *key);
    let members = sorted.into_iter().map(|(key, value)| (key.to_string(), value.into()));
    serde_json::to_string(&members.collect::<serde_json::Map<_, _>>()).map_err(Error::internal)
}

impl LeadRow {
    /// Puts the time of the last change that the reader's side sees in the place of the account's own.
    pub(super) fn for_side(mut self, rights: &FieldRights) -> Lead {
        if let FieldRights::Partner { record, .. } = rights {
            let of = |field| self.lead.int(field);
            let introducer = (of(LeadField::IntroducerId), self.introducer_updated_at);
            let partner = (of(LeadField::PartnerId), self.partner_updated_at);
            self.lead.set(LeadField::UpdatedAt, Value::Int(seen_update(record.get(), introducer, partner)));
        }
        self.lead
    }
}

/// When a record last saw a change of a lead, by the sides of it that it is: each the record's number and its time.
pub(super) fn seen_update(record: i64, introducer: (Option<i64>, i64), partner: (Option<i64>, i64)) -> i64 {
    let own = |(id, at): (Option<i64>, i64)| if id == Some(record) { at } else { i64::MIN };
    own(introducer).max(own(partner))
}
