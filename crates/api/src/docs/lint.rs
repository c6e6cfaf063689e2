//! What must be true of every operation of the document.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{FilterParams, LeadSearch};
use leadlatch_domain::lead::filters::FILTERS;
use utoipa::{IntoParams, PartialSchema};

fn document() -> Value {
    serde_json::to_value(crate::openapi()).unwrap()
}

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = |(path, item): (&String, _)| {
        let item: &Map<String, Value> = Value::as_object(item).unwrap();
        item.iter().map(|(method, operation)| (format!("{method} {path}"), operation)).collect::<Vec<_>>()
    };
    let found: Vec<_> = paths.iter().flat_map(all).collect();
    assert!(found.len() >= 27, "{}", found.len());
    found
}

fn text<'a>(value: &'a Value, what: &str) -> &'a str {
    value.as_str().filter(|text| !text.is_empty()).unwrap_or_else(|| panic!("{what} is missing"))
}

#[test]
fn every_operation_has_a_name_of_its_own_and_says_what_it_does() {
    let (document, mut ids, mut summaries) = (document(), HashSet::new(), HashSet::new());
    for (name, operation) in operations(&document) {
        let id = text(&operation["operationId"], &name);
        assert!(ids.insert(id.to_owned()) && id.contains('_'), "{name}: {id}");
        let summary = text(&operation["summary"], &name);
        assert!(summaries.insert(summary.to_owned()) && summary.ends_with('.'), "{name}: {summary}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            text(&parameter["description"], &format!("{name}: {}", parameter["name"]));
            assert!(parameter["schema"]["type"].is_string(), "{name}: {} cannot be null", parameter["name"]);
        }
    }
}

#[test]
fn every_answer_is_described_and_every_refusal_is_a_problem() {
    let document = document();
    for (name, operation) in operations(&document) {
        for (status, answer) in operation["responses"].as_object().unwrap() {
            let what = format!("{status} of {name}");
            text(&answer["description"], &what);
            assert!(answer["headers"]["X-Request-Id"].is_object(), "{what}");
            if status.starts_with(['4', '5']) {
                let schema = &answer["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/ProblemBody", "{what}");
            }
            assert_eq!(answer["headers"]["Location"].is_object(), status == "201", "{what}");
        }
    }
}

#[test]
fn every_operation_has_the_common_refusals() {
    let document = document();
    for (name, operation) in operations(&document) {
        let mut common = vec!["400", "401", "403", "429", "500", "503"];
        common.extend(name.contains("{id}").then_some("404"));
        if operation.get("requestBody").is_some() {
            common.extend(["408", "413", "415", "422"]);
        }
        for status in common {
            assert!(operation["responses"][status].is_object(), "{name} says nothing of {status}");
        }
    }
    let create = &document["paths"]["/api/v1/leads"]["post"]["responses"];
    assert!(create["409"]["description"].as_str().unwrap().contains("`duplicate_lead`"));
    assert!(create["201"]["headers"]["Idempotent-Replayed"].is_object());
    assert!(document["paths"]["/api/v1/whoami"]["get"]["responses"].get("422").is_none(), "it takes nothing");
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let (document, mut found) = (document(), Vec::new());
    references(&document, &mut found);
    assert!(found.len() > 100, "{}", found.len());
    for reference in found {
        let place = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads out of the document"));
        assert!(document.pointer(place).is_some(), "{reference}");
    }
}

#[test]
fn list_export_and_search_have_every_filter() {
    let document = document();
    let parameters = serde_json::to_value(FilterParams::into_params(|| None)).unwrap();
    let search = serde_json::to_value(LeadSearch::schema()).unwrap();
    for (filter, parameter) in FILTERS.iter().zip(parameters.as_array().unwrap()) {
        assert_eq!(parameter["name"], filter.name);
        assert!(search["properties"][filter.name].is_object(), "{}", filter.name);
        for path in ["/api/v1/leads", "/api/v1/leads/export"] {
            let taken = document["paths"][path]["get"]["parameters"].as_array().unwrap();
            assert!(taken.contains(parameter), "{path}: {}", filter.name);
        }
    }
}
