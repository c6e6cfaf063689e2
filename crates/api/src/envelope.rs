//! What stands around every answer: the request's id, the headers of all answers, the refusal's body, and the count.

use std::collections::HashSet;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, LazyLock, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use leadlatch_domain::problem::Code;
use leadlatch_domain::request_id::RequestId;
use leadlatch_domain::scope::{Scope, ScopeSet};
use leadlatch_store::usage::{Use, UsedKey};
use leadlatch_store::{Access, Error};

use crate::App;
use crate::exposed::refuse_key_in_url;
use crate::forwarded::client;
use crate::limit::Quota;
use crate::meters;
use crate::problem::Problem;
use crate::wire::{Voice, write_origin};

/// What a request is counted as whose caller went away before the answer: no answer of ours has this status.
const GONE: u16 = 499;

/// Who is at the other end of the connection, put into each request by the listener.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// The address.
    pub address: IpAddr,
    /// Whether the connection is encrypted, or reached only from this machine.
    pub private: bool,
    /// Whether it is encrypted: what a browser is told to send by https alone goes by it.
    pub encrypted: bool,
}

/// Rows that an answer holds, for the count of what a key was given.
#[derive(Debug, Clone, Copy)]
pub struct Served(pub i64);

/// The status that a request is counted as, where its answer has another for its client's sake.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted(pub(crate) u16);

/// A place where the permission check leaves who called, for the count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    address: Option<IpAddr>,
    /// Whether anyone on the way could read the request.
    in_clear: bool,
    request: Option<RequestId>,
    found: Arc<OnceLock<Found>>,
}

/// The key that calls, what its request needs, and what is left of its limit.
#[derive(Debug)]
struct Found {
    key: UsedKey,
    scopes: ScopeSet,
    scope: Option<Scope>,
    quota: Option<Quota>,
}

impl Caller {
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.address
    }

    pub(crate) fn in_clear(&self) -> bool {
        self.in_clear
    }

    /// The id of the request, for the log.
    pub(crate) fn request_id(&self) -> &str {
        self.request.as_ref().map_or("none", RequestId::as_str)
    }

    pub(crate) fn is(&self, access: &Access, scope: Option<Scope>, quota: Option<Quota>) {
        if let Some(key) = UsedKey::of(access) {
            // Set once a request: a second check of the same request finds the same caller.
            let _ = self.found.set(Found { key, scopes: access.scopes(), scope, quota });
        }
    }

    /// Notes a key that is let in no more.
    pub(crate) fn was(&self, key: UsedKey, scope: Option<Scope>) {
        // One that died after it was let in stands there already.
        let _ = self.found.set(Found { key, scopes: ScopeSet::default(), scope, quota: None });
    }
}

/// What is known of a request from its beginning; counts it at its end.
struct Asked {
    app: App,
    caller: Caller,
    began: Instant,
    id: RequestId,
    method: &'static str,
    route: &'static str,
    agent: Option<HeaderValue>,
    counted: bool,
}

/// Answers a request and finishes the answer.
pub(crate) async fn envelope(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let connection = request.extensions().get::<Peer>().copied();
    let client = connection.map(|peer| client(&mut request, peer, &app.trusted_proxies)).transpose();
    // For a count alone: a request that a proxy describes in words that cannot be read is refused below.
    let peer = client.as_ref().map_or(connection, |client| *client);
    let plain = peer.is_some_and(|peer| !peer.private) && !app.allow_plain_http;
    let mut asked = Asked::of(app, &request, peer);
    let voice = Voice::of(asked.route);
    let answer = if let Err(unreadable) = client {
        let detail = format!("The proxy in front of the server sent what cannot be read: {}.", unreadable.0);
        voice.write(&Problem::because(Code::BadRequest, detail), asked.id.as_str())
    } else if plain && !voice.asks_the_account() {
        voice.write(&Problem::new(Code::PlainHttpRefused), asked.id.as_str())
    } else if let Err(problem) = refuse_key_in_url(&asked.app, &asked.caller, request.uri()).await {
        voice.write(&problem, asked.id.as_str())
    } else {
        let extensions = request.extensions_mut();
        extensions.insert(asked.caller.clone());
        extensions.insert(asked.id);
        if let Some(peer) = peer {
            extensions.insert(peer);
        }
        match AssertUnwindSafe(next.run(request)).catch_unwind().await {
            Ok(answer) => finish(answer, voice, &asked),
            // A fault of ours is answered as one, and counted as one; what it said is in the log already.
            Err(_) => voice.write(&Problem::from(Error::panicked()), asked.id.as_str()),
        }
    };
    let status = answer.extensions().get::<Counted>().map_or(answer.status().as_u16(), |counted| counted.0);
    asked.count(status, answer.extensions().get::<Served>().map_or(0, |served| served.0));
    let mut answer = with_headers(answer, asked.id.as_str());
    write_origin(asked.route, &mut answer);
    if let Some(quota) = asked.caller.found.get().and_then(|found| found.quota) {
        quota.write(answer.headers_mut());
    }
    answer
}

fn finish(mut answer: Response, voice: Voice, asked: &Asked) -> Response {
    match answer.extensions_mut().remove::<Problem>() {
        Some(problem) => {
            let scopes = asked.caller.found.get().map(|found| found.scopes);
            voice.write(&problem.for_key(scopes), asked.id.as_str())
        }
        None => answer,
    }
}

fn with_headers(mut answer: Response, id: &str) -> Response {
    let headers = answer.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert("x-request-id", id);
    }
    // Only what is the same for everybody, and has its content in its name, says otherwise.
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        headers.insert(header::VARY, HeaderValue::from_static("Authorization, X-Api-Key"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

impl Asked {
    fn of(app: App, request: &Request, peer: Option<Peer>) -> Self {
        // Ours: a caller's own header is never believed.
        let id = RequestId::fresh();
        let caller = Caller {
            address: peer.map(|peer| peer.address),
            in_clear: peer.is_some_and(|peer| !peer.private),
            request: Some(id),
            found: Arc::default(),
        };
        Self {
            app,
            caller,
            began: Instant::now(),
            id,
            method: method_name(request.method()),
            route: request.extensions().get::<MatchedPath>().map_or("none", |path| template(path.as_str())),
            agent: request.headers().get(header::USER_AGENT).cloned(),
            counted: false,
        }
    }

    fn count(&mut self, status: u16, rows: i64) {
        self.counted = true;
        let took = self.began.elapsed();
        if let Some(found) = self.caller.found.get() {
            self.count_use(found.key, found.scope, status, rows, took);
        }
        tracing::debug!(request_id = self.id.as_str(), method = self.method, route = self.route, status, "answered");
        meters::answered(self.method, self.route, status, took);
    }

    /// In the key's counts, exactly, and in the request log, if it has room. What is logged is in docs/logging.md.
    fn count_use(&self, key: UsedKey, scope: Option<Scope>, status: u16, rows: i64, took: Duration) {
        let used = Use {
            at: self.app.store.clock().now(),
            request: self.id,
            method: self.method,
            route: self.route,
            status,
            scope,
            rows,
            took,
            address: self.caller.address,
            agent: self.agent.as_ref().map_or(&[], HeaderValue::as_bytes),
        };
        if !self.app.usage.count(key, &used) {
            metrics::counter!("leadlatch_request_log_dropped_total").increment(1);
        }
    }
}

/// A caller that goes away before its answer has still done what it asked for: it is counted too.
impl Drop for Asked {
    fn drop(&mut self) {
        if !self.counted {
            self.count(GONE, 0);
        }
    }
}

/// The name of a method that routes have.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// A route's template for ever: the router has a few dozen, and each request would copy its own otherwise.
fn template(route: &str) -> &'static str {
    static KNOWN: LazyLock<RwLock<HashSet<&'static str>>> = LazyLock::new(RwLock::default);
    if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(route) {
        return known;
    }
    let kept: &'static str = Box::leak(route.into());
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).insert(kept);
    kept
}
