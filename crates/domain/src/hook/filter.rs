//! Which leads a subscription is told of: the parameters of their list, in the body of a subscription.

use serde_json::{Map, Value as Json};

use crate::fault::{Fault, FieldFault};
use crate::lead::filter::FilterRefused;
use crate::lead::{FieldRights, LeadFilter};

/// Parameters of a list that say nothing of a lead that is told of: its order, and test leads, which are never told of.
const NOT_HERE: [&str; 2] = ["sort", "test"];

/// Reads a filter. By what its key may not see nothing is filtered.
pub fn parse(members: &Map<String, Json>, rights: &FieldRights) -> Result<LeadFilter, FilterRefused> {
    let (mut pairs, mut faults) = (Vec::new(), Vec::new());
    for (name, value) in members {
        match text(value) {
            Some(text) => pairs.push((name.clone(), text)),
            None => faults.push(within(Fault::new("bad_json_type", "Send a text, a number or nothing.").on(name))),
        }
        if NOT_HERE.contains(&name.as_str()) {
            faults.push(within(Fault::new("unknown_parameter", "A subscription has no such filter.").on(name)));
        }
    }
    let filter = match LeadFilter::parse(&pairs, rights) {
        Ok((filter, _)) => filter,
        Err(FilterRefused::Invalid(more)) => {
            faults.extend(more.into_iter().map(within));
            LeadFilter::default()
        }
        Err(refused) => return Err(refused),
    };
    if faults.is_empty() { Ok(filter) } else { Err(FilterRefused::Invalid(faults)) }
}

/// A value as a list's query has it; nothing, and an empty text, narrow nothing.
fn text(value: &Json) -> Option<String> {
    match value {
        Json::Null => Some(String::new()),
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// A fault by where it stands in the body.
fn within(fault: FieldFault) -> FieldFault {
    FieldFault { field: format!("filter.{}", fault.field), ..fault }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::{FilterRefused, parse};
    use crate::id::PartnerId;
    use crate::lead::{FieldRights, LeadFilter};
    use crate::reach::PartnerKind;

    fn read(members: &Json, rights: &FieldRights) -> Result<LeadFilter, FilterRefused> {
        parse(members.as_object().unwrap(), rights)
    }

    #[test]
    fn numbers_and_texts_narrow_and_empty_ones_do_not() {
        let filter = read(&json!({"status_id": 7, "status": "", "email": null}), &FieldRights::Full).unwrap();
        assert_eq!(filter, LeadFilter { status_id: Some(7), ..LeadFilter::default() });
    }

    #[test]
    fn faults_are_said_by_where_they_stand() {
        let refused = read(&json!({"status_id": "x", "colour": 1, "sort": "id", "email": []}), &FieldRights::Full);
        let Err(FilterRefused::Invalid(faults)) = refused else { panic!("{refused:?}") };
        let mut fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["filter.colour", "filter.email", "filter.sort", "filter.status_id"]);
    }

    #[test]
    fn a_partner_filters_by_what_it_sees_and_by_its_own_record() {
        let rights = FieldRights::Partner { record: PartnerId::new(7).unwrap(), sides: PartnerKind::Both.sides() };
        assert_eq!(read(&json!({"cost": 1, "email": []}), &rights), Err(FilterRefused::Fields(vec!["cost".into()])));
        assert_eq!(read(&json!({"introducer_id": 8}), &rights), Err(FilterRefused::OutOfReach));
        assert!(read(&json!({"introducer_id": 7}), &rights).is_ok());
    }
}
