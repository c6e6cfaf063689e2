//! One key in the hands of many callers at once, while something happens to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinHandle;

use super::Server;

/// What one request met, and when it began.
struct Seen {
    began: Instant,
    status: u16,
}

/// Callers with one key, until they are told to stop.
pub(crate) struct Hammer {
    stop: Arc<AtomicBool>,
    callers: Vec<JoinHandle<Vec<Seen>>>,
}

impl Hammer {
    /// Begins: reads and writes in turn, by each server. Returns when they are well under way.
    pub(crate) async fn begin(servers: &[Arc<Server>], key: &str, callers: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let caller = |number: usize| {
            let (server, key, stop) = (Arc::clone(&servers[number % servers.len()]), key.to_owned(), Arc::clone(&stop));
            tokio::spawn(call(server, key, stop, (number / servers.len()).is_multiple_of(2)))
        };
        let callers = (0..callers).map(caller).collect();
        tokio::time::sleep(Duration::from_millis(1500)).await;
        Self { stop, callers }
    }

    /// Goes on for a while, stops, and asserts that what began after the moment was refused, and that there was enough of
    /// both for that to mean something.
    pub(crate) async fn refused_after(self, moment: Instant) {
        tokio::time::sleep(Duration::from_millis(800)).await;
        self.stop.store(true, Ordering::SeqCst);
        let (mut before, mut after) = (0, 0);
        for caller in self.callers {
            for seen in caller.await.expect("a caller") {
                if seen.began > moment {
                    assert_eq!(seen.status, 401, "a request that started after the key had ended");
                    after += 1;
                } else if seen.status < 300 {
                    before += 1;
                }
            }
        }
        assert!(before > 50 && after > 50, "{before} accepted before, {after} refused after");
    }
}

async fn call(server: Arc<Server>, key: String, stop: Arc<AtomicBool>, reads: bool) -> Vec<Seen> {
    let mut seen = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let began = Instant::now();
        let answer = if reads {
            server.get("/api/v1/leads?limit=5", &key).await
        } else {
            server.create(&key, json!({"email": "x@example.com"})).await
        };
        seen.push(Seen { began, status: answer.status.as_u16() });
    }
    seen
}
