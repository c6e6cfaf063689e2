//! How both engines find the leads of a list, a count and a single read: a partner's indexes begin with its reach, so
//! that others' rows are never visited. What is explained is the very statement that was run.

use leadlatch_domain::id::{AccountId, KeyId, PartnerId};
use leadlatch_domain::key_secret::{KeyKind, KeySecret};
use leadlatch_domain::lead::LeadFilter;
use leadlatch_domain::matrix::ReadLeads;
use leadlatch_domain::random::Randomness;
use leadlatch_domain::reach::{PartnerKind, Sides};
use leadlatch_domain::scope::ScopeSet;

use super::{ListQuery, get_written, list_written, total};
use crate::access::{Access, Caller, KeyFacts};
use crate::accounts::{self, NewAccount};
use crate::engine::{Connection, Row, values};
use crate::{Grant, Opened, Page, Result, Store};

/// The record whose key reads, of either kind.
const RECORD: i64 = 7;
/// Rows enough that PostgreSQL finds an index worth while.
const LEADS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) \
    INSERT INTO leads (account_id, lead_group_id, introducer_id, partner_id, status_id, progress, firstname, \
    contact_phone, contact_sms, contact_email, contact_mail, contact_fax, data, test, received_at, created_at, \
    updated_at, introducer_updated_at, partner_updated_at, reference, email_twin, phone1_twin, phone2_twin) \
    SELECT 1, 1, 1 + i % 40, 1 + i % 37, 1 + i % 7, 'new', 'Ann', 'unknown', 'unknown', 'unknown', 'unknown', \
    'unknown', '{}', FALSE, i * 1000000, i, i, i, i, CAST(i AS TEXT), CAST(i % 5000 AS TEXT), CAST(i % 4000 AS TEXT), \
    CAST(i % 3000 AS TEXT) FROM (SELECT i + CAST($1 AS BIGINT) AS i FROM n) n";
const RECORDS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) \
    INSERT INTO partner_records (account_id, kind, company, created_at) SELECT 1, 'both', 'x', 0 FROM n";
const LINK: &str = "INSERT INTO partner_lead_groups (account_id, partner_id, lead_group_id) VALUES (1, $1, 1)";
const CUSTOM_FIELD: &str = "INSERT INTO custom_fields (account_id, lead_group_id, number, label, type, choices, \
    required, partner_right) VALUES (1, 1, 1, 'x', 'text', '[]', FALSE, 'rw')";

/// Lists as they are asked for.
const LISTS: [&str; 17] = [
    "",
    "sort=received_at",
    "sort=-updated_at",
    "sort=updated_at",
    "sort=-id",
    "sort=id",
    "status=New",
    "status_id=1&sort=-updated_at",
    "conversion_point=new",
    "lead_group_id=1",
    "lead_type_id=1",
    "email=7@example.com",
    "phone=07700900461",
    "reference=7",
    "received_from=1970-01-01&received_to=1970-01-02",
    "updated_since=1970-01-01&sort=updated_at",
    "lead_group_id=1&data1=x",
];

async fn open(url: &str) -> Opened {
    let opened = Store::open(url).await.expect("a store");
    let new = NewAccount::acme();
    let operator = opened.operator.clone();
    let fill = async move |db: &mut Connection<'_>| {
        accounts::create(db, &operator, new).await?;
        db.execute(CUSTOM_FIELD, Vec::new()).await?;
        db.execute(RECORDS, Vec::new()).await?;
        db.execute(LINK, values![RECORD]).await?;
        for thousand in 0..10i64 {
            db.execute(LEADS, values![thousand * 1000]).await?;
        }
        Ok(())
    };
    opened.store.operate(&opened.operator, fill).await.expect("leads");
    opened
}

fn full(opened: &Opened) -> Grant<ReadLeads> {
    opened.operator.admin_of(AccountId::new(1).expect("an id")).permit().expect("a proof")
}

fn partner(sides: Sides) -> Grant<ReadLeads> {
    let facts = KeyFacts {
        id: KeyId::new(1).expect("an id"),
        digest: KeySecret::generate(KeyKind::Partner, &Randomness::seeded(1)).digest(),
        version: 1,
        kind: KeyKind::Partner,
        record: PartnerId::new(RECORD),
        sides,
        scopes: ScopeSet::all(),
        partner_active: true,
        address_ranges: None,
        per_minute: None,
        root: KeyId::new(1).expect("an id"),
        ends_predecessor: false,
    };
    let access = Access { account: AccountId::new(1).expect("an id"), caller: Caller::Key(facts), from: None };
    access.permit().expect("a proof")
}

fn query(text: &str, grant: &Grant<ReadLeads>) -> ListQuery {
    let pairs: Vec<(String, String)> = text
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let (filter, sort) = LeadFilter::parse(&pairs, &grant.fields()).expect("a filter");
    ListQuery { filter, sort }
}

/// Explains the statements on leads that were run so far.
async fn explain(db: &mut Connection<'_>, how: &str) -> Result<Vec<String>> {
    let (verb, column) = if how == "sqlite" { ("EXPLAIN QUERY PLAN", 3) } else { ("EXPLAIN (COSTS OFF)", 0) };
    let mut lines = Vec::new();
    for (sql, values) in std::mem::take(&mut db.statements) {
        if sql.contains("\"leads\"") {
            lines.extend(db.query(&format!("{verb} {sql}"), values, |row| row.get::<String>(column)).await?);
        }
    }
    db.statements.clear();
    Ok(lines)
}

async fn plans(opened: &Opened, grant: &Grant<ReadLeads>, how: &str) -> Vec<(String, Vec<String>)> {
    let mut plans = Vec::new();
    let (first, later) = (Page::new(50, None), Page::new(50, Some((9, 9))));
    for text in LISTS {
        let query = query(text, grant);
        for (words, page) in [("list", first), ("next page", later)] {
            let job = async |db: &mut Connection<'_>| {
                list_written(db, grant, &query, &page, Vec::new()).await?;
                explain(db, how).await
            };
            plans.push((format!("{words} {text}"), opened.store.read(job).await.expect("a plan")));
        }
        let job = async |db: &mut Connection<'_>| {
            total(db, grant, &query.filter).await?;
            explain(db, how).await
        };
        plans.push((format!("count {text}"), opened.store.read(job).await.expect("a plan")));
    }
    let one = async |db: &mut Connection<'_>| {
        let _ = get_written(db, grant, 1).await;
        explain(db, how).await
    };
    plans.push(("one".into(), opened.store.read(one).await.expect("a plan")));
    plans
}

fn sides() -> [(&'static str, Sides); 3] {
    [
        ("supplier", PartnerKind::Introducer.sides()),
        ("buyer", PartnerKind::Partner.sides()),
        ("both", PartnerKind::Both.sides()),
    ]
}

/// The indexes whose rows are a record's own: they begin with the account and a reach.
async fn own_indexes(store: &Store, how: &str) -> Vec<String> {
    let sql = match how {
        "sqlite" => "SELECT name, COALESCE(sql, '') FROM sqlite_master WHERE type = 'index' AND tbl_name = 'leads'",
        _ => "SELECT CAST(indexname AS TEXT), indexdef FROM pg_indexes WHERE tablename = 'leads'",
    };
    let read = |row: &Row<'_>| Ok((row.get::<String>(0)?, row.get::<String>(1)?));
    let all = store.read(async |db| db.query(sql, Vec::new(), read).await).await.expect("indexes");
    let own =
        |text: &String| ["introducer", "partner"].iter().any(|s| text.contains(&format!("(account_id, {s}_reach")));
    all.into_iter().filter(|(_, text)| own(text)).map(|(name, _)| name).collect()
}

/// The index of a step that finds leads; empty where it finds them without one.
fn index_of(line: &str) -> Option<&str> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let after = |word| words.iter().position(|other| *other == word).map(|at| words[at + 1]);
    match line {
        _ if line.contains("Bitmap Heap Scan") => None,
        _ if line.contains("Bitmap Index Scan on") => after("on"),
        _ if line.contains(" on leads") => after("using").or(Some("")),
        _ if line.contains(" leads") && line.contains("INDEX") => after("INDEX"),
        _ if line.contains("SCAN leads") || line.contains("SEARCH leads") => Some(""),
        _ => None,
    }
}

async fn a_partner_visits_its_own_rows_alone(opened: &Opened, how: &str) {
    let own = own_indexes(&opened.store, how).await;
    assert!(own.len() >= 8, "{own:?}");
    for (what, sides) in sides() {
        for (words, lines) in plans(opened, &partner(sides), how).await {
            let used: Vec<&str> = lines.iter().filter_map(|line| index_of(line)).collect();
            assert!(!used.is_empty(), "{what}, {words}: {lines:#?}");
            // One lead by its id is one row, and it is refused by what stands in it.
            let own = words == "one" || used.iter().all(|index| own.iter().any(|own| own == index));
            assert!(own, "{what}, {words}: {lines:#?}");
        }
    }
}

fn snapshot(name: &str, plans: &[(String, Vec<String>)]) {
    let text: Vec<String> =
        plans.iter().map(|(words, lines)| format!("{words}\n    {}", lines.join("\n    "))).collect();
    insta::assert_snapshot!(name, text.join("\n"));
}

#[tokio::test]
async fn on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let opened = open(&format!("sqlite:{}", folder.path().join("test.db").display())).await;
    a_partner_visits_its_own_rows_alone(&opened, "sqlite").await;
    snapshot("full", &plans(&opened, &full(&opened), "sqlite").await);
    for (what, sides) in sides() {
        snapshot(what, &plans(&opened, &partner(sides), "sqlite").await);
    }
}

#[tokio::test]
async fn on_postgresql() {
    let database = leadlatch_testkit::postgres::server().fresh_database();
    let opened = open(&database).await;
    let analyze = async |db: &mut Connection<'_>| db.execute("ANALYZE", Vec::new()).await;
    opened.store.transact(analyze).await.expect("analyzed");
    a_partner_visits_its_own_rows_alone(&opened, "postgresql").await;
}
