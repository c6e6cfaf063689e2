//! What the days of lead groups and statuses do to leads, judged again in the write, on both engines.

use crate::common::{ALL, World, both};
use leadlatch_domain::id::AccountId;
use leadlatch_domain::matrix::{DeleteLeads, ReadAudit, ReadLeads, RestoreLeads, RetireLeads, Role};
use leadlatch_store::leads::{self, Aging, Rules};
use leadlatch_store::{Connection, Grant, audit};
use serde_json::json;

fn grant(world: &World, account: AccountId) -> Grant<RetireLeads> {
    world.opened.operator.role(Role::Retention, account).permit().expect("a proof")
}

async fn rules(world: &World, account: AccountId) -> Rules {
    let grant = grant(world, account);
    world.opened.store.read(async |db| leads::rules(db, &grant).await).await.expect("the rules")
}

/// The leads that are found to be due.
async fn due(world: &World, account: AccountId) -> Vec<i64> {
    let (grant, rules, now) = (grant(world, account), rules(world, account).await, world.opened.store.clock().now());
    let Some(horizon) = rules.horizon(now) else { return Vec::new() };
    let found = world.opened.store.read(async |db| leads::aging(db, &grant, horizon, None).await).await;
    let (found, next): (Vec<Aging>, _) = found.expect("leads");
    assert!(next.is_none(), "few leads are one block");
    found.iter().filter(|lead| rules.is_due(lead, now)).map(|lead| lead.id).collect()
}

async fn retire(world: &World, account: AccountId, ids: &[i64]) -> u64 {
    let ids = ids.to_vec();
    let job = async move |db: &mut Connection<'_>, grant| leads::retire(db, grant, ids).await;
    world.opened.store.write(grant(world, account), job).await.expect("a write")
}

async fn live(world: &World, account: AccountId, id: i64) -> bool {
    let grant = world.opened.operator.admin_of(account).permit::<ReadLeads>().expect("a proof");
    world.opened.store.read(async |db| leads::get(db, &grant, id).await).await.is_ok()
}

/// Sets the days of every lead group and of the status *Closed* of an account.
async fn set_days(world: &World, account: AccountId, group: &str, closed: &str) {
    let sql = format!(
        "UPDATE lead_groups SET retention_days = {group} WHERE account_id = {account}; \
         UPDATE statuses SET retention_days = {closed} WHERE account_id = {account} AND name = 'Closed'"
    );
    world.by_hand(&sql).await;
}

#[tokio::test]
async fn the_shorter_of_its_days_takes_a_lead_to_the_bin_and_not_a_moment_before() {
    const MOMENT: std::time::Duration = std::time::Duration::from_micros(1);
    for world in both().await {
        let (acme, other) = (world.account("acme").await, world.account("other").await);
        let (key, foreign) = (world.key(acme, None, ALL).await, world.key(other, None, ALL).await);
        let theirs = world.made(foreign, json!({"email": "a@example.com", "status": "Closed"})).await;
        let new = world.made(key, json!({"email": "a@example.com"})).await;
        let closed = world.made(key, json!({"email": "a@example.com", "status": "Closed"})).await;
        let test = world.made(key, json!({"email": "a@example.com", "status": "Closed", "test": true})).await;
        world.days_later(400);
        assert!(due(&world, acme).await.is_empty(), "off means never");
        let fresh = world.made(key, json!({"email": "a@example.com", "status": "Closed"})).await;

        set_days(&world, acme, "NULL", "5").await;
        assert_eq!(due(&world, acme).await, [closed], "the status alone says so");
        set_days(&world, acme, "401", "5").await;
        assert_eq!(due(&world, acme).await, [closed], "the shorter of the two");
        set_days(&world, acme, "5", "401").await;
        assert_eq!(due(&world, acme).await, [new, closed], "whichever it is");
        set_days(&world, acme, "401", "5").await;
        // Whatever is asked for, the write takes what is due and this account's.
        assert_eq!(retire(&world, acme, &[theirs, new, closed, test, fresh]).await, 1);
        assert!(
            !live(&world, acme, closed).await && live(&world, acme, new).await && live(&world, other, theirs).await
        );
        assert_eq!(retire(&world, acme, &[closed]).await, 0, "it is in the bin already");

        world.days_later(1);
        assert_eq!(due(&world, acme).await, [new], "401 days to the microsecond");
        world.by_hand(&format!("UPDATE leads SET updated_at = updated_at + 1 WHERE id = {new}")).await;
        assert!(due(&world, acme).await.is_empty() && retire(&world, acme, &[new]).await == 0, "a moment too early");
        world.clock.advance(MOMENT);
        assert_eq!(retire(&world, acme, &due(&world, acme).await).await, 1);
    }
}

#[tokio::test]
async fn a_lead_that_changed_after_it_was_found_stays() {
    for world in both().await {
        let acme = world.account("acme").await;
        let key = world.key(acme, None, ALL).await;
        set_days(&world, acme, "10", "NULL").await;
        let mut ids = Vec::new();
        for _ in 0..4 {
            ids.push(world.made(key, json!({"email": "a@example.com"})).await);
        }
        world.days_later(10);
        let found = due(&world, acme).await;
        assert_eq!(found, ids);
        let now = world.opened.store.clock().now().as_micros();
        world.by_hand(&format!("UPDATE leads SET updated_at = {now} WHERE id = {}", ids[0])).await;
        let deleted = ids[1];
        let admin = world.opened.operator.admin_of(acme);
        let job = async move |db: &mut Connection<'_>, grant| leads::delete(db, grant, deleted).await;
        world.opened.store.write(admin.clone().permit::<DeleteLeads>().expect("a proof"), job).await.expect("deletes");
        assert_eq!(retire(&world, acme, &found).await, 2);
        assert!(live(&world, acme, ids[0]).await);

        // What is put back counts as changed then.
        let back = ids[2];
        let job = async move |db: &mut Connection<'_>, grant| leads::restore(db, grant, back).await;
        world
            .opened
            .store
            .write(admin.clone().permit::<RestoreLeads>().expect("a proof"), job)
            .await
            .expect("restores");
        assert!(due(&world, acme).await.is_empty(), "its days begin anew");
        world.days_later(10);
        assert_eq!(due(&world, acme).await, [ids[0], back]);

        let trail = admin.permit::<ReadAudit>().expect("a proof");
        let entries = world.opened.store.read(async |db| audit::entries(db, &trail, 0, 100).await).await;
        let details: Vec<String> =
            entries.expect("entries").into_iter().filter_map(|entry| entry.details.map(|(_, text)| text)).collect();
        let expected = json!({"count": 2, "leads": [ids[2], ids[3]]}).to_string();
        assert_eq!(details.iter().filter(|text| text.contains("\"leads\"")).collect::<Vec<_>>(), [&expected]);
    }
}
