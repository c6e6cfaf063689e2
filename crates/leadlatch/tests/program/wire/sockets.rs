//! Requests as bytes on a socket: what old programs send that no client library of today would.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::world::World;
use crate::common::both;

/// What a server answers to bytes, until it closes the connection.
fn answered(world: &World, sent: &[u8]) -> String {
    let address = world.server.base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
    stream.write_all(sent).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

fn request(version: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!("POST /api/APILeadCreateUpdate.php HTTP/{version}\r\n{headers}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), body.as_bytes()].concat()
}

fn lead(world: &World) -> String {
    format!("<data><lead><key>{}</key><email>a@example.com</email></lead></data>", world.full)
}

#[tokio::test(flavor = "multi_thread")]
async fn old_programs_are_understood() {
    for database in both() {
        let world = World::build(database);
        let body = lead(&world);
        for (version, headers) in [
            ("1.0", ""),
            ("1.0", "Content-Type: text/xml\r\n"),
            ("1.0", "Host: leads.example\r\nConnection: close\r\nUser-Agent: \r\n"),
            ("1.1", "Host: x\r\nConnection: close\r\n"),
            (
                "1.1",
                "Host: x\r\nConnection: close\r\nContent-Type: multipart/form-data\r\nAccept: application/json\r\n",
            ),
            ("1.1", "Host: x\r\nConnection: close\r\nContent-Type: image/png; charset=\u{e9}\r\n"),
            ("1.1", "Host: x\r\nConnection: close\r\nContent-Type: text/xml; charset=\r\nSOAPAction: \"\"\r\n"),
        ] {
            let answer = answered(&world, &request(version, headers, &body));
            assert!(answer.starts_with("HTTP/1.") && answer.contains(" 200 OK\r\n"), "{headers}: {answer}");
            assert!(answer.contains("<message>OK</message>"), "{headers}: {answer}");
        }
    }
}

/// A client that waits for 100 Continue gets it, then its answer.
#[tokio::test(flavor = "multi_thread")]
async fn who_waits_to_be_told_to_go_on_is_told() {
    for database in both() {
        let world = World::build(database);
        let body = lead(&world);
        let whole = request("1.1", "Host: x\r\nConnection: close\r\nExpect: 100-continue\r\n", &body);
        let head = whole.len() - body.len();
        let mut stream = TcpStream::connect(world.server.base.trim_start_matches("http://")).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
        stream.write_all(&whole[..head]).expect("sent");
        let mut told = [0; 25];
        stream.read_exact(&mut told).expect("told to go on");
        assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(&whole[head..]).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.contains(" 200 OK\r\n") && answer.contains("<message>OK</message>"), "{answer}");
    }
}

/// Who sends all of a body before it reads gets to read that it is too large; one without an end is not read for ever.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_read_on_so_that_its_refusal_is_read() {
    for database in both() {
        let world = World::build(database);
        let headers = "Host: x\r\nConnection: close\r\nContent-Type: text/xml\r\n";
        let answer = answered(&world, &request("1.1", headers, &"x".repeat(12 << 20)));
        assert!(answer.contains("<code>413</code>"), "{answer}");
        let mut stream = TcpStream::connect(world.server.base.trim_start_matches("http://")).expect("a connection");
        stream.set_write_timeout(Some(Duration::from_secs(20))).expect("a limit");
        let head = format!("POST /api/APILead.php HTTP/1.1\r\n{headers}Content-Length: 1000000000\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("sent");
        let block = vec![b'x'; 1 << 20];
        let taken = (0..200).take_while(|_| stream.write_all(&block).is_ok()).count();
        assert!(taken < 60, "{taken} MiB");
    }
}

/// Values in a URL that nobody encoded: commas and pound signs are read.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_by_get_need_not_be_encoded() {
    for database in both() {
        let world = World::build(database);
        world.database.run(&["lead-group", "web-form", "--account", "acme", "Loans", "--on"]);
        let path = "intLeadGroupID=40001&strLeadEmail=a@example.com&strLeadAddress=1,High+St&strLeadData1=";
        let sent = |pound: &[u8]| {
            let parts = [b"GET /api/APIHTTPPost.php?".as_slice(), path.as_bytes(), pound, b"5 HTTP/1.0\r\n\r\n"];
            answered(&world, &parts.concat())
        };
        let answer = sent("£".as_bytes());
        assert!(answer.contains(" 200 OK\r\n"), "{answer}");
        let found = world.server.get("/api/v1/leads?email=a@example.com", &world.full).await.json();
        let lead = &found["data"][0];
        assert_eq!((&lead["data"]["data1"], &lead["address"]), (&"£5".into(), &"1,High St".into()), "{found}");
        // What HTTP itself cannot read stays a 400: a letter that is no UTF-8, and a space that ends the request line.
        assert!(sent(b"\xa3").contains(" 400 Bad Request\r\n"));
        let raw = answered(
            &world,
            b"GET /api/APIHTTPPost.php?intLeadGroupID=40001&strLeadFirstName=a b HTTP/1.1\r\nHost: x\r\n\r\n",
        );
        assert!(raw.starts_with("HTTP/1.1 400"), "{raw}");
    }
}
