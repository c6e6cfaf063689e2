//! The life of an account and its leads through the store's public functions: one story, told on both engines.

use std::time::Duration;

use leadlatch_domain::audit::{Entry, Verifier};
use leadlatch_domain::custom_field::CustomField;
use leadlatch_domain::id::{AccountId, PartnerId};
use leadlatch_domain::key_limits::KeyLimits;
use leadlatch_domain::key_secret::{KeyDigest, KeyKind, KeySecret};
use leadlatch_domain::lead::{LeadField, LeadFilter, LeadInput, Mode, Value};
use leadlatch_domain::matrix::{Action, CreateLeads, PurgeLeads, ReadAudit, ReadLeads, Role, UpdateLeads};
use leadlatch_domain::point::ConversionPoint;
use leadlatch_domain::problem::Code;
use leadlatch_domain::random::Randomness;
use leadlatch_domain::reach::PartnerKind;
use leadlatch_domain::scope::{Scope, ScopeSet};
use leadlatch_domain::text::Name;
use leadlatch_domain::time::{Clock, Timestamp};
use leadlatch_store::access_keys::{self, NewKey};
use leadlatch_store::accounts;
use leadlatch_store::leads::{self, ListQuery};
use leadlatch_store::partner_records::{self, Links};
use leadlatch_store::{
    Access, Connection, Error, Held, Opened, Page, Result, Store, audit, lead_groups, lead_types, statuses,
};
use serde_json::json;

struct Story {
    opened: Opened,
    clock: Clock,
    account: AccountId,
}

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

async fn begin(url: &str) -> Story {
    let clock = Clock::mock(Timestamp::parse("2026-03-01").expect("a day"));
    let opened = Store::open_with(url, clock.clone(), Randomness::system()).await.expect("a store");
    let account = crate::common::account(&opened, "acme").await;
    Story { opened, clock, account }
}

impl Story {
    fn admin(&self) -> Access {
        self.opened.operator.admin_of(self.account)
    }

    async fn write<A, T, J>(&self, access: Access, job: J) -> Result<T>
    where
        A: Action,
        T: Send + 'static,
        J: AsyncFnOnce(&mut Connection<'_>, Held<A>) -> Result<T> + Send + 'static,
    {
        self.opened.store.write(access.permit()?, job).await
    }

    async fn let_in(&self, key: KeyDigest) -> Result<Access> {
        self.opened.store.authenticate(key, None).await
    }

    /// A caller that is let in.
    async fn by(&self, key: KeyDigest) -> Access {
        self.let_in(key).await.expect("lets in")
    }

    async fn partner(&self, kind: PartnerKind, company: &'static str, links: Links) -> PartnerId {
        let job = async move |db: &mut Connection<'_>, grant| {
            partner_records::create(db, grant, kind, name(company), links).await
        };
        PartnerId::new(self.write(self.admin(), job).await.expect("a record").id).expect("an id")
    }

    async fn key(&self, partner: Option<PartnerId>) -> (i64, KeyDigest) {
        let may = |scope: &Scope| partner.is_none() || scope.partner_may_have();
        let scopes: ScopeSet = Scope::ALL.into_iter().filter(may).collect();
        let limits = KeyLimits::default();
        let new = NewKey { name: name("key"), note: None, partner, scopes, expires_at: None, limits };
        let job = async move |db: &mut Connection<'_>, grant| access_keys::create(db, grant, new).await;
        let (key, secret) = self.write(self.admin(), job).await.expect("a key");
        (key.id, secret.digest())
    }

    async fn lead(&self, access: Access, body: serde_json::Value) -> Result<i64> {
        self.clock.advance(Duration::from_secs(1));
        let rights = access.clone().permit::<CreateLeads>()?.fields();
        let members = body.as_object().expect("an object").clone();
        let input = LeadInput::parse(&members, Mode::Create, &rights).expect("an input");
        let made = self.write(access, async move |db, grant| leads::create(db, grant, input).await).await?;
        Ok(made.id().expect("an id"))
    }

    async fn change(&self, access: Access, id: i64, body: serde_json::Value) -> Result<()> {
        let rights = access.clone().permit::<UpdateLeads>()?.fields();
        let members = body.as_object().expect("an object").clone();
        let input = LeadInput::parse(&members, Mode::Update, &rights).expect("an input");
        self.write(access, async move |db, grant| leads::update(db, grant, id, input).await).await.map(drop)
    }

    async fn delete(&self, access: Access, id: i64) -> Result<()> {
        self.write(access, async move |db, grant| leads::delete(db, grant, id).await).await
    }

    async fn restore(&self, id: i64) -> Result<()> {
        self.write(self.admin(), async move |db, grant| leads::restore(db, grant, id).await).await
    }

    async fn purge(&self) -> u64 {
        let grant = self.opened.operator.role(Role::Retention, self.account).permit::<PurgeLeads>().expect("a proof");
        let job = async move |db: &mut Connection<'_>, grant| leads::purge(db, grant).await;
        self.opened.store.write(grant, job).await.expect("purges")
    }

    /// The leads that a caller finds, newest first; the total agrees.
    async fn found(&self, access: Access, filter: &[(&str, &str)]) -> Vec<i64> {
        let grant = access.permit::<ReadLeads>().expect("a proof");
        let pairs: Vec<_> = filter.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (filter, sort) = LeadFilter::parse(&pairs, &grant.fields()).expect("a filter");
        let query = ListQuery { filter, sort };
        let store = &self.opened.store;
        let listed = store.read(async |db| leads::list(db, &grant, &query, &Page::ALL).await).await.expect("a list");
        let total = store.read(async |db| leads::total(db, &grant, &query.filter).await).await.expect("a total");
        assert_eq!(total, listed.rows.len() as i64);
        listed.rows.iter().filter_map(|row| row.id()).collect()
    }

    async fn status_of(&self, access: Access, id: i64) -> Value {
        let grant = access.permit::<ReadLeads>().expect("a proof");
        let lead = self.opened.store.read(async |db| leads::get(db, &grant, id).await).await.expect("a lead");
        lead.get(LeadField::Status).clone()
    }

    async fn refer(&self, id: i64, to: PartnerId) {
        let job = async move |db: &mut Connection<'_>, grant| leads::refer(db, grant, id, Some(to)).await;
        self.write(self.admin(), job).await.expect("refers");
    }

    async fn activate(&self, partner: PartnerId, active: bool) {
        let job = async move |db: &mut Connection<'_>, grant| {
            partner_records::activate(db, grant, partner.get(), active).await
        };
        self.write(self.admin(), job).await.expect("activates or not");
    }

    async fn suspend(&self, suspended: bool) {
        let operator = self.opened.operator.clone();
        let job = async move |db: &mut Connection<'_>| accounts::suspend(db, &operator, "acme", suspended).await;
        self.opened.store.operate(&self.opened.operator, job).await.expect("suspends or not");
    }

    async fn settle(&self) {
        let field = CustomField::parse_spec("data1=Budget:number:partner=w").expect("a field");
        let group = async move |db: &mut Connection<'_>, grant| {
            lead_groups::create(db, grant, name("Loans"), vec![field]).await
        };
        self.write(self.admin(), group).await.expect("a group");
        let of = async move |db: &mut Connection<'_>, grant| lead_types::create(db, grant, "Loans", name("Car")).await;
        self.write(self.admin(), of).await.expect("a type");
        let called = async move |db: &mut Connection<'_>, grant| {
            statuses::create(db, grant, name("Called"), ConversionPoint::Contacted, None).await
        };
        self.write(self.admin(), called).await.expect("a status");
    }

    /// The events of the account's trail, which holds.
    async fn trail(&self) -> Vec<&'static str> {
        let grant = self.admin().permit::<ReadAudit>().expect("a proof");
        let store = &self.opened.store;
        let entries = store.read(async |db| audit::entries(db, &grant, 0, 1000).await).await.expect("entries");
        let head = store.read(async |db| audit::extent(db, &grant).await).await.expect("an extent").head;
        let mut verifier = Verifier::new(self.account.get(), &[head]);
        entries.iter().try_for_each(|entry| verifier.step(entry)).expect("a chain");
        assert_eq!(verifier.finish().expect("the whole chain").number, entries.len() as i64);
        entries.iter().map(|entry| Entry::decode(&entry.bytes).expect("an entry").event.as_str()).collect()
    }
}

fn code(refused: Result<impl Sized>) -> Code {
    match refused {
        Ok(_) => panic!("it should be refused"),
        Err(error) => error.code(),
    }
}

async fn the_life_of_leads(url: &str) {
    let story = begin(url).await;
    story.settle().await;
    let group = Links { lead_groups: vec!["Loans".into()], ..Links::default() };
    let north = story.partner(PartnerKind::Introducer, "North", group).await;
    let lead_type = Links { lead_types: vec!["Loans/Car".into()], ..Links::default() };
    let south = story.partner(PartnerKind::Partner, "South", lead_type).await;
    let ((_, full), (_, supplier), (_, buyer)) =
        (story.key(None).await, story.key(Some(north)).await, story.key(Some(south)).await);
    let unknown = KeySecret::generate(KeyKind::Full, &Randomness::system()).digest();
    assert_eq!(code(story.let_in(unknown).await), Code::UnknownKey);

    let own = story.lead(story.by(full).await, json!({"email": "own@example.com"})).await.expect("a lead");
    let supplied = json!({"email": "b@example.com", "data": {"data1": "900"}});
    let supplied = story.lead(story.by(supplier).await, supplied).await.expect("a lead");
    let typeless = story.lead(story.by(buyer).await, json!({"email": "c@example.com"})).await;
    assert_eq!(code(typeless), Code::InvalidFields, "a link to a type alone: the type must be named");
    assert_eq!(story.found(story.by(full).await, &[]).await, [supplied, own]);
    let test = json!({"email": "own@example.com", "phone1": "07700 900461", "test": true});
    let test = story.lead(story.by(full).await, test).await.expect("a lead");
    assert_eq!(story.found(story.by(full).await, &[("email", "OWN@example.com")]).await, [own]);
    for filter in [("email", "own@example.com"), ("phone", "+44 7700 900461")] {
        assert_eq!(story.found(story.by(full).await, &[filter, ("test", "true")]).await, [test]);
    }
    assert_eq!(story.found(story.by(supplier).await, &[("status", "new")]).await, [supplied]);
    assert_eq!(story.found(story.by(supplier).await, &[("status", "Called")]).await, [] as [i64; 0]);
    assert_eq!(code(story.change(story.by(buyer).await, supplied, json!({"firstname": "x"})).await), Code::OutOfReach);

    story.refer(supplied, south).await;
    assert_eq!(story.found(story.by(buyer).await, &[]).await, [supplied]);
    story.change(story.by(buyer).await, supplied, json!({"status": "Called"})).await.expect("changes");
    assert_eq!(story.status_of(story.by(supplier).await, supplied).await, Value::Text("Called".into()));
    story.delete(story.by(supplier).await, supplied).await.expect("deletes");
    assert_eq!(code(story.delete(story.by(supplier).await, supplied).await), Code::OutOfReach);
    assert_eq!(story.found(story.by(buyer).await, &[]).await, [supplied], "the other side keeps it");
    story.delete(story.by(buyer).await, supplied).await.expect("deletes");
    assert_eq!(story.found(story.by(full).await, &[]).await, [own], "nobody is left: it is in the bin");
    story.restore(supplied).await.expect("restores");
    assert_eq!(story.found(story.by(supplier).await, &[]).await, [supplied]);
    assert_eq!(story.found(story.by(buyer).await, &[]).await, [supplied]);

    erased_after_thirty_days_and_not_before(&story, full, own).await;

    let job = async move |db: &mut Connection<'_>, grant| partner_records::delete(db, grant, south.get()).await;
    story.write(story.admin(), job).await.expect("deletes");
    assert_eq!(code(story.let_in(buyer).await), Code::DeletedKey);
    assert_eq!(story.found(story.by(full).await, &[]).await, [supplied], "its leads stay");
    let expected = [
        "account.created",
        "lead_group.created",
        "lead_type.created",
        "status.created",
        "partner.created",
        "partner.created",
        "key.created",
        "key.created",
        "key.created",
        "lead.referred",
        "lead.restored",
        "lead.restored",
        "lead.purged",
        "key.deleted",
        "partner.deleted",
    ];
    assert_eq!(story.trail().await, expected);
}

async fn erased_after_thirty_days_and_not_before(story: &Story, full: KeyDigest, id: i64) {
    const NEARLY: Duration = Duration::from_micros(30 * 86_400_000_000 - 1);
    const A_MOMENT: Duration = Duration::from_micros(1);
    story.delete(story.by(full).await, id).await.expect("deletes");
    story.clock.advance(NEARLY);
    assert_eq!(story.purge().await, 0);
    story.restore(id).await.expect("it is there to be restored");
    story.delete(story.by(full).await, id).await.expect("deletes");
    story.clock.advance(NEARLY);
    assert_eq!(story.purge().await, 0, "the time begins anew");
    story.clock.advance(A_MOMENT);
    assert_eq!(story.purge().await, 1);
    assert_eq!(code(story.restore(id).await), Code::NotFound);
    assert_eq!(story.purge().await, 0);
}

/// What changes between the check of a caller and its write is seen by the write.
async fn a_write_is_checked_again(url: &str) {
    let story = begin(url).await;
    let links = || Links { lead_groups: vec!["General".into()], ..Links::default() };
    let north = story.partner(PartnerKind::Introducer, "North", links()).await;
    let ((_, full), (id, key)) = (story.key(None).await, story.key(Some(north)).await);
    let body = || json!({"email": "x@example.com"});
    let before = story.by(key).await;

    story.activate(north, false).await;
    assert_eq!(code(story.lead(before.clone(), body()).await), Code::PartnerInactive);
    story.activate(north, true).await;
    let made = story.lead(before.clone(), body()).await.expect("it may again");

    story.suspend(true).await;
    assert_eq!(code(story.lead(before.clone(), body()).await), Code::AccountSuspended);
    story.suspend(false).await;

    let unlink =
        async move |db: &mut Connection<'_>, grant| partner_records::link(db, grant, north.get(), links(), false).await;
    story.write(story.admin(), unlink).await.expect("unlinks");
    assert!(matches!(story.lead(before.clone(), body()).await, Err(Error::Invalid(_))), "no group is linked any more");
    story.change(before.clone(), made, json!({"firstname": "Ann"})).await.expect("its own lead is its own");

    let delete = async move |db: &mut Connection<'_>, grant| access_keys::delete(db, grant, vec![id], None).await;
    story.write(story.admin(), delete).await.expect("deletes");
    assert_eq!(code(story.delete(before, made).await), Code::DeletedKey);
    assert_eq!(story.found(story.by(full).await, &[]).await, [made], "nothing of what was refused is there");
}

/// The URL of a fresh file; the folder goes away with the test.
fn sqlite(folder: &tempfile::TempDir) -> String {
    format!("sqlite:{}", folder.path().join("test.db").display())
}

#[tokio::test]
async fn leads_live_on_sqlite() {
    the_life_of_leads(&sqlite(&tempfile::tempdir().expect("a folder"))).await;
}

#[tokio::test]
async fn leads_live_on_postgresql() {
    the_life_of_leads(&leadlatch_testkit::postgres::server().fresh_database()).await;
}

#[tokio::test]
async fn a_write_is_checked_again_on_sqlite() {
    a_write_is_checked_again(&sqlite(&tempfile::tempdir().expect("a folder"))).await;
}

#[tokio::test]
async fn a_write_is_checked_again_on_postgresql() {
    a_write_is_checked_again(&leadlatch_testkit::postgres::server().fresh_database()).await;
}
