//! Test leads: few a day, out of everything live, and gone after a week.

use crate::common::{ALL, both};
use leadlatch_domain::lead::{LeadFilter, LeadSort};
use leadlatch_domain::matrix::{PurgeLeads, ReadLeads, ReadMarketing, Role};
use leadlatch_store::leads::{self, ListQuery, TEST_LEAD_DAYS, TEST_LEADS_A_DAY};
use leadlatch_store::{Error, Page, marketing};
use serde_json::json;

#[tokio::test]
async fn a_key_has_a_number_of_them_a_day() {
    for world in both().await {
        let acme = world.account("acme").await;
        let (one, other) = (world.key(acme, None, ALL).await, world.key(acme, None, ALL).await);
        let test = json!({"email": "ann@example.com", "test": true});
        for _ in 0..TEST_LEADS_A_DAY {
            world.made(one, test.clone()).await;
        }
        world.by_hand("UPDATE leads SET deleted_at = 1").await;
        let refused = world.create(one, test.clone()).await;
        assert!(matches!(refused, Err(Error::TooManyTestLeads(seconds)) if seconds == 14 * 3600), "{refused:?}");
        world.made(one, json!({"email": "ann@example.com"})).await;
        world.made(other, test.clone()).await;
        world.clock.advance(std::time::Duration::from_hours(14));
        world.made(one, test).await;
    }
}

#[tokio::test]
async fn they_stay_out_of_lists_and_go_after_a_week() {
    for world in both().await {
        let acme = world.account("acme").await;
        let key = world.key(acme, None, ALL).await;
        let live = world.made(key, json!({"email": "ann@example.com", "source": "web"})).await;
        let test = world.made(key, json!({"email": "ann@example.com", "source": "testing", "test": true})).await;
        let admin = world.opened.operator.admin_of(acme);
        let listed = async |test: bool| {
            let grant = admin.clone().permit::<ReadLeads>().expect("a proof");
            let query = ListQuery { filter: LeadFilter { test, ..LeadFilter::default() }, sort: LeadSort::default() };
            let job = world.opened.store.read(async |db| leads::list(db, &grant, &query, &Page::ALL).await).await;
            let total = world.opened.store.read(async |db| leads::total(db, &grant, &query.filter).await).await;
            assert_eq!(total.expect("a count"), 1);
            job.expect("a list").rows.iter().filter_map(|row| row.id()).collect::<Vec<_>>()
        };
        assert_eq!((listed(false).await, listed(true).await), (vec![live], vec![test]));
        let grant = admin.clone().permit::<ReadMarketing>().expect("a proof");
        let sources = async |db: &mut leadlatch_store::Connection<'_>| {
            marketing::list(db, &grant, marketing::Kind::Source, "", &Page::new(10, None)).await
        };
        let sources = world.opened.store.read(sources).await.expect("a list");
        assert_eq!(sources.rows.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["web"]);

        let purge = async || {
            let grant = world.opened.operator.role(Role::Retention, acme).permit::<PurgeLeads>().expect("a proof");
            let job = async |db: &mut leadlatch_store::Connection<'_>, grant| leads::purge_tests(db, grant).await;
            world.opened.store.write(grant, job).await.expect("a purge")
        };
        let days = u32::try_from(TEST_LEAD_DAYS).expect("few");
        world.days_later(days - 1);
        assert_eq!(purge().await, 0);
        world.days_later(1);
        assert_eq!(purge().await, 1);
        assert!(matches!(world.seen(key, test).await, Err(Error::NotFound(_))));
        assert_eq!(listed(false).await, [live]);
    }
}
