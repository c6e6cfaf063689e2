//! How both engines take from a queue of a hundred thousand: each statement by an index that ends where what it looks for
//! ends, whether every delivery is of a lead of its own or all are of one.

use leadlatch_domain::id::AccountId;
use leadlatch_domain::matrix::{Deliver, Role};

use super::{claim, waiting};
use crate::accounts::{self, NewAccount};
use crate::engine::{Connection, values};
use crate::{Grant, Opened, Result, Store};

const SUBSCRIPTION: &str = "INSERT INTO hook_subscriptions (account_id, target_url, events, filter, format, secret, \
    created_at, created_by) SELECT 1, 'https://example.com/', 1, '{}', 'json', secret, 0, 'a test' FROM \
    (SELECT CAST('x' AS {bytes}) AS secret) s";
const QUEUE: &str = "INSERT INTO hook_deliveries (account_id, subscription_id, event_id, event, lead_id, sides, \
    changed, occurred_at, due_at) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) \
    SELECT 1, CAST($1 AS BIGINT), 'evt_' || i, 'lead.created', 1 + (i + CAST($3 AS BIGINT)) % CAST($2 AS BIGINT), 0, \
    '[]', 0, i FROM n";
/// The first of each lead failed, and is tried again in an hour.
const FIRST_FAILED: &str = "UPDATE hook_deliveries SET due_at = 4000000000000000 WHERE subscription_id = $1 \
    AND lead_id <= 1 AND id = (SELECT MIN(id) FROM hook_deliveries WHERE subscription_id = $1)";

async fn open(url: &str) -> Opened {
    let opened = Store::open(url).await.expect("a store");
    let new = NewAccount::acme();
    let (operator, bytes) = (opened.operator.clone(), if url.starts_with("sqlite") { "BLOB" } else { "BYTEA" });
    let fill = async move |db: &mut Connection<'_>| {
        accounts::create(db, &operator, new).await?;
        for (subscription, leads) in [(1i64, 100_000i64), (2, 1)] {
            db.execute(&SUBSCRIPTION.replace("{bytes}", bytes), Vec::new()).await?;
            for block in 0..20i64 {
                db.execute(QUEUE, values![subscription, leads, block * 5000]).await?;
            }
        }
        db.execute(FIRST_FAILED, values![2i64]).await?;
        Ok(())
    };
    opened.store.operate(&opened.operator, fill).await.expect("a queue");
    opened
}

fn grant(opened: &Opened) -> Grant<Deliver> {
    opened.operator.role(Role::Courier, AccountId::new(1).expect("an id")).permit().expect("a proof")
}

/// The plans of the last of some claims.
async fn claims(opened: &Opened, subscription: i64, how: &str) -> Vec<String> {
    let mut plans = Vec::new();
    for _ in 0..20 {
        let job = async move |db: &mut Connection<'_>, grant| {
            claim(db, grant, subscription, 8).await?;
            Ok(std::mem::take(&mut db.statements))
        };
        plans = opened.store.write(grant(opened), job).await.expect("a claim");
    }
    let (verb, column) = if how == "sqlite" { ("EXPLAIN QUERY PLAN", 3) } else { ("EXPLAIN (COSTS OFF)", 0) };
    let job = async move |db: &mut Connection<'_>| -> Result<Vec<String>> {
        let mut lines = Vec::new();
        for (sql, bound) in plans {
            if sql.contains("hook_deliveries") {
                lines.extend(db.query(&format!("{verb} {sql}"), bound, |row| row.get::<String>(column)).await?);
            }
        }
        Ok(lines)
    };
    opened.store.operate(&opened.operator, job).await.expect("plans")
}

async fn a_claim_is_cheap(opened: &Opened, how: &str) {
    let operator = &opened.operator;
    opened.store.read(async |db| waiting(db, operator).await).await.expect("who waits");
    for subscription in [1, 2] {
        let text = claims(opened, subscription, how).await.join("\n");
        for walk in ["Seq Scan on hook_deliveries", "SCAN hook_deliveries", "SCAN d", "SCAN e", "Sort", "of_lead"] {
            assert!(!text.contains(walk), "{walk}:\n{text}");
        }
        for index in ["hook_deliveries_waiting", "hook_deliveries_in_order"] {
            assert!(text.contains(index), "{index}:\n{text}");
        }
    }
}

#[tokio::test]
async fn on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let opened = open(&format!("sqlite:{}", folder.path().join("test.db").display())).await;
    a_claim_is_cheap(&opened, "sqlite").await;
}

#[tokio::test]
async fn on_postgresql() {
    let database = leadlatch_testkit::postgres::server().fresh_database();
    let opened = open(&database).await;
    a_claim_is_cheap(&opened, "postgresql").await;
}
