//! Add New: a subscription of the account's own. It is told of every lead, so it takes the password as a Full key does,
//! unless it was given a short while ago.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use leadlatch_domain::hook::{EventSet, HookEvent, HookFormat, Target};
use leadlatch_domain::matrix::ManageHooks;
use leadlatch_domain::token::Token;
use leadlatch_store::hooks::{self, NewHook};
use leadlatch_store::{Connection, used_forms};
use serde::Deserialize;
use serde_json::Map;

use super::{href, show as one};
use crate::Web;
use crate::around::go;
use crate::errors::Errors;
use crate::form::{Form, Once};
use crate::frame::Frame;
use crate::note::Note;
use crate::page::{Answer, page_with};
use crate::paths;
use crate::refusal::Refusal;
use crate::signed::Signed;

/// The form, as it was typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    target_url: String,
    event: Vec<String>,
    format: String,
    once: String,
}

#[derive(Template)]
#[template(path = "webhooks/add.html")]
struct Page {
    frame: Frame,
    typed: Typed,
    errors: Errors,
    events: Vec<(&'static str, &'static str, bool)>,
}

/// The form.
pub(crate) async fn show(State(web): State<Web>, signed: Signed<ManageHooks>) -> Answer {
    if !signed.me()?.fresh {
        return Ok(go(paths::confirm(&super::add())).into_response());
    }
    let typed = Typed { event: vec![HookEvent::LeadCreated.as_str().to_owned()], ..Typed::default() };
    form(&web, signed, StatusCode::OK, typed, Errors::default())
}

/// Makes it, and shows its secret once.
pub(crate) async fn create(State(web): State<Web>, signed: Signed<ManageHooks>, Form(typed): Form<Typed>) -> Answer {
    let Some(once) = Token::parse(&typed.once) else { return Err(Refusal::strange_form()) };
    if !signed.me()?.fresh {
        return Ok(go(paths::confirm(&super::add())).into_response());
    }
    let grant = signed.permit::<ManageHooks>()?;
    if let Some(id) = web.store().read(async |db| used_forms::made(db, &grant, &once).await).await? {
        let said = "This webhook exists already. The form was sent twice; its secret was shown once.";
        return Ok(go(href(id, "")).saying(Note::refused(said)).into_response());
    }
    let mut errors = Errors::default();
    let new = typed.read(&mut errors);
    if let Some(new) = &new
        && let Err(failed) = web.app.outbound.check(&new.target).await
    {
        errors.put("target_url", format!("This address cannot be used: {failed}."));
    }
    let Some(new) = new.filter(|_| errors.is_empty()) else {
        return form(&web, signed, StatusCode::UNPROCESSABLE_ENTITY, typed, errors);
    };
    let sealer = web.store().sealer()?;
    let job = async move |db: &mut Connection<'_>, grant| hooks::create_by_form(db, grant, sealer, new, &once).await;
    let made = web.store().write(signed.permit()?, job).await?.into_inner();
    one::answer(&web, signed, made.hook.id, None, made.hook.secret.map(|secret| secret.expose())).await
}

impl Typed {
    fn read(&self, errors: &mut Errors) -> Option<NewHook> {
        let target = errors.take("target_url", Target::parse(&self.target_url));
        let events: EventSet =
            self.event.iter().filter_map(|name| HookEvent::parse(name)).filter(|event| event.is_sent()).collect();
        if events.is_empty() {
            errors.put("event", "Tick at least one event.");
        }
        let format = HookFormat::parse(&self.format).unwrap_or(HookFormat::Json);
        target.filter(|_| errors.is_empty()).map(|target| NewHook { target, events, filter: Map::new(), format })
    }
}

fn form(web: &Web, signed: Signed<ManageHooks>, status: StatusCode, mut typed: Typed, errors: Errors) -> Answer {
    let told = HookEvent::ALL.iter().filter(|event| event.is_sent());
    let events = told.map(|event| {
        let name = event.as_str();
        (name, event.in_words(), typed.event.iter().any(|ticked| ticked == name))
    });
    let events = events.collect();
    typed.once = Once::fresh(web);
    page_with(status, &Page { frame: signed.frame, typed, errors, events })
}
