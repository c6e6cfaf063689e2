//! Add New: a subscription of the account's own. It is told of every lead, so its form takes the password as a Full
//! key's does, unless it was given a short while ago.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use leadlatch_domain::hook::{EventSet, HookEvent, HookFormat, Target};
use leadlatch_domain::matrix::ManageHooks;
use leadlatch_domain::token::Token;
use leadlatch_store::hooks::{self, NewHook};
use leadlatch_store::{Connection, used_forms};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Map;

use super::{href, show as one};
use crate::Web;
use crate::around::go;
use crate::confirm::{self, Again};
use crate::errors::Errors;
use crate::form::{Form, Once};
use crate::frame::Frame;
use crate::note::Note;
use crate::page::{Answer, page_with};
use crate::refusal::Refusal;
use crate::signed::Signed;

/// The form, as it was typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    target_url: String,
    event: Vec<String>,
    format: String,
    password: SecretString,
    code: String,
    once: String,
}

#[derive(Template)]
#[template(path = "webhooks/add.html")]
struct Page {
    frame: Frame,
    typed: Typed,
    errors: Errors,
    events: Vec<(&'static str, &'static str, bool)>,
    asks_password: bool,
    asks_code: bool,
}

/// The form.
pub(crate) async fn show(State(web): State<Web>, signed: Signed<ManageHooks>) -> Answer {
    let event = vec![HookEvent::LeadCreated.as_str().to_owned()];
    let typed = Typed { event, once: Once::fresh(&web), ..Typed::default() };
    form(signed, StatusCode::OK, typed, Errors::default())
}

/// Makes it, and shows its secret once.
pub(crate) async fn create(State(web): State<Web>, signed: Signed<ManageHooks>, Form(typed): Form<Typed>) -> Answer {
    let Some(once) = Token::parse(&typed.once) else { return Err(Refusal::strange_form()) };
    let grant = signed.permit::<ManageHooks>()?;
    if let Some(id) = web.store().read(async |db| used_forms::made(db, &grant, &once).await).await? {
        let said = "This webhook exists already. The form was sent twice; its secret was shown once.";
        return Ok(go(href(id, "")).saying(Note::refused(said)).into_response());
    }
    let new = match checked(&web, &signed, &typed).await? {
        Ok(new) => new,
        Err(errors) => return form(signed, StatusCode::UNPROCESSABLE_ENTITY, typed, errors),
    };
    let sealer = web.store().sealer()?;
    let job = async move |db: &mut Connection<'_>, grant| hooks::create_by_form(db, grant, sealer, new, &once).await;
    let made = web.store().write(signed.permit()?, job).await?.into_inner();
    one::answer(&web, signed, made.hook.id, None, made.hook.secret.map(|secret| secret.expose())).await
}

/// The webhook to make, or what to change. The password comes last: a code of the app counts once, and is not spent on
/// a form that comes back for something else.
async fn checked(web: &Web, signed: &Signed<ManageHooks>, typed: &Typed) -> Result<Result<NewHook, Errors>, Refusal> {
    let mut errors = Errors::default();
    let new = typed.read(&mut errors);
    if let Some(new) = &new
        && let Err(failed) = web.app.outbound.check(&new.target).await
    {
        errors.put("target_url", format!("This address cannot be used: {failed}."));
    }
    if errors.is_empty()
        && let Some(wrong) = confirm::asked(web, signed, typed.again(), "the webhook is told of every lead").await?
    {
        errors.put("password", wrong);
    }
    Ok(new.filter(|_| errors.is_empty()).ok_or(errors))
}

impl Typed {
    /// What was given of the person's own secrets.
    fn again(&self) -> Again {
        Again::new(&self.password, &self.code)
    }

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

/// The form. It keeps its token, so that it makes one webhook however often it comes back.
fn form(signed: Signed<ManageHooks>, status: StatusCode, typed: Typed, errors: Errors) -> Answer {
    let told = HookEvent::ALL.iter().filter(|event| event.is_sent());
    let events = told.map(|event| {
        let name = event.as_str();
        (name, event.in_words(), typed.event.iter().any(|ticked| ticked == name))
    });
    let events = events.collect();
    let (asks_password, asks_code) = (!signed.me()?.fresh, signed.me()?.has_authenticator);
    page_with(status, &Page { frame: signed.frame, typed, errors, events, asks_password, asks_code })
}
