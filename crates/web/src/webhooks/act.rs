//! What is done with a subscription: ended, enabled, given another secret.

use askama::Template;
use axum::extract::State;
use leadlatch_domain::matrix::ManageHooks;
use leadlatch_store::{Connection, hooks};

use super::row::Row;
use super::{HOME, href, said, show};
use crate::Web;
use crate::asked::Path;
use crate::form::{Button, Form};
use crate::frame::Frame;
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
    let outcome = web.store().write(signed.grant, job).await;
    said(outcome, "Webhook deleted. Nothing is begun for it any more.", HOME)
}

/// Lets it go on at once.
pub(crate) async fn enable(
    State(web): State<Web>,
    signed: Signed<ManageHooks>,
    Path(id): Path<i64>,
    Form(Button {}): Form<Button>,
) -> Answer {
    let job = async move |db: &mut Connection<'_>, grant| hooks::enable(db, grant, id).await;
    let outcome = web.store().write(signed.grant, job).await;
    said(outcome, "Webhook enabled. What waits is tried now.", href(id, ""))
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
    show::answer(&web, signed, id, None, changed.secret.map(|secret| secret.expose())).await
}
