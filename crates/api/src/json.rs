//! JSON whose objects name each member once: of two values for one name, programs do not agree which counts.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// What the bytes hold, and the first member that stands in them twice, by its path, such as `data.data1`.
pub(crate) fn read(bytes: &[u8]) -> serde_json::Result<(Value, Option<String>)> {
    let mut repeated = None;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Once { path: None, repeated: &mut repeated }.deserialize(&mut reader)?;
    reader.end()?;
    Ok((value, repeated))
}

/// Where a member stands. It is put into words only where it is told: a body may hold many values below one long name.
#[derive(Clone, Copy)]
struct Path<'a> {
    above: Option<&'a Path<'a>>,
    name: &'a str,
}

impl Path<'_> {
    fn words(&self) -> String {
        let mut names: Vec<&str> = std::iter::successors(Some(self), |path| path.above).map(|path| path.name).collect();
        names.reverse();
        names.join(".")
    }
}

/// Reads a value and remembers a name that stands twice in one object.
struct Once<'a> {
    /// The member that holds the value; none holds the whole.
    path: Option<&'a Path<'a>>,
    repeated: &'a mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Once<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(Once { path: self.path, repeated: &mut *self.repeated })? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let path = Path { above: self.path, name: &name };
            if members.contains_key(&name) {
                self.repeated.get_or_insert_with(|| path.words());
            }
            let value = entries.next_value_seed(Once { path: Some(&path), repeated: &mut *self.repeated })?;
            members.insert(name, value);
        }
        Ok(members.into())
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use serde_json::Value;

    #[test]
    fn what_names_each_member_once_is_read_as_ever() {
        for text in
            ["{}", r#"{"a": [1, -2, 1.5, 1e3, "x", "\u00e9", true, null, {"a": {}}], "b": {"a": 1}}"#, "[]", "7"]
        {
            assert_eq!(read(text.as_bytes()).unwrap(), (serde_json::from_str::<Value>(text).unwrap(), None), "{text}");
        }
    }

    #[test]
    fn a_name_that_stands_twice_is_found_by_its_path() {
        let found = |text: &str| read(text.as_bytes()).unwrap().1;
        assert_eq!(found(r#"{"a": 1, "b": 2, "a": 1}"#).as_deref(), Some("a"));
        assert_eq!(found(r#"{"data": {"data1": "x", "data1": "y"}}"#).as_deref(), Some("data.data1"));
        assert_eq!(found(r#"{"a": [{"b": 1, "\u0062": 2}]}"#).as_deref(), Some("a.b"));
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        for text in ["", "{", "{} x", "{'a': 1}", "\u{feff}{}", "[1,]"] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read(&[b'[', 0xff, b']']).is_err());
        assert!(read("[".repeat(100_000).as_bytes()).is_err());
    }
}
