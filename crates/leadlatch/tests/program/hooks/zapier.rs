//! What an integration tool asks while a person sets it up: dropdowns that always render, and samples that are never live.

use std::collections::BTreeSet;

use crate::common::{Answer, Database, Server, both};
use reqwest::StatusCode;
use serde_json::{Value, json};

const ALL: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];
const EVENTS: [&str; 3] = ["lead.created", "lead.updated", "lead.status_changed"];
const FIELDS: [&str; 8] = [
    "data1=Purpose:text",
    "data2=Story:long_text",
    "data3=Rooms:number",
    "data4=Loan:currency",
    "data5=Moves:date",
    "data6=Owner:yes_no:partner=w",
    "data7=Colour:choice:choices=Red|Blue",
    "data8=Margin:currency:partner=none",
];

/// An account with a supplier, a buyer and a stranger to both, and a key of each kind.
struct Acme {
    server: Server,
    database: Database,
    full: String,
    supplier: String,
    buyer: String,
    /// A lead group with a field of each type, which the supplier alone is linked to.
    loans: String,
    /// A lead group that no partner is linked to.
    closed: String,
}

impl Acme {
    fn prepare(database: Database) -> Self {
        let acme = database.account("acme");
        let group = |name, fields: &[&str]| {
            let fields: Vec<_> = fields.iter().flat_map(|field| ["--field", *field]).collect();
            let line = ["lead-group", "create", "--account", acme, "--name", name];
            database.id(&[&line[..], &fields].concat())
        };
        let (loans, closed) = (group("Loans", &FIELDS), group("Closed", &FIELDS[..1]));
        for (group, name) in [("Loans", "Car"), ("Loans", "Van"), ("Closed", "Boat")] {
            database.run(&["lead-type", "create", "--account", acme, "--lead-group", group, "--name", name]);
        }
        let company = |kind, company, group| {
            let line = ["partner", "create", "--account", acme, "--kind", kind, "--company", company];
            database.id(&[&line[..], &["--link-lead-group", group]].concat())
        };
        let (north, south) = (company("introducer", "North", "Loans"), company("partner", "South", "General"));
        let key = |partner| database.key(acme, partner, &ALL).1;
        let (full, supplier, buyer) = (key(None), key(Some(&north)), key(Some(&south)));
        Self { server: database.serve(), database, full, supplier, buyer, loans, closed }
    }

    async fn dropdown(&self, name: &str, key: &str) -> Answer {
        self.server.get(&format!("/api/v1/zapier/dropdowns/{name}"), key).await
    }

    async fn sample(&self, event: &str, key: &str) -> Value {
        let answer = self.server.get(&format!("/api/v1/zapier/samples/{event}"), key).await;
        assert_eq!(answer.status, StatusCode::OK, "{event}: {}", answer.text);
        answer.json()
    }

    async fn names(&self, name: &str, key: &str) -> Vec<String> {
        let answer = self.dropdown(name, key).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}: {}", answer.text);
        let rows = answer.json();
        let rows = rows.as_array().expect("rows");
        assert!(rows.iter().all(|row| row.as_object().expect("a row").len() == 2), "{rows:?}");
        rows.iter().map(|row| row["name"].as_str().expect("a name").to_owned()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropdown_shows_what_the_key_may_read() {
    /// A dropdown, and what a Full, the introducer's and the buyer's key see of it.
    type Row = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

    for database in both() {
        let acme = Acme::prepare(database);
        let lead = json!({"email": "ann@example.com", "source": "paper", "medium": "print", "term": "homes"});
        assert_eq!(acme.server.create(&acme.full, lead).await.status, StatusCode::CREATED);
        let expected: [Row; 8] = [
            ("lead_groups", &["General", "Loans", "Closed"], &["Loans"], &["General"]),
            ("lead_types", &["Car", "Van", "Boat"], &["Car", "Van"], &[]),
            ("introducers", &["North"], &["North"], &[]),
            ("partners", &["South"], &[], &["South"]),
            ("sources", &["paper"], &[], &[]),
            ("mediums", &["print"], &[], &[]),
            ("terms", &["homes"], &[], &[]),
            ("sites", &[], &[], &[]),
        ];
        for (name, full, supplier, buyer) in expected {
            assert_eq!(acme.names(name, &acme.full).await, full, "{name}");
            assert_eq!(acme.names(name, &acme.supplier).await, supplier, "{name}");
            assert_eq!(acme.names(name, &acme.buyer).await, buyer, "{name}");
        }
        let statuses = acme.names("statuses", &acme.full).await;
        assert!(!statuses.is_empty());
        assert_eq!(acme.names("statuses", &acme.supplier).await, statuses, "the full list, in its order");
        assert_eq!(acme.dropdown("sources", &acme.full).await.text, r#"[{"id":"paper","name":"paper"}]"#);
        assert_eq!(acme.dropdown("users", &acme.supplier).await.text, "[]");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lead_types_follow_the_lead_group() {
    for database in both() {
        let acme = Acme::prepare(database);
        let of = |group: &str| format!("lead_types?lead_group_id={group}");
        assert_eq!(acme.names(&of(&acme.loans), &acme.full).await, ["Car", "Van"]);
        assert_eq!(acme.names(&of(&acme.closed), &acme.full).await, ["Boat"]);
        assert_eq!(acme.names(&of(&acme.loans), &acme.supplier).await, ["Car", "Van"]);
        assert_eq!(acme.names(&of(""), &acme.full).await.len(), 3, "an unfilled box");
        for group in [&acme.closed, "999999"] {
            assert_eq!(acme.dropdown(&of(group), &acme.supplier).await.text, "[]", "out of reach as missing");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_is_none_is_refused_with_those_that_are() {
    for database in both() {
        let acme = Acme::prepare(database);
        for (path, names) in [("dropdowns/user", "user_groups, introducers"), ("samples/lead", "lead.created")] {
            let answer = acme.server.get(&format!("/api/v1/zapier/{path}"), &acme.supplier).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "no_such_route"));
            assert!(answer.json()["detail"].as_str().expect("words").contains(names), "{}", answer.text);
        }
        for path in [
            "dropdowns/users?limit=1",
            "dropdowns/users?lead_group_id=1",
            "dropdowns/lead_types?lead_group_id=x",
            "samples/lead.created?lead_group_id=-1",
            "samples/lead.created?lead_group_id=1&lead_group_id=2",
            "samples/lead.created?status=New",
        ] {
            let answer = acme.server.get(&format!("/api/v1/zapier/{path}"), &acme.full).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "invalid_fields"), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_is_whole_and_each_choice_is_there_once() {
    for database in both() {
        let acme = Acme::prepare(database);
        let numbers = || (0..450).map(|number| format!("source {number:03}"));
        let account = acme.database.number("SELECT id FROM accounts WHERE slug = 'acme'");
        let rows: Vec<_> = numbers().map(|name| format!("({account}, 'source', '{name}')")).collect();
        acme.database.sql(&format!("INSERT INTO marketing_entries (account_id, kind, name) VALUES {}", rows.join(",")));
        assert_eq!(acme.names("sources", &acme.full).await, numbers().collect::<Vec<_>>());
        let rows: Vec<_> = numbers().map(|name| format!("({account}, '{name}', '{name}')")).collect();
        acme.database.sql(&format!("INSERT INTO user_groups (account_id, name, name_twin) VALUES {}", rows.join(",")));
        assert_eq!(acme.names("user_groups", &acme.full).await, numbers().collect::<Vec<_>>());
    }
}

/// The names of what is in an object, with the kinds of what they hold.
fn shape(object: &Value) -> BTreeSet<(String, &'static str)> {
    let kind = |value: &Value| match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    object.as_object().expect("an object").iter().map(|(name, value)| (name.clone(), kind(value))).collect()
}

/// A lead with something in each field that a Full key writes.
fn whole_lead(acme: &Acme, partner: bool) -> Value {
    let mut lead = json!({
        "lead_group_id": acme.loans.parse::<i64>().expect("an id"), "reference": "R-7", "source": "live source",
        "medium": "live medium", "term": "live term", "title": "Mr", "firstname": "Liveperson", "lastname": "Livename",
        "company": "Live Ltd", "jobtitle": "Live job", "address": "7 Live Road", "address2": "Live house",
        "address3": "Live park", "towncity": "Livetown", "postcode": "W1 1AA", "email": "live@example.org",
        "phone1": "020 7946 0777", "phone2": "07700 900777", "fax": "020 7946 0778", "dob": "1990-02-03",
        "contact_time": "Live evenings", "ip_address": "198.51.100.7",
        "data": {"data1": "live purpose", "data2": "live story", "data3": "7", "data4": "77.00", "data5": "2027-07-07",
            "data6": "no", "data7": "Blue"}
    });
    if !partner {
        (lead["cost"], lead["value"], lead["data"]["data8"]) = (json!("7.00"), json!("9.00"), json!("5.00"));
    }
    lead
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_has_the_names_and_the_types_of_a_live_lead_and_nothing_of_it() {
    for database in both() {
        let acme = Acme::prepare(database);
        for (key, partner) in [(&acme.full, false), (&acme.supplier, true)] {
            let of_group = format!("lead.created?lead_group_id={}", acme.loans);
            let before = acme.sample(&of_group, key).await;
            let made = acme.server.create(key, whole_lead(&acme, partner)).await;
            assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
            let (live, sample) = (made.json(), acme.sample(&of_group, key).await);
            assert_eq!(sample, before, "a live lead changes nothing");
            assert_eq!(shape(&live["data"]), shape(&sample["data"]["data"]), "the group's fields");
            let names = |value: &Value| shape(value).into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>();
            assert_eq!(names(&live), names(&sample["data"]));
            let filled = shape(&live).into_iter().filter(|(_, kind)| *kind != "null");
            let sampled = shape(&sample["data"]);
            assert_eq!(filled.filter(|one| !sampled.contains(one)).collect::<Vec<_>>(), []);
            assert!(sampled.iter().all(|(_, kind)| *kind != "null"), "{sampled:?}");
            assert!(!sample.to_string().to_lowercase().contains("live"), "{sample}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_is_one_for_every_key_of_a_kind() {
    for database in both() {
        let acme = Acme::prepare(database);
        let narrow = acme.database.key("acme", None, &["voice"]).1;
        for event in EVENTS {
            let (full, supplier) = (acme.sample(event, &acme.full).await, acme.sample(event, &acme.supplier).await);
            assert_eq!(full["type"], event);
            assert_eq!(shape(&full), shape(&supplier), "the envelope is the same");
            assert_eq!(full["data"]["data"], json!({}));
            assert_eq!(acme.sample(event, &narrow).await, full, "whatever its scopes");
            assert_eq!(acme.sample(event, &acme.buyer).await, supplier);
            for hidden in ["source", "cost", "user_id", "ip_address", "duplicate_of"] {
                assert!(full["data"].get(hidden).is_some() && supplier["data"].get(hidden).is_none(), "{hidden}");
            }
            let deleted = acme.sample("lead.deleted", &acme.full).await;
            assert_eq!(deleted["data"], json!({"id": full["data"]["id"], "deleted_at": deleted["timestamp"]}));
            assert_eq!(acme.sample("lead.deleted", &acme.supplier).await, deleted);
            let out = |group: &str| format!("{event}?lead_group_id={group}");
            assert_eq!(acme.sample(&out(&acme.closed), &acme.supplier).await, supplier, "a group out of reach");
            assert_eq!(acme.sample(&out("999999"), &acme.supplier).await, supplier, "a group that is not there");
            assert_eq!(acme.sample(&out(""), &acme.supplier).await, supplier, "an unfilled box");
            let data = acme.sample(&out(&acme.loans), &acme.supplier).await["data"]["data"].clone();
            let names: Vec<_> = data.as_object().expect("fields").keys().cloned().collect();
            assert_eq!(names, ["data1", "data2", "data3", "data4", "data5", "data7"], "those that it may read");
        }
    }
}
