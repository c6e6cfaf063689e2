//! An account with records of every kind, and outside companies that share them out among themselves.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::receiver::ALLOWED;
use super::{Database, Server};

pub(crate) const ACME: &str = "acme";
pub(crate) const OTHER: &str = "other";
pub(crate) const LEAD_SCOPES: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];

/// Ids by resource, as the paths of the API name it.
pub(crate) type Ids = BTreeMap<&'static str, Vec<String>>;

/// The account *acme*, served, with the account *other* beside it.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) database: Database,
    /// Every record of the account.
    pub(crate) all: Ids,
    /// A supplier, a buyer, and one that is both.
    pub(crate) partners: Vec<Partner>,
    /// A Full key of the account with every scope that lets it make leads.
    pub(crate) full: String,
    /// What that key made for itself.
    pub(crate) made: Ids,
}

/// A partner record with its key, and what is its own.
pub(crate) struct Partner {
    pub(crate) company: &'static str,
    pub(crate) record: String,
    pub(crate) key: String,
    pub(crate) own: Ids,
}

/// What a record or an entry of a list is known by.
pub(crate) fn ident(row: &Value) -> String {
    match row.get("id").or_else(|| row.get("name")) {
        Some(Value::String(name)) => name.clone(),
        Some(id) => id.to_string(),
        None => panic!("a row that nothing names: {row}"),
    }
}

fn idents(rows: &Value) -> Vec<String> {
    rows.as_array().expect("rows").iter().map(ident).collect()
}

impl World {
    pub(crate) async fn build(database: Database) -> Self {
        database.account(ACME);
        database.account(OTHER);
        let mut all = settings(&database);
        let mut partners = companies(&database, &all);
        let (_, full) = database.key(ACME, None, &LEAD_SCOPES);
        let server = database.serve_with(&[], &[ALLOWED]);
        leads(&database, &server, &full, &mut all, &mut partners).await;
        let made = hooks(&server, &full, &mut all, &mut partners).await;
        Self { server, database, all, partners, full, made }
    }

    /// The ids of a resource: a resource that is not known here is one that nobody made a record for.
    pub(crate) fn ids<'a>(&self, of: &'a Ids, resource: &str) -> &'a [String] {
        assert!(self.all.contains_key(resource), "make records of {resource} for the walk");
        of.get(resource).map_or(&[], Vec::as_slice)
    }
}

/// A subscription of each key, to a port where nobody listens.
async fn hooks(server: &Server, full: &str, all: &mut Ids, partners: &mut [Partner]) -> Ids {
    let mut made = Vec::new();
    for key in partners.iter().map(|partner| partner.key.as_str()).chain([full]) {
        made.push(hook(server, key).await);
    }
    for (partner, id) in partners.iter_mut().zip(&made) {
        partner.own.insert("hooks", vec![id.clone()]);
    }
    let own = made.last().cloned().into_iter().collect();
    all.insert("hooks", made);
    Ids::from([("hooks", own)])
}

/// Makes a subscription and gives its id.
pub(crate) async fn hook(server: &Server, key: &str) -> String {
    let body = json!({"target_url": "http://127.0.0.1:9/", "events": ["lead.created"]});
    let made = server.send("POST", "/api/v1/hooks", Some(key), Some(body)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json()["id"].to_string()
}

fn settings(database: &Database) -> Ids {
    let add = |line: &[&str]| database.run(&[line, &["--account", ACME]].concat());
    add(&["lead-group", "create", "--name", "Loans"]);
    for (group, name) in [("General", "Mortgage"), ("Loans", "Car"), ("Loans", "Van")] {
        add(&["lead-type", "create", "--lead-group", group, "--name", name]);
    }
    add(&["site", "create", "--name", "acme.example"]);
    add(&["user-group", "create", "--name", "Sales"]);
    let user = ["user", "create", "--email", "ann@acme.example", "--name", "Ann", "--role", "member"];
    database.run_with(&[&user[..], &["--account", ACME]].concat(), "a long password");
    let lists = [
        ("lead-groups", "lead-group"),
        ("lead-types", "lead-type"),
        ("statuses", "status"),
        ("sites", "site"),
        ("users", "user"),
        ("user-groups", "user-group"),
    ];
    lists.map(|(resource, command)| (resource, idents(&add(&[command, "list"])))).into()
}

fn companies(database: &Database, all: &Ids) -> Vec<Partner> {
    let (groups, types) = (&all["lead-groups"], &all["lead-types"]);
    let add = |company: &'static str, kind: &str, link: [&str; 2], groups: &[String], types: &[String]| {
        let line = ["partner", "create", "--account", ACME, "--kind", kind, "--company", company];
        let record = database.id(&[&line[..], &link].concat());
        let (_, key) = database.key(ACME, Some(&record), &LEAD_SCOPES);
        let mut own = Ids::from([("lead-groups", groups.to_vec()), ("lead-types", types.to_vec())]);
        if kind != "partner" {
            own.insert("introducers", vec![record.clone()]);
        }
        if kind != "introducer" {
            own.insert("partners", vec![record.clone()]);
        }
        Partner { company, record, key, own }
    };
    vec![
        add("North", "introducer", ["--link-lead-group", "General"], &groups[..1], &types[..1]),
        add("South", "partner", ["--link-lead-type", "Loans/Car"], &groups[1..], &types[1..2]),
        add("West", "both", ["--link-lead-group", "Loans"], &groups[1..], &types[1..]),
    ]
}

/// Leads of each company, one that two of them share, and one that is the account's alone.
async fn leads(database: &Database, server: &Server, full: &str, all: &mut Ids, partners: &mut [Partner]) {
    let mut made = Vec::new();
    for partner in partners.iter_mut() {
        let id = server.lead_of_type(&partner.key, &partner.own["lead-types"][0]).await;
        partner.own.insert("leads", vec![id.clone()]);
        made.push(id);
    }
    let [_, south, west] = partners else { panic!("three companies") };
    for buyer in [south, west] {
        let shared = server.lead_of_type(full, &all["lead-types"][0]).await;
        database.run(&["lead", "refer", "--account", ACME, &shared, "--partner", &buyer.record]);
        buyer.own.get_mut("leads").expect("leads").push(shared.clone());
        made.push(shared);
    }
    let body = json!({"email": "own@example.com", "source": "paper", "medium": "print", "term": "homes"});
    made.push(ident(&server.create(full, body).await.json()));
    for (list, name) in [("marketing/sources", "paper"), ("marketing/mediums", "print"), ("marketing/terms", "homes")] {
        all.insert(list, vec![name.to_owned()]);
    }
    all.insert("leads", made);
    let side = |side| partners.iter().flat_map(|partner| partner.own.get(side).cloned().unwrap_or_default()).collect();
    let (introducers, buyers) = (side("introducers"), side("partners"));
    all.extend([("introducers", introducers), ("partners", buyers)]);
}
