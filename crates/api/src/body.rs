//! A JSON object as a body, refused in our own words.

use axum::extract::{FromRequest, Request};
use axum::http::header;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use leadlatch_domain::problem::Code;
use serde_json::{Map, Value};
use std::time::Duration;

use crate::App;
use crate::problem::Problem;

/// How large a body may be.
const LIMIT: usize = 1 << 20;
/// How long it may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// The members of a JSON object.
pub(crate) struct JsonObject(pub(crate) Map<String, Value>);

impl FromRequest<App> for JsonObject {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        object(&bytes(request).await?).map(Self)
    }
}

/// The bytes of a body that says it is JSON, within the limits of size and time.
pub(crate) async fn bytes(request: Request) -> Result<Bytes, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = kind.split(';').next().unwrap_or("").trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(Code::UnsupportedMediaType));
    }
    let whole = Limited::new(request.into_body(), LIMIT).collect();
    let body = tokio::time::timeout(PATIENCE, whole).await.map_err(|_| Problem::new(Code::RequestTimeout))?;
    Ok(body.map_err(|error| too_large(&*error))?.to_bytes())
}

/// The members of the object that the bytes hold.
pub(crate) fn object(bytes: &Bytes) -> Result<Map<String, Value>, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Problem::because(Code::MalformedJson, format!("Send one JSON object in UTF-8; reading stopped at {place}."))
    })
}

fn too_large(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Problem {
    if error.is::<LengthLimitError>() {
        return Problem::new(Code::BodyTooLarge);
    }
    Problem::because(Code::BadRequest, "The body did not arrive whole.")
}
