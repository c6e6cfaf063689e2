//! Rotating: a successor with the same access, and when the old key ends.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use leadlatch_domain::key_rotation::Overlap;
use leadlatch_domain::matrix::ManageKeys;
use leadlatch_store::Connection;
use leadlatch_store::access_keys::directory;
use leadlatch_store::access_keys::{self, Rotation};
use leadlatch_store::hooks::MovedHooks;
use secrecy::SecretString;
use serde::Deserialize;

use super::hooks::{OfKey, of_key};
use super::row::{KeyRow, kind_of};
use super::{password, secret};
use crate::Web;
use crate::asked::Path;
use crate::confirm::Again;
use crate::errors::Errors;
use crate::form::Form;
use crate::frame::Frame;
use crate::page::{Answer, page_with};
use crate::signed::Signed;

#[derive(Template)]
#[template(path = "access_keys/rotate.html")]
struct Page {
    frame: Frame,
    key: KeyRow,
    choices: Vec<Choice>,
    hooks: Vec<OfKey>,
    errors: Errors,
    asks_password: bool,
    asks_code: bool,
}

/// When the old key ends.
#[derive(Debug)]
struct Choice {
    word: &'static str,
    title: &'static str,
    words: &'static str,
    chosen: bool,
}

/// The form.
#[derive(Debug, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    overlap: String,
    /// The webhooks that move to the successor.
    #[serde(default)]
    hook: Vec<i64>,
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    code: String,
}

/// The dialog.
pub(crate) async fn show(State(web): State<Web>, signed: Signed<ManageKeys>, Path(id): Path<i64>) -> Answer {
    form(&web, signed, StatusCode::OK, id, Overlap::Day, None, Errors::default()).await
}

/// Rotates the key, and shows its successor's secret once.
pub(crate) async fn rotate(
    State(web): State<Web>,
    signed: Signed<ManageKeys>,
    Path(id): Path<i64>,
    Form(typed): Form<Typed>,
) -> Answer {
    let mut errors = Errors::default();
    let overlap = errors.take("overlap", Overlap::parse(&typed.overlap));
    let grant = signed.permit::<ManageKeys>()?;
    let old = web.store().read(async |db| access_keys::get(db, &grant, id).await).await?;
    if let Some(wrong) =
        password::refusal(&web, &signed, kind_of(&old), Again::new(&typed.password, &typed.code)).await?
    {
        errors.put("password", wrong);
    }
    let Some(overlap) = overlap.filter(|_| errors.is_empty()) else {
        let chosen = overlap.unwrap_or(Overlap::Day);
        return form(&web, signed, StatusCode::UNPROCESSABLE_ENTITY, id, chosen, Some(typed.hook.as_slice()), errors)
            .await;
    };
    let (rotation, moved) = (Rotation { overlap, name: None }, MovedHooks::These(typed.hook));
    let job =
        async move |db: &mut Connection<'_>, grant| access_keys::rotate_moving(db, grant, id, rotation, &moved).await;
    let (key, made) = web.store().write(signed.permit()?, job).await?;
    secret::page(&web, &signed, &key, made.expose(), None).await
}

async fn form(
    web: &Web,
    signed: Signed<ManageKeys>,
    status: StatusCode,
    id: i64,
    chosen: Overlap,
    ticked: Option<&[i64]>,
    errors: Errors,
) -> Answer {
    let grant = signed.permit::<ManageKeys>()?;
    let listed = web.store().read(async |db| directory::listed(db, &grant, id).await).await?;
    let key = KeyRow::new(&listed, web.store().clock().now());
    let asks_password = password::is_asked(&signed, key.kind)?;
    let asks_code = signed.me()?.has_authenticator;
    let choices = Overlap::ALL.iter().map(|overlap| Choice::new(*overlap, chosen)).collect();
    let hooks = of_key(web, &signed, id, ticked).await?;
    page_with(status, &Page { frame: signed.frame, key, choices, hooks, errors, asks_password, asks_code })
}

impl Choice {
    fn new(overlap: Overlap, chosen: Overlap) -> Self {
        let (title, words) = match overlap {
            Overlap::Now => ("Now", "The old key gets 401 from the next request."),
            Overlap::Day => ("In 24 hours", "Both keys work until then."),
            Overlap::FirstUse => ("When the new key is first used", "Both keys work until then, 7 days at most."),
        };
        Self { word: overlap.as_str(), title, words, chosen: overlap == chosen }
    }
}
