//! The operations of the OpenAPI document, and what the document says that each caller gets of them.

use leadlatch_domain::dropdown::Dropdown;
use serde_json::{Value, json};

use super::Answer;
use super::world::{Ids, Partner, World};

pub(crate) fn document() -> Value {
    serde_json::to_value(leadlatch_api::openapi()).expect("a document")
}

/// An operation as the document has it.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The path's beginning, by which the walk finds records for `{id}`.
    pub(crate) resource: String,
    /// The scope that is needed, if one is.
    pub(crate) scope: Option<String>,
    /// What a Partner key gets of it, in the words of the permission table.
    pub(crate) partner: String,
    pub(crate) has_body: bool,
    pub(crate) is_list: bool,
    /// Set for a dropdown: what the key may not read is an empty list.
    pub(crate) dropdown: Option<Dropdown>,
}

impl Operation {
    fn read(method: &str, path: &str, operation: &Value) -> Self {
        let word = |name: &str| {
            let word = operation[name].as_str();
            word.unwrap_or_else(|| panic!("{method} {path} does not say its {name}")).to_owned()
        };
        let below = path.strip_prefix("/api/v1/").unwrap_or_else(|| panic!("{path} is not under /api/v1"));
        let (resource, rest) = below.split_once("/{id}").unwrap_or((below, ""));
        // A search is a list by another method.
        let resource = resource.trim_end_matches("/search");
        assert!(!resource.contains('{') && !rest.contains('{'), "the walk knows no parameter of {path} but id");
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            resource: resource.to_owned(),
            scope: Some(word("x-scope")).filter(|scope| scope != "any key"),
            partner: word("x-partner-key"),
            has_body: operation.get("requestBody").is_some(),
            is_list: !path.contains("{id}") && schema.as_str().is_some_and(|name| name.contains("/ListOf_")),
            dropdown: None,
        }
    }

    /// The operations of a path: where one of a few words ends it, one for each word.
    fn each(method: &str, path: &str, operation: &Value) -> Vec<Self> {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let words = parameters.filter(|one| one["in"] == "path").find_map(|one| {
            let name = format!("{{{}}}", one["name"].as_str()?);
            Some((name, one["schema"]["enum"].as_array()?))
        });
        let Some((name, words)) = words else { return vec![Self::read(method, path, operation)] };
        let words = words.iter().map(|word| word.as_str().expect("a word"));
        let one = |word| Self::read(method, &path.replace(&name, word), operation).of_dropdown();
        words.map(one).collect()
    }

    /// A dropdown shows the rows of a list, by the rule of that list.
    fn of_dropdown(self) -> Self {
        let Some(name) = self.path.strip_prefix("/api/v1/zapier/dropdowns/") else { return self };
        let dropdown = Dropdown::parse(name).expect("a dropdown");
        let resource = match dropdown {
            Dropdown::Sources | Dropdown::Mediums | Dropdown::Terms => format!("marketing/{name}"),
            _ => name.replace('_', "-"),
        };
        let partner = dropdown.rule().partner.in_words().to_owned();
        Self { resource, partner, is_list: true, dropdown: Some(dropdown), ..self }
    }

    pub(crate) fn names_a_record(&self) -> bool {
        self.path.contains("{id}")
    }

    /// The path of one record; an operation that names none has one path.
    pub(crate) fn at(&self, id: &str) -> String {
        self.path.replace("{id}", id)
    }

    /// The paths of the records in `of`, or the one path of an operation that names none.
    pub(crate) fn paths(&self, world: &World, of: &Ids) -> Vec<String> {
        if !self.names_a_record() {
            return vec![self.path.clone()];
        }
        world.ids(of, &self.resource).iter().map(|id| self.at(id)).collect()
    }

    /// The records in reach of a partner; `None` where Partner keys never get.
    pub(crate) fn in_reach<'a>(&self, world: &'a World, partner: &'a Partner) -> Option<&'a Ids> {
        match self.partner.as_str() {
            "No access, 403" => None,
            "Only what the key made"
            | "Own leads alone"
            | "Only those linked to the partner"
            | "Only the linked record" => Some(&partner.own),
            "Full list" | "The key itself" | "A static example" => Some(&world.all),
            words => panic!("{} {}: what a Partner key gets is unknown: {words}", self.method, self.path),
        }
    }

    pub(crate) async fn ask(&self, world: &World, path: &str, key: Option<&str>) -> Answer {
        world.server.send(&self.method, path, key, self.has_body.then(|| json!({}))).await
    }
}

/// The rows of a list; a dropdown is nothing but its rows.
pub(crate) fn rows(answer: &Answer) -> Vec<Value> {
    let body = answer.json();
    let rows = if body.is_array() { &body } else { &body["data"] };
    rows.as_array().expect("rows").clone()
}

/// Every operation, those that only read before those that change what they read.
pub(crate) fn operations() -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, item) in document()["paths"].as_object().expect("paths") {
        let item = item.as_object().expect("an item");
        found.extend(item.iter().flat_map(|(method, it)| Operation::each(method, path, it)));
    }
    let order = ["get", "post", "put", "patch", "delete"];
    found.sort_by_key(|operation| order.iter().position(|method| *method == operation.method).expect("a method"));
    assert!(found.len() >= 38, "{}", found.len());
    found
}
