//! The load: a fixed number of kept-alive HTTP/1.1 connections, each asking again as soon as it is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::output::{Failure, Outcome};

/// A request, before it is put on the wire.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) key: Option<Arc<str>>,
    pub(crate) body: Option<Bytes>,
}

impl Ask {
    /// A read.
    pub(crate) fn get(path: impl Into<String>, key: Option<&Arc<str>>) -> Self {
        Self { method: Method::GET, path: path.into(), key: key.cloned(), body: None }
    }

    /// A lead to be made.
    pub(crate) fn create(key: &Arc<str>, body: &serde_json::Value) -> Self {
        let body = Some(body.to_string().into());
        Self { method: Method::POST, path: "/api/v1/leads".into(), key: Some(Arc::clone(key)), body }
    }

    fn request(self) -> Outcome<Request<Full<Bytes>>> {
        let mut request = Request::builder().method(self.method).uri(self.path).header(HOST, "localhost");
        if let Some(key) = self.key {
            request = request.header(AUTHORIZATION, format!("Bearer {key}"));
        }
        if self.body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request.body(Full::new(self.body.unwrap_or_default())).map_err(|error| Failure::of("a request", error))
    }
}

/// One kept-alive connection.
pub(crate) struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    /// Opens a connection.
    pub(crate) async fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(lost)?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// Opens so many.
    pub(crate) async fn open_many(address: SocketAddr, count: usize) -> Outcome<Vec<Self>> {
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            all.push(Self::open(address).await?);
        }
        Ok(all)
    }

    /// Asks and reads the answer whole; any other status than the expected one is a failure.
    pub(crate) async fn ask(&mut self, ask: Ask, expected: StatusCode) -> Outcome<Bytes> {
        Ok(self.send(ask.request()?, expected).await?.1)
    }

    /// As [`Connection::ask`], with a request of the caller's own; the headers too.
    pub(crate) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
        expected: StatusCode,
    ) -> Outcome<(HeaderMap, Bytes)> {
        self.0.ready().await.map_err(lost)?;
        let (method, path) = (request.method().clone(), request.uri().clone());
        let answer = self.0.send_request(request).await.map_err(lost)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.into_body().collect().await.map_err(lost)?.to_bytes();
        if status == expected {
            Ok((headers, body))
        } else {
            let said = String::from_utf8_lossy(&body);
            Err(Failure::new(format!("{method} {path}: {status} instead of {expected}: {said}")))
        }
    }
}

fn lost(error: hyper::Error) -> Failure {
    Failure::of("a connection", error)
}

/// Asks on every connection for so long, and gives the connections back with the number of answers.
pub(crate) async fn drive(
    connections: Vec<Connection>,
    span: Duration,
    expected: StatusCode,
    next: impl Fn() -> Ask + Clone + Send + 'static,
) -> Outcome<(Vec<Connection>, u64)> {
    let end = Instant::now() + span;
    let mut running = tokio::task::JoinSet::new();
    for mut connection in connections {
        let next = next.clone();
        running.spawn(async move {
            let mut answers = 0_u64;
            while Instant::now() < end {
                connection.ask(next(), expected).await?;
                answers += 1;
            }
            Ok::<_, Failure>((connection, answers))
        });
    }
    let (mut connections, mut answers) = (Vec::new(), 0);
    while let Some(ended) = running.join_next().await {
        let (connection, answered) = ended.map_err(|error| Failure::of("a connection", error))??;
        connections.push(connection);
        answers += answered;
    }
    Ok((connections, answers))
}
