//! What stands around every page: its headers, its cookies, and the refusal's page.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use leadlatch_api::Peer;
use leadlatch_domain::request_id::RequestId;
use leadlatch_domain::token::Token;

use crate::cookies::Cookie;
use crate::note::Note;
use crate::refusal::Refusal;
use crate::visitor::Visitor;

/// Nothing but what this server serves, no script or style in a page, no frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// What becomes of the session's cookie.
#[derive(Clone)]
pub(crate) enum SessionCookie {
    /// Somebody signed in.
    Set(Arc<Token>),
    /// Somebody signed out.
    Clear,
}

/// A way to another page, with what it says there.
pub(crate) struct Go {
    to: Cow<'static, str>,
    note: Option<Note>,
    session: Option<SessionCookie>,
}

/// To another page of ours, by GET.
pub(crate) fn go(to: impl Into<Cow<'static, str>>) -> Go {
    Go { to: to.into(), note: None, session: None }
}

impl Go {
    /// Says something there, once.
    pub(crate) fn saying(self, note: Note) -> Self {
        Self { note: Some(note), ..self }
    }

    pub(crate) fn with(self, session: SessionCookie) -> Self {
        Self { session: Some(session), ..self }
    }
}

impl IntoResponse for Go {
    fn into_response(self) -> Response {
        let mut response = Redirect::to(&self.to).into_response();
        let extensions = response.extensions_mut();
        if let Some(note) = self.note {
            extensions.insert(note);
        }
        if let Some(session) = self.session {
            extensions.insert(session);
        }
        response
    }
}

/// Answers a request for a page and finishes the answer.
pub(crate) async fn around(mut request: Request, next: Next) -> Response {
    let visitor = visitor_of(&request);
    let id = request.extensions().get::<RequestId>().copied();
    request.extensions_mut().insert(visitor.clone());
    let mut answer = next.run(request).await;
    if let Some(refusal) = answer.extensions_mut().remove::<Refusal>() {
        answer = refusal.write(&visitor, id);
    }
    finish(answer, &visitor)
}

/// The visitor of a request that the API's envelope has looked at.
pub(crate) fn visitor_of(request: &Request) -> Visitor {
    let peer = request.extensions().get::<Peer>();
    let https = peer.is_some_and(|peer| peer.encrypted);
    Visitor::of(request.headers(), request.uri(), peer.map(|peer| peer.address), https)
}

/// Puts the headers and cookies on an answer.
pub(crate) fn finish(mut answer: Response, visitor: &Visitor) -> Response {
    let https = visitor.https;
    let note = answer.extensions_mut().remove::<Note>();
    let session = answer.extensions_mut().remove::<SessionCookie>();
    let shown = visitor.note.is_some() && !answer.status().is_redirection();
    let cookies = [
        note.as_ref().and_then(|note| Cookie::Note.set(&note.encode(), https)),
        Cookie::Note.clear(https).filter(|_| shown && note.is_none()),
        session.and_then(|session| match session {
            SessionCookie::Set(token) => Cookie::Session.set(token.expose(), https),
            SessionCookie::Clear => Cookie::Session.clear(https),
        }),
        Cookie::Visit.set(visitor.visit_token(), https).filter(|_| !visitor.is_known),
    ];
    let headers = answer.headers_mut();
    for cookie in cookies.into_iter().flatten() {
        headers.append(header::SET_COOKIE, cookie);
    }
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}
