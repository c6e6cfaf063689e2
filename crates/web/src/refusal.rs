//! Why there is no page, and the page that says so.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use leadlatch_domain::request_id::RequestId;
use leadlatch_store::Error;

use crate::around::go;
use crate::frame::Frame;
use crate::paths;
use crate::visitor::Visitor;

/// Why a request gets no page.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    /// Nobody is signed in: the way to the sign-in.
    SignedOut,
    /// The password was given too long ago: the way to give it again.
    Stale,
    /// The page of a refusal.
    Said {
        /// The status.
        status: StatusCode,
        /// What is the matter.
        title: &'static str,
        /// What to do.
        remedy: String,
        /// For the log alone.
        cause: Option<Box<str>>,
    },
}

impl Refusal {
    pub(crate) fn said(status: StatusCode, title: &'static str, remedy: impl Into<String>) -> Self {
        Self::Said { status, title, remedy: remedy.into(), cause: None }
    }

    /// A refusal whose cause the log has, under the id that its page says.
    fn failed(status: StatusCode, title: &'static str, remedy: &str, cause: &str) -> Self {
        Self::Said { status, title, remedy: remedy.into(), cause: Some(cause.into()) }
    }

    pub(crate) fn not_found() -> Self {
        Self::said(StatusCode::NOT_FOUND, "There is no such page", "Check the address, or begin at Home.")
    }

    /// A form that no page of ours made, or one from before a sign-in.
    pub(crate) fn strange_form() -> Self {
        let remedy = "Nothing was changed. Open the page again and send the form from there.";
        Self::said(StatusCode::FORBIDDEN, "This form is not from this session", remedy)
    }

    /// The answer, in the layout of whoever is signed in.
    pub(crate) fn write(self, visitor: &Visitor, id: Option<RequestId>) -> Response {
        match self {
            Self::SignedOut => go(paths::sign_in(&visitor.here)).into_response(),
            Self::Stale => go(paths::confirm(&visitor.here)).into_response(),
            Self::Said { status, title, remedy, cause } => {
                let id = id.map(|id| id.as_str().to_owned()).unwrap_or_default();
                match cause {
                    Some(cause) if status == StatusCode::INTERNAL_SERVER_ERROR => {
                        tracing::error!(request_id = id, cause, "a page failed");
                    }
                    Some(cause) => tracing::warn!(request_id = id, cause, "a page could not be served"),
                    None => {}
                }
                let frame = visitor.frame.get().cloned();
                let text = match frame {
                    Some(frame) => Inside { frame, title, remedy, id }.render(),
                    None => Outside { title, remedy, id, note: None }.render(),
                };
                (status, Html(text.unwrap_or_else(|_| title.to_owned()))).into_response()
            }
        }
    }
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct Inside {
    frame: Frame,
    title: &'static str,
    remedy: String,
    id: String,
}

#[derive(Template)]
#[template(path = "refusal_outside.html")]
struct Outside {
    title: &'static str,
    remedy: String,
    id: String,
    note: Option<crate::note::Note>,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Said { status, .. } => *status,
            Self::SignedOut | Self::Stale => StatusCode::SEE_OTHER,
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let status = StatusCode::from_u16(error.code().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match error {
            Error::SignedOut | Error::Unauthenticated(_) => Self::SignedOut,
            Error::Denied(_) => {
                Self::said(StatusCode::FORBIDDEN, "Only an admin can open this", "Ask an admin of the account.")
            }
            Error::NoSuchLink => {
                let remedy = "It was used, replaced or is too old. Ask an admin of the account for a new one.";
                Self::said(StatusCode::NOT_FOUND, "This link opens nothing any more", remedy)
            }
            Error::NotFound(_) | Error::NoSuch { .. } | Error::OutOfReach => Self::not_found(),
            Error::Conflict(text) => Self::said(status, "This cannot be done as things are", text),
            Error::InUse(by) => Self::said(status, "It is in use", by.to_string()),
            Error::Invalid(faults) => {
                let all: Vec<_> = faults.iter().map(|fault| fault.detail.as_ref()).collect();
                Self::said(status, "Some values are not valid", all.join(" "))
            }
            Error::Internal(cause) => {
                let remedy = "Try again. If it goes on, give the operator the request id.";
                Self::failed(status, "The server failed", remedy, &cause.to_string())
            }
            other => {
                let code = other.code();
                Self::failed(status, code.title(), code.remedy(), &other.to_string())
            }
        }
    }
}
