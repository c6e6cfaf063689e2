//! A store with accounts, partner records and keys, used as its callers use it, on either engine.

use std::time::Duration;

use leadlatch_domain::account::{Country, CurrencyCode, Slug, ZoneName};
use leadlatch_domain::id::{AccountId, PartnerId};
use leadlatch_domain::key_limits::KeyLimits;
use leadlatch_domain::key_secret::KeyDigest;
use leadlatch_domain::lead::{LeadInput, LeadView, Mode};
use leadlatch_domain::matrix::{CreateLeads, ReadLeads};
use leadlatch_domain::random::Randomness;
use leadlatch_domain::reach::PartnerKind;
use leadlatch_domain::scope::{Scope, ScopeSet};
use leadlatch_domain::text::Name;
use leadlatch_domain::time::{Clock, Timestamp};
use leadlatch_store::access_keys::{self, NewKey};
use leadlatch_store::accounts::{self, NewAccount};
use leadlatch_store::partner_records::{self, Links};
use leadlatch_store::{Connection, Error, Opened, Result, Store, Visible, leads};
use leadlatch_testkit::postgres::{self, FreshDatabase};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const ALL: &str = "create_leads,read_leads,update_delete_leads";

/// Where a store of one test is, and goes with it.
pub(crate) enum Place {
    File(String, #[expect(dead_code, reason = "it holds the folder")] TempDir),
    Postgres(FreshDatabase),
}

impl Place {
    pub(crate) fn url(&self) -> &str {
        match self {
            Self::File(url, _) => url,
            Self::Postgres(database) => database,
        }
    }
}

/// One of each engine.
pub(crate) fn places() -> [Place; 2] {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    [Place::File(url, folder), Place::Postgres(postgres::server().fresh_database())]
}

pub(crate) struct World {
    pub(crate) opened: Opened,
    pub(crate) clock: Clock,
    pub(crate) place: Place,
}

/// One of each engine.
pub(crate) async fn both() -> [World; 2] {
    let [file, postgres] = places();
    [world(file).await, world(postgres).await]
}

async fn world(place: Place) -> World {
    let clock = Clock::mock(Timestamp::parse("2026-11-25T10:00:00Z").expect("a time"));
    let opened = Store::open_with(place.url(), clock.clone(), Randomness::system()).await.expect("a store");
    World { opened, clock, place }
}

/// Runs a statement past the store: what no caller can do.
pub(crate) async fn by_hand(url: &str, sql: &str) {
    if let Some(file) = url.strip_prefix("sqlite:") {
        rusqlite::Connection::open(file).expect("a file").execute_batch(sql).expect("runs");
        return;
    }
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("connects");
    let driver = tokio::spawn(connection);
    client.batch_execute(sql).await.expect("runs");
    drop(client);
    driver.await.expect("a task").expect("a connection");
}

/// A new account, named as its slug.
pub(crate) async fn account(opened: &Opened, slug: &str) -> AccountId {
    let new = NewAccount {
        name: Name::parse(slug).expect("a name"),
        slug: Slug::parse(slug).expect("a slug"),
        country: Country::default(),
        time_zone: ZoneName::parse("Europe/London").expect("a zone"),
        currency: CurrencyCode::parse("GBP").expect("a currency"),
        host: None,
    };
    let operator = opened.operator.clone();
    let job = async move |db: &mut Connection<'_>| accounts::create(db, &operator, new).await;
    opened.store.operate(&opened.operator, job).await.expect("an account").id
}

impl World {
    pub(crate) async fn account(&self, slug: &str) -> AccountId {
        account(&self.opened, slug).await
    }

    pub(crate) async fn record(&self, account: AccountId, kind: PartnerKind) -> PartnerId {
        let links = Links { lead_groups: vec!["General".into()], ..Links::default() };
        let company = Name::parse(kind.as_str()).expect("a name");
        let job =
            async move |db: &mut Connection<'_>, grant| partner_records::create(db, grant, kind, company, links).await;
        let grant = self.opened.operator.admin_of(account).permit().expect("a proof");
        let made = self.opened.store.write(grant, job).await.expect("a record");
        PartnerId::new(made.id).expect("an id")
    }

    /// A key with the scopes, given with commas between them.
    pub(crate) async fn key(&self, account: AccountId, partner: Option<PartnerId>, scopes: &str) -> KeyDigest {
        let scopes: ScopeSet = scopes.split(',').map(|name| Scope::parse(name).expect("a scope")).collect();
        let new = NewKey {
            name: Name::parse("key").expect("a name"),
            note: None,
            partner,
            scopes,
            expires_at: None,
            limits: KeyLimits::default(),
        };
        let grant = self.opened.operator.admin_of(account).permit().expect("a proof");
        let job = async move |db: &mut Connection<'_>, grant| access_keys::create(db, grant, new).await;
        let (_, secret) = self.opened.store.write(grant, job).await.expect("a key");
        secret.digest()
    }

    pub(crate) async fn create(&self, key: KeyDigest, body: Value) -> Result<Visible<LeadView>> {
        let grant = self.opened.store.authenticate(key, None).await?.permit::<CreateLeads>()?;
        let members = body.as_object().expect("an object").clone();
        let input = LeadInput::parse(&members, Mode::Create, &grant.fields()).expect("an input");
        self.opened.store.write(grant, async move |db, grant| leads::create(db, grant, input).await).await
    }

    /// Creates a lead that is taken, and gives its id.
    pub(crate) async fn made(&self, key: KeyDigest, body: Value) -> i64 {
        self.create(key, body).await.expect("a lead").id().expect("an id")
    }

    /// A lead as the account's admin sees it.
    pub(crate) async fn lead(&self, account: AccountId, id: i64) -> Value {
        let grant = self.opened.operator.admin_of(account).permit::<ReadLeads>().expect("a proof");
        let lead = self.opened.store.read(async |db| leads::get(db, &grant, id).await).await.expect("a lead");
        serde_json::to_value(lead).expect("JSON")
    }

    /// A lead as a key sees it.
    pub(crate) async fn seen(&self, key: KeyDigest, id: i64) -> Result<Value> {
        let grant = self.opened.store.authenticate(key, None).await?.permit::<ReadLeads>()?;
        let lead = self.opened.store.read(async |db| leads::get(db, &grant, id).await).await?;
        serde_json::to_value(lead).map_err(Error::internal)
    }

    /// As [`by_hand`].
    pub(crate) async fn by_hand(&self, sql: &str) {
        by_hand(self.place.url(), sql).await;
    }

    /// Gives the account a rule for duplicates; fields as bits: 1 name, 2 company, 4 phone, 8 email, 16 address.
    pub(crate) async fn rule(&self, account: AccountId, within: i64, fields: i64, outcome: &str) {
        let set = format!("duplicate_within = {within}, duplicate_fields = {fields}, duplicate_outcome = '{outcome}'");
        self.by_hand(&format!("UPDATE accounts SET {set} WHERE id = {account}")).await;
    }

    pub(crate) fn days_later(&self, days: u32) {
        self.clock.advance(Duration::from_hours(24) * days);
    }
}
