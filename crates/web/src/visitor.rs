//! Who asks for a page, before it is known who it is.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{HOST, USER_AGENT};
use axum::http::request::Parts;
use axum::http::uri::{Authority, Uri};
use leadlatch_domain::random::Randomness;
use leadlatch_domain::token::Token;
use leadlatch_store::sign_in::Visit;

use crate::cookies::Cookie;
use crate::frame::{Frame, Theme};
use crate::note::Note;

/// What forms are bound to.
const FORM: &str = "form";

/// What a request for a page says by itself.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// Where it comes from.
    pub(crate) address: Option<IpAddr>,
    /// Whether the browser speaks https with us, or with the proxy in front.
    pub(crate) https: bool,
    /// The host that the browser knows us by.
    pub(crate) host: String,
    /// Path and query, to come back to.
    pub(crate) here: String,
    /// What the session's cookie holds, live or not.
    pub(crate) session: Option<Arc<Token>>,
    /// What the page says once.
    pub(crate) note: Option<Note>,
    /// How the pages look.
    pub(crate) theme: Theme,
    agent: Option<String>,
    visit: Arc<Token>,
    /// Whether the browser has the visit's cookie already.
    pub(crate) is_known: bool,
    /// What the page's layout shows, once it is known who is signed in: for a refusal.
    pub(crate) frame: Arc<OnceLock<Frame>>,
}

impl Visitor {
    pub(crate) fn of(headers: &HeaderMap, uri: &Uri, address: Option<IpAddr>, https: bool) -> Self {
        let token = |cookie: Cookie| cookie.read(headers, https).and_then(Token::parse);
        let visit = token(Cookie::Visit);
        Self {
            address,
            https,
            here: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            session: token(Cookie::Session).map(Arc::new),
            note: Cookie::Note.read(headers, https).and_then(Note::decode),
            theme: Cookie::Theme.read(headers, https).map(Theme::parse).unwrap_or_default(),
            host: host_of(headers, uri),
            agent: headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).map(str::to_owned),
            is_known: visit.is_some(),
            visit: Arc::new(visit.unwrap_or_else(|| Token::generate(&Randomness::system()))),
            frame: Arc::default(),
        }
    }

    /// What every form of this browser carries: only a page of ours can know it.
    pub(crate) fn form_token(&self) -> String {
        self.session.as_ref().unwrap_or(&self.visit).proof(FORM)
    }

    /// Where the browser finds this server, for commands that people copy.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", if self.https { "https" } else { "http" }, self.host)
    }

    /// The visit's own token, for its cookie.
    pub(crate) fn visit_token(&self) -> &str {
        self.visit.expose()
    }

    /// For a sign-in.
    pub(crate) fn visit(&self) -> Visit {
        let before = self.session.as_ref().map(|session| session.digest());
        Visit { address: self.address, agent: self.agent.clone(), before }
    }
}

fn host_of(headers: &HeaderMap, uri: &Uri) -> String {
    let named = headers.get(HOST).and_then(|host| host.to_str().ok());
    named.or_else(|| uri.authority().map(Authority::as_str)).unwrap_or("localhost").to_owned()
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Every page lies inside `around`, which leaves it here.
        let known = parts.extensions.get::<Self>().cloned();
        Ok(known.unwrap_or_else(|| Self::of(&parts.headers, &parts.uri, None, true)))
    }
}
