//! A client that says nothing, or not enough, holds its place no longer than the time for a first request.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::common::{Server, sqlite};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const EMPTY_SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.base.trim_start_matches("http://")).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time limit");
    stream
}

/// Asks on a connection that is kept open, so that its place stays taken.
fn healthy(stream: &mut (impl Read + Write)) {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    let mut heard = [0; 12];
    stream.read_exact(&mut heard).expect("an answer");
    assert_eq!(&heard, b"HTTP/1.1 200");
}

/// As many as there are places: each gets one, so each of those before has given its own back.
fn all_free(since: Instant) {
    let took = since.elapsed();
    // Those that ask would give a place back after ten seconds more.
    assert!(took > Duration::from_secs(8) && took < Duration::from_secs(16), "{took:?}");
}

#[test]
fn silent_connections_give_their_places_back() {
    let sent = [
        Vec::new(),
        b"P".to_vec(),
        PREFACE[..12].to_vec(),
        PREFACE.to_vec(),
        [PREFACE, EMPTY_SETTINGS].concat(),
        b"GET /healthz HTTP/1.1\r\nHo".to_vec(),
    ];
    let places = sent.len().to_string();
    let database = sqlite();
    let server = database.serve_with(&[], &[("LEADLATCH_MAX_CONNECTIONS", &places)]);
    let began = Instant::now();
    let silent: Vec<TcpStream> = sent
        .iter()
        .map(|sent| {
            let mut stream = connect(&server);
            stream.write_all(sent).expect("sent");
            stream
        })
        .collect();
    let mut asking: Vec<TcpStream> = silent.iter().map(|_| connect(&server)).collect();
    asking.iter_mut().for_each(healthy);
    all_free(began);
}

fn encrypted(server: &Server, config: &Arc<ClientConfig>) -> StreamOwned<ClientConnection, TcpStream> {
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(Arc::clone(config), name).expect("a client");
    StreamOwned::new(connection, connect(server))
}

#[test]
fn so_do_encrypted_ones() {
    let database = sqlite();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let (cert, key) = (database.folder.path().join("cert.pem"), database.folder.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).expect("a write");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("a write");
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = Arc::new(config.expect("versions").with_root_certificates(roots).with_no_client_auth());
    let files = [("LEADLATCH_TLS_CERT", cert.to_str()), ("LEADLATCH_TLS_KEY", key.to_str())];
    let mut variables: Vec<(&str, &str)> =
        files.into_iter().map(|(name, path)| (name, path.expect("a path"))).collect();
    variables.push(("LEADLATCH_MAX_CONNECTIONS", "2"));
    let server = database.serve_with(&[], &variables);
    let began = Instant::now();
    // One does not even begin its handshake, one says nothing after it.
    let _before = connect(&server);
    let mut after = encrypted(&server, &config);
    after.conn.complete_io(&mut after.sock).expect("a handshake");
    let mut asking = [encrypted(&server, &config), encrypted(&server, &config)];
    asking.iter_mut().for_each(healthy);
    all_free(began);
}
