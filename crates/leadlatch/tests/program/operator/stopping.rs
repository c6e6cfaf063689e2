//! A stop answers what was accepted, writes what was counted, and takes no longer than it says.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::common::{both, sqlite};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

fn signal(process: &Child, signal: Signal) {
    kill_process(Pid::from_child(process), signal).expect("a signal");
}

fn end_within(process: &mut Child, limit: Duration) -> ExitStatus {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = process.try_wait().expect("a process") {
            return status;
        }
        assert!(Instant::now() < deadline, "the server has not ended");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Callers on kept connections until the server is gone: how many were answered, and what went wrong otherwise than by a
/// refused connection.
async fn callers(base: &str, key: &str, stop: Arc<AtomicBool>, answered: Arc<AtomicU64>) -> Vec<String> {
    let caller = || {
        let (base, key, stop, answered) = (base.to_owned(), key.to_owned(), Arc::clone(&stop), Arc::clone(&answered));
        tokio::spawn(async move {
            let (client, mut wrong) =
                (reqwest::Client::builder().retry(reqwest::retry::never()).build().expect("a client"), Vec::new());
            while !stop.load(Ordering::SeqCst) {
                let body = json!({"email": "x@example.com"});
                match client.post(format!("{base}/api/v1/leads")).bearer_auth(&key).json(&body).send().await {
                    Ok(answer) if answer.status() == 201 => {
                        answered.fetch_add(1, Ordering::SeqCst);
                    }
                    Ok(answer) => wrong.push(format!("answered {}", answer.status())),
                    Err(error) if error.is_connect() => break,
                    Err(error) => wrong.push(format!("cut: {error:?}")),
                }
            }
            wrong
        })
    };
    let mut wrong = Vec::new();
    for caller in (0..32).map(|_| caller()).collect::<Vec<_>>() {
        wrong.extend(caller.await.expect("a caller"));
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_is_cut_under_load_and_every_one_is_counted() {
    for database in both() {
        let acme = database.account("acme");
        let (_, key) = database.key(acme, None, &["create_leads", "read_leads"]);
        let mut server = database.serve();
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let under_way = {
            let (base, key, stop, answered) = (server.base.clone(), key.clone(), stop.clone(), answered.clone());
            tokio::spawn(async move { callers(&base, &key, stop, answered).await })
        };
        let deadline = Instant::now() + Duration::from_mins(1);
        while answered.load(Ordering::SeqCst) < 100 && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        signal(&server.process, Signal::TERM);
        let status = end_within(&mut server.process, Duration::from_secs(30));
        stop.store(true, Ordering::SeqCst);
        let wrong = under_way.await.expect("the callers");
        assert!(wrong.is_empty(), "{} of them: {:?}", wrong.len(), &wrong[..wrong.len().min(3)]);
        assert_eq!(status.code(), Some(0));
        let answered = answered.load(Ordering::SeqCst);
        assert!(answered > 50, "{answered}");
        let again = database.serve();
        let total = again.get("/api/v1/leads?total=true&limit=1", &key).await.json()["total"].clone();
        let total = total.as_u64().or_else(|| total["at_least"].as_u64()).expect("a total");
        assert!(total == answered || answered >= 10_000, "{total} kept, {answered} answered");
    }
}

/// Sends the head and half of the body of a new lead.
fn half_sent(base: &str, key: &str) -> TcpStream {
    let mut stream = TcpStream::connect(base.trim_start_matches("http://")).expect("a connection");
    let head = format!(
        "POST /api/v1/leads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n\
         Content-Length: 25\r\n\r\n{{\"email\":"
    );
    stream.write_all(head.as_bytes()).expect("sent");
    std::thread::sleep(Duration::from_millis(200));
    stream
}

#[test]
fn a_request_whose_body_still_arrives_is_answered() {
    let database = sqlite();
    let acme = database.account("acme");
    let (id, key) = database.key(acme, None, &["create_leads"]);
    let mut server = database.serve();
    let mut stream = half_sent(&server.base, &key);
    signal(&server.process, Signal::INT);
    std::thread::sleep(Duration::from_secs(2));
    assert!(TcpStream::connect(server.base.trim_start_matches("http://")).is_err(), "it accepts no more");
    stream.write_all(b"\"x@example.com\"}").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer and an end");
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
    assert_eq!(end_within(&mut server.process, Duration::from_secs(5)).code(), Some(0));
    let shown = database.run(&["key", "show", "--account", acme, &id]);
    assert!(shown["last_used_at"].is_string(), "what was counted at last is written: {shown}");
}

#[test]
fn a_second_signal_ends_at_once() {
    let database = sqlite();
    let acme = database.account("acme");
    let (_, key) = database.key(acme, None, &["create_leads"]);
    let mut server = database.serve();
    let _waiting = half_sent(&server.base, &key);
    signal(&server.process, Signal::TERM);
    std::thread::sleep(Duration::from_secs(1));
    assert!(server.process.try_wait().expect("a process").is_none(), "it waits for the request");
    signal(&server.process, Signal::TERM);
    assert_eq!(end_within(&mut server.process, Duration::from_secs(2)).code(), Some(1));
}
