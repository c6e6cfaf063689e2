//! What a subscription is told of a lead: judged and reduced as a read by the same caller would be.

use leadlatch_domain::hook::body::seen;
use leadlatch_domain::hook::form::Names;
use leadlatch_domain::hook::{HookEvent, filter};
use leadlatch_domain::lead::{FieldRights, LeadField, LeadFilter, LeadView};
use sea_query::{Condition, Expr, ExprTrait, Query};
use serde_json::{Map, Value as Json};

use super::{columns, read};
use crate::Result;
use crate::access::Grant;
use crate::engine::{Connection, compose, values};
use crate::scope_sql::{lead, leads_in, leads_of};

/// An event of a lead that somebody may be told of.
pub(crate) struct Telling<'a> {
    pub(crate) event: HookEvent,
    pub(crate) lead: i64,
    /// The sides by which the lead was in the record's reach.
    pub(crate) sides: i64,
    pub(crate) changed: &'a [String],
    pub(crate) filter: &'a Map<String, Json>,
    /// Whether names are told beside ids.
    pub(crate) named: bool,
}

/// What is told.
#[derive(Debug)]
pub(crate) enum ToldOf {
    /// The lead as it is, and the names of what changed.
    Lead { view: LeadView, changed: Vec<String>, names: Names },
    /// That it is gone.
    Gone,
}

/// What the caller is told, or why it is told nothing.
pub(crate) async fn told<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    telling: &Telling<'_>,
) -> Result<std::result::Result<ToldOf, &'static str>> {
    let Ok(filter) = filter::parse(telling.filter, &grant.fields()) else { return Ok(Err("filter_not_permitted")) };
    if telling.event == HookEvent::LeadDeleted {
        return told_gone(db, grant, telling, &filter).await;
    }
    let Some(row) = read::fetch(db, &grant.scope(), telling.lead, "").await? else { return Ok(Err("out_of_reach")) };
    if !matches(db, grant, telling.lead, &filter, leads_in(&grant.scope())).await? {
        return Ok(Err("filtered"));
    }
    let readable = row.readable.unwrap_or_default();
    let changed = seen(telling.changed.to_vec(), &grant.fields(), |key| readable.contains(key));
    if telling.event == HookEvent::LeadUpdated && changed.is_empty() {
        return Ok(Err("nothing_seen"));
    }
    let view = read::view(db, grant, row).await?.into_inner();
    let names = if telling.named { names(db, grant, &view).await? } else { Names::default() };
    Ok(Ok(ToldOf::Lead { view, changed, names }))
}

/// A lead that is gone is told to those in whose reach it was: that they still have the side was not judged then.
async fn told_gone<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    telling: &Telling<'_>,
    filter: &LeadFilter,
) -> Result<std::result::Result<ToldOf, &'static str>> {
    if grant.partner().is_some_and(|(_, sides)| sides.bits() & telling.sides == 0) {
        return Ok(Err("out_of_reach"));
    }
    // Its filter is not asked: the answer would tell a partner something of a lead that it reaches no more.
    if grant.partner().is_some() {
        return Ok(Ok(ToldOf::Gone));
    }
    let sql = "SELECT COUNT(*) FROM leads WHERE account_id = $1 AND id = $2";
    let erased = db.query_int(sql, values![grant.account(), telling.lead]).await? == 0;
    // Of an erased lead nothing is known that a filter could ask for.
    let told = erased || matches(db, grant, telling.lead, filter, leads_of(grant.account_id())).await?;
    Ok(if told { Ok(ToldOf::Gone) } else { Err("filtered") })
}

/// Whether a lead is among those that a filter leaves.
async fn matches<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    id: i64,
    filter: &LeadFilter,
    among: Condition,
) -> Result<bool> {
    if *filter == LeadFilter::default() {
        return Ok(true);
    }
    let Some(narrowed) = read::narrow(db, grant, filter).await? else { return Ok(false) };
    let statement = Query::select()
        .expr(Expr::cust("1"))
        .from("leads")
        .inner_join("statuses", read::status_in(&grant.scope()))
        .cond_where(among.add(lead("id").eq(id)).add(narrowed))
        .limit(1)
        .take();
    let (sql, bound) = compose(&statement);
    Ok(db.query_int(&format!("SELECT COUNT(*) FROM ({sql}) found"), bound).await? > 0)
}

/// Refuses a filter by a custom field that the caller may not read in its lead group.
pub(crate) async fn check_filter<A>(db: &mut Connection<'_>, grant: &Grant<A>, filter: &LeadFilter) -> Result<()> {
    read::narrow(db, grant, filter).await.map(drop)
}

/// The names beside the ids that the reader sees. A Partner key is told names of what it is linked to alone.
async fn names<A>(db: &mut Connection<'_>, grant: &Grant<A>, view: &LeadView) -> Result<Names> {
    let id = |field| match view.get(field) {
        leadlatch_domain::lead::Value::Int(id) => *id,
        _ => 0,
    };
    let (group, lead_type) = (id(LeadField::LeadGroupId), id(LeadField::LeadTypeId));
    let whole = matches!(grant.fields(), FieldRights::Full);
    let linked = whole || columns::is_linked(db, grant, group).await?;
    let account = grant.account();
    let mut names = Names {
        introducer: name(db, "partner_records", account, id(LeadField::IntroducerId)).await?,
        ..Names::default()
    };
    if linked {
        names.lead_group = name(db, "lead_groups", account, group).await?;
    }
    if whole || columns::is_type_linked(db, grant, group, lead_type).await? {
        names.lead_type = name(db, "lead_types", account, lead_type).await?;
    }
    if whole {
        names.site = name(db, "sites", account, id(LeadField::SiteId)).await?;
        names.user = name(db, "users", account, id(LeadField::UserId)).await?;
    }
    Ok(names)
}

async fn name(db: &mut Connection<'_>, table: &str, account: i64, id: i64) -> Result<Option<String>> {
    if id == 0 {
        return Ok(None);
    }
    let column = if table == "partner_records" { "company" } else { "name" };
    let sql = format!("SELECT {column} FROM {table} WHERE account_id = $1 AND id = $2");
    db.query_opt(&sql, values![account, id], |row| row.get(0)).await
}
