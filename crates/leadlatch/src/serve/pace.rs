//! Whose turn it is on a connection. One on which the client stands still is ended: it would hold its place for ever.

use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep_until};

/// So many bytes that the client took are a step forward. Answers to pings are far less.
const STEP: usize = 16 << 10;

/// How long a client may stand still.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// From the moment that it is accepted until the head of its first request is complete.
    pub(super) head: Duration,
    /// Afterwards: with no request under way, and with an answer that it does not take.
    pub(super) still: Duration,
}

/// The state of one connection.
pub(super) struct Pace {
    patience: Patience,
    state: Mutex<State>,
}

struct State {
    /// Requests and answers that wait for us.
    ours: usize,
    /// Whether a request came.
    asked: bool,
    /// When the client last made a step.
    since: Instant,
    /// Bytes written since then.
    written: usize,
}

impl Pace {
    /// Of a connection that is accepted now.
    pub(super) fn new(patience: Patience) -> Arc<Self> {
        let state = State { ours: 0, asked: false, since: Instant::now(), written: 0 };
        Arc::new(Self { patience, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends when the client has stood still for too long.
    pub(super) async fn stands_still(&self) {
        loop {
            let (deadline, ours) = self.deadline();
            let now = Instant::now();
            if !ours && deadline <= now {
                return;
            }
            // While it is our turn, a look now and then is enough.
            sleep_until(if ours { now + self.patience.head } else { deadline }).await;
        }
    }

    fn deadline(&self) -> (Instant, bool) {
        let state = self.state();
        let limit = if state.asked { self.patience.still } else { self.patience.head };
        (state.since + limit, state.ours > 0)
    }

    fn wrote(&self, bytes: usize) {
        let mut state = self.state();
        state.written += bytes;
        if state.asked && state.written >= STEP {
            state.step();
        }
    }
}

impl State {
    fn step(&mut self) {
        self.since = Instant::now();
        self.written = 0;
    }
}

/// One request and its answer: ours until the answer is given, then whoever's turn its body says.
pub(super) struct Turn {
    pace: Arc<Pace>,
    ours: bool,
}

impl Turn {
    /// Of a request whose head is complete.
    pub(super) fn begin(pace: &Arc<Pace>) -> Self {
        pace.state().asked = true;
        let mut turn = Self { pace: Arc::clone(pace), ours: false };
        turn.is_ours();
        turn
    }

    fn is_ours(&mut self) {
        if !self.ours {
            self.ours = true;
            self.pace.state().ours += 1;
        }
    }

    /// The client was given something to take.
    fn is_theirs(&mut self) {
        let mut state = self.pace.state();
        state.ours -= usize::from(self.ours);
        self.ours = false;
        state.step();
    }

    /// The answer's body, which keeps the turn.
    pub(super) fn answers<B>(mut self, body: B) -> Paced<B> {
        self.is_theirs();
        Paced { inner: body, turn: self }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.is_theirs();
    }
}

/// A body that says whose turn it is.
pub(super) struct Paced<B> {
    inner: B,
    turn: Turn,
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin> Body for Paced<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        match polled {
            Poll::Ready(_) => self.turn.is_theirs(),
            Poll::Pending => self.turn.is_ours(),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A stream whose written bytes are counted.
pub(super) struct Counted<S> {
    pub(super) inner: S,
    pub(super) pace: Arc<Pace>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, bytes))?;
        self.pace.wrote(written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, parts))?;
        self.pace.wrote(written);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
