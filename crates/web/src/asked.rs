//! What an address asks for, as axum reads it: what cannot be read is a page that there is not, in the layout of the others.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::refusal::Refusal;

/// The parts of a path that have names.
#[derive(Debug)]
pub(crate) struct Path<T>(pub(crate) T);

/// The pairs of a query.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let read = axum::extract::Path::from_request_parts(parts, state).await;
        read.map(|axum::extract::Path(read)| Self(read)).map_err(|_| Refusal::not_found())
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let read = axum::extract::Query::try_from_uri(&parts.uri);
        read.map(|axum::extract::Query(read)| Self(read)).map_err(|_| Refusal::not_found())
    }
}

/// Every pair of a query in its order, for a page whose state stands there; none where it cannot be read.
pub(crate) fn pairs(parts: &Parts) -> Vec<(String, String)> {
    let read = axum::extract::Query::try_from_uri(&parts.uri);
    read.map(|axum::extract::Query(pairs)| pairs).unwrap_or_default()
}
