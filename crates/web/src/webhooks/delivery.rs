//! One delivery: its attempts, what was sent, and the button that has it sent again.

use askama::Template;
use axum::extract::State;
use leadlatch_domain::matrix::ManageHooks;
use leadlatch_store::hooks::{self, Attempt};
use leadlatch_store::{Connection, Error};

use super::row::DeliveryRow;
use super::{href, said};
use crate::Web;
use crate::asked::Path;
use crate::components::words::exact;
use crate::form::{Button, Form};
use crate::frame::Frame;
use crate::page::{Answer, page};
use crate::signed::Signed;

#[derive(Template)]
#[template(path = "webhooks/delivery.html")]
struct Page {
    frame: Frame,
    subscription: String,
    delivery: DeliveryRow,
    attempts: Vec<AttemptRow>,
    body: Option<String>,
}

#[derive(Debug)]
struct AttemptRow {
    number: i64,
    at: String,
    answer: String,
    took: String,
}

impl AttemptRow {
    fn new(of: &Attempt) -> Self {
        let status = of.status.map(|status| status.to_string());
        let error = of.error.as_ref().map(|error| error.replace('_', " "));
        let answer = status.or(error).unwrap_or_else(|| "not known".to_owned());
        let took = of.took_ms.map(|took| format!("{took} ms")).unwrap_or_default();
        Self { number: of.number, at: exact(of.at), answer, took }
    }
}

/// The page.
pub(crate) async fn show(
    State(web): State<Web>,
    signed: Signed<ManageHooks>,
    Path((hook, id)): Path<(i64, i64)>,
) -> Answer {
    let found = web.store().read(async |db| hooks::delivery(db, &signed.grant, id).await).await?;
    if found.delivery.subscription_id != hook {
        return Err(Error::NotFound("delivery").into());
    }
    let now = web.store().clock().now();
    page(&Page {
        frame: signed.frame,
        subscription: href(hook, ""),
        delivery: DeliveryRow::new(&found.delivery, now),
        attempts: found.attempts.iter().map(AttemptRow::new).collect(),
        body: found.body.clone(),
    })
}

/// Has it sent again.
pub(crate) async fn replay(
    State(web): State<Web>,
    signed: Signed<ManageHooks>,
    Path((hook, id)): Path<(i64, i64)>,
    Form(Button {}): Form<Button>,
) -> Answer {
    let job = async move |db: &mut Connection<'_>, grant| hooks::replay(db, grant, id).await;
    let outcome = web.store().write(signed.grant, job).await;
    said(outcome, "It is sent again, under the same event id.", href(hook, &format!("deliveries/{id}")))
}
