//! Changing and deleting settings.

use leadlatch_domain::account::{Country, CurrencyCode, Host, ZoneName};
use leadlatch_domain::contact::{Email, Phone};
use leadlatch_domain::custom_field::{DataKey, FieldSpec};
use leadlatch_domain::duplicate::{DuplicateChange, DuplicateOutcome, MatchFields, Within};
use leadlatch_domain::fault::Fault;
use leadlatch_domain::id::{PartnerId, WireNumber};
use leadlatch_domain::matrix::ManageSettings;
use leadlatch_domain::point::ConversionPoint;
use leadlatch_domain::reach::PartnerKind;
use leadlatch_domain::retention::{Days, parse_retention};
use leadlatch_domain::text::Name;
use leadlatch_domain::web_form::Origin;
use leadlatch_store::accounts::{self, AccountChange, HostChange};
use leadlatch_store::custom_fields::{self, FieldChange};
use leadlatch_store::lead_group_settings::{self, GroupDuplicates, LeadGroupChange};
use leadlatch_store::partner_records::{self, PartnerChange};
use leadlatch_store::sites::{self, SiteChange};
use leadlatch_store::status_settings::{self, StatusChange};
use leadlatch_store::users::{self, UserChange};
use leadlatch_store::web_forms::{self, WebFormChange};
use leadlatch_store::{Connection, leads, user_groups};

use super::{Shell, hosts};
use crate::cli::settings::{
    AccountSet, Duplicates, LeadGroupField, LeadGroupSet, LeadGroupWebForm, Member, PartnerSet, SiteSet, StatusSet,
    UserSet,
};
use crate::output::{Failure, Outcome};

/// Reads what was given, if it was.
fn given<T>(text: Option<&String>, read: impl FnOnce(&str) -> Result<T, Fault>) -> Outcome<Option<T>> {
    Ok(text.map(|text| read(text)).transpose()?)
}

/// As [`given`], where an empty text takes away what is there.
#[expect(clippy::option_option, reason = "not given, taken away and given are three things")]
fn clearable<T>(text: Option<&String>, read: impl FnOnce(&str) -> Result<T, Fault>) -> Outcome<Option<Option<T>>> {
    match text {
        Some(text) if text.trim().is_empty() => Ok(Some(None)),
        text => Ok(given(text, read)?.map(Some)),
    }
}

fn duplicates(args: &Duplicates) -> Outcome<DuplicateChange> {
    Ok(DuplicateChange {
        within: given(args.within.as_ref(), Within::parse)?,
        fields: given(args.fields.as_ref(), MatchFields::parse)?,
        outcome: given(args.outcome.as_ref(), DuplicateOutcome::parse)?,
    })
}

fn group_duplicates(args: &Duplicates) -> Outcome<Option<GroupDuplicates>> {
    if args.within.as_deref() != Some("inherit") {
        return Ok(Some(duplicates(args)?).filter(|change| !change.is_empty()).map(GroupDuplicates::Own));
    }
    match (&args.fields, &args.outcome) {
        (None, None) => Ok(Some(GroupDuplicates::Inherit)),
        _ => Err(Failure::new(
            "a group that inherits has no rule of its own: leave --duplicate-match and --duplicate-outcome out",
        )),
    }
}

pub(super) async fn account(shell: &Shell, args: AccountSet) -> Outcome {
    let host = given(args.host.as_ref(), Host::parse)?;
    let by = shell.opened.operator.clone();
    let change = AccountChange {
        name: given(args.name.as_ref(), Name::parse)?,
        country: given(args.country.as_ref(), Country::parse)?,
        time_zone: given(args.time_zone.as_ref(), ZoneName::parse)?,
        currency: given(args.currency.as_ref(), CurrencyCode::parse)?,
        host: (host.is_some() || args.no_host).then_some(HostChange { by, host }),
        default_lead_group: args.default_lead_group,
        duplicates: duplicates(&args.duplicates)?,
        bin_days: given(args.bin_days.as_ref(), Days::parse)?,
        request_log_days: given(args.request_log_days.as_ref(), Days::parse)?,
        audit_details_days: given(args.audit_details_days.as_ref(), Days::parse)?,
        plain_http: args.plain_http.map(|word| word == "on"),
    };
    let moved = change.country.is_some();
    let job = async move |db: &mut Connection<'_>, grant| accounts::set(db, grant, change).await;
    let account = shell.write(&args.of.account, job).await?;
    if moved {
        retwin(shell, &args.of.account).await?;
    }
    shell.output.show(&account)
}

/// Reads the leads' telephone numbers anew, some hundred leads a transaction, so that the server goes on beside it.
async fn retwin(shell: &Shell, account: &str) -> Outcome {
    let mut next = Some(0);
    while let Some(after) = next {
        let job = async move |db: &mut Connection<'_>, grant| leads::retwin(db, grant, after).await;
        next = shell.write::<ManageSettings, _, _>(account, job).await?;
    }
    Ok(())
}

pub(super) async fn user(shell: &Shell, args: UserSet) -> Outcome {
    let email = Email::parse(&args.email)?;
    let change = UserChange {
        name: given(args.name.as_ref(), Name::parse)?,
        role: args.role.map(|role| if role == "admin" { "admin" } else { "member" }),
        active: (args.active || args.inactive).then_some(args.active),
    };
    let job = async move |db: &mut Connection<'_>, grant| users::set(db, grant, &email, change).await;
    shell.output.show(&shell.write(&args.of.account, job).await?)
}

pub(super) async fn member(shell: &Shell, args: Member, belongs: bool) -> Outcome {
    let (email, group) = (Email::parse(&args.email)?, args.one.user_group);
    let job = async move |db: &mut Connection<'_>, grant| user_groups::member(db, grant, &group, &email, belongs).await;
    shell.output.show(&shell.write(&args.one.of.account, job).await?)
}

pub(super) async fn lead_group(shell: &Shell, args: LeadGroupSet) -> Outcome {
    let change = LeadGroupChange {
        name: given(args.name.as_ref(), Name::parse)?,
        default: args.default,
        duplicates: group_duplicates(&args.duplicates)?,
        retention: given(args.retention_days.as_ref(), parse_retention)?,
        wire_number: args.wire_number.as_deref().map(wire_number_or_off).transpose()?,
    };
    let group = args.one.lead_group;
    let job = async move |db: &mut Connection<'_>, grant| lead_group_settings::set(db, grant, &group, change).await;
    shell.output.show(&shell.write(&args.one.of.account, job).await?)
}

pub(super) async fn site(shell: &Shell, args: SiteSet) -> Outcome {
    let change = SiteChange {
        name: given(args.name.as_ref(), Name::parse)?,
        wire_number: args.wire_number.as_deref().map(wire_number_or_off).transpose()?,
    };
    let site = args.one.site;
    let job = async move |db: &mut Connection<'_>, grant| sites::set(db, grant, &site, change).await;
    shell.output.show(&shell.write(&args.one.of.account, job).await?)
}

pub(super) async fn web_form(shell: &Shell, args: LeadGroupWebForm) -> Outcome {
    let partner =
        |text: &str| PartnerId::parse(text).ok_or_else(|| Fault::new("out_of_range", "Give the record's id."));
    let change = WebFormChange {
        on: (args.on || args.off).then_some(args.on),
        origins: list(&args.origin, Origin::parse)?,
        redirect_hosts: list(&args.redirect_host, Host::parse)?,
        introducers: list(&args.introducer, partner)?,
    };
    let group = args.lead_group;
    let job = async move |db: &mut Connection<'_>, grant| web_forms::set(db, grant, &group, change).await;
    shell.output.show(&shell.write(&args.of.account, job).await?)?;
    if args.on { hosts::warn(shell, Some(&args.of.account)).await } else { Ok(()) }
}

/// A list that replaces the one that is there, if it was given; one empty text is a list of nothing.
fn list<T>(texts: &[String], read: impl Fn(&str) -> Result<T, Fault>) -> Outcome<Option<Vec<T>>> {
    let sent: Vec<T> = texts.iter().filter(|text| !text.is_empty()).map(|text| read(text)).collect::<Result<_, _>>()?;
    Ok((!texts.is_empty()).then_some(sent))
}

/// The number that clients of existing integrations hold for a record, if it was given.
pub(super) fn wire_number(text: Option<&String>) -> Outcome<Option<WireNumber>> {
    let fault = || Fault::new("out_of_range", "A wire number is a whole number from 1.");
    given(text, |text| WireNumber::parse(text).ok_or_else(fault))
}

fn wire_number_or_off(text: &str) -> Outcome<Option<WireNumber>> {
    if text == "off" { Ok(None) } else { wire_number(Some(&text.to_owned())) }
}

pub(super) async fn fields(shell: &Shell, args: LeadGroupField) -> Outcome {
    let change = FieldChange {
        put: args.spec.iter().map(|spec| FieldSpec::parse(spec)).collect::<Result<_, _>>()?,
        remove: args.remove.iter().map(|key| DataKey::parse(key)).collect::<Result<_, _>>()?,
        force: args.force,
    };
    let group = args.one.lead_group;
    let job = async move |db: &mut Connection<'_>, grant| custom_fields::change(db, grant, &group, change).await;
    shell.output.show(&shell.write(&args.one.of.account, job).await?)
}

pub(super) async fn status(shell: &Shell, args: StatusSet) -> Outcome {
    let change = StatusChange {
        name: given(args.name.as_ref(), Name::parse)?,
        point: given(args.point.as_ref(), ConversionPoint::parse)?,
        position: args.position,
        retention: given(args.retention_days.as_ref(), parse_retention)?,
    };
    let status = args.one.status;
    let job = async move |db: &mut Connection<'_>, grant| status_settings::set(db, grant, &status, change).await;
    shell.output.show(&shell.write(&args.one.of.account, job).await?)
}

pub(super) async fn partner(shell: &Shell, args: PartnerSet) -> Outcome {
    let change = PartnerChange {
        company: given(args.company.as_ref(), Name::parse)?,
        kind: args.kind.as_deref().and_then(PartnerKind::parse),
        contact_name: clearable(args.contact_name.as_ref(), Name::parse)?,
        email: clearable(args.email.as_ref(), Email::parse)?,
        phone: clearable(args.phone.as_ref(), Phone::parse)?,
        wire_number: args.wire_number.as_deref().map(wire_number_or_off).transpose()?,
        ..PartnerChange::default()
    };
    let id = args.one.id;
    let job = async move |db: &mut Connection<'_>, grant| partner_records::set(db, grant, id, change).await;
    shell.output.show(&shell.write(&args.one.of.account, job).await?)
}
