//! A JSON object as a body, refused in our own words.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use leadlatch_domain::problem::Code;
use serde_json::{Map, Value};
use std::time::Duration;

use crate::App;
use crate::json;
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
    whole(request.into_body()).await
}

/// The bytes of a body, whatever it says it is, within the limits of size and time.
pub(crate) async fn whole(body: Body) -> Result<Bytes, Problem> {
    let whole = Limited::new(body, LIMIT).collect();
    let body = tokio::time::timeout(PATIENCE, whole).await.map_err(|_| Problem::new(Code::RequestTimeout))?;
    Ok(body.map_err(|error| too_large(&*error))?.to_bytes())
}

/// The members of the object that the bytes hold, each named once.
pub(crate) fn object(bytes: &Bytes) -> Result<Map<String, Value>, Problem> {
    let (value, repeated) = json::read(bytes).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Problem::because(Code::MalformedJson, format!("Send one JSON object in UTF-8; reading stopped at {place}."))
    })?;
    if let Some(name) = repeated {
        return Err(Problem::because(Code::MalformedJson, format!("Send each member once: {name} stands twice.")));
    }
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(Problem::new(Code::MalformedJson)),
    }
}

fn too_large(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Problem {
    if error.is::<LengthLimitError>() {
        return Problem::new(Code::BodyTooLarge);
    }
    Problem::because(Code::BadRequest, "The body did not arrive whole.")
}

#[cfg(test)]
mod tests {
    use super::{Bytes, object};

    #[test]
    fn a_member_that_stands_twice_is_refused_by_its_name() {
        assert_eq!(object(&Bytes::from_static(br#"{"email": "a@example.com"}"#)).unwrap().len(), 1);
        for (body, name) in [
            (r#"{"email": "a@example.com", "email": "b@example.com"}"#, "email"),
            (r#"{"data": {"data1": 1, "data1": 1}}"#, "data.data1"),
        ] {
            let refused = object(&Bytes::from_static(body.as_bytes())).unwrap_err();
            assert_eq!(refused.status(), 400, "{body}");
            assert!(format!("{refused:?}").contains(&format!("{name} stands twice.")), "{refused:?}");
        }
    }

    #[test]
    fn only_an_object_is_taken() {
        for body in ["[]", "1", "null", "\"x\""] {
            assert_eq!(object(&Bytes::from_static(body.as_bytes())).unwrap_err().status(), 400, "{body}");
        }
    }
}
