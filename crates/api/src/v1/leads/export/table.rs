//! The CSV file (RFC 4180): a column for each field that the reader sees, in the order of the table of fields.

use csv::{Terminator, Writer, WriterBuilder};
use leadlatch_domain::custom_field::DataKey;
use leadlatch_domain::lead::{FieldRights, LeadField, LeadView};
use leadlatch_domain::spreadsheet::guarded;
use leadlatch_store::Visible;

/// The columns of a file.
pub(super) struct Table {
    columns: Vec<Column>,
    raw: bool,
}

enum Column {
    Field(LeadField),
    Data(DataKey),
}

impl Table {
    /// The columns of a reader; custom fields stand one by one where `data` stands in JSON.
    pub(super) fn new(rights: &FieldRights, data: Vec<DataKey>, raw: bool) -> Self {
        let mut data = Some(data);
        let of = |field: LeadField| match field {
            LeadField::Data => data.take().unwrap_or_default().into_iter().map(Column::Data).collect(),
            field => vec![Column::Field(field)],
        };
        let columns = LeadField::ALL.iter().copied().filter(|field| rights.may_name(*field)).flat_map(of).collect();
        Self { columns, raw }
    }

    /// The rows as text, below the names if they are the first.
    pub(super) fn write(&self, rows: &[Visible<LeadView>], first: bool) -> csv::Result<Vec<u8>> {
        let mut out = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
        if first {
            out.write_record(self.columns.iter().map(Column::name))?;
        }
        for row in rows {
            self.write_row(&mut out, row)?;
        }
        out.into_inner().map_err(|error| error.into_error().into())
    }

    fn write_row(&self, out: &mut Writer<Vec<u8>>, row: &LeadView) -> csv::Result<()> {
        for column in &self.columns {
            let text = match column {
                Column::Field(field) => row.in_words(*field),
                Column::Data(key) => row.data(*key).unwrap_or_default().to_owned(),
            };
            out.write_field(if self.raw { text.as_str().into() } else { guarded(&text) }.as_bytes())?;
        }
        out.write_record(None::<&[u8]>)
    }
}

impl Column {
    fn name(&self) -> String {
        match self {
            Self::Field(field) => field.name().to_owned(),
            Self::Data(key) => key.to_string(),
        }
    }
}
