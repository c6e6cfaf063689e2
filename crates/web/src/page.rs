//! A template as an answer.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::refusal::Refusal;

/// What a page's handler answers.
pub(crate) type Answer = Result<Response, Refusal>;

/// The page of a template.
pub(crate) fn page(template: &impl Template) -> Answer {
    page_with(StatusCode::OK, template)
}

/// As [`page`], with a status: 422 for a form that is shown again with what to change.
pub(crate) fn page_with(status: StatusCode, template: &impl Template) -> Answer {
    match template.render() {
        Ok(text) => Ok((status, Html(text)).into_response()),
        Err(error) => Err(leadlatch_store::Error::internal(error).into()),
    }
}
