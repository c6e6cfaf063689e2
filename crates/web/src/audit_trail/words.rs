//! Events, fields and values in words.

use leadlatch_domain::audit::{Actor, ActorKind, Event};
use leadlatch_domain::text::capital;
use leadlatch_store::audit::Names;
use serde_json::Value as Json;

/// Kinds of records that actions are filtered by: the beginning of events' names, and what they are called.
pub(super) const KINDS: [(&str, &str); 14] = [
    ("key", "Access keys"),
    ("partner", "Partners"),
    ("lead", "Leads"),
    ("user", "Users"),
    ("sign_in", "Signing in"),
    ("session", "Sessions"),
    ("user_group", "User groups"),
    ("hook", "Webhooks"),
    ("account", "Account"),
    ("lead_group", "Lead groups"),
    ("lead_type", "Lead types"),
    ("status", "Statuses"),
    ("site", "Sites"),
    ("server", "Server"),
];

/// `key.rotated_out` as people say it: `Key rotated out`.
pub(super) fn event(event: &str) -> String {
    capital(&event.replace(['.', '_'], " "))
}

/// Who did it: a name, and the kind and number where the name says too little.
pub(super) fn actor(actor: Actor, names: &Names) -> (String, String) {
    let numbered = |kind: &str| format!("{kind} {}", actor.id);
    match (actor.kind, names.actor(actor)) {
        (ActorKind::CommandLine, _) => ("Command line".into(), String::new()),
        (ActorKind::Role, _) => ("The server".into(), String::new()),
        (ActorKind::Key, Some(name)) => (name.to_owned(), numbered("key")),
        (ActorKind::User, Some(name)) => (name.to_owned(), String::new()),
        (ActorKind::Key, None) => (capital(&numbered("key")), String::new()),
        (ActorKind::User, None) => (capital(&numbered("user")), String::new()),
    }
}

/// Where the record of an event is, if it has a page.
pub(super) fn target_href(event: Event, id: i64) -> String {
    match event.as_str().split('.').next() {
        Some("key") => format!("/settings/configuration/access-keys/{id}"),
        Some("partner") if event != Event::PartnerDeleted => crate::partners::path_of(id),
        Some("user" | "sign_in" | "session") if event != Event::UserDeleted => crate::users::path_of(id),
        _ => String::new(),
    }
}

/// The kind and the number of an event's record.
pub(super) fn target(event: Event, id: i64) -> String {
    let kind = match event.as_str().split('.').next().unwrap_or_default() {
        // Their number is that of the person.
        "sign_in" | "session" => "user".to_owned(),
        kind => kind.replace('_', " "),
    };
    if id == 0 { kind } else { format!("{kind} {id}") }
}

/// What a record is called in the details of an entry.
pub(super) fn name_in(details: &Json) -> Option<&str> {
    let places = [Some(details), details.get("after"), details.get("before")];
    places.into_iter().flatten().find_map(name_of)
}

fn name_of(record: &Json) -> Option<&str> {
    ["company", "name", "email"].into_iter().find_map(|name| record.get(name)?.as_str())
}

/// A value as people read it.
pub(super) fn value(value: &Json) -> String {
    match value {
        Json::Null => "None".into(),
        Json::Bool(true) => "Yes".into(),
        Json::Bool(false) => "No".into(),
        Json::String(text) if text.is_empty() => "None".into(),
        Json::String(text) => text.clone(),
        Json::Array(items) if items.is_empty() => "None".into(),
        Json::Array(items) => items.iter().map(self::value).collect::<Vec<_>>().join(", "),
        Json::Object(members) => object(members),
        other => other.to_string(),
    }
}

/// Names and values in one line; what has none is left out.
fn object(members: &serde_json::Map<String, Json>) -> String {
    let given = members.iter().filter(|(_, member)| !matches!(member, Json::Null));
    let mut said: Vec<_> =
        given.map(|(name, member)| format!("{} {}", name.replace('_', " "), value(member))).collect();
    // Which order a map has depends on how the program was built.
    said.sort_unstable();
    if said.is_empty() { "None".into() } else { said.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::{KINDS, event, name_in, target, value};
    use leadlatch_domain::audit::Event;
    use serde_json::json;

    #[test]
    fn events_names_and_values_are_said_in_words() {
        assert_eq!(event("key.rotated_out"), "Key rotated out");
        assert_eq!(event("lead_group.changed"), "Lead group changed");
        assert_eq!(name_in(&json!({"before": {"company": "North"}})), Some("North"));
        assert_eq!(name_in(&json!({"name": "Zap", "after": {"name": "x"}})), Some("Zap"));
        assert_eq!(name_in(&json!({"reason": "x"})), None);
        let words = [json!(null), json!([1, "a"]), json!([]), json!(true), json!("x")].map(|json| value(&json));
        assert_eq!(words, ["None", "1, a", "None", "Yes", "x"]);
        let limits = json!({"address_ranges": null, "requests_per_minute": 60, "idle_days": 90});
        assert_eq!(value(&limits), "idle days 90; requests per minute 60");
        assert_eq!(value(&json!({"idle_days": null})), "None");
        assert_eq!(target(Event::SignedIn, 7), "user 7");
    }

    #[test]
    fn every_event_is_of_a_kind_that_the_trail_is_filtered_by() {
        for event in Event::ALL {
            let kind = event.as_str().split('.').next().unwrap();
            assert!(KINDS.iter().any(|(known, _)| *known == kind), "{}", event.as_str());
        }
    }
}
