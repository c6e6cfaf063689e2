//! In which form a path refuses.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

use super::answer::{Item, result};
use super::{CREATE_UPDATE, FORM, LEAD, page};
use crate::problem::Problem;

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
                let mut answer = result(&[Item::refused(problem)]);
                problem.write_headers(answer.headers_mut());
                answer
            }
            Self::Page => {
                problem.log(request_id);
                let mut answer = page::of(problem);
                problem.write_headers(answer.headers_mut());
                answer
            }
        }
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
