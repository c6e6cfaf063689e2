//! TLS by the real binary: https works, whatever else comes is ended in order, and a new certificate is taken up.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::common::sqlite;
use reqwest::{Certificate, Client, StatusCode, Version};

/// Writes a certificate for localhost with its key; answers it for the client.
fn certificate(folder: &Path) -> (PathBuf, PathBuf, Certificate) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).expect("a write");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("a write");
    let certificate = Certificate::from_pem(made.cert.pem().as_bytes()).expect("a certificate");
    (cert, key, certificate)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

fn client(certificate: Certificate) -> reqwest::ClientBuilder {
    Client::builder().tls_certs_only([certificate])
}

/// The address by the name that the certificate is for.
fn https(base: &str) -> String {
    base.replace("http://127.0.0.1", "https://localhost")
}

#[tokio::test(flavor = "multi_thread")]
async fn https_is_answered_by_both_versions_and_a_new_certificate_is_taken_up() {
    let database = sqlite();
    let (cert, key, first) = certificate(database.folder.path());
    let server = database.serve_with(&["--tls-cert", text(&cert), "--tls-key", text(&key)], &[]);
    let url = format!("{}/healthz", https(&server.base));
    let both = client(first.clone()).build().expect("a client");
    let answer = both.get(&url).send().await.expect("https");
    assert_eq!((answer.status(), answer.version()), (StatusCode::OK, Version::HTTP_2));
    let old = client(first.clone()).http1_only().build().expect("a client");
    let answer = old.get(&url).send().await.expect("https");
    assert_eq!((answer.status(), answer.version()), (StatusCode::OK, Version::HTTP_11));

    let (_, _, second) = certificate(database.folder.path());
    let pid = rustix::process::Pid::from_child(&server.process);
    rustix::process::kill_process(pid, rustix::process::Signal::HUP).expect("a signal");
    let deadline = Instant::now() + Duration::from_secs(10);
    while client(second.clone()).build().expect("a client").get(&url).send().await.is_err() {
        assert!(Instant::now() < deadline, "the new certificate is not used");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(client(first).build().expect("a client").get(&url).send().await.is_err(), "the old one is still used");
}

#[test]
fn plain_http_on_the_encrypted_port_is_ended_in_order() {
    let database = sqlite();
    let (cert, key, _) = certificate(database.folder.path());
    let server = database.serve_with(&["--tls-cert", text(&cert), "--tls-key", text(&key)], &[]);
    let mut stream = TcpStream::connect(server.base.trim_start_matches("http://")).expect("a connection");
    let body = "x".repeat(10_000);
    write!(stream, "POST /api/v1/leads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000\r\n\r\n{body}")
        .expect("sent");
    stream.shutdown(std::net::Shutdown::Write).expect("the end of what is sent");
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).expect("an end, and no reset");
    // At most an alert, which is a record of seven bytes; no line of HTTP.
    assert!(heard.len() <= 7 && !heard.starts_with(b"HTTP"), "{heard:?}");
}

#[test]
fn files_that_do_not_serve_are_named() {
    let database = sqlite();
    let (cert, key, _) = certificate(database.folder.path());
    let other = tempfile::tempdir().expect("a folder");
    let (_, other_key, _) = certificate(other.path());
    let refused = |cert: &Path, key: &Path| {
        let line = ["serve", "--listen", "127.0.0.1:0", "--tls-cert", text(cert), "--tls-key", text(key)];
        database.try_run(&line).expect_err("a refusal")
    };
    assert!(refused(&cert, &other_key).contains(text(&other_key)), "a key of another certificate");
    assert!(refused(&key, &key).contains("no PEM certificates"));
    assert!(refused(&cert, &cert).contains("no PEM private key"));
    assert!(refused(&cert, Path::new("/nowhere/key.pem")).contains("/nowhere/key.pem"));
}
