//! The password by a link: of an invitation, or a new one.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use leadlatch_domain::token::Token;
use leadlatch_store::links::Opens;
use leadlatch_store::{Error, password};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::Web;
use crate::asked::Path;
use crate::form::Form;
use crate::note::Note;
use crate::page::{Answer, page_with};
use crate::refusal::Refusal;
use crate::sign_in::welcome;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "link.html")]
struct Page {
    token: String,
    note: Option<Note>,
    account: String,
    name: String,
    email: String,
    error: Option<String>,
}

/// A new password, typed twice.
#[derive(Debug, Deserialize)]
pub(crate) struct Twice {
    password: SecretString,
    again: SecretString,
}

impl Twice {
    /// The password, or what to change.
    pub(crate) fn checked(self) -> Result<SecretString, String> {
        password::check(&self.password).map_err(|fault| fault.detail.into_owned())?;
        let same = self.password.expose_secret() == self.again.expose_secret();
        if same { Ok(self.password) } else { Err("Type the same password twice.".into()) }
    }
}

async fn look(web: &Web, link: &str) -> Result<(Token, Opens), Refusal> {
    let token = Token::parse(link).ok_or(Error::NoSuchLink)?;
    let opens = web.store().look_at_link(&token).await?;
    Ok((token, opens))
}

fn form(status: StatusCode, visitor: &Visitor, opens: Opens, error: Option<String>) -> Answer {
    let (Some((name, email)), Some(account)) = (opens.user, opens.account_name) else {
        return Err(Error::NoSuchLink.into());
    };
    let (token, note) = (visitor.form_token(), visitor.note.clone());
    page_with(status, &Page { token, note, account, name, email, error })
}

/// The form.
pub(crate) async fn show(State(web): State<Web>, Path(link): Path<String>, visitor: Visitor) -> Answer {
    let (_, opens) = look(&web, &link).await?;
    form(StatusCode::OK, &visitor, opens, None)
}

/// Takes the form: sets the password and signs the person in.
pub(crate) async fn set(
    State(web): State<Web>,
    Path(link): Path<String>,
    visitor: Visitor,
    Form(twice): Form<Twice>,
) -> Answer {
    let (token, opens) = look(&web, &link).await?;
    let password = match twice.checked() {
        Ok(password) => password,
        Err(error) => return form(StatusCode::UNPROCESSABLE_ENTITY, &visitor, opens, Some(error)),
    };
    let hash = web.passwords.hash(password).await?;
    Ok(welcome(web.store().set_password_by_link(token, hash, visitor.visit()).await?, "/"))
}
