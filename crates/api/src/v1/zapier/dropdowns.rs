//! `/zapier/dropdowns/{name}`: the choices of a field as pairs of id and name.
//!
//! Which action is needed stands in the path, so that each dropdown is permitted by itself. What the key may not read is
//! an empty list: a dropdown that is refused would not render.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use leadlatch_domain::dropdown::Dropdown;
use leadlatch_domain::matrix::{Action, FillDropdowns, ReadIntroducers, ReadMarketing, ReadPartners};
use leadlatch_domain::problem::DeniedBy;
use leadlatch_store::marketing::{self, Kind};
use leadlatch_store::partner_records::{self, PartnerRecord, Side};
use leadlatch_store::{Access, Error, Grant, Page, Visible};
use leadlatch_store::{lead_groups, lead_types, sites, statuses, user_groups, users};
use serde::Serialize;

use super::{lead_group, no_such_word};
use crate::App;
use crate::allow::Allow;
use crate::docs::DropdownName;
use crate::list::json;
use crate::problem::Problem;

/// Rows of one read; between two of them the key is checked again.
const BLOCK: u32 = 200;
/// No person scrolls further, and every tool takes an id that is typed in.
const MOST: usize = 10_000;

/// A choice of a dropdown.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DropdownEntry {
    /// What the field takes: the record's number; of a marketing list the text.
    id: EntryId,
    /// What people see.
    name: String,
}

/// What a field takes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
enum EntryId {
    /// The number of a record.
    Number(i64),
    /// A text.
    Text(String),
}

impl DropdownEntry {
    const fn of(id: i64, name: String) -> Self {
        Self { id: EntryId::Number(id), name }
    }
}

/// Fill a dropdown with what the key may read; with nothing where it may not.
#[utoipa::path(get, path = "/api/v1/zapier/dropdowns/{name}", operation_id = "fill_dropdown", tag = "zapier",
    params(("name" = inline(DropdownName), Path, description = "The list that it shows."),
        ("lead_group_id" = Option<i64>, Query, minimum = 1, description = "Of lead_types: only those of this lead group.")),
    responses((status = 200, description = "At most 10,000 choices.", body = Vec<DropdownEntry>)))]
pub(crate) async fn fill(
    allow: Allow<FillDropdowns>,
    State(app): State<App>,
    Path(name): Path<String>,
    RawQuery(url): RawQuery,
) -> Result<Response, Problem> {
    let Some(dropdown) = Dropdown::parse(&name) else {
        let names: Vec<_> = Dropdown::ALL.iter().map(|one| one.as_str()).collect();
        return Err(no_such_word("dropdown", &names));
    };
    let known: &[&str] = if dropdown == Dropdown::LeadTypes { &["lead_group_id"] } else { &[] };
    let group = lead_group(url.as_deref(), known)?;
    let entries = entries(&app, allow.0.access(), dropdown, group).await?;
    Ok(json(&entries, entries.len()))
}

/// The rows of a list, block by block, as choices; none where the key may not read it. A macro, because a function that
/// takes an async closure and hands it on is not known to be `Send`.
macro_rules! rows {
    ($app:ident, $access:ident, |$db:ident, $grant:ident, $page:ident| $list:expr, $choice:expr) => {{
        let Some(mut $grant) = permitted($access)? else { return Ok(Vec::new()) };
        let (mut entries, mut $page) = (Vec::new(), Page::new(BLOCK, None));
        loop {
            let slice = $app.store.read(async |$db| $list.await).await?;
            entries.extend(slice.rows.into_iter().map(Visible::into_inner).map($choice));
            $page.after = slice.next;
            if $page.after.is_none() || entries.len() >= MOST {
                return Ok(entries);
            }
            $grant = $app.store.again(&$grant).await?;
        }
    }};
}

async fn entries(
    app: &App,
    access: &Access,
    dropdown: Dropdown,
    group: Option<i64>,
) -> Result<Vec<DropdownEntry>, Error> {
    let named = DropdownEntry::of;
    match dropdown {
        Dropdown::LeadGroups => {
            rows!(app, access, |db, grant, page| lead_groups::list(db, &grant, &page), |row| named(row.id, row.name))
        }
        Dropdown::LeadTypes => {
            rows!(app, access, |db, grant, page| lead_types::list(db, &grant, group, &page), |row| named(
                row.id, row.name
            ))
        }
        Dropdown::Statuses => {
            rows!(app, access, |db, grant, page| statuses::list(db, &grant, &page), |row| named(row.id, row.name))
        }
        Dropdown::Users => {
            rows!(app, access, |db, grant, page| users::list(db, &grant, &page), |row| named(row.id, row.name))
        }
        Dropdown::UserGroups => {
            rows!(app, access, |db, grant, page| user_groups::list(db, &grant, &page), |row| named(row.id, row.name))
        }
        Dropdown::Introducers => records::<ReadIntroducers>(app, access, Side::Supplies).await,
        Dropdown::Partners => records::<ReadPartners>(app, access, Side::Buys).await,
        Dropdown::Sources => texts(app, access, Kind::Source).await,
        Dropdown::Mediums => texts(app, access, Kind::Medium).await,
        Dropdown::Terms => texts(app, access, Kind::Term).await,
        Dropdown::Sites => {
            rows!(app, access, |db, grant, page| sites::list(db, &grant, &page), |row| named(row.id, row.name))
        }
    }
}

async fn records<A: Action>(app: &App, access: &Access, side: Side) -> Result<Vec<DropdownEntry>, Error> {
    let choice = |record: PartnerRecord| DropdownEntry::of(record.id, record.company);
    rows!(app, access, |db, grant, page| partner_records::list::<A>(db, &grant, side, &page), choice)
}

/// The proof for one dropdown; none where the kind of the key or its scopes do not permit it.
fn permitted<A: Action>(access: &Access) -> Result<Option<Grant<A>>, Error> {
    match access.clone().permit() {
        Ok(grant) => Ok(Some(grant)),
        Err(Error::Denied(denied)) if matches!(denied.by, DeniedBy::KeyKind | DeniedBy::Scope) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The texts of a marketing list, which go by name and are their own ids.
async fn texts(app: &App, access: &Access, kind: Kind) -> Result<Vec<DropdownEntry>, Error> {
    let Some(mut grant) = permitted::<ReadMarketing>(access)? else { return Ok(Vec::new()) };
    let (mut entries, mut after, page) = (Vec::new(), String::new(), Page::new(BLOCK, None));
    loop {
        let block = app.store.read(async |db| marketing::list(db, &grant, kind, &after, &page).await).await?;
        let more = block.next.is_some();
        let names = block.rows.into_iter().map(|row| row.into_inner().name);
        entries.extend(names.map(|name| DropdownEntry { id: EntryId::Text(name.clone()), name }));
        match entries.last() {
            Some(last) if more && entries.len() < MOST => after.clone_from(&last.name),
            _ => return Ok(entries),
        }
        grant = app.store.again(&grant).await?;
    }
}
