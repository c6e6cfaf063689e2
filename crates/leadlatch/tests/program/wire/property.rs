//! Any bytes at all get an answer within the limits, and XML that a strict reader takes.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use quick_xml::Reader;
use quick_xml::events::Event;

use super::world::{CREATE_UPDATE, LEAD, World};
use crate::common::both;

/// Parts of documents, whole and broken.
const PARTS: [&str; 30] = [
    "<data>",
    "</data>",
    "<lead>",
    "</lead>",
    "<email>a@example.com</email>",
    "<request>search</request>",
    "<request>read</request>",
    "<id>1</id>",
    "<id>",
    "</id>",
    "<key>{KEY}</key>",
    "<key>lk_full_x</key>",
    "&",
    "&eacute;",
    "&#0;",
    "&#xFFFF;",
    "&amp;",
    "<",
    ">",
    "<>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>",
    "<!DOCTYPE a>",
    "\0",
    "é",
    "\u{b}",
    "<status>\u{1}</status>",
];
const KINDS: [&str; 5] =
    ["text/xml", "text/xml; charset=utf-16", "application/x-www-form-urlencoded", "", "x; charset=\"\""];

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let parts = vec(select(PARTS.to_vec()), 0..40).prop_map(|parts| parts.concat().into_bytes());
    let framed =
        parts.clone().prop_map(|inner| [b"<data><key>{KEY}</key><lead>", inner.as_slice(), b"</lead></data>"].concat());
    let mutated = (framed.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut body, at, byte)| {
        let at = at.index(body.len());
        body[at] = byte;
        body
    });
    prop_oneof![vec(any::<u8>(), 0..2_000), parts, framed, mutated]
}

/// Reads a document as strictly as XML asks: names that match, one root, nothing that cannot be read.
fn assert_well_formed(xml: &str) {
    let mut reader = Reader::from_str(xml);
    let (mut depth, mut roots) = (0, 0);
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}: {xml}")) {
            Event::Start(_) => {
                roots += i32::from(depth == 0);
                depth += 1;
            }
            Event::End(_) => depth -= 1,
            Event::Text(_) => assert!(depth > 0, "{xml}"),
            Event::GeneralRef(name) => {
                assert!(name.is_char_ref() || matches!(&*name, "amp" | "lt" | "gt" | "quot" | "apos"), "{xml}");
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!((depth, roots), (0, 1), "{xml}");
    let allowed = |letter: char| matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    assert!(xml.chars().all(allowed), "{xml}");
}

#[test]
fn any_bytes_get_an_answer_and_xml() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    for database in both() {
        let world = World::build(database);
        let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
        let requests = (bodies(), select(KINDS.to_vec()), select(vec![CREATE_UPDATE, LEAD]));
        let outcome = runner.run(&requests, |(body, kind, path)| {
            let text = String::from_utf8(body.clone()).map(|text| text.replace("{KEY}", &world.full).into_bytes());
            let began = Instant::now();
            let answer = runtime.block_on(world.post(path, kind, text.unwrap_or(body)));
            prop_assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
            prop_assert!(matches!(answer.status.as_u16(), 200 | 401 | 403), "{}", answer.text);
            assert_well_formed(&answer.text);
            prop_assert!(!answer.text.contains(&world.full), "{}", answer.text);
            Ok(())
        });
        outcome.unwrap_or_else(|failure| panic!("{failure}"));
        let log = world.server.log.text();
        assert!(!log.contains("panic") && !log.contains("ERROR"), "{log}");
    }
}

/// Documents at every limit, and beyond, are answered soon.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_large_is_answered_soon() {
    for database in both() {
        let world = World::build(database);
        for body in [
            "x".repeat((1 << 20) + 1),
            "&".repeat((1 << 20) - 1),
            "<a>".repeat(300_000),
            format!("<data>{}</data>", "<lead/>".repeat(4_900)),
            format!("<data><lead><data1>{}</data1></lead></data>", "&lt;".repeat(250_000)),
            format!("<data><lead><key>{}</key><email>{}</email></lead></data>", world.full, "a".repeat(900_000)),
        ] {
            let began = Instant::now();
            let answer = world.post(CREATE_UPDATE, "text/xml", body.clone()).await;
            assert!(began.elapsed() < Duration::from_secs(20), "{} bytes: {:?}", body.len(), began.elapsed());
            assert!(matches!(answer.status.as_u16(), 200 | 401), "{}", answer.text);
            assert_well_formed(&answer.text);
        }
    }
}

proptest! {
    /// The reader itself, far more often.
    #[test]
    fn any_bytes_are_a_document_or_a_fault_that_says_where(body in bodies(), kind in select(KINDS.to_vec())) {
        match leadlatch_api::wire::read(&body, Some(kind)) {
            Ok(root) => prop_assert!(!root.name.is_empty()),
            Err(malformed) => prop_assert!(malformed.to_string().starts_with("Line ")),
        }
    }
}
