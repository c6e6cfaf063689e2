//! Help: pages that stand in files, and pages from the tables that the checks go by.
//!
//! A page of text is one file in `templates/help/`: its name is its address, its first line says its place among the
//! others, its title and what it is about, as `<!-- 40 | Title | What it is about. -->`, and the rest is its body.

mod access;
mod errors;
mod topics;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use leadlatch_domain::matrix::UseAccount;

use self::topics::Topic;
use crate::Web;
use crate::asked::Path;
use crate::frame::Frame;
use crate::page::{Answer, page};
use crate::refusal::Refusal;
use crate::signed::Signed;

/// Where it is.
pub(crate) const HOME: &str = "/help";

/// The pages.
pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route(HOME, get(index))
        .route("/help/access", get(access::show))
        .route("/help/errors", get(errors::show))
        .route("/help/{topic}", get(topic))
}

#[derive(Template)]
#[template(path = "help_layout/index.html")]
struct Index {
    frame: Frame,
    topics: Vec<Topic>,
    /// Where a link to whoever helps leads, and how it is shown.
    support: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "help_layout/topic.html")]
struct Page {
    frame: Frame,
    topic: Topic,
    topics: Vec<Topic>,
}

async fn index(State(web): State<Web>, signed: Signed<UseAccount>) -> Answer {
    let contact = web.app.support_contact.as_ref();
    let support = contact.map(|contact| (contact.href(), contact.as_str().to_owned()));
    page(&Index { frame: signed.frame, topics: topics::all(), support })
}

async fn topic(signed: Signed<UseAccount>, Path(name): Path<String>) -> Answer {
    let topics = topics::all();
    let topic = topics.iter().find(|topic| topic.name == name).cloned().ok_or_else(Refusal::not_found)?;
    page(&Page { frame: signed.frame, topic, topics })
}
