//! Two writes at the same time on PostgreSQL, the first kept open until the second waits for it: whichever comes first,
//! nothing uses a setting that is gone, and no key outlives its record. On SQLite one writer takes them in turn.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use leadlatch_domain::id::PartnerId;
use leadlatch_domain::key_limits::KeyLimits;
use leadlatch_domain::lead::{FieldRights, LeadInput, Mode};
use leadlatch_domain::matrix::Action;
use leadlatch_domain::point::ConversionPoint;
use leadlatch_domain::problem::Code;
use leadlatch_domain::reach::PartnerKind;
use leadlatch_domain::scope::{Scope, ScopeSet};
use leadlatch_domain::text::Name;
use leadlatch_store::access_keys::{self, NewKey};
use leadlatch_store::imports::{self, Source};
use leadlatch_store::leads::{Block, ImportRow};
use leadlatch_store::partner_records::{self, Links, PartnerChange};
use leadlatch_store::{Access, Connection, Held, Opened, Result, Store, leads, status_settings, statuses};
use leadlatch_testkit::postgres::{self, FreshDatabase};
use serde_json::json;
use tokio::sync::oneshot;

struct World {
    opened: Opened,
    admin: Access,
    _database: FreshDatabase,
}

impl World {
    async fn new() -> Self {
        let database = postgres::server().fresh_database();
        let opened = Store::open(&database).await.expect("a store");
        let account = crate::common::account(&opened, "acme").await;
        let admin = opened.operator.admin_of(account);
        Self { opened, admin, _database: database }
    }

    async fn write<A, T, J>(&self, job: J) -> Result<T>
    where
        A: Action,
        T: Send + 'static,
        J: AsyncFnOnce(&mut Connection<'_>, Held<A>) -> Result<T> + Send + 'static,
    {
        self.opened.store.write(self.admin.clone().permit()?, job).await
    }

    /// Runs the first write, and with its transaction still open the second. The first ends when the second has waited.
    async fn overlap<A, B, T, U, J, K>(&self, first: J, second: K) -> (Result<T>, Result<U>)
    where
        A: Action,
        B: Action,
        T: Send + 'static,
        U: Send + 'static,
        J: AsyncFnOnce(&mut Connection<'_>, Held<A>) -> Result<T> + Send + 'static,
        K: AsyncFnOnce(&mut Connection<'_>, Held<B>) -> Result<U> + Send + 'static,
    {
        let (done, is_done) = oneshot::channel();
        let (go_on, goes_on) = oneshot::channel::<()>();
        let first = self.write(async move |db: &mut Connection<'_>, grant: Held<A>| {
            let result = first(db, grant).await?;
            done.send(()).expect("the second waits for it");
            goes_on.await.expect("the second says so");
            Ok(result)
        });
        let second = async {
            is_done.await.expect("the first does its part");
            let mut second = std::pin::pin!(self.write(second));
            let early = tokio::time::timeout(Duration::from_millis(300), &mut second).await;
            go_on.send(()).expect("the first waits");
            match early {
                Ok(result) => result,
                Err(_) => second.await,
            }
        };
        tokio::join!(first, second)
    }

    async fn status(&self) -> i64 {
        let name = Name::parse("Quoted").expect("a name");
        let job = async move |db: &mut Connection<'_>, grant| {
            statuses::create(db, grant, name, ConversionPoint::Qualified, None).await
        };
        self.write(job).await.expect("a status").id
    }

    async fn partner(&self) -> i64 {
        let company = Name::parse("North").expect("a name");
        let job = async move |db: &mut Connection<'_>, grant| {
            partner_records::create(db, grant, PartnerKind::Both, company, Links::default()).await
        };
        self.write(job).await.expect("a record").id
    }
}

fn lead(status: i64) -> LeadInput {
    let body = json!({"email": "x@example.com", "status_id": status});
    LeadInput::parse(body.as_object().expect("an object"), Mode::Create, &FieldRights::Full).expect("an input")
}

fn lead_of(introducer: i64) -> LeadInput {
    let body = json!({"email": "x@example.com", "introducer_id": introducer});
    LeadInput::parse(body.as_object().expect("an object"), Mode::Create, &FieldRights::Full).expect("an input")
}

fn key(partner: i64) -> NewKey {
    let scopes: ScopeSet = [Scope::ReadLeads].into_iter().collect();
    NewKey {
        name: Name::parse("key").expect("a name"),
        note: None,
        partner: PartnerId::new(partner),
        scopes,
        expires_at: None,
        limits: KeyLimits::default(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_waits_for_the_lead_that_begins_to_use_the_status() {
    let world = World::new().await;
    let input = lead(world.status().await);
    let (made, deleted) = world
        .overlap(
            async move |db: &mut Connection<'_>, grant| Box::pin(leads::create(db, grant, input)).await,
            async move |db: &mut Connection<'_>, grant| status_settings::delete(db, grant, "Quoted").await,
        )
        .await;
    made.expect("a lead");
    assert_eq!(deleted.expect_err("in use").to_string(), "status Quoted is in use: 1 lead");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_a_deletion_overtakes_is_a_conflict() {
    let world = World::new().await;
    let input = lead(world.status().await);
    let (deleted, made) = world
        .overlap(
            async move |db: &mut Connection<'_>, grant| status_settings::delete(db, grant, "Quoted").await,
            async move |db: &mut Connection<'_>, grant| Box::pin(leads::create(db, grant, input)).await,
        )
        .await;
    deleted.expect("a deletion");
    assert_eq!(made.expect_err("its status is gone").code(), Code::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_made_beside_its_records_deletion_ends_with_it() {
    let world = World::new().await;
    let partner = world.partner().await;
    let (made, deleted) = world
        .overlap(
            async move |db: &mut Connection<'_>, grant| access_keys::create(db, grant, key(partner)).await,
            async move |db: &mut Connection<'_>, grant| partner_records::delete(db, grant, partner).await,
        )
        .await;
    let (_, secret) = made.expect("a key");
    deleted.expect("a deletion");
    let refused = world.opened.store.authenticate(secret.digest(), None).await.expect_err("the key is dead");
    assert_eq!(refused.code(), Code::DeletedKey);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_made_beside_its_records_change_sees_it() {
    let world = World::new().await;
    let partner = world.partner().await;
    let change = PartnerChange { company: Name::parse("South").ok(), ..PartnerChange::default() };
    let change = PartnerChange { kind: Some(PartnerKind::Introducer), ..change };
    let (changed, made) = world
        .overlap(
            async move |db: &mut Connection<'_>, grant| partner_records::set(db, grant, partner, change).await,
            async move |db: &mut Connection<'_>, grant| access_keys::create(db, grant, key(partner)).await,
        )
        .await;
    changed.expect("a change");
    let (_, secret) = made.expect("a key");
    let access = world.opened.store.authenticate(secret.digest(), None).await.expect("the key lives");
    let rights = access.permit::<leadlatch_domain::matrix::ReadLeads>().expect("a proof").fields();
    let FieldRights::Partner { sides, .. } = rights else { panic!("a Partner key") };
    assert_eq!(sides, PartnerKind::Introducer.sides());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_being_deleted_is_given_no_lead() {
    let world = World::new().await;
    let partner = world.partner().await;
    let (deleted, made) = world
        .overlap(
            async move |db: &mut Connection<'_>, grant| partner_records::delete(db, grant, partner).await,
            async move |db: &mut Connection<'_>, grant| Box::pin(leads::create(db, grant, lead_of(partner))).await,
        )
        .await;
    deleted.expect("a deletion");
    assert_eq!(made.expect_err("its record is gone").code(), Code::NotFound);

    let (input, partner) = (lead(world.status().await), world.partner().await);
    let job = async move |db: &mut Connection<'_>, grant| Box::pin(leads::create(db, grant, input)).await;
    let id = world.write(job).await.expect("a lead").id().expect("an id");
    let (deleted, referred) = world
        .overlap(
            async move |db: &mut Connection<'_>, grant| partner_records::delete(db, grant, partner).await,
            async move |db: &mut Connection<'_>, grant| leads::refer(db, grant, id, PartnerId::new(partner)).await,
        )
        .await;
    deleted.expect("a deletion");
    referred.expect_err("its record is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_gives_no_lead_to_a_record_that_is_being_deleted() {
    let world = World::new().await;
    let partner = world.partner().await;
    let source = Source { digest: [1; 32], mapping: [1; 32], name: "a.csv".into(), lead_group: "General".into() };
    let job = async move |db: &mut Connection<'_>, grant| imports::begin(db, grant, source, false).await;
    let import = world.write(job).await.expect("an import").id;
    let rows = vec![ImportRow { record: 1, input: lead_of(partner), names: Vec::new() }];
    let lead_group = "General".to_owned();
    let block =
        Block { import: Some(import), lead_group, from: 0, to: 1, rows, last: true, known: leads::Known::default() };
    let (deleted, done) = world
        .overlap(
            async move |db: &mut Connection<'_>, grant| partner_records::delete(db, grant, partner).await,
            async move |db: &mut Connection<'_>, grant| leads::import_block(db, grant, block).await,
        )
        .await;
    deleted.expect("a deletion");
    let done = done.expect("a block");
    assert_eq!((done.imported, done.refused.len()), (0, 1));
}

/// One that is given leads without end is deleted all the same: whoever comes after the deletion waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn the_deletion_of_a_record_gets_its_turn_among_its_leads() {
    let world = World::new().await;
    let partner = world.partner().await;
    let ended = AtomicBool::new(false);
    let stream = async || {
        while !ended.load(Ordering::SeqCst) {
            let job = async move |db: &mut Connection<'_>, grant| {
                Box::pin(leads::create(db, grant, lead_of(partner))).await?;
                tokio::time::sleep(Duration::from_millis(100)).await;
                Ok(())
            };
            if world.write(job).await.is_err() {
                return;
            }
        }
    };
    let delete = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let job = async move |db: &mut Connection<'_>, grant| partner_records::delete(db, grant, partner).await;
        let deleted = world.write(job).await;
        ended.store(true, Ordering::SeqCst);
        deleted
    };
    // Each begins before another ends.
    let later = async |wait: u64| {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        stream().await;
    };
    let (deleted, ..) = tokio::join!(delete, stream(), later(33), later(66));
    deleted.expect("a deletion");
}
