//! A lead reduced for one reader: the only form of it that is ever written out.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::field::{Kind, LeadField};
use super::record::{Lead, Value, ValueRef};
use super::rights::FieldRights;
use crate::custom_field::DataKey;
use crate::money::Money;
use crate::time::Timestamp;

/// A lead with only what its reader may see.
#[derive(Debug)]
pub struct LeadView {
    lead: Lead,
    whole: bool,
}

impl LeadView {
    /// Reduces a lead for a reader.
    ///
    /// `readable` says of a custom field whether the lead's group lets this reader see it. `updated_at` of the lead
    /// must already be the one that the reader's side sees.
    pub fn reduce(mut lead: Lead, rights: &FieldRights, readable: impl Fn(DataKey) -> bool) -> Self {
        let whole = matches!(rights, FieldRights::Full);
        if !whole {
            for field in LeadField::ALL {
                if !rights.sees(*field, lead.get(*field).as_ref()) {
                    lead.set(*field, Value::Empty);
                }
            }
            lead.data.retain(|(key, _)| readable(*key));
        }
        Self { lead, whole }
    }

    /// The lead's number.
    pub fn id(&self) -> Option<i64> {
        self.lead.int(LeadField::Id)
    }

    /// Whether a field is one of those that the reader sees, whatever it holds.
    pub fn shows(&self, field: LeadField) -> bool {
        self.whole || field.rule().partner_sees
    }

    /// What the reader sees of a custom field.
    pub fn data(&self, key: DataKey) -> Option<&str> {
        self.lead.data.iter().find(|(own, _)| *own == key).map(|(_, value)| value.as_str())
    }

    /// What the reader sees in a field, as JSON writes it but without quotes; empty where JSON has `null`.
    pub fn in_words(&self, field: LeadField) -> String {
        let json = match field.kind() {
            Kind::Composed => return self.lead.fullname().unwrap_or_default(),
            kind => as_json(kind, self.lead.get(field)),
        };
        match json {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        }
    }

    /// What the reader sees in a field.
    pub fn get(&self, field: LeadField) -> &Value {
        self.lead.get(field)
    }
}

impl Serialize for LeadView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for field in LeadField::ALL.iter().copied().filter(|field| self.shows(*field)) {
            match field.kind() {
                Kind::Data => map.serialize_entry(field.name(), &DataView(&self.lead.data))?,
                Kind::Composed => map.serialize_entry(field.name(), &self.lead.fullname())?,
                kind => map.serialize_entry(field.name(), &ValueView(kind, self.lead.get(field).as_ref()))?,
            }
        }
        map.end()
    }
}

struct DataView<'a>(&'a [(DataKey, String)]);

impl Serialize for DataView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// A value as the API writes it.
pub(super) fn as_json(kind: Kind, value: &Value) -> serde_json::Value {
    serde_json::to_value(ValueView(kind, value.as_ref())).unwrap_or_default()
}

/// A value as JSON has it.
pub(super) struct ValueView<'a>(pub(super) Kind, pub(super) ValueRef<'a>);

impl Serialize for ValueView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.0, self.1) {
            (Kind::Money, ValueRef::Int(hundredths)) => Money::from_hundredths(hundredths).serialize(serializer),
            (Kind::Time, ValueRef::Int(micros)) => Timestamp::from_micros(micros).serialize(serializer),
            (_, ValueRef::Int(number)) => serializer.serialize_i64(number),
            (_, ValueRef::Text(text)) => serializer.serialize_str(text),
            (_, ValueRef::Flag(flag)) => serializer.serialize_bool(flag),
            (_, ValueRef::Empty) => serializer.serialize_none(),
        }
    }
}
