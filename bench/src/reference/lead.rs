//! A lead in the reference's database: every field a column, already in the form that JSON has it in.

use leadlatch_domain::lead::LeadField;
use leadlatch_domain::lead::field::Kind;
use rusqlite::Row;
use rusqlite::types::{Value, ValueRef};
use serde_json::{Map, Value as Json};

use crate::output::{Failure, Outcome};

/// Which of a record's columns an answer holds, and their select list.
#[derive(Debug)]
pub(super) struct Columns {
    fields: Vec<LeadField>,
    pub(super) list: String,
}

impl Columns {
    /// All of them, for a Full key.
    pub(super) fn all() -> Self {
        Self::of(|_| true)
    }

    /// Those that a Partner key sees.
    pub(super) fn of_partner() -> Self {
        Self::of(|field| field.rule().partner_sees)
    }

    fn of(seen: impl Fn(LeadField) -> bool) -> Self {
        let fields: Vec<LeadField> = LeadField::ALL.iter().copied().filter(|field| seen(*field)).collect();
        let list = fields.iter().map(|field| field.name()).collect::<Vec<_>>().join(", ");
        Self { fields, list }
    }

    /// The fields of the list.
    pub(super) fn fields(&self) -> &[LeadField] {
        &self.fields
    }

    /// The list with the name of a table before each column.
    pub(super) fn list_of(&self, table: &str) -> String {
        self.fields.iter().map(|field| format!("{table}.{}", field.name())).collect::<Vec<_>>().join(", ")
    }

    /// Writes a row of the select list as a JSON object.
    pub(super) fn write_row(&self, row: &Row<'_>, json: &mut Vec<u8>) -> rusqlite::Result<()> {
        let mut open = b'{';
        for (at, field) in self.fields.iter().enumerate() {
            write_member(open, *field, row.get_ref(at)?, json);
            open = b',';
        }
        json.push(b'}');
        Ok(())
    }

    /// Writes the values of a whole record as a JSON object.
    pub(super) fn write_values(&self, values: &[Value], json: &mut Vec<u8>) {
        write_object(&self.fields, |_, field| ValueRef::from(&values[field as usize]), json);
    }
}

/// Writes fields as a JSON object, each with its value by place and name.
pub(super) fn write_object<'v>(
    fields: &[LeadField],
    value: impl Fn(usize, LeadField) -> ValueRef<'v>,
    json: &mut Vec<u8>,
) {
    let mut open = b'{';
    for (at, field) in fields.iter().copied().enumerate() {
        write_member(open, field, value(at, field), json);
        open = b',';
    }
    json.push(b'}');
}

fn write_member(open: u8, field: LeadField, value: ValueRef<'_>, json: &mut Vec<u8>) {
    json.extend_from_slice(&[open, b'"']);
    json.extend_from_slice(field.name().as_bytes());
    json.extend_from_slice(b"\":");
    match (field.kind(), value) {
        (Kind::Data, ValueRef::Text(text)) => json.extend_from_slice(text),
        (Kind::Flag, ValueRef::Integer(flag)) => json.extend_from_slice(if flag == 0 { b"false" } else { b"true" }),
        (_, ValueRef::Integer(number)) => write_json(&number, json),
        (_, ValueRef::Text(text)) => write_json(std::str::from_utf8(text).unwrap_or_default(), json),
        _ => json.extend_from_slice(b"null"),
    }
}

fn write_json(value: &(impl serde::Serialize + ?Sized), json: &mut Vec<u8>) {
    serde_json::to_writer(json, value).expect("numbers and texts are JSON");
}

/// The values of a record, a column each, from its JSON object.
pub(super) fn values(record: &Map<String, Json>) -> Outcome<Vec<Value>> {
    LeadField::ALL.iter().map(|field| value(record.get(field.name()).unwrap_or(&Json::Null))).collect()
}

fn value(json: &Json) -> Outcome<Value> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Integer(i64::from(*flag)),
        Json::Number(number) => Value::Integer(number.as_i64().ok_or_else(|| Failure::new("a number with a point"))?),
        Json::String(text) => Value::Text(text.clone()),
        Json::Object(_) | Json::Array(_) => Value::Text(json.to_string()),
    })
}

/// What stands in a new lead when the caller does not say.
pub(super) fn fresh(now: &str) -> Map<String, Json> {
    let mut record = Map::new();
    for field in LeadField::ALL.iter().copied() {
        let value = match field.kind() {
            Kind::Preference => "unknown".into(),
            Kind::StatusName => "New".into(),
            Kind::Point | Kind::Progress => "new".into(),
            Kind::Data => Json::Object(Map::new()),
            Kind::Flag => false.into(),
            Kind::Time => now.into(),
            _ if matches!(field, LeadField::StatusId | LeadField::LeadGroupId) => 1.into(),
            _ => Json::Null,
        };
        record.insert(field.name().to_owned(), value);
    }
    record
}
