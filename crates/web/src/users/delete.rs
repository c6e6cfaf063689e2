//! Deleting a user: what depends on the person, and one button.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use leadlatch_domain::matrix::ManageUsers;
use leadlatch_store::{Connection, Error, users};

use super::{LIST, Row, one};
use crate::Web;
use crate::around::go;
use crate::asked::Path;
use crate::components::words::count;
use crate::form::{Button, Form};
use crate::frame::Frame;
use crate::note::Note;
use crate::page::{Answer, page_with};
use crate::signed::Signed;

#[derive(Template)]
#[template(path = "users/delete.html")]
struct Page {
    frame: Frame,
    row: Row,
    /// `12 leads`, where the person has any: they keep the user from being deleted.
    leads: Option<String>,
    error: Option<String>,
}

async fn form(web: &Web, signed: Signed<ManageUsers>, status: StatusCode, id: i64, error: Option<String>) -> Answer {
    let row = one(web, &signed, id).await?;
    let leads = web.store().read(async |db| users::leads_of(db, &signed.grant, id).await).await?;
    let leads = Some(count(leads, "lead")).filter(|_| leads > 0);
    page_with(status, &Page { frame: signed.frame, row, leads, error })
}

/// What depends on the person.
pub(super) async fn show(State(web): State<Web>, Path(id): Path<i64>, signed: Signed<ManageUsers>) -> Answer {
    form(&web, signed, StatusCode::OK, id, None).await
}

/// Deletes the user.
pub(super) async fn delete(
    State(web): State<Web>,
    Path(id): Path<i64>,
    signed: Signed<ManageUsers>,
    Form(Button {}): Form<Button>,
) -> Answer {
    if signed.me()?.id.get() == id {
        let error = "This is you. Another admin can delete you.".to_owned();
        return form(&web, signed, StatusCode::CONFLICT, id, Some(error)).await;
    }
    let grant = signed.permit::<ManageUsers>()?;
    let job = async move |db: &mut Connection<'_>, grant| users::delete_by_id(db, grant, id).await;
    match web.store().write(grant, job).await {
        Ok(user) => Ok(go(LIST).saying(Note::done(format!("{} is deleted.", user.name))).into_response()),
        Err(Error::Conflict(text)) => form(&web, signed, StatusCode::CONFLICT, id, Some(text)).await,
        Err(Error::InUse(by)) => form(&web, signed, StatusCode::CONFLICT, id, Some(format!("{by}."))).await,
        Err(error) => Err(error.into()),
    }
}
