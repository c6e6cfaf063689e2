//! The body of a subscription: what may be named is judged before any value is.

use leadlatch_domain::fault::{Fault, FieldFault};
use leadlatch_domain::hook::{EventSet, HookEvent, HookFormat, Target};
use leadlatch_store::hooks::{self, NewHook};
use leadlatch_store::{Error, Grant};
use serde_json::{Map, Value as Json};

use crate::problem::Problem;

/// What was sent, as far as it can be read.
#[derive(Debug, Default)]
pub(super) struct Input {
    target: Option<Target>,
    events: EventSet,
    filter: Map<String, Json>,
    format: Option<HookFormat>,
    faults: Vec<FieldFault>,
}

impl Input {
    pub(super) fn read(members: &Map<String, Json>) -> Self {
        let mut input = Self::default();
        // An empty text and null count as absent.
        for (name, value) in members.iter().filter(|(_, value)| !value.is_null() && *value != "") {
            if let Err(fault) = input.take(name, value) {
                input.faults.push(fault.on(name));
            }
        }
        let missing = |name: &str, detail: &'static str| Fault::new("required", detail).on(name);
        let named = |input: &Self, name: &str| input.faults.iter().any(|fault| fault.field == name);
        if input.target.is_none() && !named(&input, "target_url") {
            input.faults.push(missing("target_url", "Send the URL that deliveries go to."));
        }
        if input.events.is_empty() && !named(&input, "events") {
            input.faults.push(missing("events", "Send at least one event, such as [\"lead.created\"]."));
        }
        input
    }

    fn take(&mut self, name: &str, value: &Json) -> Result<(), Fault> {
        match (name, value) {
            ("target_url", Json::String(text)) => self.target = Some(Target::parse(text)?),
            ("format", Json::String(text)) => self.format = Some(HookFormat::parse(text)?),
            ("filter", Json::Object(members)) => self.filter.clone_from(members),
            ("events", Json::Array(names)) => self.events = events(names)?,
            ("target_url" | "format", _) => return Err(Fault::new("bad_json_type", "Send a text.")),
            ("filter", _) => return Err(Fault::new("bad_json_type", "Send an object, such as {\"status_id\": 7}.")),
            ("events", _) => return Err(Fault::new("bad_json_type", "Send a list of texts.")),
            _ => return Err(Fault::new("unknown_field", "A subscription has no such field.")),
        }
        Ok(())
    }

    /// What the caller may not name is refused first, then every bad value at once.
    pub(super) fn judge<A>(mut self, grant: &Grant<A>) -> Result<NewHook, Problem> {
        hooks::refuse_events(grant, self.events)?;
        match hooks::read_filter(grant, &self.filter) {
            Ok(_) => {}
            Err(Error::Invalid(faults)) => self.faults.extend(faults),
            Err(refused) => return Err(refused.into()),
        }
        for event in self.events.iter().filter(|event| !event.is_sent()) {
            let detail = format!("{event} is not told yet: this server has no such records.");
            self.faults.push(Fault::new("not_available", detail).on("events"));
        }
        let (Some(target), true) = (self.target, self.faults.is_empty()) else {
            return Err(Problem::invalid(self.faults));
        };
        Ok(NewHook {
            target,
            events: self.events,
            filter: self.filter,
            format: self.format.unwrap_or(HookFormat::Json),
        })
    }
}

fn events(names: &[Json]) -> Result<EventSet, Fault> {
    let read = |name: &Json| name.as_str().and_then(HookEvent::parse);
    names.iter().map(read).collect::<Option<EventSet>>().ok_or_else(|| {
        let known: Vec<_> = HookEvent::ALL.iter().filter(|event| event.is_sent()).map(|event| event.as_str()).collect();
        Fault::new("bad_choice", format!("Events are {}.", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::Input;
    use serde_json::json;

    fn faults(body: &serde_json::Value) -> Vec<(String, &'static str)> {
        let input = Input::read(body.as_object().unwrap());
        input.faults.into_iter().map(|fault| (fault.field, fault.code)).collect()
    }

    #[test]
    fn what_is_missing_or_wrong_is_said_by_name_and_once() {
        let required = |name: &str| (name.to_owned(), "required");
        assert_eq!(faults(&json!({})), [required("target_url"), required("events")]);
        assert_eq!(faults(&json!({"target_url": "", "events": []})), [required("target_url"), required("events")]);
        let wrong =
            json!({"target_url": "ftp://x", "events": ["lead.made"], "format": 1, "filter": "x", "secret": "x"});
        let codes: Vec<_> = faults(&wrong).into_iter().map(|(_, code)| code).collect();
        assert_eq!(codes, ["bad_url", "bad_choice", "bad_json_type", "bad_json_type", "unknown_field"]);
    }

    #[test]
    fn events_that_are_not_told_yet_are_not_offered() {
        let body = json!({"target_url": "https://example.com/", "events": ["lead.made"]});
        let input = Input::read(body.as_object().unwrap());
        let said = "Events are lead.created, lead.updated, lead.status_changed, lead.deleted.";
        assert_eq!(input.faults[0].detail, said);
    }

    #[test]
    fn a_whole_body_is_read() {
        let body = json!({"target_url": "https://example.com/", "events": ["lead.created", "lead.deleted"],
            "filter": {"status_id": 7}, "format": "form"});
        assert!(faults(&body).is_empty());
        let input = Input::read(body.as_object().unwrap());
        assert_eq!(input.events.iter().count(), 2);
    }
}
