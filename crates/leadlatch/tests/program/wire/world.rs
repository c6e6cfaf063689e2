//! An account whose records have the numbers that its clients hold, and the wire that they speak.

use reqwest::StatusCode;
use serde_json::Value;

use crate::common::{Answer, Database, Server};

pub(crate) const CREATE_UPDATE: &str = "/api/APILeadCreateUpdate.php";
pub(crate) const LEAD: &str = "/api/APILead.php";
pub(crate) const SCOPES: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];

/// The account *acme*, served.
pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) server: Server,
    /// A Full key.
    pub(crate) full: String,
    /// Ids of the lead group 40001, the site 1203 and the introducer 7702.
    pub(crate) group: String,
    pub(crate) site: String,
    pub(crate) introducer: String,
}

impl World {
    pub(crate) fn build(database: Database) -> Self {
        database.account("acme");
        let add = |line: &[&str]| database.id(&[line, &["--account", "acme"]].concat());
        let group = add(&["lead-group", "create", "--name", "Loans", "--wire-number", "40001"]);
        add(&["lead-type", "create", "--lead-group", "Loans", "--name", "Car"]);
        let site = add(&["site", "create", "--name", "acme.example", "--wire-number", "1203"]);
        let record = ["partner", "create", "--kind", "introducer", "--company", "North", "--link-lead-group", "Loans"];
        let introducer = add(&[&record[..], &["--wire-number", "7702"]].concat());
        let user = ["user", "create", "--account", "acme", "--email", "ann@acme.example", "--name", "Ann Admin"];
        database.run_with(&[&user[..], &["--role", "admin"]].concat(), "a long password");
        let (_, full) = database.key("acme", None, &SCOPES);
        let server = database.serve();
        Self { database, server, full, group, site, introducer }
    }

    /// A Partner key of the record, with the scopes.
    pub(crate) fn partner_key(&self, record: &str, scopes: &[&str]) -> String {
        self.database.key("acme", Some(record), scopes).1
    }

    pub(crate) async fn post(&self, path: &str, kind: &str, body: impl Into<reqwest::Body>) -> Answer {
        let mut request = self.server.client.post(format!("{}{path}", self.server.base));
        if !kind.is_empty() {
            request = request.header("content-type", kind);
        }
        let answer = request.body(body).send().await.expect("an answer");
        let said = answer.headers()["content-type"].to_str().expect("a type").to_owned();
        assert_eq!(said, "text/xml; charset=utf-8");
        Answer { status: answer.status(), text: answer.text().await.expect("a body") }
    }

    /// One lead, with a key, in elements that are written as they are.
    pub(crate) async fn lead(&self, key: &str, elements: &str) -> Answer {
        let body = format!("<data><lead><key>{key}</key>{elements}</lead></data>");
        self.post(CREATE_UPDATE, "text/xml", body).await
    }

    /// Makes a lead and gives its id.
    pub(crate) async fn made(&self, key: &str, elements: &str) -> String {
        let answer = self.lead(key, elements).await;
        assert_eq!((answer.status, element(&answer.text, "code").as_str()), (StatusCode::OK, "0"), "{}", answer.text);
        element(&answer.text, "id")
    }

    /// Asks for what stands directly under the root.
    pub(crate) async fn ask(&self, key: &str, elements: &str) -> Answer {
        self.post(LEAD, "text/xml", format!("<data><key>{key}</key>{elements}</data>")).await
    }

    /// A lead as the JSON API has it.
    pub(crate) async fn json(&self, id: &str) -> Value {
        self.server.get(&format!("/api/v1/leads/{id}"), &self.full).await.json()
    }
}

/// The text of the first element of a name, wherever it stands: how the simplest of clients read.
pub(crate) fn element(xml: &str, name: &str) -> String {
    let open = format!("<{name}>");
    let Some((_, rest)) = xml.split_once(&open) else { return String::new() };
    rest.split("</").next().unwrap_or_default().to_owned()
}
