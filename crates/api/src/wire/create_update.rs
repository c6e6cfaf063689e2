//! `POST /api/APILeadCreateUpdate.php`: one lead or several, each of which stands alone.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::response::Response;
use leadlatch_domain::fault::Fault;
use leadlatch_domain::lead::{LeadView, WireLead};
use leadlatch_domain::matrix::{Action, CreateLeads, UpdateLeads};
use leadlatch_domain::problem::Code;
use leadlatch_store::leads::wire;
use leadlatch_store::{Access, Connection, Grant, Held, Visible};

use super::answer::{Item, result};
use super::credential::{enter, wrapped};
use super::document::{Element, read};
use super::failure::problem;
use super::foreign;
use crate::App;
use crate::allow::{presented, presents};
use crate::body;
use crate::envelope::Caller;
use crate::problem::Problem;

/// Leads in one document at the most.
const MOST: usize = 100;

/// Creates and updates the leads of a document.
pub(super) async fn post(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let document = document(&parts, body).await?;
    let leads: Vec<WireLead> = document.named("lead").map(read_lead).collect();
    let rule = if leads.first().is_some_and(is_update) { UpdateLeads::RULE } else { CreateLeads::RULE };
    let caller = parts.extensions.get::<Caller>().cloned().unwrap_or_default();
    let access = enter(&app, &caller, &parts.headers, &document, &rule).await?;
    check_form(&document, leads.len())?;
    let mut items = Vec::with_capacity(leads.len());
    for lead in leads {
        items.push(match one(&app, access.clone(), lead, How::Kept).await {
            Ok(lead) => Item::done(lead.id()),
            Err(problem) => {
                problem.log(caller.request_id());
                Item::refused(&problem)
            }
        });
    }
    Ok(result(&items))
}

/// The document of a request, whatever its type is said to be. Who presents a key in a header is told of that first.
pub(super) async fn document(parts: &Parts, body: Body) -> Result<Element, Problem> {
    let bytes = body::whole(body).await?;
    let kind = parts.headers.get("content-type").and_then(|value| value.to_str().ok());
    read(&bytes, kind).map_err(|malformed| match presented(&parts.headers, []) {
        Err(problem) if presents(&parts.headers) => problem,
        _ => {
            let malformed = foreign::instead(malformed, &bytes, &parts.headers);
            Problem::because(Code::MalformedXml, malformed.to_string())
        }
    })
}

/// Whether what is asked for is done, or tried and taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Kept,
    Rehearsed,
}

impl How {
    pub(super) async fn write<A, T, J>(self, app: &App, grant: Grant<A>, job: J) -> leadlatch_store::Result<T>
    where
        A: Action,
        T: Send + 'static,
        J: AsyncFnOnce(&mut Connection<'_>, Held<A>) -> leadlatch_store::Result<T> + Send + 'static,
    {
        match self {
            Self::Kept => app.store.write(grant, job).await,
            Self::Rehearsed => app.store.rehearse(grant, job).await,
        }
    }
}

pub(super) fn check_form(document: &Element, leads: usize) -> Result<(), Problem> {
    let wrong = |detail: &str| Err(Problem::because(Code::MalformedXml, detail));
    wrapped(document)?;
    match leads {
        _ if document.name != "data" => wrong("Send <data> around everything, and a <lead> in it for each lead."),
        0 => wrong("Send a <lead> inside <data> for each lead."),
        1..=MOST => Ok(()),
        _ => wrong("Send at most 100 leads at once."),
    }
}

/// What was sent for a lead. A value with elements in it was not escaped.
pub(super) fn read_lead(element: &Element) -> WireLead {
    let mut lead = WireLead::read(element.children.iter().map(|child| (child.name.clone(), child.text.clone())));
    let known = |child: &&Element| leadlatch_domain::lead::wire::is_known(&child.name) && !child.children.is_empty();
    for child in element.children.iter().filter(known) {
        let detail = "Elements stand inside this value: write &lt; for < there, or put it into CDATA.";
        lead.fault(Fault::new("bad_character", detail).on(child.name.as_str()));
    }
    lead
}

pub(super) fn is_update(lead: &WireLead) -> bool {
    lead.text("id").is_some()
}

/// Does what is asked for one lead, in a transaction of its own.
pub(super) async fn one(app: &App, access: Access, lead: WireLead, how: How) -> Result<Visible<LeadView>, Problem> {
    let asked = lead.text("request").map(str::to_lowercase);
    let sent = lead.clone();
    let done = match (asked.as_deref(), is_update(&lead)) {
        (None | Some("create"), false) => {
            let grant = access.permit::<CreateLeads>()?;
            let job = async move |db: &mut Connection<'_>, grant| wire::create_wire(db, grant, lead).await;
            how.write(app, grant, job).await
        }
        (None | Some("update"), true) => {
            let grant = access.permit::<UpdateLeads>()?;
            let job = async move |db: &mut Connection<'_>, grant| wire::update_wire(db, grant, lead).await;
            how.write(app, grant, job).await
        }
        (asked, _) => return Err(wrong_request(asked)),
    };
    done.map_err(|error| problem(error, &sent))
}

fn wrong_request(asked: Option<&str>) -> Problem {
    let detail = match asked {
        Some("update") => "To update a lead, send its number as id.",
        Some("create") => "To create a lead, leave id out.",
        _ => "Here leads are created and updated: send create or update, or leave it out.",
    };
    Problem::invalid(vec![Fault::new("bad_choice", detail).on("request")])
}
