//! The page of one partner record: facts, links, keys, leads.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use leadlatch_domain::id::PartnerId;
use leadlatch_domain::key_secret::KeyKind;
use leadlatch_domain::matrix::{ManageKeys, ReadLeadGroups, ReadLeadTypes, ReadLeads, WritePartners};
use leadlatch_domain::partner_change::PartnerChange;
use leadlatch_domain::reach::PartnerKind;
use leadlatch_domain::scope::ScopeSet;
use leadlatch_domain::time::Timestamp;
use leadlatch_store::access_keys::{self, AccessKey, KeyFilter};
use leadlatch_store::partner_records::{self, PartnerRecord, Side};
use leadlatch_store::{Connection, Page as ListPage, lead_groups, lead_types};
use serde::Deserialize;

use super::leads::{self, Leads};
use super::{kind_in_words, path_of};
use crate::Web;
use crate::access_keys::add_href;
use crate::around::go;
use crate::asked::{Path, Query};
use crate::components::words::{ago, count, exact};
use crate::form::Form;
use crate::frame::Frame;
use crate::note::Note;
use crate::page::{Answer, page};
use crate::refusal::Refusal;
use crate::signed::Signed;

#[derive(Template)]
#[template(path = "partners/record.html")]
struct Page {
    frame: Frame,
    path: String,
    record: PartnerRecord,
    kind: &'static str,
    active: bool,
    groups: Vec<Group>,
    keys: Vec<Key>,
    new_key: String,
    leads: Vec<Leads>,
    /// Whether older leads are shown than the newest.
    is_older: bool,
    audit: String,
}

/// A lead group with its types, and what of it is linked.
struct Group {
    id: i64,
    name: String,
    linked: bool,
    types: Vec<(i64, String, bool)>,
}

/// A key of the record.
pub(super) struct Key {
    pub(super) href: String,
    pub(super) name: String,
    pub(super) fingerprint: String,
    pub(super) scopes: String,
    pub(super) used: String,
    pub(super) used_exact: String,
    pub(super) used_from: String,
}

/// The leads that are asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct LeadsAfter {
    supplied: Option<String>,
    referred: Option<String>,
}

/// What is linked after the form is sent.
#[derive(Debug, Deserialize)]
pub(crate) struct Links {
    #[serde(default)]
    group: BTreeSet<i64>,
    #[serde(default, rename = "type")]
    lead_type: BTreeSet<i64>,
}

/// The id of a path. What is none names no record.
pub(super) fn id_of(text: &str) -> i64 {
    PartnerId::parse(text).map_or(0, PartnerId::get)
}

/// The page.
pub(crate) async fn show(
    State(web): State<Web>,
    signed: Signed<WritePartners>,
    Path(id): Path<String>,
    Query(after): Query<LeadsAfter>,
) -> Answer {
    let id = id_of(&id);
    let record = web.store().read(async |db| partner_records::one(db, &signed.grant, id).await).await?.into_inner();
    let groups = groups(&web, &signed, &record).await?;
    let keys = keys(&web, &signed, id).await?;
    let kind = PartnerKind::parse(&record.kind).unwrap_or(PartnerKind::Both);
    let reader = signed.permit::<ReadLeads>()?;
    let mut sides = Vec::new();
    for (side, stands, after) in [
        (Side::Supplies, kind.sides().supplies, after.supplied.as_deref()),
        (Side::Buys, kind.sides().buys, after.referred.as_deref()),
    ] {
        if stands {
            sides.push(leads::read(&web, &reader, id, side, after.and_then(leads::place)).await?);
        }
    }
    page(&Page {
        frame: signed.frame.clone(),
        path: path_of(id),
        kind: kind_in_words(kind),
        active: record.active == Some(true),
        groups,
        keys,
        new_key: add_href(KeyKind::Partner, Some(id), ScopeSet::default()),
        leads: sides,
        is_older: after.supplied.is_some() || after.referred.is_some(),
        audit: crate::audit_trail::about("partner", id),
        record,
    })
}

async fn groups(web: &Web, signed: &Signed<WritePartners>, record: &PartnerRecord) -> Result<Vec<Group>, Refusal> {
    let (groups, types) = (signed.permit::<ReadLeadGroups>()?, signed.permit::<ReadLeadTypes>()?);
    let job = async |db: &mut Connection<'_>| {
        let groups = lead_groups::list(db, &groups, &ListPage::ALL).await?;
        Ok((groups, lead_types::list(db, &types, None, &ListPage::ALL).await?))
    };
    let (groups, types) = web.store().read(job).await?;
    let group = |group: &lead_groups::LeadGroup| Group {
        id: group.id,
        name: group.name.clone(),
        linked: record.lead_group_ids.contains(&group.id),
        types: types
            .rows
            .iter()
            .filter(|of| of.lead_group_id == group.id)
            .map(|of| (of.id, of.name.clone(), record.lead_type_ids.contains(&of.id)))
            .collect(),
    };
    Ok(groups.rows.iter().map(|row| group(row)).collect())
}

/// The record's live keys, those that were used last first.
pub(super) async fn keys(web: &Web, signed: &Signed<WritePartners>, id: i64) -> Result<Vec<Key>, Refusal> {
    let grant = signed.permit::<ManageKeys>()?;
    let filter = KeyFilter { partner: Some(id), ..KeyFilter::default() };
    let mut keys = web.store().read(async |db| access_keys::list(db, &grant, filter).await).await?;
    keys.sort_by_key(|key| std::cmp::Reverse(key.last_used_at.map(Timestamp::as_micros)));
    let now = web.store().clock().now();
    Ok(keys.iter().map(|key| Key::of(key, now)).collect())
}

impl Key {
    fn of(key: &AccessKey, now: Timestamp) -> Self {
        let scopes: Vec<_> = key.scopes.iter().map(leadlatch_domain::scope::Scope::label).collect();
        Self {
            href: format!("/settings/configuration/access-keys/{}", key.id),
            name: key.name.clone(),
            fingerprint: key.fingerprint.clone(),
            scopes: scopes.join(", "),
            used: key.last_used_at.map_or_else(|| "Never used".to_owned(), |at| ago(at, now)),
            used_exact: key.last_used_at.map(exact).unwrap_or_default(),
            used_from: key.last_used_address.clone().unwrap_or_default(),
        }
    }
}

/// Takes the tick-boxes of the links.
pub(crate) async fn link(
    State(web): State<Web>,
    signed: Signed<WritePartners>,
    Path(id): Path<String>,
    Form(links): Form<Links>,
) -> Answer {
    let id = id_of(&id);
    // A type of a group that is linked is linked already: its own tick says nothing more, and is kept.
    let change = PartnerChange {
        lead_group_ids: Some(links.group),
        lead_type_ids: Some(links.lead_type),
        ..PartnerChange::default()
    };
    let job = async move |db: &mut Connection<'_>, grant| partner_records::set(db, grant, id, change).await;
    let record = web.store().write(signed.grant, job).await?;
    let linked = count((record.lead_group_ids.len() + record.lead_type_ids.len()) as i64, "link");
    Ok(go(path_of(id)).saying(Note::done(format!("Links saved: {} has {linked}.", record.company))).into_response())
}
