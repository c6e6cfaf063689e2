//! Changes of settings: one at a time in an account, each audited with what it changed, before and after.

use leadlatch_domain::audit::Event;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use crate::access::Grant;
use crate::audit::Pending;
use crate::engine::{Connection, values};
use crate::{Error, Result};

/// Lets the changes of an account's settings happen one after the other, so that each is judged by what the one before
/// left. Writes of leads go on beside them. On SQLite the one writer does it.
pub(crate) async fn one_at_a_time(db: &mut Connection<'_>, account: i64) -> Result<()> {
    let sql = format!("SELECT id FROM accounts WHERE id = $1{}", db.lock_rows(" FOR NO KEY UPDATE"));
    db.query_int(&sql, values![account]).await.map(drop)
}

/// Keeps a change in the audit trail: the fields that differ by name, and in the details with both values. A change that
/// changes nothing leaves no entry.
pub(crate) fn audit<A, T: Serialize>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    (event, id): (Event, i64),
    name: &str,
    (before, after): (&T, &T),
) -> Result<()> {
    let (before, after) = difference(&members(before)?, &members(after)?);
    if after.is_empty() && before.is_empty() {
        return Ok(());
    }
    let fields: Vec<String> =
        after.keys().chain(before.keys().filter(|key| !after.contains_key(*key))).cloned().collect();
    let details = json!({"name": name, "before": before, "after": after});
    db.audit(Pending::by(grant, event, id, details).changed(fields.iter().map(String::as_str)));
    Ok(())
}

fn members(value: &impl Serialize) -> Result<Map<String, Json>> {
    match serde_json::to_value(value).map_err(Error::internal)? {
        Json::Object(members) => Ok(members),
        _ => Err(Error::internal("a setting that is no record")),
    }
}

/// What differs, of both, in the order of the record.
fn difference(before: &Map<String, Json>, after: &Map<String, Json>) -> (Map<String, Json>, Map<String, Json>) {
    let unlike = |one: &Map<String, Json>, other: &Map<String, Json>| {
        let differs = one.iter().filter(|(name, value)| other.get(*name) != Some(*value));
        differs.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    (unlike(before, after), unlike(after, before))
}

#[cfg(test)]
mod tests {
    use super::{difference, members};
    use serde_json::{Value, json};

    #[test]
    fn only_what_differs_is_kept_of_both() {
        let of = |value: Value| members(&value).expect("an object");
        let before = of(json!({"name": "A", "position": 1, "gone": true}));
        let after = of(json!({"name": "B", "position": 1, "come": null}));
        let (before, after) = difference(&before, &after);
        assert_eq!(Value::from(before), json!({"name": "A", "gone": true}));
        assert_eq!(Value::from(after), json!({"name": "B", "come": null}));
    }
}
