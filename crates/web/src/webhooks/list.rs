//! The list.

use askama::Template;
use axum::extract::State;
use leadlatch_domain::matrix::ManageHooks;
use leadlatch_store::Connection;
use leadlatch_store::hooks::{self, SubscriptionFilter};

use super::row::Row;
use crate::Web;
use crate::frame::Frame;
use crate::page::{Answer, page};
use crate::signed::Signed;

#[derive(Template)]
#[template(path = "webhooks/list.html")]
struct Page {
    frame: Frame,
    rows: Vec<Row>,
}

/// The page.
pub(crate) async fn show(State(web): State<Web>, signed: Signed<ManageHooks>) -> Answer {
    let now = web.store().clock().now();
    let grant = signed.permit::<ManageHooks>()?;
    let job = async move |db: &mut Connection<'_>| hooks::all(db, &grant, SubscriptionFilter::default()).await;
    // Each is said with how much waits for it, and that may be much.
    let found = web.store().read_apart(job).await?;
    page(&Page { frame: signed.frame, rows: found.iter().map(|one| Row::new(one, now)).collect() })
}
