//! What keys do is counted exactly, whatever becomes of single writes, and logged as far as there is room; on both engines.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use leadlatch_domain::id::AccountId;
use leadlatch_domain::key_limits::KeyLimits;
use leadlatch_domain::key_review::Warning;
use leadlatch_domain::matrix::{ManageKeys, PurgeRequestLog, Role};
use leadlatch_domain::random::Randomness;
use leadlatch_domain::request_id::RequestId;
use leadlatch_domain::retention::Days;
use leadlatch_domain::scope::Scope;
use leadlatch_domain::text::Name;
use leadlatch_domain::time::{Clock, Timestamp};
use leadlatch_store::access_keys::{self, NewKey};
use leadlatch_store::accounts;
use leadlatch_store::retention::PURGED_AT_ONCE;
use leadlatch_store::usage::log::{self, LogFilter, LogWriter, RequestLog};
use leadlatch_store::usage::report::{self, KeyReport, KeyUse};
use leadlatch_store::usage::{Usage, Use, UsedKey};
use leadlatch_store::{Connection, Grant, Opened, Store};

use crate::common::{Place, places};

struct World {
    opened: Opened,
    clock: Clock,
    place: Place,
    account: AccountId,
    key: UsedKey,
    id: i64,
}

/// One of each engine, with a key that may create and read leads.
async fn worlds() -> Vec<World> {
    let [first, second] = places();
    vec![world(first).await, world(second).await]
}

async fn world(place: Place) -> World {
    let clock = Clock::mock(Timestamp::parse("2026-06-15T12:00:00Z").expect("a time"));
    let opened = Store::open_with(place.url(), clock.clone(), Randomness::system()).await.expect("a store");
    let (account, key, id) = account_with_key(&opened, "acme").await;
    World { opened, clock, place, account, key, id }
}

async fn account_with_key(opened: &Opened, slug: &str) -> (AccountId, UsedKey, i64) {
    let account = crate::common::account(opened, slug).await;
    let scopes = [Scope::CreateLeads, Scope::ReadLeads].into_iter().collect();
    let name = Name::parse("key").expect("a name");
    let new = NewKey { name, note: None, partner: None, scopes, expires_at: None, limits: KeyLimits::default() };
    let grant = opened.operator.admin_of(account).permit().expect("a proof");
    let job = async move |db: &mut Connection<'_>, grant| access_keys::create(db, grant, new).await;
    let (made, secret) = opened.store.write(grant, job).await.expect("a key");
    let access = opened.store.authenticate(secret.digest(), None).await.expect("a caller");
    (account, UsedKey::of(&access).expect("a key"), made.id)
}

impl World {
    fn grant(&self) -> Grant<ManageKeys> {
        self.opened.operator.admin_of(self.account).permit().expect("a proof")
    }

    fn used(&self) -> Use<'static> {
        Use {
            at: self.clock.now(),
            request: RequestId::of([1; 12]),
            method: "GET",
            route: "/api/v1/leads/{id}",
            status: 200,
            scope: Some(Scope::ReadLeads),
            rows: 1,
            took: Duration::from_micros(1234),
            address: Some(Ipv4Addr::LOCALHOST.into()),
            agent: b"test",
        }
    }

    async fn report(&self) -> KeyReport {
        let (grant, days) = (self.grant(), Days::new(30).expect("days"));
        let job = async move |db: &mut Connection<'_>| Ok(report::report(db, &grant, days).await?.into_inner());
        self.opened.store.read(job).await.expect("a report").keys.remove(0)
    }

    async fn show(&self, places: u32) -> KeyUse {
        let (grant, id) = (self.grant(), self.id);
        let job = async move |db: &mut Connection<'_>| Ok(report::show(db, &grant, id, places).await?.into_inner());
        self.opened.store.read(job).await.expect("a key")
    }

    async fn log(&self, filter: LogFilter) -> RequestLog {
        let filter = LogFilter { limit: if filter.limit == 0 { 100 } else { filter.limit }, ..filter };
        let grant = self.grant();
        let job = async move |db: &mut Connection<'_>| Ok(log::list(db, &grant, &filter).await?.into_inner());
        self.opened.store.read(job).await.expect("a log")
    }

    async fn write_log(&self, usage: &Usage, writer: &mut LogWriter) {
        while writer.gather_rest() {
            writer.write(&self.opened.store, usage).await.expect("written");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_written_is_counted_again() {
    for world in worlds().await {
        let (usage, _writer) = Usage::new();
        let other = account_with_key(&world.opened, "other").await.1;
        usage.count(world.key, &world.used());
        usage.count(other, &world.used());
        crate::common::by_hand(
            world.place.url(),
            "ALTER TABLE request_log_drops RENAME TO away; ALTER TABLE access_key_usage RENAME TO gone",
        )
        .await;
        usage.flush(&world.opened.store).await.expect_err("the table is gone");
        usage.count(world.key, &Use { status: 404, rows: 0, ..world.used() });
        usage.flush(&world.opened.store).await.expect_err("the table is still gone");
        crate::common::by_hand(
            world.place.url(),
            "ALTER TABLE away RENAME TO request_log_drops; ALTER TABLE gone RENAME TO access_key_usage",
        )
        .await;
        usage.flush(&world.opened.store).await.expect("written");
        usage.flush(&world.opened.store).await.expect("nothing is left");
        let report = world.report().await;
        assert_eq!((report.requests.total, report.requests.accepted, report.requests.invalid), (2, 1, 1));
        assert_eq!(report.requests.rows, 1);
        let shown = world.show(5).await;
        assert_eq!((shown.addresses[0].requests, shown.user_agents[0].requests), (2, 2), "places come back too");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_that_count_while_it_is_written_lose_nothing() {
    const THREADS: usize = 8;
    const EACH: usize = 5_000;
    for world in worlds().await {
        let usage = Arc::new(Usage::new().0);
        let (used, key) = (world.used(), world.key);
        let count = |thread: usize| {
            let usage = Arc::clone(&usage);
            std::thread::spawn(move || {
                for number in 0..EACH {
                    let status = [200, 201, 403, 404, 422][(thread + number) % 5];
                    usage.count(key, &Use { status, ..used });
                }
            })
        };
        let threads: Vec<_> = (0..THREADS).map(count).collect();
        while threads.iter().any(|thread| !thread.is_finished()) {
            usage.flush(&world.opened.store).await.expect("written");
        }
        for thread in threads {
            thread.join().expect("a thread");
        }
        usage.flush(&world.opened.store).await.expect("written");
        let report = world.report().await;
        let counts: Vec<_> = report.by_status.iter().map(|count| (count.status, count.requests, count.rows)).collect();
        let each = (THREADS * EACH / 5) as i64;
        assert_eq!(counts, [200, 201, 403, 404, 422].map(|status| (status, each, each)));
        assert_eq!(report.warnings, [Warning::NeverExpires, Warning::RefusedOften, Warning::LogIncomplete]);
        assert_eq!(report.log_dropped, (THREADS * EACH) as i64, "the writer was gone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_never_goes_back() {
    for world in worlds().await {
        let [(first, _a), (second, _b)] = [Usage::new(), Usage::new()];
        let earlier = world.used();
        world.clock.advance(Duration::from_mins(1));
        let later = Use { address: Some(Ipv4Addr::new(192, 0, 2, 7).into()), agent: b"later", ..world.used() };
        second.count(world.key, &later);
        second.flush(&world.opened.store).await.expect("written");
        first.count(world.key, &Use { route: "/api/v1/leads", ..earlier });
        first.flush(&world.opened.store).await.expect("written");
        let shown = world.show(5).await;
        assert_eq!(shown.key.last_used_at, Some(later.at));
        assert_eq!(shown.key.last_used_address.as_deref(), Some("192.0.2.7"));
        assert_eq!(shown.key.last_used_agent.as_deref(), Some("later"));
        let accepted = shown.last_accepted.expect("a request");
        assert_eq!((accepted.at, accepted.route.as_str()), (later.at, "/api/v1/leads/{id}"));
        assert!(shown.last_refused.is_none());
        assert_eq!(shown.last_7_days.total, 2, "counted all the same");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_places_are_kept_and_the_longest_unused_goes() {
    for world in worlds().await {
        let (usage, _writer) = Usage::new();
        let agents: Vec<String> = (0..260).map(|number| format!("agent-{number}")).collect();
        for (number, agent) in (0u32..).zip(&agents) {
            world.clock.advance(Duration::from_secs(1));
            let address: IpAddr = Ipv4Addr::from_bits(0xc633_0000 + number).into();
            usage.count(world.key, &Use { address: Some(address), agent: agent.as_bytes(), ..world.used() });
            if number % 50 == 0 {
                usage.flush(&world.opened.store).await.expect("written");
            }
        }
        usage.flush(&world.opened.store).await.expect("written");
        let report = world.report().await;
        assert_eq!((report.addresses, report.user_agents), (200, 200));
        let names: Vec<_> = world.show(200).await.user_agents.into_iter().map(|seen| seen.name).collect();
        assert_eq!(names.first().map(String::as_str), Some("agent-259"));
        assert!(names.contains(&"agent-60".to_owned()) && !names.contains(&"agent-59".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_log_drops_counts_and_never_waits() {
    for world in worlds().await {
        let (usage, mut writer) = Usage::new();
        let logged = (0..10_037).filter(|_| usage.count(world.key, &world.used())).count();
        assert_eq!(logged, 10_000);
        world.write_log(&usage, &mut writer).await;
        usage.flush(&world.opened.store).await.expect("written");
        let report = world.report().await;
        assert_eq!((report.requests.total, report.log_dropped), (10_037, 37));
        assert!(report.warnings.contains(&Warning::LogIncomplete));
        let (mut before, mut found) = (None, 0);
        loop {
            let page = world.log(LogFilter { before, limit: 4_000, ..LogFilter::default() }).await;
            (found, before) = (found + page.entries.len(), page.next_before);
            assert_eq!(page.dropped, 37);
            if before.is_none() {
                break;
            }
        }
        assert_eq!(found, 10_000, "pages neither skip nor repeat");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_waits_while_the_database_is_away_and_is_given_up_when_it_is_refused() {
    let world = worlds().await.remove(0);
    let (usage, mut writer) = Usage::new();
    usage.count(world.key, &world.used());
    writer.gather().await;
    let path = world.place.url().strip_prefix("sqlite:").expect("a file").to_owned();
    let blocker = rusqlite::Connection::open(path).expect("a connection");
    blocker.execute_batch("BEGIN IMMEDIATE").expect("begun");
    writer.write(&world.opened.store, &usage).await.expect_err("another process writes");
    blocker.execute_batch("COMMIT").expect("ended");
    writer.write(&world.opened.store, &usage).await.expect("written");
    assert_eq!(world.log(LogFilter::default()).await.entries.len(), 1);
    usage.count(world.key, &world.used());
    writer.gather().await;
    crate::common::by_hand(world.place.url(), "ALTER TABLE request_log RENAME TO gone").await;
    writer.write(&world.opened.store, &usage).await.expect_err("refused");
    crate::common::by_hand(world.place.url(), "ALTER TABLE gone RENAME TO request_log").await;
    assert!(!writer.gather_rest(), "given up");
    usage.flush(&world.opened.store).await.expect("written");
    assert_eq!(world.log(LogFilter::default()).await.dropped, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_filtered_newest_first() {
    for world in worlds().await {
        let (usage, mut writer) = Usage::new();
        let (_, other, _) = account_with_key(&world.opened, "other").await;
        let start = world.clock.now();
        for status in [200, 403, 404, 500] {
            for (method, route) in [("GET", "/api/v1/leads"), ("PATCH", "/api/v1/leads/{id}")] {
                world.clock.advance(Duration::from_secs(1));
                usage.count(world.key, &Use { status, method, route, ..world.used() });
                usage.count(other, &Use { status, method, route, ..world.used() });
            }
        }
        world.write_log(&usage, &mut writer).await;
        let seconds = async |filter| {
            let entries = world.log(filter).await.entries;
            let since = |at: Timestamp| (at.as_micros() - start.as_micros()) / 1_000_000;
            entries.iter().map(|entry| since(entry.at)).collect::<Vec<_>>()
        };
        let all = LogFilter::default;
        assert_eq!(seconds(all()).await, [8, 7, 6, 5, 4, 3, 2, 1], "of this account alone");
        assert_eq!(seconds(LogFilter { key: Some(world.id), ..all() }).await.len(), 8);
        assert_eq!(seconds(LogFilter { status: Some((403, 403)), ..all() }).await, [4, 3]);
        assert_eq!(seconds(LogFilter { status: Some((400, 499)), ..all() }).await, [6, 5, 4, 3]);
        assert_eq!(seconds(LogFilter { route: Some("/api/v1/leads".into()), ..all() }).await, [7, 5, 3, 1]);
        assert_eq!(seconds(LogFilter { method: Some("PATCH".into()), ..all() }).await, [8, 6, 4, 2]);
        let span = |from, to| (Some(start.plus(Duration::from_secs(from))), Some(start.plus(Duration::from_secs(to))));
        let (since, until) = span(3, 6);
        assert_eq!(seconds(LogFilter { since, until, ..all() }).await, [5, 4, 3]);
        let page = world.log(LogFilter { limit: 3, ..all() }).await;
        let next = LogFilter { before: page.next_before, limit: 3, ..all() };
        assert_eq!(seconds(next).await, [5, 4, 3]);
        let entry = &page.entries[0];
        assert_eq!((entry.status, entry.method.as_str(), entry.rows, entry.duration), (500, "PATCH", 1, 1234));
        assert_eq!((entry.scope.as_deref(), entry.address.as_str()), (Some("read_leads"), "127.0.0.1"));
        assert_eq!((entry.request_id.as_str(), entry.user_agent.as_str()), ("010101010101010101010101", "test"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_account_is_not_found() {
    for world in worlds().await {
        let (_, _, other) = account_with_key(&world.opened, "other").await;
        let grant = world.grant();
        let filter = LogFilter { key: Some(other), limit: 1, ..LogFilter::default() };
        let job = async |db: &mut Connection<'_>| log::list(db, &grant, &filter).await.map(drop);
        assert!(world.opened.store.read(job).await.is_err());
        let job = async |db: &mut Connection<'_>| report::show(db, &grant, other, 5).await.map(drop);
        assert!(world.opened.store.read(job).await.is_err());
        assert_eq!(world.report().await.key.id, world.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_go_when_their_days_are_over() {
    for world in worlds().await {
        let (usage, mut writer) = Usage::new();
        let (_, other, _) = account_with_key(&world.opened, "other").await;
        crate::common::by_hand(world.place.url(), "UPDATE accounts SET request_log_days = 60 WHERE slug = 'other'")
            .await;
        for _ in 0..1_200 {
            usage.count(world.key, &world.used());
        }
        usage.count(other, &world.used());
        world.clock.advance(Duration::from_hours(24 * 30) - Duration::from_micros(1));
        usage.count(world.key, &world.used());
        world.write_log(&usage, &mut writer).await;
        let purge = async |account| {
            let grant: Grant<PurgeRequestLog> =
                world.opened.operator.role(Role::Retention, account).permit().expect("a proof");
            let job = async move |db: &mut Connection<'_>, grant| log::purge(db, grant).await;
            world.opened.store.write(grant, job).await.expect("purged")
        };
        assert_eq!(purge(world.account).await, 0, "a moment before thirty days: not over yet");
        world.clock.advance(Duration::from_micros(1));
        assert_eq!(purge(world.account).await, PURGED_AT_ONCE);
        assert_eq!(purge(world.account).await, PURGED_AT_ONCE);
        assert_eq!(purge(world.account).await, 200);
        assert_eq!(purge(world.account).await, 0);
        assert_eq!(world.log(LogFilter::default()).await.entries.len(), 1);
        let other = world.opened.store.read(async |db| accounts::find(db, &world.opened.operator, "other").await);
        let other = other.await.expect("an account").id;
        assert_eq!(purge(other).await, 0, "it keeps its log for longer");
    }
}
