//! A form that a page of ours made in this browser: without the token that only such a page knows, it is refused before
//! anything is read of it.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use leadlatch_domain::token::Token;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;

use crate::Web;
use crate::refusal::Refusal;
use crate::visitor::Visitor;

/// Bytes that a form has at the most.
const MAX: usize = 256 * 1024;
/// How long it may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a form holds, beside its token. Tick-boxes of one name make a `Vec` with `#[serde(default)]`.
#[derive(Debug)]
pub(crate) struct Form<T>(pub(crate) T);

/// A form of one button.
#[derive(Debug, Deserialize)]
pub(crate) struct Button {}

#[derive(Deserialize)]
struct Bound {
    #[serde(default, rename = "_token")]
    token: String,
}

impl<T: DeserializeOwned> FromRequest<Web> for Form<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Refusal> {
        let (mut parts, body) = request.into_parts();
        let Ok(visitor) = Visitor::from_request_parts(&mut parts, web).await;
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(Refusal::strange_form());
        }
        let bytes = whole(body).await?;
        let bound: Bound = serde_html_form::from_bytes(&bytes).map_err(|_| Refusal::strange_form())?;
        if !bool::from(bound.token.as_bytes().ct_eq(visitor.form_token().as_bytes())) {
            return Err(Refusal::strange_form());
        }
        let unreadable = |error: serde_html_form::de::Error| {
            let remedy = format!("Nothing was changed. Open the page again and send the form from there ({error}).");
            Refusal::said(StatusCode::UNPROCESSABLE_ENTITY, "The form cannot be read", remedy)
        };
        serde_html_form::from_bytes(&bytes).map(Self).map_err(unreadable)
    }
}

/// The bytes of a form, within the limits of size and time.
async fn whole(body: Body) -> Result<Bytes, Refusal> {
    let too_late = |_| {
        let remedy = "Nothing was changed. Send the form again.";
        Refusal::said(StatusCode::REQUEST_TIMEOUT, "The form did not arrive in time", remedy)
    };
    let too_large = |_| {
        let remedy = "Nothing was changed. Send less at once.";
        Refusal::said(StatusCode::PAYLOAD_TOO_LARGE, "The form is too large", remedy)
    };
    let whole = tokio::time::timeout(PATIENCE, Limited::new(body, MAX).collect()).await.map_err(too_late)?;
    Ok(whole.map_err(too_large)?.to_bytes())
}

/// What makes a create form count once: a hidden field `once`, made by [`Once::fresh`] when the form is shown. The handler
/// asks [`leadlatch_store::used_forms::made`] first and calls [`leadlatch_store::used_forms::keep`] in the transaction that
/// makes the record.
#[derive(Debug)]
pub(crate) struct Once(pub(crate) Token);
impl Once {
    /// A new one, for a form that is shown.
    pub(crate) fn fresh(web: &Web) -> String {
        Token::generate(web.store().random()).expose().to_owned()
    }
}

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Token::parse(&text).map(Self).ok_or_else(|| serde::de::Error::custom("once"))
    }
}
