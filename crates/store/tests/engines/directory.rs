//! The list of keys for the settings page, and what a would-be key would see; on both engines.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::common::{ALL, World, both};
use leadlatch_domain::id::{AccountId, PartnerId};
use leadlatch_domain::key_directory::{KeyCard, KeyOrder, KeyStatus, LastUse};
use leadlatch_domain::key_secret::{KeyDigest, KeyKind};
use leadlatch_domain::matrix::{ManageKeys, PreviewKeys};
use leadlatch_domain::reach::PartnerKind;
use leadlatch_domain::request_id::RequestId;
use leadlatch_domain::scope::{Scope, ScopeSet};
use leadlatch_store::access_keys::directory::{self, Directory, DirectoryQuery};
use leadlatch_store::access_keys::{self, Counted, Preview, PreviewCount, Wished};
use leadlatch_store::usage::{Usage, Use, UsedKey};
use leadlatch_store::{Connection, Error, Grant, Result};
use serde_json::json;

fn grant(world: &World, account: AccountId) -> Grant<ManageKeys> {
    world.opened.operator.admin_of(account).permit().expect("a proof")
}

async fn directory(world: &World, account: AccountId, query: DirectoryQuery) -> Directory {
    let grant = grant(world, account);
    let job = async move |db: &mut Connection<'_>| directory::directory(db, &grant, &query).await;
    world.opened.store.read_apart(job).await.expect("a list")
}

fn names(found: &Directory) -> Vec<&str> {
    found.rows.iter().map(|row| row.key.fingerprint.as_str()).collect()
}

/// Counts requests of a key, as the server does.
async fn used(world: &World, usage: &Usage, key: KeyDigest, status: u16, times: usize) {
    let access = world.opened.store.authenticate(key, None).await.expect("a caller");
    let of = UsedKey::of(&access).expect("a key");
    for _ in 0..times {
        usage.count(
            of,
            &Use {
                at: world.clock.now(),
                request: RequestId::of([7; 12]),
                method: "GET",
                route: "/api/v1/leads",
                status,
                scope: Some(Scope::ReadLeads),
                rows: 1,
                took: Duration::from_millis(1),
                address: Some(Ipv4Addr::LOCALHOST.into()),
                agent: b"test",
            },
        );
    }
    usage.flush(&world.opened.store).await.expect("counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_counted_narrowed_and_ordered() {
    for world in both().await {
        let (acme, other) = (world.account("acme").await, world.account("other").await);
        let north = world.record(acme, PartnerKind::Introducer).await;
        let full = world.key(acme, None, ALL).await;
        world.days_later(1);
        let idle = world.key(acme, None, "read_leads").await;
        let (usage, _) = Usage::new();
        used(&world, &usage, idle, 200, 3).await;
        world.days_later(100);
        world.key(acme, Some(north), "create_leads,read_leads").await;
        used(&world, &usage, full, 200, 2).await;
        used(&world, &usage, full, 403, 5).await;
        world.key(other, None, ALL).await;

        let usual = directory(&world, acme, DirectoryQuery::default()).await;
        assert_eq!(
            (usual.counts.whole, usual.counts.active, usual.total),
            (3, 3, 3),
            "another account's are not there"
        );
        let cards = KeyCard::ALL.iter().map(|card| usual.counts.card(*card)).collect::<Vec<_>>();
        assert_eq!(cards, [1, 1, 3, 1]);
        let busiest = &usual.rows[0];
        assert_eq!((busiest.requests, busiest.refused), (7, 5));
        assert_eq!((busiest.days[29].accepted, busiest.days[29].refused), (2, 5), "today is the last day");
        assert_eq!(
            usual.rows.iter().map(|row| row.requests).sum::<i64>(),
            7,
            "what is over 30 days old is not counted"
        );

        let by = |change: fn(&mut DirectoryQuery)| {
            let mut query = DirectoryQuery { order: KeyOrder::Created, descending: false, ..Default::default() };
            change(&mut query);
            directory(&world, acme, query)
        };
        let all = names(&by(|_| {}).await).into_iter().map(str::to_owned).collect::<Vec<_>>();
        let expect = async |change: fn(&mut DirectoryQuery), wanted: &[usize]| {
            let found = by(change).await;
            let wanted: Vec<_> = wanted.iter().map(|place| all[*place].as_str()).collect();
            assert_eq!(names(&found), wanted);
            assert_eq!(found.total, wanted.len());
        };
        expect(|query| query.kind = Some(KeyKind::Partner), &[2]).await;
        expect(|query| query.scope = Some(Scope::CreateLeads), &[0, 2]).await;
        expect(|query| query.used = Some(LastUse::Over90Days), &[1]).await;
        expect(|query| query.used = Some(LastUse::Never), &[2]).await;
        expect(|query| query.used = Some(LastUse::Day), &[0]).await;
        expect(|query| query.cards = vec![KeyCard::NoExpiry, KeyCard::NeverUsed], &[2]).await;
        expect(|query| query.cards = vec![KeyCard::FullWrite], &[0]).await;
        expect(|query| query.search = " INTRODUCER ".into(), &[2]).await;
        expect(|query| query.search = "lk_full".into(), &[0, 1]).await;
        expect(|query| query.search = "nobody".into(), &[]).await;
        expect(|query| query.partner = Some(1 << 40), &[]).await;
        expect(|query| query.descending = true, &[2, 1, 0]).await;
        let second = by(|query| query.page = 2).await;
        assert_eq!((second.rows.len(), second.total), (0, 3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_state_is_found_under_its_status() {
    for world in both().await {
        let acme = world.account("acme").await;
        for _ in 0..4 {
            world.key(acme, None, ALL).await;
        }
        let total = async |status| directory(&world, acme, DirectoryQuery { status, ..Default::default() }).await.total;
        let ids: Vec<_> =
            directory(&world, acme, DirectoryQuery::default()).await.rows.iter().map(|row| row.key.id).collect();
        let long_ago = 1_000_000;
        world.by_hand(&format!("UPDATE access_keys SET expires_at = {long_ago} WHERE id = {}", ids[0])).await;
        world
            .by_hand(&format!("UPDATE access_keys SET idle_days = 1, created_at = {long_ago} WHERE id = {}", ids[1]))
            .await;
        let gone = ids[2];
        let job = async move |db: &mut Connection<'_>, grant| access_keys::delete(db, grant, vec![gone], None).await;
        world.opened.store.write(grant(&world, acme), job).await.expect("deleted");
        let all = [KeyStatus::Active, KeyStatus::Expired, KeyStatus::Disabled, KeyStatus::Deleted, KeyStatus::Any];
        let mut found = Vec::new();
        for status in all {
            found.push(total(status).await);
        }
        assert_eq!(found, [1, 1, 1, 1, 3]);
    }
}

async fn preview(world: &World, account: AccountId, partner: Option<PartnerId>, scopes: &[Scope]) -> Result<Preview> {
    let grant = world.opened.operator.admin_of(account).permit::<PreviewKeys>()?;
    let wished = Wished { partner, scopes: scopes.iter().copied().collect::<ScopeSet>() };
    let job = async move |db: &mut Connection<'_>| access_keys::preview(db, &grant, wished).await;
    world.opened.store.read_apart(job).await.map(leadlatch_store::Visible::into_inner)
}

fn list(preview: &Preview, what: &str) -> PreviewCount {
    preview.lists.iter().find(|(name, _)| *name == what).expect("a list").1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_what_the_key_itself_would_get() {
    for world in both().await {
        let acme = world.account("acme").await;
        let north = world.record(acme, PartnerKind::Introducer).await;
        let (own, full) = (world.key(acme, Some(north), ALL).await, world.key(acme, None, ALL).await);
        world.made(own, json!({"firstname": "Ann", "email": "ann@example.com"})).await;
        for name in ["Ben", "Cyd"] {
            world.made(full, json!({"firstname": name, "email": format!("{name}@example.com")})).await;
        }
        let seen = |own, all| PreviewCount::Seen(Counted::Exactly(own), Counted::Exactly(all));

        let partner = preview(&world, acme, Some(north), &[Scope::ReadLeads]).await.expect("a preview");
        assert_eq!(partner.leads, seen(1, 3));
        assert_eq!(partner.rows.iter().map(|lead| lead.name.as_str()).collect::<Vec<_>>(), ["Ann"]);
        assert_eq!((list(&partner, "Introducers"), list(&partner, "Partners")), (seen(1, 1), seen(0, 0)));
        for refused in ["Users", "User groups", "Marketing lists"] {
            assert!(matches!(list(&partner, refused), PreviewCount::Refused(_)), "{refused}");
        }
        let writes = preview(&world, acme, Some(north), &[Scope::CreateLeads]).await.expect("a preview");
        assert!(matches!(writes.leads, PreviewCount::Refused(_)) && writes.rows.is_empty(), "it may not read");

        let whole = preview(&world, acme, None, &[Scope::ReadLeads]).await.expect("a preview");
        assert_eq!((whole.leads, whole.rows.len()), (seen(3, 3), 3));
        assert!(matches!(list(&whole, "Users"), PreviewCount::Seen(..)));

        let other = world.account("other").await;
        let strange = preview(&world, other, Some(north), &[Scope::ReadLeads]).await;
        assert!(matches!(strange, Err(Error::NotFound("partner"))), "another account's record is none");
    }
}
