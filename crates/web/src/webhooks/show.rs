//! One subscription with its deliveries.

use askama::Template;
use axum::extract::State;
use leadlatch_domain::matrix::ManageHooks;
use leadlatch_store::hooks;
use leadlatch_store::{Connection, Page as Rows};
use serde::Deserialize;

use super::href;
use super::row::{DeliveryRow, Row};
use crate::Web;
use crate::asked::{Path, Query};
use crate::components::words::exact;
use crate::frame::Frame;
use crate::page::{Answer, page};
use crate::signed::Signed;

/// Deliveries of a page.
const SHOWN: u32 = 50;

#[derive(Template)]
#[template(path = "webhooks/show.html")]
pub(super) struct Page {
    frame: Frame,
    hook: Row,
    facts: Vec<(&'static str, String)>,
    /// The signing secret, the one time that it is shown.
    secret: Option<String>,
    deliveries: Vec<DeliveryRow>,
    older: String,
}

/// Where the page of deliveries begins.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    before: Option<i64>,
}

/// The page.
pub(crate) async fn show(
    State(web): State<Web>,
    signed: Signed<ManageHooks>,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Answer {
    answer(&web, signed, id, asked.before, None).await
}

/// The page, with the secret when it was just made.
pub(super) async fn answer(
    web: &Web,
    signed: Signed<ManageHooks>,
    id: i64,
    before: Option<i64>,
    secret: Option<String>,
) -> Answer {
    let (grant, now) = (signed.grant, web.store().clock().now());
    let rows = Rows::new(SHOWN, before.map(|id| (id, id)));
    let job = async move |db: &mut Connection<'_>| {
        Ok((hooks::get_any(db, &grant, id).await?, hooks::deliveries(db, &grant, id, &rows).await?))
    };
    let (found, deliveries) = web.store().read_apart(job).await?;
    let (hook, time) = (&found.hook, |at: Option<_>| at.map_or_else(|| "No".into(), exact));
    let filter = if hook.filter.is_empty() {
        "None".to_owned()
    } else {
        serde_json::to_string(&hook.filter).unwrap_or_default()
    };
    page(&Page {
        frame: signed.frame,
        hook: Row::new(&found, now),
        facts: vec![
            ("Format", hook.format.clone()),
            ("Filter", filter),
            ("Created", format!("{}, by {}", exact(hook.created_at), found.created_by)),
            ("Failures in a row", found.failures.to_string()),
            ("Failing since", time(found.failing_since)),
            ("Rests until", time(found.rests_until)),
            ("Disabled", time(found.disabled_at)),
        ],
        secret,
        deliveries: deliveries.rows.iter().map(|one| DeliveryRow::new(one, now)).collect(),
        older: deliveries.next.map(|(last, _)| format!("{}?before={last}", href(id, ""))).unwrap_or_default(),
    })
}
