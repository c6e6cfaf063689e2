//! Accounts, people and settings.

use std::io::{IsTerminal, Read};

use leadlatch_domain::account::{Country, CurrencyCode, Host, Slug, ZoneName};
use leadlatch_domain::contact::Email;
use leadlatch_domain::custom_field::CustomField;
use leadlatch_domain::matrix::{ReadLeadTypes, ReadSites, ReadUserGroups, ReadUsers};
use leadlatch_domain::point::ConversionPoint;
use leadlatch_domain::text::Name;
use leadlatch_store::accounts::{self, NewAccount};
use leadlatch_store::{
    Connection, Page, authenticator, lead_group_settings, lead_groups, lead_types, password, sites, status_settings,
    statuses, user_groups, users,
};
use secrecy::SecretString;

use super::{Shell, change, erase, hosts, tables};
use crate::cli::{Account, LeadGroup, LeadType, Site, Status, User, UserGroup};
use crate::output::Outcome;

pub(crate) async fn account(shell: &Shell, command: Account) -> Outcome {
    let (store, operator) = (&shell.opened.store, &shell.opened.operator);
    let by = operator.clone();
    match command {
        Account::Create { name, slug, country, time_zone, currency, host } => {
            let new = NewAccount {
                name: Name::parse(&name)?,
                slug: Slug::parse(&slug)?,
                country: Country::parse(&country)?,
                time_zone: ZoneName::parse(&time_zone)?,
                currency: CurrencyCode::parse(&currency)?,
                host: host.as_deref().map(Host::parse).transpose()?,
            };
            let account = store.operate(operator, async move |db| accounts::create(db, &by, new).await).await?;
            shell.output.show(&account)?;
            hosts::warn(shell, None).await
        }
        Account::Set(args) => change::account(shell, args).await,
        Account::List => shell.output.show(&store.read(async |db| accounts::list(db, operator).await).await?),
        Account::Suspend(of) => suspend(shell, of.account, true).await,
        Account::Resume(of) => suspend(shell, of.account, false).await,
        Account::Delete(of) => shell.output.show(&erase::account(shell, &of.account).await?),
    }
}

async fn suspend(shell: &Shell, slug: String, suspended: bool) -> Outcome {
    let operator = shell.opened.operator.clone();
    let job = async move |db: &mut Connection<'_>| accounts::suspend(db, &operator, &slug, suspended).await;
    shell.output.show(&shell.opened.store.operate(&shell.opened.operator, job).await?)
}

/// A password from the terminal without echo, or the first line of stdin.
fn read_password() -> Outcome<String> {
    let typed = if std::io::stdin().is_terminal() {
        rpassword::prompt_password("Password: ")?
    } else {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        text.lines().next().unwrap_or_default().to_owned()
    };
    let password = SecretString::from(typed);
    password::check(&password)?;
    Ok(password::hash(&password)?)
}

pub(crate) async fn user(shell: &Shell, command: User) -> Outcome {
    match command {
        User::Create { of, email, name, role } => {
            let (name, email, hash) = (Name::parse(&name)?, Email::parse(&email)?, read_password()?);
            let role = if role == "admin" { "admin" } else { "member" };
            let job =
                async move |db: &mut Connection<'_>, grant| users::create(db, grant, name, email, role, hash).await;
            shell.output.show(&shell.write(&of.account, job).await?)
        }
        User::Set(args) => change::user(shell, args).await,
        User::List(of) => {
            let grant = shell.grant::<ReadUsers>(&of.account).await?;
            let read = shell.opened.store.read(async |db| users::list(db, &grant, &Page::ALL).await).await?;
            shell.output.show(&read.rows)
        }
        User::Delete(one) => {
            let email = Email::parse(&one.email)?;
            let job = async move |db: &mut Connection<'_>, grant| users::delete(db, grant, &email).await;
            shell.output.show(&shell.write(&one.of.account, job).await?)
        }
        User::RemoveAuthenticator(one) => {
            let email = Email::parse(&one.email)?;
            let job =
                async move |db: &mut Connection<'_>, grant| authenticator::remove_by_email(db, grant, &email).await;
            shell.output.show(&shell.write(&one.of.account, job).await?)
        }
        User::ResetPassword { of, email } => {
            let (email, hash) = (Email::parse(&email)?, read_password()?);
            let job = async move |db: &mut Connection<'_>, grant| users::reset_password(db, grant, email, hash).await;
            shell.output.show(&shell.write(&of.account, job).await?)
        }
    }
}

pub(crate) async fn user_group(shell: &Shell, command: UserGroup) -> Outcome {
    match command {
        UserGroup::Create { of, name } => {
            let name = Name::parse(&name)?;
            let job = async move |db: &mut Connection<'_>, grant| user_groups::create(db, grant, name).await;
            shell.output.show(&shell.write(&of.account, job).await?)
        }
        UserGroup::Set { one, name } => {
            let name = Name::parse(&name)?;
            let job =
                async move |db: &mut Connection<'_>, grant| user_groups::set(db, grant, &one.user_group, name).await;
            shell.output.show(&shell.write(&one.of.account, job).await?)
        }
        UserGroup::Add(member) => change::member(shell, member, true).await,
        UserGroup::Remove(member) => change::member(shell, member, false).await,
        UserGroup::Delete(one) => {
            let job = async move |db: &mut Connection<'_>, grant| user_groups::delete(db, grant, &one.user_group).await;
            shell.output.show(&shell.write(&one.of.account, job).await?)
        }
        UserGroup::List(of) => {
            let grant = shell.grant::<ReadUserGroups>(&of.account).await?;
            let read = shell.opened.store.read(async |db| user_groups::list(db, &grant, &Page::ALL).await).await?;
            shell.output.show(&read.rows)
        }
    }
}

pub(crate) async fn site(shell: &Shell, command: Site) -> Outcome {
    match command {
        Site::Create { of, name, wire_number } => {
            let (name, number) = (Name::parse(&name)?, change::wire_number(wire_number.as_ref())?);
            let job = async move |db: &mut Connection<'_>, grant| sites::create(db, grant, name, number).await;
            shell.output.show(&shell.write(&of.account, job).await?)
        }
        Site::Set(args) => change::site(shell, args).await,
        Site::Delete(one) => {
            let job = async move |db: &mut Connection<'_>, grant| sites::delete(db, grant, &one.site).await;
            shell.output.show(&shell.write(&one.of.account, job).await?)
        }
        Site::List(of) => {
            let grant = shell.grant::<ReadSites>(&of.account).await?;
            let read = shell.opened.store.read(async |db| sites::list(db, &grant, &Page::ALL).await).await?;
            shell.output.show(&read.rows)
        }
    }
}

pub(crate) async fn lead_group(shell: &Shell, command: LeadGroup) -> Outcome {
    match command {
        LeadGroup::Create { of, name, field, wire_number } => {
            let (name, number) = (Name::parse(&name)?, change::wire_number(wire_number.as_ref())?);
            let fields = field.iter().map(|spec| CustomField::parse_spec(spec)).collect::<Result<Vec<_>, _>>()?;
            let job = async move |db: &mut Connection<'_>, grant| {
                lead_groups::create_numbered(db, grant, name, fields, number).await
            };
            shell.output.show(&shell.write(&of.account, job).await?)
        }
        LeadGroup::Set(args) => change::lead_group(shell, args).await,
        LeadGroup::Field(args) => change::fields(shell, args).await,
        LeadGroup::WebForm(args) => change::web_form(shell, args).await,
        LeadGroup::List(of) => {
            let grant = shell.grant(&of.account).await?;
            let groups = shell.opened.store.read(async |db| lead_group_settings::list(db, &grant).await).await?;
            shell.output.list(&groups, || tables::lead_groups(&groups))
        }
        LeadGroup::Delete(one) => {
            let job = async move |db: &mut Connection<'_>, grant| {
                lead_group_settings::delete(db, grant, &one.lead_group).await
            };
            shell.output.show(&shell.write(&one.of.account, job).await?)
        }
    }
}

pub(crate) async fn lead_type(shell: &Shell, command: LeadType) -> Outcome {
    match command {
        LeadType::Create { of, lead_group, name } => {
            let name = Name::parse(&name)?;
            let job =
                async move |db: &mut Connection<'_>, grant| lead_types::create(db, grant, &lead_group, name).await;
            shell.output.show(&shell.write(&of.account, job).await?)
        }
        LeadType::Set { one, name } => {
            let name = Name::parse(&name)?;
            let job = async move |db: &mut Connection<'_>, grant| {
                lead_types::set(db, grant, &one.lead_group, &one.lead_type, name).await
            };
            shell.output.show(&shell.write(&one.of.account, job).await?)
        }
        LeadType::Delete(one) => {
            let job = async move |db: &mut Connection<'_>, grant| {
                lead_types::delete(db, grant, &one.lead_group, &one.lead_type).await
            };
            shell.output.show(&shell.write(&one.of.account, job).await?)
        }
        LeadType::List(of) => {
            let grant = shell.grant::<ReadLeadTypes>(&of.account).await?;
            let read = shell.opened.store.read(async |db| lead_types::list(db, &grant, None, &Page::ALL).await).await?;
            shell.output.show(&read.rows)
        }
    }
}

pub(crate) async fn status(shell: &Shell, command: Status) -> Outcome {
    match command {
        Status::Create { of, name, point, position } => {
            let (name, point) = (Name::parse(&name)?, ConversionPoint::parse(&point)?);
            let job =
                async move |db: &mut Connection<'_>, grant| statuses::create(db, grant, name, point, position).await;
            shell.output.show(&shell.write(&of.account, job).await?)
        }
        Status::Set(args) => change::status(shell, args).await,
        Status::List(of) => {
            let grant = shell.grant(&of.account).await?;
            shell.output.show(&shell.opened.store.read(async |db| status_settings::list(db, &grant).await).await?)
        }
        Status::Delete(one) => {
            let job = async move |db: &mut Connection<'_>, grant| status_settings::delete(db, grant, &one.status).await;
            shell.output.show(&shell.write(&one.of.account, job).await?)
        }
    }
}
