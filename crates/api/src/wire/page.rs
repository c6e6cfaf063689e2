//! The plain pages that a form is answered with when it leads on to no other.

use std::fmt::Write;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use quick_xml::escape::escape;

use crate::problem::Problem;

/// Where a visitor came from is told to nobody.
pub(super) const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// What is taken, or looks so.
pub(super) fn accepted() -> Response {
    page(StatusCode::OK, "Thank you", &["Your details were received.".into()])
}

/// The same for a lead group that is none, another account's, or takes no posts; it tells an admin where that changes.
pub(super) fn not_open() -> Response {
    let lines = [
        "This form cannot be posted here.".to_owned(),
        "If it is yours: an account admin lets forms post to a lead group, from pages that are named, with leadlatch \
         lead-group web-form. Post over https."
            .to_owned(),
        "Where the server has several accounts, the form posts to the host name of its own account, which the operator sets \
         with leadlatch account set --host."
            .to_owned(),
    ];
    page(StatusCode::FORBIDDEN, "Not accepted", &lines)
}

/// The same whatever group was meant: nothing of the body says which.
pub(super) fn no_form() -> Response {
    let line =
        "The body is no form: send it with Content-Type: application/x-www-form-urlencoded, or multipart/form-data.";
    page(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Not accepted", &[line.into()])
}

/// Too many posts of an address.
pub(super) fn too_many() -> Response {
    page(StatusCode::TOO_MANY_REQUESTS, "Too many at once", &["Please wait a minute and send the form again.".into()])
}

/// A refusal as a page.
pub(super) fn of(problem: &Problem) -> Response {
    page(problem.status(), "Not accepted", &[problem.sentence()])
}

fn page(status: StatusCode, title: &str, lines: &[String]) -> Response {
    let mut html =
        format!("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><h1>{title}</h1>");
    for line in lines {
        write!(html, "<p>{}</p>", escape(line)).expect("a String takes all that is written");
    }
    let headers = [
        (header::CONTENT_TYPE, HTML),
        (header::CONTENT_SECURITY_POLICY, NOTHING),
        (header::REFERRER_POLICY, NO_REFERRER),
    ];
    (status, headers, html).into_response()
}
