//! The SQL of every row scope against the plain-Rust oracle, on both engines, over leads in every state.

use leadlatch_domain::id::{AccountId, PartnerId};
use leadlatch_domain::key_limits::KeyLimits;
use leadlatch_domain::key_secret::KeyDigest;
use leadlatch_domain::lead::{LeadFilter, LeadInput, LeadSort, Mode};
use leadlatch_domain::matrix::{CreateLeads, DeleteLeads, ReadLeads, ReferLeads, RestoreLeads};
use leadlatch_domain::random::Randomness;
use leadlatch_domain::reach::{LeadReach, PartnerKind, RowScope, Rows};
use leadlatch_domain::scope::{Scope, ScopeSet};
use leadlatch_domain::text::Name;
use leadlatch_store::access_keys::{self, NewKey};
use leadlatch_store::leads::{self, ListQuery};
use leadlatch_store::partner_records::{self, Links};
use leadlatch_store::{Connection, Opened, Page, Store};
use serde_json::json;

struct World {
    opened: Opened,
    accounts: Vec<AccountId>,
    /// A record of each kind, and its key.
    partners: Vec<(AccountId, PartnerId, PartnerKind, KeyDigest)>,
    leads: Vec<(i64, LeadReach)>,
}

async fn world(url: &str) -> World {
    let opened = Store::open(url).await.expect("a store");
    let mut world = World { opened, accounts: Vec::new(), partners: Vec::new(), leads: Vec::new() };
    for slug in ["acme", "other"] {
        let account = crate::common::account(&world.opened, slug).await;
        world.accounts.push(account);
        for kind in [PartnerKind::Introducer, PartnerKind::Partner, PartnerKind::Both, PartnerKind::Introducer] {
            world.add_partner(account, kind).await;
        }
    }
    world
}

impl World {
    async fn add_partner(&mut self, account: AccountId, kind: PartnerKind) {
        let (store, operator) = (&self.opened.store, &self.opened.operator);
        let links = Links { lead_groups: vec!["General".into()], ..Links::default() };
        let company = Name::parse(kind.as_str()).expect("a name");
        let job =
            async move |db: &mut Connection<'_>, grant| partner_records::create(db, grant, kind, company, links).await;
        let grant = operator.admin_of(account).permit().expect("a proof");
        let record = PartnerId::new(store.write(grant, job).await.expect("a record").id).expect("an id");
        let scopes: ScopeSet = Scope::ALL.into_iter().filter(|scope| scope.partner_may_have()).collect();
        let name = Name::parse("key").expect("a name");
        let limits = KeyLimits::default();
        let new = NewKey { name, note: None, partner: Some(record), scopes, expires_at: None, limits };
        let grant = operator.admin_of(account).permit().expect("a proof");
        let job = async move |db: &mut Connection<'_>, grant| access_keys::create(db, grant, new).await;
        let (_, secret) = store.write(grant, job).await.expect("a key");
        self.partners.push((account, record, kind, secret.digest()));
    }

    /// Makes a lead, and brings it into a state that some bytes choose, through the doors that callers use.
    async fn add_lead(&mut self, choice: [u8; 4]) {
        let account = self.accounts[usize::from(choice[0]) % self.accounts.len()];
        let own: Vec<_> = self.partners.iter().filter(|partner| partner.0 == account).copied().collect();
        let pick = |byte: u8, side: fn(PartnerKind) -> bool| {
            let able: Vec<_> = own.iter().filter(|partner| side(partner.2)).map(|partner| Some(partner.1)).collect();
            let with_none: Vec<_> = able.into_iter().chain([None]).collect();
            with_none[usize::from(byte) % with_none.len()]
        };
        let introducer = pick(choice[1], |kind| kind.sides().supplies);
        let partner = pick(choice[2], |kind| kind.sides().buys);
        let (store, admin) = (&self.opened.store, self.opened.operator.admin_of(account));
        let mut body = json!({"email": "x@example.com"});
        if let Some(introducer) = introducer {
            body["introducer_id"] = json!(introducer);
        }
        let grant = admin.clone().permit::<CreateLeads>().expect("a proof");
        let members = body.as_object().expect("an object").clone();
        let input = LeadInput::parse(&members, Mode::Create, &grant.fields()).expect("an input");
        let made = store.write(grant, async move |db, grant| leads::create(db, grant, input).await).await;
        let id = made.expect("a lead").id().expect("an id");
        if partner.is_some() {
            let grant = admin.clone().permit::<ReferLeads>().expect("a proof");
            store
                .write(grant, async move |db, grant| leads::refer(db, grant, id, partner).await)
                .await
                .expect("refers");
        }
        let mut reach =
            LeadReach { account, introducer, partner, introducer_ended: false, partner_ended: false, binned: false };
        self.age(&mut reach, id, choice[3]).await;
        self.leads.push((id, reach));
    }

    /// Left alone, deleted by a side's key, deleted by the account, or deleted and put back.
    async fn age(&self, reach: &mut LeadReach, id: i64, choice: u8) {
        let (store, admin) = (&self.opened.store, self.opened.operator.admin_of(reach.account));
        let deleter = match choice % 6 {
            0 => reach.introducer,
            1 => reach.partner,
            _ => None,
        };
        if let Some(record) = deleter {
            let digest = self.partners.iter().find(|partner| partner.1 == record).expect("a partner").3;
            let access = store.authenticate(digest, None).await.expect("lets in");
            let grant = access.permit::<DeleteLeads>().expect("a proof");
            store.write(grant, async move |db, grant| leads::delete(db, grant, id).await).await.expect("deletes");
            reach.introducer_ended = reach.introducer == Some(record);
            reach.partner_ended = reach.partner == Some(record);
            let left = |side: Option<PartnerId>, ended: bool| side.is_some() && !ended;
            reach.binned = !left(reach.introducer, reach.introducer_ended) && !left(reach.partner, reach.partner_ended);
        }
        if (2..=3).contains(&(choice % 6)) {
            let grant = admin.clone().permit::<DeleteLeads>().expect("a proof");
            store.write(grant, async move |db, grant| leads::delete(db, grant, id).await).await.expect("deletes");
            reach.binned = true;
        }
        if choice % 6 == 3 {
            let grant = admin.permit::<RestoreLeads>().expect("a proof");
            store.write(grant, async move |db, grant| leads::restore(db, grant, id).await).await.expect("restores");
            reach.binned = false;
        }
    }

    fn expected(&self, scope: &RowScope) -> Vec<i64> {
        self.leads.iter().filter(|(_, reach)| scope.matches(reach)).map(|(id, _)| *id).collect()
    }

    async fn check(&self, access: leadlatch_store::Access, scope: RowScope) {
        let store = &self.opened.store;
        let expected = self.expected(&scope);
        let query = ListQuery { filter: LeadFilter::default(), sort: LeadSort::default() };
        let grant = access.permit::<ReadLeads>().expect("a proof");
        let listed = store.read(async |db| leads::list(db, &grant, &query, &Page::ALL).await).await.expect("a list");
        let mut listed: Vec<i64> = listed.rows.iter().filter_map(|row| row.id()).collect();
        listed.sort_unstable();
        assert_eq!(listed, expected, "{scope:?}");
        let total = store.read(async |db| leads::total(db, &grant, &query.filter).await).await.expect("a total");
        assert_eq!(total, expected.len() as i64, "{scope:?}");
        for (id, reach) in &self.leads {
            let found = store.read(async |db| leads::get(db, &grant, *id).await).await.is_ok();
            assert_eq!(found, scope.matches(reach), "{scope:?} {reach:?}");
        }
    }
}

async fn sql_agrees_with_the_oracle(url: &str) {
    let mut world = world(url).await;
    let mut bytes = [0; 4 * 120];
    Randomness::seeded(7).fill(&mut bytes);
    for choice in bytes.chunks_exact(4) {
        world.add_lead(choice.try_into().expect("four bytes")).await;
    }
    for account in world.accounts.clone() {
        let scope = RowScope { account, rows: Rows::Account };
        world.check(world.opened.operator.admin_of(account), scope).await;
    }
    for (account, record, kind, digest) in world.partners.clone() {
        let access = world.opened.store.authenticate(digest, None).await.expect("lets in");
        let scope = RowScope { account, rows: Rows::Partner { record, sides: kind.sides() } };
        assert!(!world.expected(&scope).is_empty(), "a scope that reaches nothing shows nothing");
        world.check(access, scope).await;
    }
}

#[tokio::test]
async fn on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    sql_agrees_with_the_oracle(&format!("sqlite:{}", folder.path().join("test.db").display())).await;
}

#[tokio::test]
async fn on_postgresql() {
    sql_agrees_with_the_oracle(&leadlatch_testkit::postgres::server().fresh_database()).await;
}
