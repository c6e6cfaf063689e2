//! `Idempotency-Key`: a create whose answer was lost is sent again and makes nothing twice.

use axum::Json;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use leadlatch_domain::problem::Code;
use leadlatch_store::Visible;
use leadlatch_store::idempotency::{Made, Once};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::App;
use crate::body;
use crate::problem::Problem;

/// How long the header's text may be, in bytes.
const LONGEST: usize = 255;

/// A JSON object, and by what a retry of it is known, if the caller wants that.
pub(crate) struct Retryable {
    /// The members of the object.
    pub(crate) members: Map<String, Value>,
    /// Digests of the header's text and of the body.
    pub(crate) once: Option<Once>,
}

impl FromRequest<App> for Retryable {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        let text = key_text(request.headers())?;
        let bytes = body::bytes(request).await?;
        let members = body::object(&bytes)?;
        let once = text.map(|text| Once { text, body: Sha256::digest(&bytes).into() });
        Ok(Self { members, once })
    }
}

/// The digest of the header's text: 1 to 255 visible ASCII characters, once.
fn key_text(headers: &HeaderMap) -> Result<Option<[u8; 32]>, Problem> {
    let mut sent = headers.get_all("idempotency-key").iter();
    let Some(first) = sent.next() else { return Ok(None) };
    let text = first.as_bytes();
    let visible = (1..=LONGEST).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic);
    if !visible || sent.next().is_some() {
        let form = "Send one Idempotency-Key of 1 to 255 visible ASCII characters, such as a UUID.";
        return Err(Problem::because(Code::BadRequest, form));
    }
    Ok(Some(Sha256::digest(text).into()))
}

/// The answer to a create: the record and its path, and whether an earlier request made it.
pub(crate) fn made<T: Serialize>(made: Made<Visible<T>>, path: impl Fn(&T) -> String) -> Response {
    let (record, again) = match made {
        Made::New(record) => (record, false),
        Made::Again(record) => (record, true),
    };
    let location = path(&record);
    let mut answer = (StatusCode::CREATED, [(header::LOCATION, location)], Json(record)).into_response();
    if again {
        let replayed = HeaderName::from_static("idempotent-replayed");
        answer.headers_mut().insert(replayed, HeaderValue::from_static("true"));
    }
    answer
}
