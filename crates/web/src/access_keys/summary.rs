//! The live summary and the preview beside Add New.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use leadlatch_domain::matrix::{ManageKeys, PreviewKeys};
use leadlatch_domain::time::Timestamp;
use leadlatch_store::access_keys::{self, Counted, Preview, PreviewCount, PreviewLead};
use leadlatch_store::{Connection, Error, Grant};

use super::form::Typed;
use super::said::{Line, Thought, limits_in_words};
use crate::Web;
use crate::components::words::{minute, thousands};
use crate::errors::Errors;
use crate::form::Form;
use crate::page::Answer;
use crate::refusal::Refusal;
use crate::signed::Signed;

/// What is said beside the form.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) lines: Vec<Line>,
    pub(super) counts: Vec<Count>,
    pub(super) rows: Vec<PreviewLead>,
    /// Why there are no counts, where there could be some.
    pub(super) missing: &'static str,
    /// The safety options as they are.
    pub(super) now: String,
    /// When the key would end, to the minute.
    pub(super) ends: String,
}

/// A line of the preview.
#[derive(Debug)]
pub(super) struct Count {
    pub(super) what: &'static str,
    /// How many it would see; absent when it is refused.
    pub(super) seen: Option<String>,
    /// Of how many, where that is another number.
    pub(super) of: Option<String>,
}

#[derive(Template)]
#[template(path = "access_keys/summary.html")]
struct Fragment {
    summary: Summary,
}

/// What the form, as it is, would make: for the script of the page.
pub(crate) async fn show(State(web): State<Web>, signed: Signed<ManageKeys>, Form(typed): Form<Typed>) -> Answer {
    let summary = read(&web, &signed, &typed).await?;
    let text = Fragment { summary }.render().map_err(Error::internal)?;
    Ok(Html(text).into_response())
}

/// What the form, as it is, would make.
pub(super) async fn read(web: &Web, signed: &Signed<ManageKeys>, typed: &Typed) -> Result<Summary, Refusal> {
    let now = web.store().clock().now();
    let preview = preview(web, signed.permit()?, typed).await?;
    let company = company(web, signed, typed).await?;
    Ok(Summary::new(typed, company.as_deref(), preview, now))
}

/// How the preview went.
enum Previewed {
    Nothing(&'static str),
    Seen(Preview),
}

async fn preview(web: &Web, grant: Grant<PreviewKeys>, typed: &Typed) -> Result<Previewed, Refusal> {
    let Some(wished) = typed.wished() else { return Ok(Previewed::Nothing("Choose a partner to see its rows.")) };
    let job = async move |db: &mut Connection<'_>| access_keys::preview(db, &grant, wished).await;
    match web.store().read_apart(job).await {
        Ok(preview) => Ok(Previewed::Seen(preview.into_inner())),
        Err(Error::TooExpensive) => Ok(Previewed::Nothing("There is too much to count while you wait.")),
        Err(Error::NotFound(_)) => Ok(Previewed::Nothing("There is no such partner any more.")),
        Err(other) => Err(other.into()),
    }
}

async fn company(web: &Web, signed: &Signed<ManageKeys>, typed: &Typed) -> Result<Option<String>, Refusal> {
    let Some(partner) = typed.partner() else { return Ok(None) };
    let grant = signed.permit::<ManageKeys>()?;
    let job = async move |db: &mut Connection<'_>| access_keys::company(db, &grant, partner).await;
    Ok(web.store().read(job).await?)
}

impl Summary {
    fn new(typed: &Typed, company: Option<&str>, previewed: Previewed, now: Timestamp) -> Self {
        let (preview, missing) = match previewed {
            Previewed::Nothing(why) => (None, why),
            Previewed::Seen(preview) => (Some(preview), ""),
        };
        let mut unread = Errors::default();
        let (limits, expires_at) = (typed.limits(&mut unread), typed.expires_at(now).unwrap_or_default());
        let leads = preview.as_ref().and_then(|preview| match preview.leads {
            PreviewCount::Seen(leads, _) => Some(leads),
            PreviewCount::Refused(_) => None,
        });
        let (kind, scopes) = (typed.kind(), typed.scopes());
        let thought = Thought { kind, partner: company, scopes, leads, expires_at, limits: &limits };
        let (lines, now_words) = (thought.lines(), limits_in_words(expires_at, &limits));
        let (counts, rows) = preview.map(counts).unwrap_or_default();
        let ends = expires_at.map(|at| format!("Ends {}", minute(at))).unwrap_or_default();
        Self { lines, counts, rows, missing, now: now_words, ends }
    }
}

fn counts(preview: Preview) -> (Vec<Count>, Vec<PreviewLead>) {
    let all = std::iter::once(("Leads", preview.leads)).chain(preview.lists);
    (all.map(|(what, count)| Count::new(what, count)).collect(), preview.rows)
}

impl Count {
    fn new(what: &'static str, count: PreviewCount) -> Self {
        match count {
            PreviewCount::Refused(_) => Self { what, seen: None, of: None },
            PreviewCount::Seen(seen, of) => {
                Self { what, seen: Some(in_words(seen)), of: Some(in_words(of)).filter(|_| seen != of) }
            }
        }
    }
}

fn in_words(count: Counted) -> String {
    match count {
        Counted::Exactly(number) => thousands(number),
        Counted::Over(number) => format!("over {}", thousands(number)),
    }
}
