//! Connections: a bounded number, a time limit for what a client must send first, and an end that cuts nobody off.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Version, header};
use futures_util::FutureExt;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use leadlatch_api::{Peer, make_readable};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::pace::{Counted, Pace, Paced, Patience, Turn};
use super::stop::{Signals, Stopper, Stopping};
use super::tls::Tls;

/// How long a client may stand still, before its first request and after it.
const PATIENT: Patience = Patience { head: Duration::from_secs(10), still: Duration::from_secs(30) };
/// How long connections that are kept open are still answered after a stop, each answer saying that it is the last.
const LAST_ANSWERS: Duration = Duration::from_millis(500);
/// How long a stop waits for requests that were accepted: as long as a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// What each connection needs.
#[derive(Clone)]
pub(super) struct Service {
    pub(super) router: Router,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) stopping: Stopping,
}

/// Answers connections until a signal; then answers what was accepted. `false` when a second signal cut that short.
pub(super) async fn run(
    listener: TcpListener,
    service: Service,
    places: usize,
    stopper: Stopper,
    mut signals: Signals,
) -> bool {
    let (graceful, places) = (GracefulShutdown::new(), Arc::new(Semaphore::new(places)));
    tokio::select! {
        () = accept(&listener, &service, &graceful, &places) => {}
        () = signals.next() => {}
    }
    tracing::info!("stopping");
    stopper.stop();
    let rest = async {
        drain(&listener, &service, &graceful, &places);
        drop(listener);
        if graceful.count() > 0 {
            tokio::time::sleep(LAST_ANSWERS).await;
        }
        graceful.shutdown().await;
    };
    tokio::select! {
        () = signals.next() => false,
        ended = tokio::time::timeout(PATIENCE, rest) => {
            if ended.is_err() {
                tracing::warn!("some requests did not end in time");
            }
            true
        }
    }
}

async fn accept(listener: &TcpListener, service: &Service, graceful: &GracefulShutdown, places: &Arc<Semaphore>) {
    while let Ok(place) = Arc::clone(places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, from)) => start(stream, from, service, graceful.watcher(), place),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Takes the connections that the system has accepted already: closing the listener would reset them.
fn drain(listener: &TcpListener, service: &Service, graceful: &GracefulShutdown, places: &Arc<Semaphore>) {
    while let Ok(place) = Arc::clone(places).try_acquire_owned() {
        let Some(Ok((stream, from))) = listener.accept().now_or_never() else { return };
        start(stream, from, service, graceful.watcher(), place);
    }
}

fn start(
    stream: TcpStream,
    from: SocketAddr,
    service: &Service,
    watcher: Watcher,
    place: tokio::sync::OwnedSemaphorePermit,
) {
    let service = service.clone();
    tokio::spawn(async move {
        connection(stream, from.ip(), service, watcher).await;
        drop(place);
    });
}

async fn connection(stream: TcpStream, from: IpAddr, service: Service, watcher: Watcher) {
    let pace = Pace::new(PATIENT);
    // Answers are small and wait for nothing: Nagle's algorithm would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let local = stream.local_addr().is_ok_and(|address| address.ip().to_canonical().is_loopback());
    let encrypted = service.tls.is_some();
    let peer = Peer { address: from.to_canonical(), private: local || encrypted, encrypted };
    match service.tls.clone() {
        Some(tls) => {
            if let Some(stream) = tls.accept(stream).await {
                serve(stream, peer, service, watcher, pace).await;
            }
        }
        None => serve(stream, peer, service, watcher, pace).await,
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    service: Service,
    watcher: Watcher,
    pace: Arc<Pace>,
) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENT.head);
    builder.http2().timer(TokioTimer::new());
    let service = answering(service.router, peer, service.stopping, Arc::clone(&pace));
    let stream = TokioIo::new(Counted { inner: stream, pace: Arc::clone(&pace) });
    tokio::select! {
        ended = watcher.watch(builder.serve_connection(stream, service)) => if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        },
        () = pace.stands_still() => tracing::debug!("a connection stood still"),
    }
}

/// The router, told who asks, that a stop is coming, and whose turn it is.
fn answering(
    router: Router,
    peer: Peer,
    stopping: Stopping,
    pace: Arc<Pace>,
) -> impl hyper::service::Service<
    hyper::Request<hyper::body::Incoming>,
    Response = axum::http::Response<Paced<Body>>,
    Error = std::convert::Infallible,
    Future: Send + 'static,
> {
    let inner = TowerToHyperService::new(router);
    hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(peer);
        make_readable(&mut request);
        let (version, stopping, turn) = (request.version(), stopping.clone(), Turn::begin(&pace));
        let answer = hyper::service::Service::call(&inner, request);
        async move {
            let mut answer = answer.await?;
            // HTTP/2 has a message of its own for this.
            if version < Version::HTTP_2 && stopping.now() {
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(answer.map(|body| turn.answers(body)))
        }
    })
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::task::JoinHandle;

    use super::*;

    const STILL: Duration = Duration::from_millis(400);
    const LARGE: usize = 2 << 20;

    /// A connection on which something was asked, and the task that serves it.
    async fn asked(sent: &[u8]) -> (DuplexStream, JoinHandle<()>) {
        let late = async || {
            tokio::time::sleep(3 * STILL).await;
            "late"
        };
        let router = Router::new().route("/large", get(async || vec![b'x'; LARGE])).route("/late", get(late));
        let service = Service { router, tls: None, stopping: super::super::stop::channel().1 };
        let peer = Peer { address: IpAddr::from([127, 0, 0, 1]), private: true, encrypted: false };
        let (mut client, server) = duplex(1 << 10);
        let pace = Pace::new(Patience { head: STILL, still: STILL });
        let serving = tokio::spawn(async move {
            let graceful = GracefulShutdown::new();
            serve(server, peer, service, graceful.watcher(), pace).await;
        });
        client.write_all(sent).await.unwrap();
        (client, serving)
    }

    async fn ends(serving: JoinHandle<()>) {
        let began = std::time::Instant::now();
        tokio::time::timeout(8 * STILL, serving).await.expect("its place is still held").unwrap();
        assert!(began.elapsed() > STILL / 2, "it ended for another reason");
    }

    #[tokio::test]
    async fn an_answer_that_nobody_takes_ends_the_connection() {
        let (_client, serving) = asked(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await;
        ends(serving).await;
        // The same in HTTP/2, whose client also says that it has no room.
        let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        sent.extend([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
        sent.extend([0, 0, 13, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x41, 0x01, b'x', 0x04, 0x06]);
        sent.extend(b"/large");
        let (_client, serving) = asked(&sent).await;
        ends(serving).await;
    }

    #[tokio::test]
    async fn a_connection_that_says_nothing_ends() {
        for sent in [&b""[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"] {
            let (_client, serving) = asked(sent).await;
            ends(serving).await;
        }
    }

    #[tokio::test]
    async fn our_own_time_is_nobody_s_fault() {
        let (mut client, _) = asked(b"GET /late HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("late"), "{answer}");
    }

    #[tokio::test]
    async fn a_slow_reader_gets_all_of_it() {
        let (mut client, _) = asked(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        let (mut heard, mut part, mut waited) = (0, vec![0; LARGE / 16], 0);
        while let Ok(read) = client.read_exact(&mut part).await {
            heard += read;
            waited += 1;
            tokio::time::sleep(STILL / 4).await;
        }
        assert!(heard >= LARGE && waited >= 16, "{heard} after {waited}");
    }
}
