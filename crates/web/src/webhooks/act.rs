//! What is done with a subscription: ended, enabled, given another secret.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use leadlatch_domain::matrix::ManageHooks;
use leadlatch_store::{Connection, Error, hooks};

use super::row::Row;
use super::{HOME, href, show};
use crate::Web;
use crate::around::go;
use crate::asked::Path;
use crate::form::{Button, Form};
use crate::frame::Frame;
use crate::note::Note;
use crate::page::{Answer, page};
use crate::signed::Signed;

#[derive(Template)]
#[template(path = "webhooks/delete.html")]
struct Asked {
    frame: Frame,
    hook: Row,
}

/// The question before the end.
pub(crate) async fn ask(State(web): State<Web>, signed: Signed<ManageHooks>, Path(id): Path<i64>) -> Answer {
    let found = web.store().read(async |db| hooks::get_any(db, &signed.grant, id).await).await?;
    page(&Asked { frame: signed.frame, hook: Row::new(&found, web.store().clock().now()) })
}

/// Ends it.
pub(crate) async fn delete(
    State(web): State<Web>,
    signed: Signed<ManageHooks>,
    Path(id): Path<i64>,
    Form(Button {}): Form<Button>,
) -> Answer {
    let job = async move |db: &mut Connection<'_>, grant| hooks::delete_any(db, grant, id).await;
    let note = match web.store().write(signed.grant, job).await {
        Ok(_) => Note::done("Webhook deleted. Nothing is begun for it any more."),
        Err(Error::Conflict(why)) => Note::refused(why),
        Err(other) => return Err(other.into()),
    };
    Ok(go(HOME).saying(note).into_response())
}

/// Lets it go on at once.
pub(crate) async fn enable(
    State(web): State<Web>,
    signed: Signed<ManageHooks>,
    Path(id): Path<i64>,
    Form(Button {}): Form<Button>,
) -> Answer {
    let job = async move |db: &mut Connection<'_>, grant| hooks::enable(db, grant, id).await;
    let note = match web.store().write(signed.grant, job).await {
        Ok(_) => Note::done("Webhook enabled. What waits is tried now."),
        Err(Error::Conflict(why)) => Note::refused(why),
        Err(other) => return Err(other.into()),
    };
    Ok(go(href(id, "")).saying(note).into_response())
}

/// Another secret, shown once.
pub(crate) async fn new_secret(
    State(web): State<Web>,
    signed: Signed<ManageHooks>,
    Path(id): Path<i64>,
    Form(Button {}): Form<Button>,
) -> Answer {
    let sealer = web.store().sealer()?;
    let job = async move |db: &mut Connection<'_>, grant| hooks::new_secret_of(db, grant, sealer, id).await;
    let changed = web.store().write(signed.permit()?, job).await?.into_inner();
    show::answer(&web, signed, id, None, changed.secret).await
}
