//! A lead written as JSON straight from where it stands, reduced for its reader on the way: what nearly every read answers.

use super::field::{Kind, LeadField};
use super::record::{ValueRef, join_names};
use super::rights::FieldRights;
use super::view::ValueView;
use crate::custom_field::{DataKey, DataKeys};

/// The stored text of custom fields is not one that was written as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CorruptData;

/// A lead where it stands, for nobody's eyes yet: its fields are asked for one by one.
pub trait Standing {
    /// Why a field cannot be read.
    type Error: From<CorruptData>;

    /// What the field holds, in its stored form. Custom fields are the text of one object; `updated_at` is the one that the
    /// reader's side sees.
    fn value(&self, field: LeadField) -> Result<ValueRef<'_>, Self::Error>;
}

/// Writes a lead with only what its reader sees. A field that the reader may not name is not even asked for.
///
/// The bytes are those of a [`LeadView`](super::LeadView); `readable` are the custom fields that the lead's group lets a
/// Partner key see.
pub fn write<L: Standing>(
    lead: &L,
    rights: &FieldRights,
    readable: DataKeys,
    json: &mut Vec<u8>,
) -> Result<(), L::Error> {
    let mut before = b'{';
    for field in LeadField::ALL.iter().copied().filter(|field| rights.may_name(*field)) {
        json.push(before);
        json.extend_from_slice(field.rule().label.as_bytes());
        match field.kind() {
            Kind::Data => write_data(lead.value(field)?, rights, readable, json)?,
            Kind::Composed => write_name(lead, json)?,
            kind => {
                let value = lead.value(field)?;
                let seen = if rights.sees(field, value) { value } else { ValueRef::Empty };
                write_value(&ValueView(kind, seen), json);
            }
        }
        before = b',';
    }
    json.push(b'}');
    Ok(())
}

fn write_value(value: &impl serde::Serialize, json: &mut Vec<u8>) {
    serde_json::to_writer(json, value).expect("a buffer takes all");
}

fn write_name<L: Standing>(lead: &L, json: &mut Vec<u8>) -> Result<(), L::Error> {
    let (first, last) = (lead.value(LeadField::Firstname)?, lead.value(LeadField::Lastname)?);
    let text = |value| if let ValueRef::Text(text) = value { Some(text) } else { None };
    write_value(&join_names([text(first), text(last)]), json);
    Ok(())
}

fn write_data(
    stored: ValueRef<'_>,
    rights: &FieldRights,
    readable: DataKeys,
    json: &mut Vec<u8>,
) -> Result<(), CorruptData> {
    let ValueRef::Text(text) = stored else { return Err(CorruptData) };
    let whole = matches!(rights, FieldRights::Full);
    let mut before = b'{';
    for member in Members::of(text)? {
        let (key, member) = member?;
        if whole || readable.contains(key) {
            json.push(before);
            json.extend_from_slice(member.as_bytes());
            before = b',';
        }
    }
    json.extend_from_slice(if before == b'{' { b"{}" } else { b"}" });
    Ok(())
}

/// The members of the stored text of custom fields, each with its key as it is written there.
struct Members<'t>(&'t str);

impl<'t> Members<'t> {
    fn of(text: &'t str) -> Result<Self, CorruptData> {
        text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).map(Self).ok_or(CorruptData)
    }

    /// The first of the rest, and what is behind it.
    fn first(&self) -> Option<(DataKey, &'t str, &'t str)> {
        let name = string(self.0)?;
        let value = string(self.0.get(name.len()..)?.strip_prefix(':')?)?;
        let (member, rest) = self.0.split_at_checked(name.len() + 1 + value.len())?;
        let key = DataKey::parse(name.get(1..name.len() - 1)?).ok()?;
        match rest.strip_prefix(',') {
            Some(rest) if !rest.is_empty() => Some((key, member, rest)),
            None if rest.is_empty() => Some((key, member, "")),
            _ => None,
        }
    }
}

impl<'t> Iterator for Members<'t> {
    type Item = Result<(DataKey, &'t str), CorruptData>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let first = self.first();
        self.0 = first.map_or("", |(_, _, rest)| rest);
        Some(first.map(|(key, member, _)| (key, member)).ok_or(CorruptData))
    }
}

/// The JSON string that a text begins with, in its quotes.
fn string(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let mut end = 1;
    bytes.first().filter(|first| **first == b'"')?;
    loop {
        match bytes.get(end)? {
            b'"' => return text.get(..=end),
            b'\\' => end += 2,
            _ => end += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::PartnerId;
    use crate::lead::{Lead, LeadView, Value};
    use crate::reach::PartnerKind;

    /// A lead with its custom fields as they are stored.
    struct Stored(Lead, String);

    impl Standing for Stored {
        type Error = CorruptData;

        fn value(&self, field: LeadField) -> Result<ValueRef<'_>, CorruptData> {
            Ok(if field == LeadField::Data { ValueRef::Text(&self.1) } else { self.0.get(field).as_ref() })
        }
    }

    fn stored(lead: Lead) -> Stored {
        let members = lead.data.iter().map(|(key, value)| (key.to_string(), value.as_str().into()));
        let text = serde_json::Value::Object(members.collect()).to_string();
        Stored(lead, text)
    }

    fn value(kind: Kind) -> BoxedStrategy<Value> {
        match kind {
            Kind::Flag => any::<bool>().prop_map(Value::Flag).boxed(),
            // Few numbers, so that a record's own id is among them.
            Kind::Id => prop_oneof![Just(Value::Empty), (1..4i64).prop_map(Value::Int)].boxed(),
            Kind::Money | Kind::Time => prop_oneof![Just(Value::Empty), any::<i64>().prop_map(Value::Int)].boxed(),
            _ => prop_oneof![Just(Value::Empty), any::<String>().prop_map(|text| Value::Text(text.into()))].boxed(),
        }
    }

    fn lead() -> impl Strategy<Value = Lead> {
        let plain = |field: &&LeadField| !matches!(field.kind(), Kind::Composed | Kind::Data);
        let fields: Vec<LeadField> = LeadField::ALL.iter().filter(plain).copied().collect();
        let values: Vec<_> = fields.iter().map(|field| value(field.kind())).collect();
        let data = proptest::collection::btree_map(1..=50i64, any::<String>(), 0..5);
        (values, data).prop_map(move |(values, data)| {
            let mut lead = Lead::default();
            fields.iter().zip(values).for_each(|(field, value)| lead.set(*field, value));
            let key = |number| DataKey::from_number(number).unwrap();
            lead.data = data.into_iter().map(|(number, text)| (key(number), text)).collect();
            lead
        })
    }

    fn rights() -> impl Strategy<Value = FieldRights> {
        let partner = |record, kind: PartnerKind| FieldRights::Partner {
            record: PartnerId::new(record).unwrap(),
            sides: kind.sides(),
        };
        let kinds = proptest::sample::select(PartnerKind::ALL.to_vec());
        prop_oneof![Just(FieldRights::Full), (1..4i64, kinds).prop_map(move |(record, kind)| partner(record, kind))]
    }

    proptest! {
        #[test]
        fn writes_what_a_view_writes(lead in lead(), rights in rights(), bits in any::<i64>()) {
            let readable = DataKeys::from_bits(bits);
            let mut json = b"before".to_vec();
            write(&stored(lead.clone()), &rights, readable, &mut json).unwrap();
            let view = LeadView::reduce(lead, &rights, |key| readable.contains(key));
            let expected = format!("before{}", serde_json::to_string(&view).unwrap());
            prop_assert_eq!(String::from_utf8(json).unwrap(), expected);
        }

        #[test]
        fn reading_any_text_never_panics(text in any::<String>()) {
            let members = Members::of(&text).into_iter().flatten();
            let _ = members.count();
        }
    }

    #[test]
    fn only_the_text_of_custom_fields_is_taken() {
        for bad in [
            "",
            "{",
            "null",
            "[]",
            "{}x",
            "{\"data1\":1}",
            "{\"data1\":\"a\",}",
            "{\"data51\":\"a\"}",
            "{\"data1\":\"a}",
        ] {
            let read = Members::of(bad).map(Iterator::collect::<Result<Vec<_>, _>>);
            assert!(!matches!(read, Ok(Ok(_))), "{bad}");
        }
    }
}
