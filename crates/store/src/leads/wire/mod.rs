//! Leads as the field's existing integrations send and read them: records are named by the numbers that their clients
//! hold, or by name, and looked up in the transaction that writes.

mod find;
mod names;
mod search;

use leadlatch_domain::fault::Fault;
use leadlatch_domain::id::LeadId;
use leadlatch_domain::lead::input::Refused;
use leadlatch_domain::lead::{Lead, LeadField, LeadInput, LeadView, Mode, Value, WireLead};
use leadlatch_domain::matrix::{CreateLeads, PostWebForm, UpdateLeads};

use super::{create, read, update};
use crate::access::{Grant, Held, Visible};
use crate::engine::Connection;
use crate::{Error, Result, lead_groups, web_forms};

pub use names::{Record, records};
pub use search::{Found, PAGE_MAX, Search, search};

/// Makes a lead of what an integration sent.
pub async fn create_wire(
    db: &mut Connection<'_>,
    grant: Held<CreateLeads>,
    lead: WireLead,
) -> Result<Visible<LeadView>> {
    let mut input = read_input(&grant, &lead, Mode::Create)?;
    let group = name_group(db, &grant, &lead, &mut input).await?;
    if let Some(text) = lead.text("introducer") {
        let id = find::introducer(db, &grant, text).await?.ok_or_else(|| missing(&grant, "introducer", text))?;
        // A Partner key's own is set anyway.
        if grant.partner().is_none() {
            name(&mut input, LeadField::IntroducerId, id);
        }
    }
    name_others(db, &grant, &lead, &mut input, group).await?;
    leave_out_undefined(db, &grant, &mut input, group).await?;
    create::create(db, grant, input).await
}

/// Makes a lead of what a form on a web page posted, in the group that it posts to. The form is told nothing of it.
pub async fn create_posted(db: &mut Connection<'_>, grant: Held<PostWebForm>, lead: WireLead) -> Result<()> {
    let form = web_forms::hold(db, &grant).await?;
    let mut input = read_input(&grant, &lead, Mode::Create)?;
    input.values.push((LeadField::LeadGroupId, Value::Int(form.lead_group)));
    if let Some(text) = lead.text("site") {
        find::site(db, &grant, text).await?.inspect(|id| name(&mut input, LeadField::SiteId, *id));
    }
    if let Some(text) = lead.text("introducer") {
        let found = find::introducer(db, &grant, text).await?.filter(|id| form.introducers.contains(id));
        found.inspect(|id| name(&mut input, LeadField::IntroducerId, *id));
    }
    create::make(db, &grant, input).await.map(drop)
}

/// Changes a lead by what an integration sent.
pub async fn update_wire(
    db: &mut Connection<'_>,
    grant: Held<UpdateLeads>,
    lead: WireLead,
) -> Result<Visible<LeadView>> {
    let mut input = read_input(&grant, &lead, Mode::Update)?;
    let id = lead.text("id").and_then(LeadId::parse).map_or(0, LeadId::get);
    let lock = db.lock_rows(" FOR UPDATE OF leads");
    let before = read::fetch(db, &grant.scope(), id, lock).await?.ok_or_else(|| grant.missing("id"))?.lead;
    let group = before.int(LeadField::LeadGroupId).unwrap_or_default();
    keep_what_is(db, &grant, &lead, &mut input, &before).await?;
    name_others(db, &grant, &lead, &mut input, group).await?;
    leave_out_undefined(db, &grant, &mut input, group).await?;
    update::update(db, grant, id, input).await
}

/// What a lead is given once may be sent again with every update, as long as it is the same.
async fn keep_what_is<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    lead: &WireLead,
    input: &mut LeadInput,
    before: &Lead,
) -> Result<()> {
    let introducer = lead.text("introducer");
    if grant.partner().is_some() {
        let own = match introducer {
            Some(text) => find::introducer(db, grant, text).await?.is_some(),
            None => true,
        };
        return if own { Ok(()) } else { Err(Error::OutOfReach) };
    }
    let mut keep = |field: LeadField, same: bool, detail: &'static str| {
        if !same {
            input.faults.push(Fault::new("read_only", detail).on(field.name()));
        }
    };
    if let Some(text) = lead.text("leadgroup") {
        let found = find::group(db, grant, text).await?;
        let same = found == before.int(LeadField::LeadGroupId);
        keep(LeadField::LeadGroupId, same, "A lead stays in its lead group: leave it out.");
    }
    if let Some(text) = introducer {
        let found = find::introducer(db, grant, text).await?;
        let same = found.is_some() && found == before.int(LeadField::IntroducerId);
        keep(LeadField::IntroducerId, same, "A lead keeps its introducer: leave it out.");
    }
    if let Some(text) = lead.text("test") {
        let same = Value::Flag(matches!(text, "1" | "true")) == *before.get(LeadField::Test);
        keep(LeadField::Test, same, "A lead is a test lead from its beginning, or never: leave it out.");
    }
    Ok(())
}

fn read_input<A>(grant: &Grant<A>, lead: &WireLead, mode: Mode) -> Result<LeadInput> {
    lead.input(mode, &grant.fields()).map_err(|refused| match refused {
        Refused::Fields(fields) => Error::fields(fields, grant.scopes()),
        Refused::OutOfReach => Error::OutOfReach,
    })
}

/// The group that is named, or the one that is meant when none is.
async fn name_group<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    lead: &WireLead,
    input: &mut LeadInput,
) -> Result<i64> {
    let group = match lead.text("leadgroup") {
        Some(text) => find::group(db, grant, text).await?.ok_or_else(|| missing(grant, "leadgroup", text))?,
        None => create::lead_group(db, grant, input).await?,
    };
    name(input, LeadField::LeadGroupId, group);
    Ok(group)
}

/// The records that a lead is given when it is made and afterwards.
async fn name_others<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    lead: &WireLead,
    input: &mut LeadInput,
    group: i64,
) -> Result<()> {
    if let Some(text) = lead.text("type") {
        let id = find::lead_type(db, grant, group, text).await?.ok_or_else(|| missing(grant, "type", text))?;
        name(input, LeadField::LeadTypeId, id);
    }
    if grant.partner().is_some() {
        return Ok(());
    }
    if let Some(text) = lead.text("site") {
        let id = find::site(db, grant, text).await?.ok_or_else(|| missing(grant, "site", text))?;
        name(input, LeadField::SiteId, id);
    }
    if let Some(text) = lead.text("user") {
        let id = find::user(db, grant, text).await?.ok_or_else(|| missing(grant, "user", text))?;
        name(input, LeadField::UserId, id);
    }
    Ok(())
}

/// What a partner's client sends in elements that the group does not define goes no further: such clients send all fifty,
/// whatever the group has. From others it is kept, as text.
async fn leave_out_undefined<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    input: &mut LeadInput,
    group: i64,
) -> Result<()> {
    if grant.partner().is_some() && !input.data.is_empty() {
        let fields = lead_groups::fields(db, grant.account(), group).await?;
        input.data.retain(|(key, _)| fields.iter().any(|field| field.key == *key));
    }
    Ok(())
}

fn name(input: &mut LeadInput, field: LeadField, id: i64) {
    input.values.push((field, Value::Int(id)));
}

/// What a record that cannot be had is to this caller.
fn missing<A>(grant: &Grant<A>, what: &'static str, text: &str) -> Error {
    if grant.partner().is_some() { Error::OutOfReach } else { Error::no_such(what, text) }
}
