//! One connection for one request: ready first, begun in one step that never waits, and answered later.

use std::pin::Pin;
use std::task::{Context, Waker};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{CONNECTION, HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use leadlatch_domain::hook::Target;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::Failed;

/// The heads of an answer are this long at the most, in bytes.
const HEAD: usize = 64 << 10;

type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;
type Answer = Pin<Box<dyn Future<Output = hyper::Result<Response<Incoming>>> + Send>>;

/// A connection that is ready for its request.
pub struct Line {
    sender: SendRequest<Full<Bytes>>,
    driver: Driver,
    path: String,
    host: String,
}

/// A request whose first bytes are on their way.
pub struct Sent {
    driver: Driver,
    answer: Answer,
}

impl Line {
    pub(crate) async fn ready<S>(stream: S, target: &Target) -> Result<Self, Failed>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let shaken = Builder::new().max_buf_size(HEAD).handshake(TokioIo::new(stream)).await;
        let (sender, connection) = shaken.map_err(|_| Failed::NoConnection)?;
        let (path, host) = (target.path_and_query(), target.authority());
        Ok(Self { sender, driver: Box::pin(connection), path, host })
    }

    /// Begins a POST: the head and as much of the body as fits are handed to the system before this returns. It may be
    /// called from any thread, and where nothing may wait.
    pub fn post(mut self, headers: &[(&'static str, &str)], body: Vec<u8>) -> Result<Sent, Failed> {
        let request = request(&self.host, &self.path, headers, body).ok_or(Failed::NoAnswer)?;
        let answer = Box::pin(self.sender.send_request(request));
        // What it finds now, it finds again when somebody waits for the answer.
        let begun = self.driver.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        match begun {
            std::task::Poll::Ready(Err(_)) => Err(Failed::NoAnswer),
            std::task::Poll::Ready(Ok(())) => Ok(Sent { driver: Box::pin(std::future::ready(Ok(()))), answer }),
            std::task::Poll::Pending => Ok(Sent { driver: self.driver, answer }),
        }
    }
}

impl Sent {
    /// The status that is answered. What comes behind the head is not read: the connection is closed.
    pub async fn status(mut self) -> Result<u16, Failed> {
        let mut driven = false;
        loop {
            tokio::select! {
                biased;
                answer = &mut self.answer => return answer.map(|answer| answer.status().as_u16()).map_err(|_| Failed::NoAnswer),
                ended = &mut self.driver, if !driven => {
                    driven = true;
                    ended.map_err(|_| Failed::NoAnswer)?;
                }
            }
        }
    }
}

fn request(host: &str, path: &str, headers: &[(&'static str, &str)], body: Vec<u8>) -> Option<Request<Full<Bytes>>> {
    let mut request = Request::builder().method(Method::POST).uri(path).body(Full::new(Bytes::from(body))).ok()?;
    let map = request.headers_mut();
    map.insert(HOST, HeaderValue::from_str(host).ok()?);
    map.insert(USER_AGENT, HeaderValue::from_static(concat!("Leadlatch/", env!("CARGO_PKG_VERSION"))));
    map.insert(CONNECTION, HeaderValue::from_static("close"));
    for (name, value) in headers {
        map.insert(HeaderName::from_static(name), HeaderValue::from_str(value).ok()?);
    }
    Some(request)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use leadlatch_domain::hook::Target;

    use crate::{Failed, Outbound};

    /// The bytes of a request are there before anybody waits for its answer.
    #[tokio::test]
    async fn a_request_is_on_its_way_when_post_returns() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let target = format!("http://{}/hook?a=b", listener.local_addr().unwrap());
        let outbound = Outbound::new(vec!["127.0.0.0/8".parse().unwrap()]);
        let line = outbound.open(&Target::parse(&target).unwrap()).await.unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let mut bytes = [0; 4096];
        assert!(stream.read(&mut bytes).is_err(), "nothing is sent by connecting");
        // From a thread that has no runtime, as the one that writes to SQLite.
        let post = move || line.post(&[("webhook-id", "evt_1")], b"{}".to_vec());
        let sent = std::thread::spawn(post).join().unwrap().unwrap();
        let length = stream.read(&mut bytes).expect("it is there already");
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        assert!(text.starts_with("POST /hook?a=b HTTP/1.1\r\n") && text.ends_with("\r\n\r\n{}"), "{text}");
        assert!(text.contains("webhook-id: evt_1\r\n") && text.contains("connection: close\r\n"), "{text}");
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        assert_eq!(sent.status().await, Ok(204));
    }

    #[tokio::test]
    async fn who_hangs_up_has_not_answered() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let target = format!("http://{}/", listener.local_addr().unwrap());
        let outbound = Outbound::new(vec!["127.0.0.0/8".parse().unwrap()]);
        let line = outbound.open(&Target::parse(&target).unwrap()).await.unwrap();
        drop(listener.accept().unwrap());
        let failed = match line.post(&[], Vec::new()) {
            Ok(sent) => sent.status().await.unwrap_err(),
            Err(failed) => failed,
        };
        assert_eq!(failed, Failed::NoAnswer);
    }
}
