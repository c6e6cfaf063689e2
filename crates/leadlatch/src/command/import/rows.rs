//! A record of the file as a row for the store.

use leadlatch_domain::custom_field::FieldType;
use leadlatch_domain::fault::{Fault, FieldFault};
use leadlatch_domain::lead::field::Kind;
use leadlatch_domain::lead::{FieldRights, LeadField, LeadInput, Mode};
use leadlatch_store::leads::ImportRow;
use serde_json::{Map, Value as Json};

use super::columns::Target;
use super::reader::Record;
use super::values::{self, Order};

/// How cells are read.
pub(super) struct Rows {
    pub(super) targets: Vec<Target>,
    pub(super) order: Order,
    /// Dates that another order would have made another day, and the line of the first.
    pub(super) ambiguous: i64,
    pub(super) first_ambiguous: Option<u64>,
}

impl Rows {
    /// Reads a record; what is wrong with it stands in the row.
    pub(super) fn row(&mut self, record: &Record) -> ImportRow {
        let (mut body, mut data, mut names, mut faults) = (Map::new(), Map::new(), Vec::new(), Vec::new());
        for (at, cell) in record.cells.iter().enumerate().map(|(at, cell)| (at, cell.trim())) {
            if cell.is_empty() {
                continue;
            }
            match self.targets.get(at).copied() {
                None => faults.push(too_many(record.cells.len(), self.targets.len())),
                Some(Target::Ignored) => {}
                Some(Target::Named(field)) => names.push((field, cell.to_owned())),
                Some(Target::Fullname) => {
                    let (first, last) = cell.rsplit_once(char::is_whitespace).unwrap_or(("", cell));
                    body.insert(LeadField::Firstname.name().into(), first.trim().into());
                    body.insert(LeadField::Lastname.name().into(), last.into());
                }
                Some(target @ Target::Field(field)) => match self.read(field.kind(), cell, record.line) {
                    Ok(value) => drop(body.insert(field.name().into(), value)),
                    Err(fault) => faults.push(fault.on(target.name())),
                },
                Some(target @ Target::Data(key, kind)) => match self.read_data(kind, cell, record.line) {
                    Ok(value) => drop(data.insert(key.to_string(), value)),
                    Err(fault) => faults.push(fault.on(target.name())),
                },
            }
        }
        if !data.is_empty() {
            body.insert(LeadField::Data.name().into(), data.into());
        }
        let mut input = LeadInput::parse(&body, Mode::Create, &FieldRights::Full).unwrap_or_default();
        faults.dedup_by(|one, other| one == other);
        input.faults.extend(faults);
        ImportRow { record: record.number, input, names }
    }

    fn read(&mut self, kind: Kind, cell: &str, line: u64) -> Result<Json, Fault> {
        Ok(match kind {
            Kind::Date => self.date(cell, line)?.into(),
            Kind::Money => values::number(cell).into(),
            Kind::Preference => values::yes_no(cell).into(),
            // Spreadsheets keep a number as a text by an apostrophe before it.
            Kind::Phone => cell.trim_start_matches('\'').into(),
            _ => values::one_line(cell).into(),
        })
    }

    fn read_data(&mut self, kind: FieldType, cell: &str, line: u64) -> Result<Json, Fault> {
        Ok(match kind {
            FieldType::Date => self.date(cell, line)?.into(),
            FieldType::Number | FieldType::Currency => values::number(cell).into(),
            FieldType::YesNo => values::yes_no(cell).into(),
            FieldType::LongText => cell.into(),
            FieldType::Text | FieldType::Choice => values::one_line(cell).into(),
        })
    }

    fn date(&mut self, cell: &str, line: u64) -> Result<String, Fault> {
        let read = values::date(cell, self.order)?;
        if read.ambiguous {
            self.ambiguous += 1;
            self.first_ambiguous.get_or_insert(line);
        }
        Ok(read.date.to_string())
    }
}

fn too_many(cells: usize, columns: usize) -> FieldFault {
    let said = format!("The row has {cells} cells and the file {columns} columns: a delimiter stands in a text.");
    Fault::new("too_many_cells", said).on("row")
}
