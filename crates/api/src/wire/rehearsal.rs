//! What a document of an existing integration would do: the same code, and nothing of it kept.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::response::Response;
use http_body_util::BodyExt;
use leadlatch_domain::id::AccountId;
use leadlatch_domain::lead::wire::{NAMES, element_of};
use leadlatch_domain::lead::{LeadField, LeadView};
use leadlatch_domain::problem::Code;
use leadlatch_store::Access;

use super::answer::{Item, result};
use super::create_update::{How, check_form, is_update, one, read_lead};
use super::credential::key;
use super::document::{Element, read_text};
use super::lead::{Asked, delete, read};
use super::{Voice, foreign, search};
use crate::App;
use crate::problem::Problem;

/// What would come of a document.
#[derive(Debug)]
pub struct Rehearsal {
    /// What would become of each lead, in order; empty for what makes or changes none.
    pub leads: Vec<LeadRehearsal>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The answer, as the program would get it.
    pub answer: String,
}

/// What would become of one lead.
#[derive(Debug)]
pub struct LeadRehearsal {
    /// Whether it would be an update.
    pub update: bool,
    /// Why it would be refused, if it would.
    pub refused: Option<String>,
    /// What it would hold, as its key may see it: elements with their texts.
    pub fields: Vec<(String, String)>,
}

/// Tries a document that somebody of an account pasted. A key of another account is none.
pub async fn rehearse(app: &App, account: AccountId, text: &str, from: Option<IpAddr>) -> Rehearsal {
    let mut leads = Vec::new();
    let answer = match tried(app, account, text, from, &mut leads).await {
        Ok(answer) => answer,
        Err(problem) => Voice::Xml.write(&problem, "rehearsal"),
    };
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
    Rehearsal { leads, status, answer: String::from_utf8(body).unwrap_or_default() }
}

async fn tried(
    app: &App,
    account: AccountId,
    text: &str,
    from: Option<IpAddr>,
    leads: &mut Vec<LeadRehearsal>,
) -> Result<Response, Problem> {
    let document = read_text(text).map_err(|malformed| {
        let malformed = foreign::instead(malformed, text.as_bytes(), &HeaderMap::new());
        Problem::because(Code::MalformedXml, malformed.to_string())
    })?;
    let access = recognise(app, account, &document, from).await?;
    match Asked::of(&document)? {
        Some(Asked::Search) => search::answer(app, access.permit()?, &document).await,
        Some(Asked::Read) => read(app, access.permit()?, &document).await,
        Some(Asked::Delete) => delete(app, access, &document, How::Rehearsed).await,
        None => try_leads(app, access, &document, leads).await,
    }
}

async fn recognise(app: &App, account: AccountId, document: &Element, from: Option<IpAddr>) -> Result<Access, Problem> {
    let access = app.store.recognise(key(&HeaderMap::new(), document)?, from).await?;
    if access.account() == account { Ok(access) } else { Err(Problem::new(Code::UnknownKey)) }
}

async fn try_leads(
    app: &App,
    access: Access,
    document: &Element,
    leads: &mut Vec<LeadRehearsal>,
) -> Result<Response, Problem> {
    let sent: Vec<_> = document.named("lead").map(read_lead).collect();
    check_form(document, sent.len())?;
    let mut items = Vec::with_capacity(sent.len());
    for lead in sent {
        let update = is_update(&lead);
        let (item, refused, fields) = match one(app, access.clone(), lead, How::Rehearsed).await {
            // A lead that is not kept has no number: only one that was there is named.
            Ok(lead) => (Item::done(lead.id().filter(|_| update)), None, fields(&lead)),
            Err(problem) => (Item::refused(&problem), Some(problem.sentence()), Vec::new()),
        };
        items.push(item);
        leads.push(LeadRehearsal { update, refused, fields });
    }
    Ok(result(&items))
}

/// What a lead would hold; numbers of records are our own here.
fn fields(lead: &LeadView) -> Vec<(String, String)> {
    let own = NAMES.iter().filter(|(_, field)| *field != LeadField::Id);
    let named = own.map(|(name, field)| ((*name).to_owned(), lead.in_words(*field)));
    let data = (1..=50).filter_map(leadlatch_domain::custom_field::DataKey::from_number).filter_map(|key| {
        let text = lead.data(key)?;
        Some((element_of(&format!("data.{key}")).into_owned(), text.to_owned()))
    });
    named.chain(data).filter(|(_, text)| !text.is_empty()).collect()
}
