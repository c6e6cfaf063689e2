//! In which form a path refuses.

use std::borrow::Cow;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use leadlatch_domain::problem::Code;

use super::answer::{Item, result};
use super::{CREATE_UPDATE, FORM, LEAD, page};
use crate::problem::Problem;

const IN_URL: &str = "Send the key as <key> inside <lead>, or directly under <data> to search, read and delete; delete this \
    key and make a new one.";
const IN_URL_OF_A_FORM: &str = "A form needs no key: leave it out, delete this key and make a new one.";

/// Whom a path speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    /// Programs of the JSON API: problem details.
    Json,
    /// Existing integrations: XML.
    Xml,
    /// Visitors of web pages with a form: a plain page.
    Page,
}

impl Voice {
    /// The voice of a route.
    pub(crate) fn of(route: &str) -> Self {
        match route {
            CREATE_UPDATE | LEAD => Self::Xml,
            FORM => Self::Page,
            _ => Self::Json,
        }
    }

    /// Whether what comes over plain http is for the account to judge, not for the operator alone.
    pub(crate) const fn asks_the_account(self) -> bool {
        matches!(self, Self::Xml | Self::Page)
    }

    /// Writes a refusal with the id of the request that it answers.
    pub(crate) fn write(self, problem: &Problem, request_id: &str) -> Response {
        match self {
            Self::Json => problem.write(request_id),
            Self::Xml => {
                problem.log(request_id);
                let mut answer = result(&[Item::refused(&reworded(problem, IN_URL))]);
                problem.write_headers(answer.headers_mut());
                answer
            }
            Self::Page => {
                problem.log(request_id);
                let mut answer = page::of(&reworded(problem, IN_URL_OF_A_FORM));
                problem.write_headers(answer.headers_mut());
                answer
            }
        }
    }
}

/// The problem with a remedy of this wire, where the catalogue has that of the JSON API.
fn reworded<'p>(problem: &'p Problem, in_url: &str) -> Cow<'p, Problem> {
    match problem.code() {
        Code::KeyInUrl => Cow::Owned(Problem::because(Code::KeyInUrl, in_url)),
        _ => Cow::Borrowed(problem),
    }
}

/// Lets pages of every origin read what a path answers; nothing that a browser sends by itself opens anything there.
pub(crate) fn write_origin(route: &str, answer: &mut Response) {
    if matches!(route, CREATE_UPDATE | FORM) {
        let everybody = HeaderValue::from_static("*");
        answer.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, everybody);
        let id = HeaderValue::from(HeaderName::from_static("x-request-id"));
        answer.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, id);
    }
}
