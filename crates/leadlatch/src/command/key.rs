//! Partner records, access keys and leads.

use leadlatch_domain::id::PartnerId;
use leadlatch_domain::matrix::{ManageKeys, WritePartners};
use leadlatch_domain::reach::PartnerKind;
use leadlatch_domain::scope::Scope;
use leadlatch_domain::text::Name;
use leadlatch_domain::time::Timestamp;
use leadlatch_store::access_keys::{self, AccessKey, NewKey};
use leadlatch_store::partner_records::{self, Links};
use leadlatch_store::{Connection, Visible, leads};
use serde::Serialize;

use super::{Shell, key_report};
use crate::cli::{Key, Lead, Links as LinkArgs, OnePartner, Partner};
use crate::output::{Failure, Outcome};

pub(crate) async fn partner(shell: &Shell, command: Partner) -> Outcome {
    match command {
        Partner::Create { of, kind, company, links } => {
            let kind =
                PartnerKind::parse(&kind).ok_or_else(|| Failure::new("a kind is introducer, partner or both"))?;
            let (company, links) = (Name::parse(&company)?, read_links(links));
            let job = async move |db: &mut Connection<'_>, grant| {
                partner_records::create(db, grant, kind, company, links).await
            };
            shell.output.show(&shell.write(&of.account, job).await?)
        }
        Partner::Link { one, links } => link(shell, one, links, true).await,
        Partner::Unlink { one, links } => link(shell, one, links, false).await,
        Partner::Activate(one) => activate(shell, one, true).await,
        Partner::Deactivate(one) => activate(shell, one, false).await,
        Partner::List(of) => {
            let grant = shell.grant::<WritePartners>(&of.account).await?;
            shell.output.show(&shell.opened.store.read(async |db| partner_records::all(db, &grant).await).await?)
        }
        Partner::Delete(one) => {
            let job = async move |db: &mut Connection<'_>, grant| partner_records::delete(db, grant, one.id).await;
            shell.output.show(&shell.write(&one.of.account, job).await?)
        }
    }
}

fn read_links(links: LinkArgs) -> Links {
    Links { lead_groups: links.link_lead_group, lead_types: links.link_lead_type }
}

async fn link(shell: &Shell, one: OnePartner, links: LinkArgs, linked: bool) -> Outcome {
    let links = read_links(links);
    let job = async move |db: &mut Connection<'_>, grant| partner_records::link(db, grant, one.id, links, linked).await;
    shell.output.show(&shell.write(&one.of.account, job).await?)
}

async fn activate(shell: &Shell, one: OnePartner, active: bool) -> Outcome {
    let job = async move |db: &mut Connection<'_>, grant| partner_records::activate(db, grant, one.id, active).await;
    shell.output.show(&shell.write(&one.of.account, job).await?)
}

/// A key with its secret, for the one time that it is shown.
#[derive(Serialize)]
struct WithSecret {
    #[serde(flatten)]
    key: Visible<AccessKey>,
    secret: String,
}

pub(crate) async fn key(shell: &Shell, command: Key) -> Outcome {
    match command {
        Key::Create { of, kind, partner, name, scope, expires } => {
            let new = new_key(&kind, partner, &name, &scope, expires.as_deref())?;
            let job = async move |db: &mut Connection<'_>, grant| access_keys::create(db, grant, new).await;
            let (key, secret) = shell.write(&of.account, job).await?;
            shell.output.show(&WithSecret { key, secret: secret.expose().to_owned() })
        }
        Key::List { of, deleted } => {
            let grant = shell.grant::<ManageKeys>(&of.account).await?;
            shell.output.show(&shell.opened.store.read(async |db| access_keys::list(db, &grant, deleted).await).await?)
        }
        Key::Show { of, id, places } => key_report::show(shell, &of.account, id, places).await,
        Key::Report(asked) => key_report::report(shell, asked).await,
        Key::Log(asked) => key_report::log(shell, asked).await,
        Key::Delete { of, id, reason } => {
            let job = async move |db: &mut Connection<'_>, grant| access_keys::delete(db, grant, id, reason).await;
            shell.output.show(&shell.write(&of.account, job).await?)
        }
    }
}

fn new_key(kind: &str, partner: Option<i64>, name: &str, scopes: &[String], expires: Option<&str>) -> Outcome<NewKey> {
    let partner = match (kind, partner) {
        ("partner", Some(id)) => Some(PartnerId::new(id).ok_or_else(|| Failure::new("--partner is a record's id"))?),
        ("partner", None) => return Err(Failure::new("a Partner key needs --partner ID: it is bound to one record")),
        (_, Some(_)) => return Err(Failure::new("a Full key is bound to no partner: leave --partner out")),
        (_, None) => None,
    };
    let read = |text: &String| Scope::parse(text).ok_or_else(|| Failure::new(unknown_scope(text)));
    let scopes = scopes.iter().map(read).collect::<Outcome<_>>()?;
    let expires_at = expires.map(Timestamp::parse).transpose()?;
    Ok(NewKey { name: Name::parse(name)?, partner, scopes, expires_at })
}

fn unknown_scope(text: &str) -> String {
    let known: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    format!("there is no scope {text}; scopes are {}", known.join(", "))
}

pub(crate) async fn lead(shell: &Shell, command: Lead) -> Outcome {
    #[derive(Serialize)]
    struct Done {
        id: i64,
    }
    let (account, id) = match command {
        Lead::Refer { of, id, partner } => {
            let to = PartnerId::new(partner).ok_or_else(|| Failure::new("--partner is a record's id"))?;
            shell.write(&of.account, async move |db, grant| leads::refer(db, grant, id, Some(to)).await).await?;
            (of.account, id)
        }
        Lead::Unrefer { of, id } => {
            shell.write(&of.account, async move |db, grant| leads::refer(db, grant, id, None).await).await?;
            (of.account, id)
        }
        Lead::Restore { of, id } => {
            shell.write(&of.account, async move |db, grant| leads::restore(db, grant, id).await).await?;
            (of.account, id)
        }
    };
    drop(account);
    shell.output.show(&Done { id })
}
