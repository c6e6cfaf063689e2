//! What happened to a lead: a closed list of actions, and the values before and after.

use serde_json::{Map, Value as Json, json};

use super::field::{Kind, LeadField};
use super::record::{Lead, Value};
use super::view::as_json;
use crate::custom_field::DataKey;
use crate::money::Money;
use crate::time::Timestamp;

macro_rules! actions {
    ($($action:ident $name:literal $words:literal;)+) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Action {
            $(#[doc = $words] $action,)+
        }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$action),+];

            /// Its name in the database and the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$action => $name,)+ }
            }
        }
    };
}

actions! {
    Created "created" "It was made; the values stand in the lead.";
    Updated "updated" "Fields were changed.";
    Referred "referred" "It was referred to a partner.";
    Unreferred "unreferred" "The referral was taken back.";
    Deleted "deleted" "It went to the bin.";
    Restored "restored" "It came out of the bin, or a partner's reach was given back.";
    ReachEnded "reach_ended" "A partner's key deleted it: that partner's reach ended.";
    Copied "copied" "Empty fields were filled from a duplicate.";
}

/// By field, `{"before": .., "after": ..}` as the API writes the values; custom fields stand as `data.data1`.
pub type Changed = Map<String, Json>;

/// What differs between two states of a lead. The time of the change is not a part of it.
pub fn changed(before: &Lead, after: &Lead) -> Changed {
    let mut all = Changed::new();
    let fields = LeadField::ALL.iter().copied().filter(|field| *field != LeadField::UpdatedAt);
    for field in fields.filter(|field| !matches!(field.kind(), Kind::Composed | Kind::Data)) {
        let (old, new) = (before.get(field), after.get(field));
        if old != new {
            all.insert(field.name().to_owned(), pair(&as_json(field.kind(), old), &as_json(field.kind(), new)));
        }
    }
    changed_data(before, after, &mut all);
    all
}

fn changed_data(before: &Lead, after: &Lead, all: &mut Changed) {
    let of =
        |lead: &Lead, key| lead.data.iter().find(|(own, _)| *own == key).map(|(_, value)| Json::from(value.as_str()));
    let mut keys: Vec<_> = before.data.iter().chain(&after.data).map(|(key, _)| *key).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let (old, new) = (of(before, key), of(after, key));
        if old != new {
            all.insert(format!("data.{key}"), pair(&old.unwrap_or_default(), &new.unwrap_or_default()));
        }
    }
}

/// Puts the values from before a change back into the lead.
pub fn undo(lead: &mut Lead, changed: &Changed) {
    for (name, values) in changed {
        let before = &values["before"];
        if let Some(field) = LeadField::parse(name) {
            lead.set(field, from_json(field.kind(), before));
        } else if let Some(Ok(key)) = name.strip_prefix("data.").map(DataKey::parse) {
            lead.data.retain(|(own, _)| *own != key);
            lead.data.extend(before.as_str().map(|text| (key, text.to_owned())));
        }
    }
    lead.data.sort_by_key(|(key, _)| *key);
}

/// The way back from what the API writes.
fn from_json(kind: Kind, value: &Json) -> Value {
    let text = value.as_str();
    match kind {
        Kind::Id => value.as_i64().map(Value::Int),
        Kind::Flag => value.as_bool().map(Value::Flag),
        Kind::Money => Money::from_json(value).ok().map(|money| Value::Int(money.hundredths())),
        Kind::Time => text.and_then(|text| Timestamp::parse(text).ok()).map(|at| Value::Int(at.as_micros())),
        _ => text.map(|text| Value::Text(text.into())),
    }
    .unwrap_or_default()
}

/// One field's entry.
pub fn pair(before: &Json, after: &Json) -> Json {
    json!({"before": before, "after": after})
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Lead, LeadField, Value, changed, undo};
    use crate::custom_field::DataKey;

    #[test]
    fn only_what_differs_is_said_as_the_api_writes_it() {
        let mut before = Lead::default();
        before.set(LeadField::Firstname, Value::Text("Ann".into()));
        before.set(LeadField::Cost, Value::Int(150));
        before.data.push((DataKey::parse("data2").unwrap(), "x".into()));
        let mut after = before.clone();
        assert!(changed(&before, &after).is_empty());
        after.set(LeadField::Cost, Value::Int(275));
        after.set(LeadField::Firstname, Value::Empty);
        after.set(LeadField::UpdatedAt, Value::Int(1));
        after.data = vec![(DataKey::parse("data10").unwrap(), "y".into())];
        let said = serde_json::to_value(changed(&before, &after)).unwrap();
        let expected = json!({
            "cost": {"before": "1.50", "after": "2.75"},
            "firstname": {"before": "Ann", "after": null},
            "data.data2": {"before": "x", "after": null},
            "data.data10": {"before": null, "after": "y"},
        });
        assert_eq!(said, expected);
        let back = changed(&before, &after);
        undo(&mut after, &back);
        assert!(changed(&before, &after).is_empty(), "and it can be undone");
    }
}
