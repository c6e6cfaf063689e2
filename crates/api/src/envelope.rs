//! What stands around every answer: the request's id, the headers of all answers, the refusal's body, and the count.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use leadlatch_domain::problem::Code;
use leadlatch_domain::random::Randomness;
use leadlatch_store::Access;
use leadlatch_store::usage::Use;

use crate::App;
use crate::limit::Quota;
use crate::problem::Problem;

/// Who is at the other end of the connection, put into each request by the listener.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// The address.
    pub address: IpAddr,
    /// Whether the connection is encrypted, or reached only from this machine.
    pub private: bool,
}

/// Rows that an answer holds, for the count of what a key was given.
#[derive(Debug, Clone, Copy)]
pub struct Served(pub i64);

/// A place where the permission check leaves who called, for the count.
#[derive(Clone, Default)]
pub(crate) struct Caller {
    address: Option<IpAddr>,
    found: Arc<OnceLock<(Access, &'static str, Option<Quota>)>>,
}

impl Caller {
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.address
    }

    pub(crate) fn is(&self, access: Access, scope: &'static str, quota: Option<Quota>) {
        // Set once a request: a second check of the same request finds the same caller.
        let _ = self.found.set((access, scope, quota));
    }
}

/// Answers a request and finishes the answer.
pub(crate) async fn envelope(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let (began, id) = (Instant::now(), request_id());
    let peer = request.extensions().get::<Peer>().copied();
    let caller = Caller { address: peer.map(|peer| peer.address), found: Arc::default() };
    let agent = request.headers().get(header::USER_AGENT).cloned();
    let (method, route) = (request.method().clone(), request.extensions().get::<MatchedPath>().cloned());
    let plain = peer.is_some_and(|peer| !peer.private) && !app.allow_plain_http;
    let answer = if plain {
        Problem::new(Code::PlainHttpRefused).write(&id)
    } else {
        request.extensions_mut().insert(caller.clone());
        finish(next.run(request).await, &id)
    };
    count(&app, &caller, &answer, agent.as_ref());
    let route = route.as_ref().map_or("none", MatchedPath::as_str).to_owned();
    let labels = [("method", method.to_string()), ("route", route), ("status", answer.status().as_u16().to_string())];
    metrics::counter!("leadlatch_http_requests_total", &labels).increment(1);
    metrics::histogram!("leadlatch_http_request_seconds").record(began.elapsed().as_secs_f64());
    let mut answer = with_headers(answer, &id);
    if let Some((_, _, Some(quota))) = caller.found.get() {
        quota.write(answer.headers_mut());
    }
    answer
}

fn finish(mut answer: Response, id: &str) -> Response {
    match answer.extensions_mut().remove::<Problem>() {
        Some(problem) => problem.write(id),
        None => answer,
    }
}

fn with_headers(mut answer: Response, id: &str) -> Response {
    let headers = answer.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert("x-request-id", id);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("Authorization, X-Api-Key"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

fn count(app: &App, caller: &Caller, answer: &Response, agent: Option<&HeaderValue>) {
    let Some((access, scope, _)) = caller.found.get() else { return };
    let address = caller.address().map(|address| address.to_string()).unwrap_or_default();
    let used = Use {
        at: app.store.clock().now(),
        address: &address,
        agent: agent.and_then(|agent| agent.to_str().ok()).unwrap_or_default(),
        outcome: answer.status().as_u16(),
        scope,
        rows: answer.extensions().get::<Served>().map_or(0, |served| served.0),
    };
    app.usage.count(access, &used);
}

/// Our own id of a request: random for the process, counted within it. A caller's own header is never believed.
fn request_id() -> String {
    static PROCESS: LazyLock<u64> = LazyLock::new(|| {
        let mut bytes = [0; 8];
        Randomness::system().fill(&mut bytes);
        u64::from_le_bytes(bytes)
    });
    static COUNT: AtomicU64 = AtomicU64::new(1);
    format!("{:016x}{:08x}", *PROCESS, COUNT.fetch_add(1, Ordering::Relaxed))
}
