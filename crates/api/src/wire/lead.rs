//! `POST /api/APILead.php`: search, read and delete.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use leadlatch_domain::fault::Fault;
use leadlatch_domain::id::LeadId;
use leadlatch_domain::lead::WireLead;
use leadlatch_domain::matrix::{Action, DeleteLeads, ReadLeads};
use leadlatch_store::leads::{self, wire};
use leadlatch_store::{Access, Connection, Error, Grant};

use super::answer::{Item, Xml, result};
use super::create_update::{How, document};
use super::credential::enter;
use super::document::Element;
use super::failure::{problem, repeated};
use super::{record, search};
use crate::App;
use crate::envelope::{Caller, Served};
use crate::problem::Problem;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Search,
    Read,
    Delete,
}

impl Asked {
    /// What a document asks for, if that is one of the three. Of two requests, programs do not agree which counts.
    pub(super) fn of(document: &Element) -> Result<Option<Self>, Problem> {
        let mut sent = document.named("request");
        let (first, second) = (sent.next(), sent.next());
        if second.is_some() {
            return Err(Problem::invalid(vec![repeated("request")]));
        }
        Ok(match first.map(|request| request.text.to_lowercase()).as_deref() {
            Some("search") => Some(Self::Search),
            Some("read") => Some(Self::Read),
            Some("delete") => Some(Self::Delete),
            _ => None,
        })
    }
}

/// Answers one of the three.
pub(super) async fn post(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let document = document(&parts, body).await?;
    let asked = Asked::of(&document);
    let rule = if matches!(asked, Ok(Some(Asked::Delete))) { DeleteLeads::RULE } else { ReadLeads::RULE };
    let caller = parts.extensions.get::<Caller>().cloned().unwrap_or_default();
    let access = enter(&app, &caller, &parts.headers, &document, &rule).await?;
    match asked? {
        Some(Asked::Search) => search::answer(&app, access.permit()?, &document).await,
        Some(Asked::Read) => read(&app, access.permit()?, &document).await,
        Some(Asked::Delete) => delete(&app, access, &document, How::Kept).await,
        None => {
            let detail = "Send search, read or delete.";
            Err(Problem::invalid(vec![Fault::new("bad_choice", detail).on("request")]))
        }
    }
}

/// The number of the lead. What is no number is one that no lead has.
fn id(document: &Element) -> Result<i64, Problem> {
    let mut ids = document.named("id").map(|id| id.text.as_str()).filter(|id| !id.is_empty());
    match (ids.next(), ids.next()) {
        (Some(id), None) => Ok(LeadId::parse(id).map_or(0, LeadId::get)),
        (Some(_), Some(_)) => Err(Problem::invalid(vec![repeated("id")])),
        (None, _) => Err(Problem::invalid(vec![Fault::new("required", "Send the number of the lead.").on("id")])),
    }
}

pub(super) async fn read(app: &App, grant: Grant<ReadLeads>, document: &Element) -> Result<Response, Problem> {
    let id = id(document)?;
    let rights = grant.fields();
    let job = async |db: &mut Connection<'_>| {
        let lead = leads::get(db, &grant, id).await?;
        let records = wire::records(db, &grant, vec![lead]).await?;
        records.into_iter().next().ok_or(Error::NotFound("id"))
    };
    let found = app.store.read(job).await.map_err(|error| problem(error, &WireLead::default()))?;
    let mut xml = Xml::default();
    xml.begin("result");
    record::write(&mut xml, &found, &rights);
    // An address to which mail for the lead is filed: no mail is received here.
    xml.element("dropbox", "");
    xml.element("code", "0");
    xml.element("message", "OK");
    xml.end("result");
    let mut answer = xml.answer(StatusCode::OK);
    answer.extensions_mut().insert(Served(1));
    Ok(answer)
}

pub(super) async fn delete(app: &App, access: Access, document: &Element, how: How) -> Result<Response, Problem> {
    let grant = access.permit::<DeleteLeads>()?;
    let id = id(document)?;
    let deleted = how.write(app, grant, async move |db, grant| leads::delete(db, grant, id).await).await;
    deleted.map_err(|error| problem(error, &WireLead::default()))?;
    Ok(result(&[Item::done(Some(id))]))
}
