//! A lead as it is stored: one value for each field.

use smol_str::SmolStr;

use super::field::LeadField;
use crate::custom_field::DataKey;

/// What a field of one lead holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Empty,
    /// An id, hundredths of money, or microseconds since 1970.
    Int(i64),
    /// A text in its stored form.
    Text(SmolStr),
    /// True or false.
    Flag(bool),
}

/// What a field holds, where it stands: nothing is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueRef<'a> {
    /// Nothing.
    Empty,
    /// As [`Value::Int`].
    Int(i64),
    /// As [`Value::Text`].
    Text(&'a str),
    /// As [`Value::Flag`].
    Flag(bool),
}

impl Value {
    /// The value where it stands.
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Empty => ValueRef::Empty,
            Self::Int(number) => ValueRef::Int(*number),
            Self::Text(text) => ValueRef::Text(text),
            Self::Flag(flag) => ValueRef::Flag(*flag),
        }
    }
}

/// The custom fields that hold something, in the order of their numbers, as their stored texts.
pub type Data = Vec<(DataKey, String)>;

/// A lead with all of its fields, for nobody's eyes yet: it serializes only once it is reduced for its reader.
#[derive(Debug, Clone)]
pub struct Lead {
    values: Box<[Value; LeadField::COUNT]>,
    /// The custom fields.
    pub data: Data,
}

impl Default for Lead {
    fn default() -> Self {
        Self { values: Box::new([const { Value::Empty }; LeadField::COUNT]), data: Data::new() }
    }
}

impl Lead {
    /// What the field holds; custom fields stand in [`Lead::data`].
    pub fn get(&self, field: LeadField) -> &Value {
        &self.values[field as usize]
    }

    /// Puts a value into the field.
    pub fn set(&mut self, field: LeadField, value: Value) {
        self.values[field as usize] = value;
    }

    /// The text of a field that holds one.
    pub fn text(&self, field: LeadField) -> Option<&str> {
        match self.get(field) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number of a field that holds one.
    pub fn int(&self, field: LeadField) -> Option<i64> {
        match self.get(field) {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// First and last name as one text, `None` when both are missing.
    pub fn fullname(&self) -> Option<String> {
        join_names([LeadField::Firstname, LeadField::Lastname].map(|field| self.text(field)))
    }

    /// Whether somebody can be reached by it: an email, a phone, or an address line with a postcode.
    pub fn is_contactable(&self) -> bool {
        use LeadField::{Address, Email, Phone1, Phone2, Postcode};
        let has = |field| self.text(field).is_some();
        has(Email) || has(Phone1) || has(Phone2) || (has(Address) && has(Postcode))
    }
}

/// First and last name as one text, `None` when both are missing.
pub(super) fn join_names(names: [Option<&str>; 2]) -> Option<String> {
    let joined = match names {
        [Some(first), Some(last)] => format!("{first} {last}"),
        [first, last] => first.or(last).unwrap_or_default().to_owned(),
    };
    (!joined.is_empty()).then_some(joined)
}

#[cfg(test)]
mod tests {
    use super::{Lead, LeadField, Value};

    #[test]
    fn an_address_alone_needs_its_postcode() {
        let mut lead = Lead::default();
        assert!(!lead.is_contactable());
        lead.set(LeadField::Address, Value::Text("1 High Street".into()));
        assert!(!lead.is_contactable());
        lead.set(LeadField::Postcode, Value::Text("N1 9GU".into()));
        assert!(lead.is_contactable());
    }

    #[test]
    fn the_full_name_leaves_no_stray_space() {
        let mut lead = Lead::default();
        assert_eq!(lead.fullname(), None);
        lead.set(LeadField::Lastname, Value::Text("Lee".into()));
        assert_eq!(lead.fullname().as_deref(), Some("Lee"));
    }
}
