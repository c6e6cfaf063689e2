//! Lead groups that forms on web pages may post to: off until an admin switches it on.

use std::collections::BTreeSet;
use std::net::IpAddr;

use leadlatch_domain::account::Host;
use leadlatch_domain::audit::Event;
use leadlatch_domain::id::{AccountId, LeadGroupId, PartnerId};
use leadlatch_domain::matrix::{ManageSettings, PostWebForm};
use leadlatch_domain::web_form::Origin;
use serde::Serialize;

use crate::access::{Access, Grant, Held, Visible};
use crate::engine::{Connection, Row, values};
use crate::lead_group_settings::{self, LeadGroupSettings};
use crate::{Error, Result, Store, change};

/// How forms on web pages may post to a lead group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WebFormSettings {
    /// Whether they may.
    pub on: bool,
    /// The origins of the pages, such as `https://www.example.com`.
    pub origins: Vec<String>,
    /// The hosts that a post may lead on to.
    pub redirect_hosts: Vec<String>,
    /// The introducers that a post may name.
    pub introducer_ids: Vec<i64>,
}

/// What an admin changes of it; what is left out stays, and a list that is given replaces the one that is there.
#[derive(Debug, Default)]
pub struct WebFormChange {
    /// Whether forms may post.
    pub on: Option<bool>,
    /// The origins of the pages.
    pub origins: Option<Vec<Origin>>,
    /// The hosts that a post may lead on to.
    pub redirect_hosts: Option<Vec<Host>>,
    /// The introducers that a post may name.
    pub introducers: Option<Vec<PartnerId>>,
}

/// A lead group that takes posts.
#[derive(Debug)]
pub(crate) struct WebForm {
    pub(crate) lead_group: i64,
    pub(crate) introducers: Vec<i64>,
}

/// What a form that posts is let do before anything of it is read.
#[derive(Debug)]
pub struct LetIn {
    /// The caller.
    pub access: Access,
    /// The settings of the group.
    pub settings: WebFormSettings,
    /// Whether the account lets posts in over plain http.
    pub plain_http: bool,
}

const SELECT: &str =
    "SELECT is_on, origins, redirect_hosts FROM web_forms WHERE account_id = $1 AND lead_group_id = $2";

/// The settings of a group; `None` where they were never set.
pub(crate) async fn settings(db: &mut Connection<'_>, account: i64, group: i64) -> Result<Option<WebFormSettings>> {
    let Some(mut found) = db.query_opt(SELECT, values![account, group], read).await? else { return Ok(None) };
    let sql = "SELECT partner_id FROM web_form_introducers WHERE account_id = $1 AND lead_group_id = $2 ORDER BY 1";
    found.introducer_ids = db.query(sql, values![account, group], |row| row.get(0)).await?;
    Ok(Some(found))
}

fn read(row: &Row<'_>) -> Result<WebFormSettings> {
    let list = |text: String| serde_json::from_str(&text).map_err(Error::internal);
    let (origins, redirect_hosts) = (list(row.get(1)?)?, list(row.get(2)?)?);
    Ok(WebFormSettings { on: row.get(0)?, origins, redirect_hosts, introducer_ids: Vec::new() })
}

/// Changes how forms may post to a lead group that is named.
pub async fn set(
    db: &mut Connection<'_>,
    grant: Held<ManageSettings>,
    lead_group: &str,
    change: WebFormChange,
) -> Result<Visible<LeadGroupSettings>> {
    let account = grant.account();
    let before = lead_group_settings::hold(db, account, lead_group).await?;
    let after = apply(before.web_form.clone().unwrap_or_default(), change);
    refuse_unlinked(db, account, before.id, &after.introducer_ids).await?;
    store(db, account, before.id, &after).await?;
    let after = lead_group_settings::get(db, account, before.id).await?;
    change::audit(db, &grant, (Event::LeadGroupChanged, after.id), &after.name, (&before, &after))?;
    Ok(Visible(after))
}

fn apply(before: WebFormSettings, change: WebFormChange) -> WebFormSettings {
    let origins = change.origins.map(|list| once(list.iter().map(Origin::to_string)));
    let hosts = change.redirect_hosts.map(|list| once(list.iter().map(Host::to_string)));
    let introducers = change.introducers.map(|list| once(list.into_iter().map(PartnerId::get)));
    WebFormSettings {
        on: change.on.unwrap_or(before.on),
        origins: origins.unwrap_or(before.origins),
        redirect_hosts: hosts.unwrap_or(before.redirect_hosts),
        introducer_ids: introducers.unwrap_or(before.introducer_ids),
    }
}

/// Each entry once, in order.
fn once<T: Ord>(list: impl Iterator<Item = T>) -> Vec<T> {
    list.collect::<BTreeSet<T>>().into_iter().collect()
}

/// An introducer is named by a post only if the group is linked to it.
async fn refuse_unlinked(db: &mut Connection<'_>, account: i64, group: i64, introducers: &[i64]) -> Result<()> {
    for id in introducers {
        if !is_linked(db, account, group, *id).await? {
            return Err(Error::Conflict(format!(
                "Partner record {id} supplies no leads to this lead group: link it first."
            )));
        }
    }
    Ok(())
}

/// Whether a record supplies leads to a group: now, whatever it did when the form was set up.
async fn is_linked(db: &mut Connection<'_>, account: i64, group: i64, id: i64) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM partner_lead_groups l JOIN partner_records p ON p.account_id = l.account_id \
               AND p.id = l.partner_id WHERE l.account_id = $1 AND l.lead_group_id = $2 AND l.partner_id = $3 \
               AND p.deleted_at IS NULL AND p.active AND p.kind IN ('introducer', 'both')";
    Ok(db.query_int(sql, values![account, group, id]).await? > 0)
}

async fn store(db: &mut Connection<'_>, account: i64, group: i64, settings: &WebFormSettings) -> Result<()> {
    let json = |list: &Vec<String>| serde_json::to_string(list).map_err(Error::internal);
    let (origins, hosts) = (json(&settings.origins)?, json(&settings.redirect_hosts)?);
    let sql = "INSERT INTO web_forms (account_id, lead_group_id, is_on, origins, redirect_hosts) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id, lead_group_id) \
               DO UPDATE SET is_on = excluded.is_on, origins = excluded.origins, redirect_hosts = excluded.redirect_hosts";
    db.execute(sql, values![account, group, settings.on, origins, hosts]).await?;
    let sql = "DELETE FROM web_form_introducers WHERE account_id = $1 AND lead_group_id = $2";
    db.execute(sql, values![account, group]).await?;
    for id in &settings.introducer_ids {
        let sql = "INSERT INTO web_form_introducers (account_id, lead_group_id, partner_id) VALUES ($1, $2, $3)";
        db.execute(sql, values![account, group, *id]).await?;
    }
    Ok(())
}

impl Store {
    /// The caller that a form is which posts to a group of the account of a host name: the one account of the server,
    /// or the one that has the host. `None` when there is no such group, or its account or its admin lets nothing in.
    pub async fn let_form_in(&self, host: Option<&str>, group: &str, from: Option<IpAddr>) -> Result<Option<LetIn>> {
        self.read(async |db| let_in(db, host, group, from).await).await
    }
}

async fn let_in(
    db: &mut Connection<'_>,
    host: Option<&str>,
    group: &str,
    from: Option<IpAddr>,
) -> Result<Option<LetIn>> {
    let Some((account, plain_http)) = account(db, host).await? else { return Ok(None) };
    let number = LeadGroupId::parse(group).map_or(-1, LeadGroupId::get);
    let sql = "SELECT id FROM lead_groups WHERE account_id = $1 AND (wire_number = $2 OR id = $2) \
               ORDER BY CASE WHEN wire_number = $2 THEN 0 ELSE 1 END LIMIT 1";
    let found = db.query_opt(sql, values![account.get(), number], |row| row.get(0)).await?.and_then(LeadGroupId::new);
    let Some(id) = found else { return Ok(None) };
    let settings = settings(db, account.get(), id.get()).await?.filter(|settings| settings.on);
    Ok(settings.map(|settings| LetIn { access: Access::web_form(account, id, from), settings, plain_http }))
}

/// The account of a host name; where there is one account on the server, that one.
async fn account(db: &mut Connection<'_>, host: Option<&str>) -> Result<Option<(AccountId, bool)>> {
    let several = db.query_int("SELECT COUNT(*) FROM accounts", values![]).await? > 1;
    let sql = "SELECT id, plain_http FROM accounts WHERE NOT suspended AND (NOT CAST($1 AS BOOLEAN) OR host = $2)";
    let host = host.unwrap_or_default().to_ascii_lowercase();
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let found: Option<(i64, bool)> = db.query_opt(sql, values![several, host], read).await?;
    Ok(found.and_then(|(id, plain)| Some((AccountId::new(id)?, plain))))
}

/// Looks again inside the write, with the settings held: a switch that is turned off comes before a post or after it.
pub(crate) async fn hold(db: &mut Connection<'_>, grant: &Grant<PostWebForm>) -> Result<WebForm> {
    let group = grant.web_form().ok_or(Error::OutOfReach)?.get();
    let account = grant.account();
    let sql = format!("{SELECT} AND is_on{}", db.lock_rows(" FOR SHARE"));
    db.query_opt(&sql, values![account, group], read).await?.ok_or(Error::OutOfReach)?;
    let settings = settings(db, account, group).await?.unwrap_or_default();
    let mut introducers = Vec::new();
    for id in settings.introducer_ids {
        if is_linked(db, account, group, id).await? {
            introducers.push(id);
        }
    }
    Ok(WebForm { lead_group: group, introducers })
}
