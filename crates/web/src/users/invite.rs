//! Inviting a user: the link is shown to the admin once, since the server sends no mail.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use leadlatch_domain::contact::Email;
use leadlatch_domain::matrix::ManageUsers;
use leadlatch_domain::person::{LinkPurpose, PersonRole};
use leadlatch_domain::text::Name;
use leadlatch_store::{Error, used_forms, users};
use serde::Deserialize;

use super::LIST;
use crate::Web;
use crate::around::go;
use crate::asked::Query;
use crate::errors::Errors;
use crate::form::{Form, Once};
use crate::frame::Frame;
use crate::note::Note;
use crate::page::{Answer, page, page_with};
use crate::paths;
use crate::signed::Signed;

#[derive(Template)]
#[template(path = "users/invite.html")]
struct Page {
    frame: Frame,
    once: String,
    typed: Typed,
    /// Whether the password was asked for in between: the form is to be sent again.
    again: bool,
    errors: Errors,
}

/// What was typed; also from the query, to come back to after the password was asked again.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    role: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Given {
    once: Once,
    name: String,
    email: String,
    role: String,
}

/// The page that shows a link, once.
#[derive(Template)]
#[template(path = "users/link.html")]
pub(super) struct LinkPage {
    pub(super) frame: Frame,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) link: String,
    pub(super) days: u64,
}

/// The form.
pub(super) async fn show(State(web): State<Web>, Query(typed): Query<Typed>, signed: Signed<ManageUsers>) -> Answer {
    let again = !typed.email.is_empty();
    page(&Page { frame: signed.frame, once: Once::fresh(&web), typed, again, errors: Errors::default() })
}

/// Takes the form.
pub(super) async fn invite(State(web): State<Web>, signed: Signed<ManageUsers>, Form(given): Form<Given>) -> Answer {
    let typed = Typed { name: given.name, email: given.email, role: given.role };
    let mut errors = Errors::default();
    let name = errors.take("name", Name::parse(&typed.name));
    let email = errors.take("email", Email::parse(&typed.email));
    let role = errors.take("role", PersonRole::parse(&typed.role));
    let (Some(name), Some(email), Some(role)) = (name, email, role) else {
        return again(&web, signed, StatusCode::UNPROCESSABLE_ENTITY, typed, errors);
    };
    if role == PersonRole::Admin && !signed.me()?.fresh {
        return Ok(go(paths::confirm(&back(&typed))).into_response());
    }
    let sent_before = web.store().read(async |db| used_forms::made(db, &signed.grant, &given.once.0).await).await?;
    if sent_before.is_some() {
        let note = Note::refused("This form was sent before: the user is there already. Nothing was changed.");
        return Ok(go(LIST).saying(note).into_response());
    }
    let grant = signed.permit::<ManageUsers>()?;
    let (form, shown) = (given.once.0, (name.to_string(), email.as_str().to_owned()));
    let job = async move |db: &mut leadlatch_store::Connection<'_>, grant| {
        users::invite(db, grant, name, email, role.as_str(), &form).await
    };
    match web.store().write(grant, job).await {
        Ok((_, link)) => {
            let link = web.address(&signed.visitor, &paths::link(link.expose()));
            let days = LinkPurpose::Invitation.lives().as_secs() / 86_400;
            page_with(StatusCode::OK, &LinkPage { frame: signed.frame, name: shown.0, email: shown.1, link, days })
        }
        Err(Error::Conflict(text)) => {
            errors.put("email", text);
            again(&web, signed, StatusCode::CONFLICT, typed, errors)
        }
        Err(error) => Err(error.into()),
    }
}

fn again(web: &Web, signed: Signed<ManageUsers>, status: StatusCode, typed: Typed, errors: Errors) -> Answer {
    page_with(status, &Page { frame: signed.frame, once: Once::fresh(web), typed, again: false, errors })
}

/// The form as it was filled in.
fn back(typed: &Typed) -> String {
    let fields = [("name", &typed.name), ("email", &typed.email), ("role", &typed.role)];
    paths::with_query(&format!("{LIST}/new"), fields)
}
