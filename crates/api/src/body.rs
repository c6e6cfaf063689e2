//! A JSON object as a body, refused in our own words.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use leadlatch_domain::problem::Code;
use serde_json::{Map, Value};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

use crate::App;
use crate::json;
use crate::problem::Problem;

/// How large a body may be.
const LIMIT: usize = 1 << 20;
/// How much of a larger one is read on and thrown away: who is still sending does not read the refusal.
const THROWN_AWAY: usize = 16 << 20;
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
pub(crate) async fn whole(mut body: Body) -> Result<Bytes, Problem> {
    let deadline = Instant::now() + PATIENCE;
    let whole = Limited::new(&mut body, LIMIT).collect();
    let read = timeout_at(deadline, whole).await.map_err(|_| Problem::new(Code::RequestTimeout))?;
    match read {
        Ok(read) => Ok(read.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            // The body is too large whether its end comes in time or not.
            let _ = timeout_at(deadline, throw_away(body)).await;
            Err(Problem::new(Code::BodyTooLarge))
        }
        Err(_) => Err(Problem::because(Code::BadRequest, "The body did not arrive whole.")),
    }
}

/// Reads on to the end, so that the sender gets to read what it is answered; but not for ever.
async fn throw_away(mut body: Body) {
    let mut left = THROWN_AWAY;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        let Some(rest) = left.checked_sub(length) else { return };
        left = rest;
    }
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{Body, Bytes, THROWN_AWAY, object, whole};
    use futures_util::stream;

    #[tokio::test]
    async fn a_body_that_is_too_large_is_read_on_but_not_for_ever() {
        for (blocks, taken) in [(1, 1), (6, 6), (1_000, 2 + THROWN_AWAY / (1 << 20) + 1)] {
            let read = Arc::new(AtomicUsize::new(0));
            let counted = read.clone();
            let block = Bytes::from(vec![b'x'; 1 << 20]);
            let parts = (0..blocks).map(move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
                Ok::<_, Infallible>(block.clone())
            });
            let outcome = whole(Body::from_stream(stream::iter(parts))).await;
            assert_eq!(outcome.map_err(|problem| problem.status().as_u16()).err(), (blocks > 1).then_some(413));
            assert_eq!(read.load(Ordering::Relaxed), taken);
        }
    }

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
