//! A throw-away server with an account, partners, leads and keys, and lines to try.

use leadlatch_domain::account::{Country, CurrencyCode, Slug, ZoneName};
use leadlatch_domain::contact::Email;
use leadlatch_domain::id::{AccountId, PartnerId};
use leadlatch_domain::key_limits::KeyLimits;
use leadlatch_domain::lead::{FieldRights, LeadInput, Mode};
use leadlatch_domain::matrix::CreateLeads;
use leadlatch_domain::reach::PartnerKind;
use leadlatch_domain::scope::{Scope, ScopeSet};
use leadlatch_domain::text::Name;
use leadlatch_domain::token::Token;
use leadlatch_store::access_keys::{self, NewKey};
use leadlatch_store::accounts::{self, NewAccount};
use leadlatch_store::partner_records::{self, Links};
use leadlatch_store::{Connection, Opened, Store, leads, password, users};
use serde_json::json;

use crate::config::Config;
use crate::output::{Failure, Outcome, Output, line};
use crate::serve::Server;

const FIRST: [&str; 8] = ["Ann", "Ben", "Cleo", "Dev", "Ella", "Finn", "Grace", "Hugo"];
const LAST: [&str; 8] = ["Archer", "Brook", "Carter", "Dale", "Evans", "Frost", "Gray", "Hale"];

/// Makes the data in a folder that goes away, and serves it until it is stopped.
pub(crate) async fn run(listen: &str, count: u32, output: Output) -> Outcome {
    let config = Config { listen: listen.to_owned(), ..Config::default() };
    config.validate()?;
    let folder = tempfile::tempdir()?;
    let opened = Store::open(&format!("sqlite:{}", folder.path().join("demo.db").display())).await?;
    let account = make_account(&opened).await?;
    let north = make_partner(&opened, account, PartnerKind::Introducer, "North Homes").await?;
    let south = make_partner(&opened, account, PartnerKind::Introducer, "South Loans").await?;
    let full = make_key(&opened, account, "Back office", None, ScopeSet::all()).await?;
    let partner_scopes: ScopeSet = Scope::ALL.into_iter().filter(|scope| scope.partner_may_have()).collect();
    let first = make_key(&opened, account, "North Homes", Some(north), partner_scopes).await?;
    let second = make_key(&opened, account, "South Loans", Some(south), partner_scopes).await?;
    for number in 0..count {
        let introducer = [Some(north), Some(south), None][number as usize % 3];
        make_lead(&opened, account, number as usize, introducer).await?;
    }
    let password = make_admin(&opened, account).await?;
    let server = Server::bind(&config, opened).await?;
    let address = format!("http://{}", server.address()?);
    let made = Made { address, leads: count, full, north: first, south: second, password };
    if output.json {
        output.show(&made.in_json())?;
    } else {
        made.introduce();
    }
    server.run().await
}

/// What whoever tries it needs to know.
struct Made {
    address: String,
    leads: u32,
    full: String,
    north: String,
    south: String,
    password: String,
}

/// Who signs in to the demo.
const ADMIN: &str = "admin@example.com";

impl Made {
    fn in_json(&self) -> serde_json::Value {
        let keys = json!({"full": self.full, "north_homes": self.north, "south_loans": self.south});
        let curl = self.curl_lines();
        let admin = json!({"email": ADMIN, "password": self.password});
        json!({"address": self.address, "account": "acme", "admin": admin, "leads": self.leads, "keys": keys,
            "curl": curl})
    }

    fn introduce(&self) {
        let Self { address, leads, full, north, south, password } = self;
        line(&format!("Leadlatch demo at {address}  (API reference: {address}/docs)"));
        line(&format!("Account \"Acme Leads\" with {leads} leads. Nothing is kept when this stops."));
        line("");
        line(&format!("Sign in with {ADMIN} and {password}"));
        line("");
        line(&format!("Full key:                   {full}"));
        line(&format!("Partner key (North Homes):  {north}"));
        line(&format!("Partner key (South Loans):  {south}"));
        line("");
        line("Who am I, all leads, a partner's own leads, a new lead, and what a partner never sees (403):");
        self.curl_lines().iter().for_each(|text| line(text));
    }

    fn curl_lines(&self) -> [String; 5] {
        let Self { address, full, north, south, .. } = self;
        let get = |key, path| format!("curl -s -H 'Authorization: Bearer {key}' '{address}/api/v1/{path}'");
        let body = r#"{"firstname":"Iris","email":"iris@example.com"}"#;
        let bearer = format!("-H 'Authorization: Bearer {south}' -H 'Content-Type: application/json'");
        [
            get(full, "whoami"),
            get(full, "leads?limit=3&total=true"),
            get(north, "leads?limit=3&total=true"),
            format!("curl -s -X POST {bearer} -d '{body}' {address}/api/v1/leads"),
            get(south, "users"),
        ]
    }
}

async fn make_account(opened: &Opened) -> Outcome<AccountId> {
    let new = NewAccount {
        name: Name::parse("Acme Leads")?,
        slug: Slug::parse("acme")?,
        country: Country::default(),
        time_zone: ZoneName::parse("Europe/London")?,
        currency: CurrencyCode::parse("GBP")?,
        host: None,
    };
    let operator = opened.operator.clone();
    let job = async move |db: &mut Connection<'_>| accounts::create(db, &operator, new).await;
    Ok(opened.store.operate(&opened.operator, job).await?.id)
}

/// Makes an admin with a password of the moment, and gives it.
async fn make_admin(opened: &Opened, account: AccountId) -> Outcome<String> {
    let password = Token::generate(opened.store.random()).expose()[..16].to_owned();
    let (name, email) = (Name::parse("Demo Admin")?, Email::parse(ADMIN)?);
    let hash = password::hash(&password.as_str().into())?;
    let grant = opened.operator.admin_of(account).permit()?;
    let job = async move |db: &mut Connection<'_>, grant| users::create(db, grant, name, email, "admin", hash).await;
    opened.store.write(grant, job).await?;
    Ok(password)
}

async fn make_partner(opened: &Opened, account: AccountId, kind: PartnerKind, company: &str) -> Outcome<PartnerId> {
    let (company, links) = (Name::parse(company)?, Links { lead_groups: vec!["General".into()], ..Links::default() });
    let grant = opened.operator.admin_of(account).permit()?;
    let job =
        async move |db: &mut Connection<'_>, grant| partner_records::create(db, grant, kind, company, links).await;
    let record = opened.store.write(grant, job).await?;
    PartnerId::new(record.id).ok_or_else(|| Failure::new("a partner record without an id"))
}

async fn make_key(
    opened: &Opened,
    account: AccountId,
    name: &str,
    partner: Option<PartnerId>,
    scopes: ScopeSet,
) -> Outcome<String> {
    let limits = KeyLimits::default();
    let new = NewKey { name: Name::parse(name)?, note: None, partner, scopes, expires_at: None, limits };
    let grant = opened.operator.admin_of(account).permit()?;
    let (_, secret) =
        opened.store.write(grant, async move |db, grant| access_keys::create(db, grant, new).await).await?;
    Ok(secret.expose().to_owned())
}

async fn make_lead(opened: &Opened, account: AccountId, number: usize, introducer: Option<PartnerId>) -> Outcome {
    let (first, last) = (FIRST[number % 8], LAST[number / 8 % 8]);
    let email = format!("{}.{}{number}@example.com", first.to_lowercase(), last.to_lowercase());
    let mut body = json!({"firstname": first, "lastname": last, "email": email, "source": "demo",
        "phone1": format!("020 7946 {:04}", number % 10_000)});
    if let Some(introducer) = introducer {
        body["introducer_id"] = json!(introducer);
    }
    let members = body.as_object().cloned().unwrap_or_default();
    let input = LeadInput::parse(&members, Mode::Create, &FieldRights::Full)
        .map_err(|_| Failure::new("a demo lead is not valid"))?;
    let grant = opened.operator.admin_of(account).permit::<CreateLeads>()?;
    opened.store.write(grant, async move |db, grant| leads::create(db, grant, input).await).await?;
    Ok(())
}
