//! The first admin of a new server, by the link that `serve` prints.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use leadlatch_domain::account::{Country, CurrencyCode, Slug, ZoneName};
use leadlatch_domain::contact::Email;
use leadlatch_domain::person::LinkPurpose;
use leadlatch_domain::text::Name;
use leadlatch_domain::token::Token;
use leadlatch_store::accounts::NewAccount;
use leadlatch_store::links::FirstAdmin;
use leadlatch_store::{Error, password};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::Web;
use crate::asked::Path;
use crate::errors::Errors;
use crate::form::Form;
use crate::note::Note;
use crate::page::{Answer, page_with};
use crate::refusal::Refusal;
use crate::sign_in::welcome;
use crate::visitor::Visitor;

/// What the form holds, shown again as it was typed, but for the passwords.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    account: String,
    #[serde(default)]
    slug: String,
    #[serde(default)]
    country: String,
    #[serde(default)]
    time_zone: String,
    #[serde(default)]
    currency: String,
    name: String,
    email: String,
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    again: SecretString,
}

#[derive(Template)]
#[template(path = "start.html")]
struct Page {
    token: String,
    note: Option<Note>,
    /// The account that is there already.
    there: Option<String>,
    typed: Typed,
    errors: Errors,
}

/// The account that is there already, if the link is one for a first admin.
async fn look(web: &Web, link: &str) -> Result<(Token, Option<String>), Refusal> {
    let token = Token::parse(link).ok_or(Error::NoSuchLink)?;
    let opens = web.store().look_at_link(&token).await?;
    if opens.purpose == LinkPurpose::FirstAdmin {
        Ok((token, opens.account_name))
    } else {
        Err(Error::NoSuchLink.into())
    }
}

/// The form.
pub(crate) async fn show(State(web): State<Web>, Path(link): Path<String>, visitor: Visitor) -> Answer {
    let (_, there) = look(&web, &link).await?;
    let typed =
        Typed { country: "GB".into(), time_zone: "Europe/London".into(), currency: "GBP".into(), ..Typed::default() };
    form(StatusCode::OK, &visitor, there, typed, Errors::default())
}

fn form(status: StatusCode, visitor: &Visitor, there: Option<String>, typed: Typed, errors: Errors) -> Answer {
    page_with(status, &Page { token: visitor.form_token(), note: visitor.note.clone(), there, typed, errors })
}

/// Takes the form: makes the account unless it is there, makes the admin, and signs the person in.
pub(crate) async fn start(
    State(web): State<Web>,
    Path(link): Path<String>,
    visitor: Visitor,
    Form(typed): Form<Typed>,
) -> Answer {
    let (token, there) = look(&web, &link).await?;
    let mut errors = Errors::default();
    let account = if there.is_some() { None } else { read_account(&typed, &mut errors) };
    let Some((name, email)) = read_person(&typed, &mut errors) else {
        return form(StatusCode::UNPROCESSABLE_ENTITY, &visitor, there, typed, errors);
    };
    let password_hash = web.passwords.hash(typed.password.clone()).await?;
    let new = FirstAdmin { account, name, email, password_hash };
    match web.store().make_first_admin(token, new, visitor.visit()).await {
        Ok(signed_in) => Ok(welcome(signed_in, "/")),
        Err(Error::Conflict(text)) => {
            errors.put("slug", text);
            form(StatusCode::CONFLICT, &visitor, there, typed, errors)
        }
        Err(error) => Err(error.into()),
    }
}

/// The account to make.
fn read_account(typed: &Typed, errors: &mut Errors) -> Option<NewAccount> {
    let name = errors.take("account", Name::parse(&typed.account));
    let slug = errors.take("slug", Slug::parse(&typed.slug));
    let country = errors.take("country", Country::parse(&typed.country));
    let time_zone = errors.take("time_zone", ZoneName::parse(&typed.time_zone));
    let currency = errors.take("currency", CurrencyCode::parse(&typed.currency));
    Some(NewAccount {
        name: name?,
        slug: slug?,
        country: country?,
        time_zone: time_zone?,
        currency: currency?,
        host: None,
    })
}

/// The person, if nothing of the whole form is wrong.
fn read_person(typed: &Typed, errors: &mut Errors) -> Option<(Name, Email)> {
    let name = errors.take("name", Name::parse(&typed.name));
    let email = errors.take("email", Email::parse(&typed.email));
    errors.take("password", password::check(&typed.password));
    if typed.password.expose_secret() != typed.again.expose_secret() {
        errors.put("again", "Type the same password twice.");
    }
    if errors.is_empty() { name.zip(email) } else { None }
}
