//! The body of a delivery in JSON, and what of a change a receiver is told.

use serde::Serialize;

use super::event::HookEvent;
use crate::custom_field::DataKey;
use crate::lead::{FieldRights, LeadField, LeadView};
use crate::time::Timestamp;

/// What a delivery says.
#[derive(Debug, Serialize)]
pub struct Told<'a> {
    /// The event's own id: the same in every delivery of it, however often it is tried.
    pub id: &'a str,
    /// What happened.
    pub r#type: HookEvent,
    /// When.
    pub timestamp: Timestamp,
    /// The names of the fields that changed, of those that the receiver sees; custom fields as `data.data1`.
    pub changed: &'a [String],
    /// The lead as the receiver sees it now.
    pub data: LeadTold<'a>,
}

/// What is told of a lead.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum LeadTold<'a> {
    /// The lead.
    Whole(&'a LeadView),
    /// A lead that is no longer in reach.
    Gone {
        /// Its number.
        id: i64,
        /// Since when it is not.
        deleted_at: Timestamp,
    },
}

/// The names of changed fields that a reader sees; `readable` says of a custom field whether it is one of them.
pub fn seen(changed: Vec<String>, rights: &FieldRights, readable: impl Fn(DataKey) -> bool) -> Vec<String> {
    let sees = |name: &String| match name.strip_prefix("data.") {
        Some(key) => DataKey::parse(key).is_ok_and(&readable),
        None => LeadField::parse(name).is_some_and(|field| rights.may_name(field)),
    };
    let whole = matches!(rights, FieldRights::Full);
    changed.into_iter().filter(|name| whole || sees(name)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{FieldRights, HookEvent, LeadTold, Timestamp, Told, seen};
    use crate::custom_field::DataKey;
    use crate::id::PartnerId;
    use crate::reach::PartnerKind;

    #[test]
    fn a_partner_is_told_of_no_name_that_it_does_not_see() {
        let partner = FieldRights::Partner { record: PartnerId::new(7).unwrap(), sides: PartnerKind::Both.sides() };
        let changed =
            || ["email", "cost", "user_id", "data.data1", "data.data2", "nonsense"].map(str::to_owned).to_vec();
        let one = DataKey::parse("data1").unwrap();
        assert_eq!(seen(changed(), &partner, |key| key == one), ["email", "data.data1"]);
        assert_eq!(seen(changed(), &FieldRights::Full, |_| false), changed());
    }

    #[test]
    fn a_lead_that_is_gone_is_its_number_and_a_time() {
        let at = Timestamp::from_micros(0);
        let data = LeadTold::Gone { id: 7, deleted_at: at };
        let told = Told { id: "evt_1", r#type: HookEvent::LeadDeleted, timestamp: at, changed: &[], data };
        let time = "1970-01-01T00:00:00.000Z";
        let expected = json!({"id": "evt_1", "type": "lead.deleted", "timestamp": time, "changed": [],
            "data": {"id": 7, "deleted_at": time}});
        assert_eq!(serde_json::to_value(told).unwrap(), expected);
    }
}
