//! `GET /leads/export`: every lead in reach as a file, written in blocks of 200 rows.
//!
//! Each block is a short read of its own, made when the connection has room for it, by a key that is let in again: a slow
//! client holds no transaction and no thread, and a key that died is given nothing after the block being written.

mod table;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{Version, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use leadlatch_domain::custom_field::DataKey;
use leadlatch_domain::fault::Fault;
use leadlatch_domain::lead::filter::SortBy;
use leadlatch_domain::lead::{LeadFilter, LeadSort, LeadView};
use leadlatch_domain::matrix::{Action, ReadLeads};
use leadlatch_domain::problem::Code;

use leadlatch_store::usage::UsedKey;
use leadlatch_store::{Apart, Connection, Grant, Page, Visible, leads};

use super::list::read_filter;
use crate::App;
use crate::allow::Allow;
use crate::docs::{FilterParams, LeadBody};
use crate::envelope::Served;
use crate::list::{ListQuery, pairs, repeated};
use crate::problem::Problem;

/// Rows of a block.
const BLOCK: u32 = 200;
const BY_ID: LeadSort = LeadSort { by: SortBy::Id, descending: false };

/// Export the leads in the key's reach, by id: CSV for people, NDJSON for programs.
///
/// It takes the filters of the list. A file whose transfer ends early is not complete: the key died, or the server could
/// not go on.
#[utoipa::path(get, path = "/api/v1/leads/export", operation_id = "export_leads", tag = "leads",
    params(
        ("format" = Option<String>, Query, description = "csv (the default) or ndjson"),
        ("raw" = Option<bool>, Query, description = "CSV without the apostrophe before what a spreadsheet would run"),
        FilterParams),
    responses((status = 200, description = "The file.",
        content((String = "text/csv"), (LeadBody = "application/x-ndjson")))))]
pub(crate) async fn export(
    allow: Allow<ReadLeads>,
    State(app): State<App>,
    version: Version,
    RawQuery(url): RawQuery,
) -> Result<Response, Problem> {
    let asked = read(url.as_deref(), &allow.0)?;
    if version < Version::HTTP_11 {
        // Its bodies end with the connection: one that was cut would look whole.
        let remedy = "An export needs HTTP/1.1 or newer; at a proxy, set the version towards this server.";
        return Err(Problem::because(Code::BadRequest, remedy));
    }
    let (form, grant) = columns(&app, allow.0, &asked).await?;
    let query = leads::ListQuery { filter: asked.filter, sort: BY_ID };
    let walk = Walk { app, grant, query, form, place: Place::Begin };
    let (first, walk) = walk.block(false).await?;
    Ok(answer(first, walk))
}

/// What was asked for.
struct Asked {
    filter: LeadFilter,
    csv: bool,
    raw: bool,
}

fn read(url: Option<&str>, grant: &Grant<ReadLeads>) -> Result<Asked, Problem> {
    let pairs = pairs(url)?;
    let (mut csv, mut raw, mut others, mut faults) = (true, false, Vec::new(), repeated(&pairs));
    for (name, value) in pairs {
        let fault = match (name.as_str(), value.as_str()) {
            ("format", "csv" | "ndjson") => {
                csv = value == "csv";
                continue;
            }
            ("raw", "true" | "false") => {
                raw = value == "true";
                continue;
            }
            ("format" | "raw", "") => continue,
            ("format", _) => Some("Send csv or ndjson."),
            ("raw", _) => Some("Send true or false."),
            ("sort", "" | "id") => None,
            ("sort", _) => Some("An export is in the order of id."),
            _ => None,
        };
        faults.extend(fault.map(|words| Fault::new("bad_choice", words).on(name.as_str())));
        if !matches!(name.as_str(), "format" | "raw") {
            others.push((name, value));
        }
    }
    let mut query = ListQuery::of_pairs(others, faults);
    let read = read_filter(&mut query, &grant.fields());
    let (filter, _) = read.map_err(|refused| Problem::refused_filter(refused, grant.scopes()))?;
    Ok(Asked { filter, csv, raw })
}

/// How the rows are written.
enum Form {
    Csv(table::Table),
    Ndjson,
}

impl Form {
    fn write(&self, rows: &[Visible<LeadView>], first: bool) -> Result<Bytes, Problem> {
        let written = match self {
            Self::Csv(table) => table.write(rows, first).map_err(|error| error.to_string()),
            Self::Ndjson => lines(rows).map_err(|error| error.to_string()),
        };
        written.map(Bytes::from).map_err(|error| leadlatch_store::Error::internal(error).into())
    }

    const fn headers(&self) -> [(header::HeaderName, &'static str); 2] {
        let (kind, name) = match self {
            Self::Csv(_) => ("text/csv; charset=utf-8; header=present", "attachment; filename=\"leads.csv\""),
            Self::Ndjson => ("application/x-ndjson", "attachment; filename=\"leads.ndjson\""),
        };
        [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)]
    }
}

fn lines(rows: &[Visible<LeadView>]) -> serde_json::Result<Vec<u8>> {
    let mut out = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut out, row)?;
        out.push(b'\n');
    }
    Ok(out)
}

/// The columns are fixed before the first row. Which custom fields a Partner key may read depends on where it has leads.
async fn columns(app: &App, grant: Grant<ReadLeads>, asked: &Asked) -> Result<(Form, Grant<ReadLeads>), Problem> {
    if !asked.csv {
        return Ok((Form::Ndjson, grant));
    }
    let (rights, group, raw) = (grant.fields(), asked.filter.lead_group_id, asked.raw);
    let apart = Apart { of: grant.key_id(), ..Apart::default() };
    let job = async move |db: &mut Connection<'_>| Ok((leads::data_columns(db, &grant, group).await?, grant));
    let (data, grant): (Vec<DataKey>, _) = app.store.read_in_line(apart, job).await?;
    Ok((Form::Csv(table::Table::new(&rights, data, raw)), grant))
}

/// Where the walk over the leads is.
#[derive(Clone, Copy)]
enum Place {
    Begin,
    After(i64),
    End,
}

/// An export under way.
struct Walk {
    app: App,
    grant: Grant<ReadLeads>,
    query: leads::ListQuery,
    form: Form,
    place: Place,
}

/// A block that is ready to be written.
struct Block {
    bytes: Bytes,
    rows: i64,
}

impl Walk {
    async fn block(self, patient: bool) -> Result<(Block, Self), Problem> {
        let Self { app, grant, query, form, place } = self;
        let after = match place {
            Place::After(id) => Some((id, id)),
            Place::Begin | Place::End => None,
        };
        let page = Page::new(BLOCK, after);
        let apart = Apart { of: grant.key_id(), together: false, patient };
        let bounded = leads::is_bounded(&query, &grant.fields());
        let job = async move |db: &mut Connection<'_>| {
            let slice = leads::list(db, &grant, &query, &page).await?;
            Ok((slice, grant, query))
        };
        let read = if bounded { app.store.read(job).await } else { app.store.read_in_line(apart, job).await };
        let (slice, grant, query) = read?;
        let bytes = form.write(&slice.rows, matches!(place, Place::Begin))?;
        let rows = slice.rows.len() as i64;
        let place = slice.next.map_or(Place::End, |(_, id)| Place::After(id));
        Ok((Block { bytes, rows }, Self { app, grant, query, form, place }))
    }

    /// The next block, by a key that is let in again; none after the last.
    async fn go_on(self) -> Result<Option<(Bytes, Self)>, Problem> {
        if matches!(self.place, Place::End) {
            return Ok(None);
        }
        let grant = self.app.store.again(&self.grant).await?;
        let (block, walk) = Self { grant, ..self }.block(true).await?;
        if let Some(key) = UsedKey::of(walk.grant.access()) {
            let (now, scope) = (walk.app.store.clock().now(), ReadLeads::RULE.scope());
            walk.app.usage.add_rows(key, now, 200, scope, block.rows);
        }
        Ok(Some((block.bytes, walk)))
    }
}

/// The first block as it was read, the others when there is room for them. An error ends the connection before the body
/// does, so that the client sees that it lacks something.
fn answer(first: Block, walk: Walk) -> Response {
    let (headers, served) = (walk.form.headers(), Served(first.rows));
    let begin = (Some(first.bytes), walk);
    let blocks = stream::try_unfold(begin, async |(ready, walk)| {
        if let Some(bytes) = ready {
            return Ok(Some((bytes, (None, walk))));
        }
        match walk.go_on().await {
            Ok(next) => Ok(next.map(|(bytes, walk)| (bytes, (None, walk)))),
            Err(problem) => {
                tracing::debug!(status = problem.status().as_u16(), "an export was cut");
                Err(std::io::Error::other("the export was cut"))
            }
        }
    });
    let mut response = (headers, Body::from_stream(blocks)).into_response();
    response.extensions_mut().insert(served);
    response
}
