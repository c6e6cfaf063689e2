//! By which indexes duplicates are found: a Partner key's own begin with its reach, so that others' rows are not visited.

use leadlatch_domain::duplicate::{DuplicateRule, MatchFields};
use leadlatch_domain::id::{AccountId, PartnerId};
use leadlatch_domain::lead::Twins;
use leadlatch_domain::reach::{PartnerKind, RowScope, Rows};

use super::{Among, Compared};
use crate::Store;

async fn plan(store: &Store, kind: Option<PartnerKind>, among: Among) -> Vec<String> {
    let fields = MatchFields::parse("name,company,phone,email,address").expect("fields");
    let rule = DuplicateRule { fields, ..DuplicateRule::default() };
    let rows = kind
        .map_or(Rows::Account, |kind| Rows::Partner { record: PartnerId::new(7).expect("an id"), sides: kind.sides() });
    let scope = RowScope { account: AccountId::new(1).expect("an id"), rows };
    let (sql, bound) = Compared { rule: &rule, twins: &Twins::default(), among }.statement(&scope, i64::MIN);
    assert!(!sql.contains("IS NULL AND \"leads\".\"received_at\""), "what a lead lacks matches nothing: {sql}");
    let explain = format!("EXPLAIN QUERY PLAN {sql}");
    let steps = store.read(async |db| db.query(&explain, bound.clone(), |row| row.get::<String>(3)).await).await;
    let steps = steps.expect("a plan").into_iter();
    steps.filter(|step| !step.starts_with("SCAN found") && step.contains("leads")).collect()
}

#[tokio::test]
async fn each_probe_has_an_index_that_begins_with_the_reach() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    let store = Store::open(&url).await.expect("a store").store;
    for (kind, reach) in [(PartnerKind::Introducer, "introducer"), (PartnerKind::Partner, "partner")] {
        let steps = plan(&store, Some(kind), Among::Live).await;
        assert_eq!(steps.len(), 8, "{steps:?}");
        for step in &steps {
            let of = format!("INDEX leads_of_{reach}_");
            assert!(step.starts_with("SEARCH") && step.contains(&of), "{step}");
            assert!(step.contains(&format!("account_id=? AND {reach}_reach=? AND ")), "{step}");
            assert!(step.contains("_twin=?"), "{step}");
        }
        for step in plan(&store, Some(kind), Among::TestsOf(Some(3))).await {
            assert!(step.contains(&format!("{reach}_reach=?")) || step.contains("created_by_key_id=?"), "{step}");
        }
    }
    for step in plan(&store, None, Among::Live).await {
        assert!(step.starts_with("SEARCH") && step.contains("account_id=? AND ") && step.contains("_twin=?"), "{step}");
    }
}
