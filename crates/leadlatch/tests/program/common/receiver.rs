//! A receiver of hooks on loopback: it keeps what comes and answers as it is told.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU16, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use leadlatch_domain::hook::HookSecret;
use serde_json::{Value, json};

/// A delivery as it came.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) at: Instant,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a text"))
    }

    pub(crate) fn id(&self) -> String {
        self.header("webhook-id").to_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// The signatures that hold for a secret as it was shown.
    pub(crate) fn signed_by(&self, secret: &str) -> bool {
        use base64::Engine;
        let bytes = base64::engine::general_purpose::STANDARD.decode(secret.trim_start_matches("whsec_"));
        let secret = HookSecret::from_bytes(&bytes.expect("base64")).expect("a secret");
        let timestamp = self.header("webhook-timestamp").parse().expect("a number");
        let expected = secret.sign(&self.id(), timestamp, self.body.as_bytes());
        self.header("webhook-signature").split(' ').any(|signature| signature == expected)
    }
}

#[derive(Default)]
struct Shared {
    got: Mutex<Vec<Got>>,
    status: AtomicU16,
    /// Milliseconds before it answers.
    delay: AtomicU64,
    running: AtomicUsize,
    most: AtomicUsize,
    /// What it answers 500 to.
    refused: Mutex<Option<&'static str>>,
    /// What it is being told, by path and id, and whether it was told one of them twice at a time.
    told: Mutex<HashSet<(String, String)>>,
    twice: AtomicUsize,
}

/// It goes on until the test ends.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) base: String,
    shared: Arc<Shared>,
}

/// What lets hooks go to loopback.
pub(crate) const ALLOWED: (&str, &str) = ("LEADLATCH_HOOK_ALLOWED_RANGES", "127.0.0.0/8");

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared { status: AtomicU16::new(204), ..Shared::default() });
        let router = Router::new().fallback(receive).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum_serve(listener, router).await });
        Self { base, shared }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// What it answers from now on.
    pub(crate) fn answer(&self, status: u16) {
        self.shared.status.store(status, Ordering::SeqCst);
    }

    pub(crate) fn delay(&self, delay: Duration) {
        self.shared.delay.store(u64::try_from(delay.as_millis()).expect("short"), Ordering::SeqCst);
    }

    /// Bodies with this text are answered by 500 from now on.
    pub(crate) fn refuse(&self, text: Option<&'static str>) {
        *self.shared.refused.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }

    /// How often it was told of an event while it was being told of it.
    pub(crate) fn twice_at_a_time(&self) -> usize {
        self.shared.twice.load(Ordering::SeqCst)
    }

    /// The most deliveries that it had at a time.
    pub(crate) fn most_at_a_time(&self) -> usize {
        self.shared.most.load(Ordering::SeqCst)
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.shared.got.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn clear(&self) {
        self.shared.got.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Waits until so many deliveries came.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Got> {
        for _ in 0..600 {
            let got = self.got();
            if got.len() >= count {
                return got;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{count} deliveries were awaited: {:?}", self.got());
    }

    /// Waits a while, and gives what came by then: for what must not come.
    pub(crate) async fn after(&self, pause: Duration) -> Vec<Got> {
        tokio::time::sleep(pause).await;
        self.got()
    }

    /// A subscription's body that leads here.
    pub(crate) fn hook(&self, events: &[&str]) -> Value {
        json!({"target_url": self.url("/hook"), "events": events})
    }
}

async fn receive(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let at = Instant::now();
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 4 << 20).await.expect("a body");
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str()).to_owned();
    let body = String::from_utf8(body.to_vec()).expect("UTF-8");
    let got = Got { at, path, headers: parts.headers, body };
    let refused = shared.refuses(&got.body);
    let telling = Telling::begin(&shared, got);
    tokio::time::sleep(Duration::from_millis(shared.delay.load(Ordering::SeqCst))).await;
    drop(telling);
    let status = if refused { 500 } else { shared.status.load(Ordering::SeqCst) };
    let status = StatusCode::from_u16(status).expect("a status");
    let elsewhere = [("location", "http://127.0.0.1:1/elsewhere")];
    if status.is_redirection() { (status, elsewhere).into_response() } else { status.into_response() }
}

impl Shared {
    fn refuses(&self, body: &str) -> bool {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|text| body.contains(text))
    }
}

/// A delivery that is under way. It also ends when its sender dies: its connection's end drops the one who waits here.
struct Telling<'a> {
    shared: &'a Shared,
    told: (String, String),
}

impl<'a> Telling<'a> {
    fn begin(shared: &'a Shared, got: Got) -> Self {
        let running = shared.running.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most.fetch_max(running, Ordering::SeqCst);
        let told = (got.path.clone(), got.id());
        if !shared.told.lock().unwrap_or_else(PoisonError::into_inner).insert(told.clone()) {
            shared.twice.fetch_add(1, Ordering::SeqCst);
        }
        shared.got.lock().unwrap_or_else(PoisonError::into_inner).push(got);
        Self { shared, told }
    }
}

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        self.shared.told.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.told);
        self.shared.running.fetch_sub(1, Ordering::SeqCst);
    }
}

/// axum's own server is not built in: hyper's connections are enough.
async fn axum_serve(listener: tokio::net::TcpListener, router: Router) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let service = hyper_util::service::TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let io = hyper_util::rt::TokioIo::new(stream);
            hyper::server::conn::http1::Builder::new().serve_connection(io, service).await
        });
    }
}
