//! The leak hunt: each lead carries words that stand nowhere else. Whatever a key asks, the words of a lead that is not in
//! its reach never come back, and what comes back is exactly what a plain list of the leads says.

use std::collections::BTreeSet;

use crate::common::{Answer, Database, Server, both};
use leadlatch_domain::dropdown::Dropdown;
use reqwest::StatusCode;
use serde_json::{Value, json};

const ALL: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];
const LEADS_EACH: usize = 3;

/// A lead as the test knows it.
struct Planted {
    id: i64,
    /// The word in its fields that every reader of the lead sees.
    word: String,
    /// The callers, by name, in whose reach it is.
    readers: Vec<&'static str>,
}

struct Caller {
    name: &'static str,
    key: String,
    record: Option<String>,
}

struct Hunt {
    server: Server,
    database: Database,
    callers: Vec<Caller>,
    leads: Vec<Planted>,
    group: String,
}

fn word(number: usize) -> String {
    format!("canary{number:03}x")
}

/// A lead's fields, each with the word; the phone is as unlike any other's.
fn fields(number: usize) -> Value {
    let word = word(number);
    json!({"firstname": word, "lastname": "Same", "email": format!("{word}@example.com"), "reference": word,
        "phone1": format!("020 7946 {:04}", 100 + number), "data": {"data1": word}})
}

impl Hunt {
    async fn prepare(database: Database) -> Self {
        let (acme, other) = (database.account("acme"), database.account("other"));
        let line = ["lead-group", "create", "--account", acme, "--name", "Loans"];
        let fields = ["--field", "data1=Word:text", "--field", "data2=Hidden:text:partner=none"];
        let group = database.id(&[&line[..], &fields].concat());
        let mut callers = Vec::new();
        for (name, kind) in [("north", "introducer"), ("south", "introducer"), ("buyer", "partner"), ("twoway", "both")]
        {
            let line = ["partner", "create", "--account", acme, "--kind", kind, "--company", name];
            let record = database.id(&[&line[..], &["--link-lead-group", "Loans"]].concat());
            let (_, key) = database.key(acme, Some(&record), &ALL);
            callers.push(Caller { name, key, record: Some(record) });
        }
        let elsewhere = database.partner(other, "introducer", "elsewhere");
        let (_, key) = database.key(other, Some(&elsewhere), &ALL);
        callers.push(Caller { name: "elsewhere", key, record: Some(elsewhere) });
        for (name, account) in [("full", acme), ("foreign", other)] {
            callers.push(Caller { name, key: database.key(account, None, &ALL).1, record: None });
        }
        let server = database.serve();
        let mut hunt = Self { server, database, callers, leads: Vec::new(), group };
        hunt.plant().await;
        hunt
    }

    fn caller(&self, name: &str) -> &Caller {
        self.callers.iter().find(|caller| caller.name == name).expect("a caller")
    }

    async fn plant(&mut self) {
        for maker in ["north", "south", "buyer", "twoway", "full"] {
            for _ in 0..LEADS_EACH {
                let number = self.leads.len();
                let mut body = fields(number);
                body["lead_group_id"] = json!(self.group.parse::<i64>().expect("an id"));
                let made = self.server.create(&self.caller(maker).key, body).await;
                assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
                let id = made.json()["id"].as_i64().expect("an id");
                let mut readers = vec!["full", maker];
                readers.dedup();
                self.leads.push(Planted { id, word: word(number), readers });
            }
        }
        for (number, buyer) in [(0, "buyer"), (1, "twoway"), (3, "buyer"), (12, "twoway")] {
            let (id, record) =
                (self.leads[number].id.to_string(), self.caller(buyer).record.clone().expect("a record"));
            self.database.run(&["lead", "refer", "--account", "acme", &id, "--partner", &record]);
            self.leads[number].readers.push(buyer);
        }
        self.hide().await;
    }

    /// Words that no Partner key sees on any lead, in the fields that are closed to them.
    async fn hide(&self) {
        let full = &self.caller("full").key;
        for lead in &self.leads {
            let hidden = format!("hidden{}", lead.word);
            let change = json!({"source": hidden, "medium": hidden, "term": hidden, "data": {"data2": hidden}});
            let changed =
                self.server.send("PATCH", &format!("/api/v1/leads/{}", lead.id), Some(full), Some(change)).await;
            assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
        }
    }

    fn reach(&self, caller: &Caller) -> BTreeSet<i64> {
        let reads = |lead: &&Planted| lead.readers.contains(&caller.name);
        self.leads.iter().filter(reads).map(|lead| lead.id).collect()
    }

    /// Nothing in the answer is of a lead out of reach, nor of a field that is closed.
    fn is_clean(&self, caller: &Caller, answer: &Answer, what: &str) {
        for lead in self.leads.iter().filter(|lead| !lead.readers.contains(&caller.name)) {
            assert!(!answer.text.contains(&lead.word), "{}: {what} gave {}: {}", caller.name, lead.word, answer.text);
        }
        if caller.record.is_some() {
            assert!(!answer.text.contains("hidden"), "{}: {what}: {}", caller.name, answer.text);
        }
    }

    /// The filters worth trying, each with the leads that it narrows to.
    fn filters(&self) -> Vec<(String, Value, BTreeSet<i64>)> {
        let all: BTreeSet<i64> = self.leads.iter().map(|lead| lead.id).collect();
        let mut filters = vec![
            (String::new(), json!({}), all.clone()),
            ("status=new".into(), json!({"status": "new"}), all.clone()),
            ("conversion_point=new".into(), json!({"conversion_point": "new"}), all.clone()),
            ("conversion_point=closed".into(), json!({"conversion_point": "closed"}), BTreeSet::new()),
            (
                format!("lead_group_id={}", self.group),
                json!({"lead_group_id": self.group.parse::<i64>().unwrap_or(0)}),
                all.clone(),
            ),
            ("received_from=2020-01-01".into(), json!({"received_from": "2020-01-01"}), all.clone()),
            ("received_to=2020-01-01".into(), json!({"received_to": "2020-01-01"}), BTreeSet::new()),
            ("updated_since=2020-01-01".into(), json!({"updated_since": "2020-01-01"}), all),
        ];
        for (number, lead) in self.leads.iter().enumerate() {
            let (word, one) = (&lead.word, BTreeSet::from([lead.id]));
            let (email, phone) = (format!("{word}@example.com"), format!("+4420794{:05}", 60100 + number));
            let group = self.group.parse::<i64>().expect("an id");
            filters.push((format!("email={email}"), json!({"email": email}), one.clone()));
            filters.push((format!("phone={}", phone.replace('+', "%2B")), json!({"phone": phone}), one.clone()));
            filters.push((format!("reference={word}"), json!({"reference": word}), one.clone()));
            filters.push((
                format!("lead_group_id={group}&data1={word}"),
                json!({"lead_group_id": group, "data1": word}),
                one,
            ));
        }
        filters
    }
}

fn ids(answer: &Answer) -> BTreeSet<i64> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let page = answer.json();
    let rows = page["data"].as_array().expect("rows");
    let ids: BTreeSet<i64> = rows.iter().map(|row| row["id"].as_i64().expect("an id")).collect();
    assert_eq!(ids.len(), rows.len(), "no row twice");
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_searches_sorts_and_counts_hold_the_rows_in_reach() {
    for database in both() {
        let hunt = Hunt::prepare(database).await;
        for caller in &hunt.callers {
            let reach = hunt.reach(caller);
            // The other account has no such group to filter by, and learns nothing by asking.
            for (query, body, narrowed) in hunt.filters() {
                if caller.name == "elsewhere" && query.contains("data1=") {
                    let refused = hunt.server.get(&format!("/api/v1/leads?{query}"), &caller.key).await;
                    assert_eq!(refused.code(), "field_not_permitted", "as of a group that does not exist");
                    continue;
                }
                let expected: BTreeSet<i64> = narrowed.intersection(&reach).copied().collect();
                let path = format!("/api/v1/leads?limit=200&total=true&{query}");
                let listed = hunt.server.get(&path, &caller.key).await;
                hunt.is_clean(caller, &listed, &path);
                assert_eq!(ids(&listed), expected, "{}: {path}", caller.name);
                assert_eq!(listed.json()["total"], expected.len(), "{}: {path}", caller.name);
                let mut body = body;
                (body["limit"], body["total"]) = (json!(200), json!(true));
                let found = hunt.server.send("POST", "/api/v1/leads/search", Some(&caller.key), Some(body)).await;
                assert_eq!(found.json(), listed.json(), "{}: {path}", caller.name);
            }
            for sort in ["received_at", "-received_at", "updated_at", "-updated_at", "id", "-id"] {
                let listed = hunt.server.get(&format!("/api/v1/leads?limit=200&sort={sort}"), &caller.key).await;
                hunt.is_clean(caller, &listed, sort);
                assert_eq!(ids(&listed), reach, "{}: {sort}", caller.name);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_one_key_gives_another_its_own_rows_alone() {
    for database in both() {
        let hunt = Hunt::prepare(database).await;
        for (of, by) in hunt.callers.iter().flat_map(|of| hunt.callers.iter().map(move |by| (of, by))) {
            let first = hunt.server.get("/api/v1/leads?limit=1&sort=id", &of.key).await;
            let Some(cursor) = first.json()["next_cursor"].as_str().map(str::to_owned) else { continue };
            let second = hunt.server.get(&format!("/api/v1/leads?limit=200&sort=id&cursor={cursor}"), &by.key).await;
            hunt.is_clean(by, &second, "a cursor");
            if second.status != StatusCode::UNPROCESSABLE_ENTITY {
                assert!(ids(&second).is_subset(&hunt.reach(by)), "{} by {}", of.name, by.name);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_hold_the_rows_in_reach() {
    for database in both() {
        let hunt = Hunt::prepare(database).await;
        for caller in &hunt.callers {
            let lines = hunt.server.get("/api/v1/leads/export?format=ndjson", &caller.key).await;
            hunt.is_clean(caller, &lines, "ndjson");
            let rows = lines.text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
            let exported: BTreeSet<i64> = rows.map(|row| row["id"].as_i64().expect("an id")).collect();
            assert_eq!(exported, hunt.reach(caller), "{}", caller.name);
            let table = hunt.server.get("/api/v1/leads/export?format=csv", &caller.key).await;
            hunt.is_clean(caller, &table, "csv");
            assert_eq!(table.text.lines().count(), 1 + hunt.reach(caller).len(), "{}: {}", caller.name, table.text);
            let foreign = &hunt.leads[LEADS_EACH + 1];
            let path = format!("/api/v1/leads/export?format=ndjson&email={}@example.com", foreign.word);
            let one = hunt.server.get(&path, &caller.key).await;
            assert_eq!(one.text.is_empty(), !foreign.readers.contains(&caller.name), "{}", caller.name);
        }
    }
}

/// Nor does anything of a lead, in reach or not, stand in what a tool shows while a person sets it up.
#[tokio::test(flavor = "multi_thread")]
async fn samples_and_dropdowns_hold_nothing_of_leads_out_of_reach() {
    for database in both() {
        let hunt = Hunt::prepare(database).await;
        for caller in &hunt.callers {
            let dropdowns = Dropdown::ALL.iter().map(|one| format!("dropdowns/{}", one.as_str()));
            for path in dropdowns {
                let answer = hunt.server.get(&format!("/api/v1/zapier/{path}"), &caller.key).await;
                assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
                hunt.is_clean(caller, &answer, &path);
            }
            for event in ["lead.created", "lead.updated", "lead.status_changed"] {
                let path = format!("/api/v1/zapier/samples/{event}?lead_group_id={}", hunt.group);
                let answer = hunt.server.get(&path, &caller.key).await;
                assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
                assert!(!answer.text.contains("canary"), "{}: {}", caller.name, answer.text);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_record_out_of_reach_is_one_that_does_not_exist() {
    for database in both() {
        let hunt = Hunt::prepare(database).await;
        for caller in &hunt.callers {
            let reach = hunt.reach(caller);
            let foreign = hunt.leads.iter().find(|lead| !reach.contains(&lead.id)).map(|lead| lead.id);
            for (method, below) in [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/history")] {
                let body = (method == "PATCH").then(|| json!({"firstname": "x"}));
                let missing = hunt
                    .server
                    .send(method, &format!("/api/v1/leads/999999999{below}"), Some(&caller.key), body.clone())
                    .await;
                let Some(foreign) = foreign else { continue };
                let other =
                    hunt.server.send(method, &format!("/api/v1/leads/{foreign}{below}"), Some(&caller.key), body).await;
                assert_eq!(
                    (other.status, other.without_id()),
                    (missing.status, missing.without_id()),
                    "{}",
                    caller.name
                );
                assert!(other.status == 403 || other.status == 404);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_by_another_key_is_another_lead() {
    for database in both() {
        let hunt = Hunt::prepare(database).await;
        let body = json!({"email": "same@example.com", "reference": "retried"});
        let mut seen = BTreeSet::new();
        for caller in &hunt.callers {
            let mut first = None;
            for _ in 0..2 {
                let request = hunt.server.client.post(format!("{}/api/v1/leads", hunt.server.base));
                let sent =
                    request.bearer_auth(&caller.key).header("Idempotency-Key", "the-same").json(&body).send().await;
                let answer = sent.expect("an answer");
                assert_eq!(answer.status(), StatusCode::CREATED, "{}", caller.name);
                let made: Value = serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
                let id = made["id"].as_i64().expect("an id");
                assert_eq!(*first.get_or_insert(id), id, "a retry by the same key is the same lead");
            }
            assert!(seen.insert(first), "{}: another key's lead", caller.name);
        }
    }
}

/// What a Partner key is told when it sends somebody that another company sent before.
#[tokio::test(flavor = "multi_thread")]
async fn duplicates_tell_nobody_of_leads_out_of_reach() {
    for database in both() {
        let hunt = Hunt::prepare(database).await;
        let rule = ["--duplicates", "all", "--duplicate-match", "email,phone", "--duplicate-outcome", "refuse"];
        hunt.database.run(&[&["account", "set", "--account", "acme"][..], &rule].concat());
        for name in ["north", "south", "buyer", "twoway"] {
            let caller = hunt.caller(name);
            let create = async |email: String, test: bool| {
                hunt.server.create(&caller.key, json!({"email": email, "test": test})).await
            };
            let fresh = create(format!("fresh-{name}@example.com"), false).await;
            for lead in &hunt.leads {
                let again = create(format!("{}@example.com", lead.word), false).await;
                if lead.readers.contains(&name) {
                    assert_eq!(
                        (again.status.as_u16(), again.code().as_str()),
                        (409, "duplicate_lead"),
                        "{}",
                        again.text
                    );
                    continue;
                }
                assert_eq!(again.status, StatusCode::CREATED, "{name}: {}", again.text);
                let shape =
                    |answer: &Answer| answer.json().as_object().expect("a lead").keys().cloned().collect::<Vec<_>>();
                assert_eq!(shape(&again), shape(&fresh), "nothing more is said of a match elsewhere");
            }
            let test = create(format!("{}@example.com", hunt.leads[0].word), true).await;
            assert_eq!(
                test.status,
                StatusCode::CREATED,
                "a test lead is compared with test leads alone: {}",
                test.text
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn test_leads_are_their_own_company_s_alone() {
    for database in both() {
        let hunt = Hunt::prepare(database).await;
        for caller in &hunt.callers {
            let body = json!({"email": format!("{}@example.com", caller.name), "test": true});
            assert_eq!(hunt.server.create(&caller.key, body).await.status, StatusCode::CREATED);
        }
        for caller in &hunt.callers {
            let live = hunt.server.get("/api/v1/leads?limit=200&total=true", &caller.key).await;
            assert_eq!(ids(&live), hunt.reach(caller), "{}: a test lead among the live ones", caller.name);
            let tests = hunt.server.get("/api/v1/leads?limit=200&total=true&test=true", &caller.key).await;
            let expected = match caller.name {
                "full" => 5,
                "foreign" => 2,
                _ => 1,
            };
            assert_eq!(ids(&tests).len(), expected, "{}", caller.name);
            assert_eq!(tests.json()["total"], expected, "{}", caller.name);
        }
    }
}

/// The field's XML is another way to the same rows.
#[tokio::test(flavor = "multi_thread")]
async fn existing_integrations_get_the_rows_in_reach() {
    for database in both() {
        let hunt = Hunt::prepare(database).await;
        for caller in &hunt.callers {
            let ask = async |elements: &str| {
                let body = format!("<data><key>{}</key>{elements}</data>", caller.key);
                let request = hunt.server.client.post(format!("{}/api/APILead.php", hunt.server.base)).body(body);
                let answer = request.send().await.expect("an answer");
                let answer = Answer { status: answer.status(), text: answer.text().await.expect("a body") };
                hunt.is_clean(caller, &answer, elements);
                answer
            };
            let reach = hunt.reach(caller);
            let id = |record: &str| record.split("<id>").nth(1)?.split('<').next()?.parse::<i64>().ok();
            let ids =
                |answer: &Answer| -> BTreeSet<i64> { answer.text.split("<record>").skip(1).filter_map(id).collect() };
            let all = ask("<request>search</request><perpage>1000</perpage>").await;
            assert_eq!(ids(&all), reach, "{}", caller.name);
            assert!(all.text.contains(&format!("<total>{}</total>", reach.len())), "{}: {}", caller.name, all.text);
            let missing = ask("<request>read</request><id>999999999</id>").await;
            for lead in &hunt.leads {
                let expected: BTreeSet<i64> = reach.iter().copied().filter(|id| *id == lead.id).collect();
                let email = format!("<request>search</request><email>{}@example.com</email>", lead.word);
                assert_eq!(ids(&ask(&email).await), expected, "{}: {email}", caller.name);
                let read = ask(&format!("<request>read</request><id>{}</id>", lead.id)).await;
                if expected.is_empty() {
                    assert_eq!((read.status, &read.text), (missing.status, &missing.text), "{}", caller.name);
                } else {
                    assert!(read.text.contains(&lead.word), "{}: {}", caller.name, read.text);
                }
            }
        }
    }
}
