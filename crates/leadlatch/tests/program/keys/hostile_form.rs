//! What a partner could try by the form of a request: nothing leaks, nothing grows.

use std::collections::BTreeSet;
use std::net::TcpListener;

use crate::common::{Server, both, sqlite};
use reqwest::Method;
use serde_json::{Map, Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_a_url_is_refused_and_marked_wherever_it_stands() {
    for database in both() {
        let acme = database.account("acme");
        let server = database.serve();
        for path in [
            "/api/v1/leads?KEY",
            "/api/v1/nothing?k=KEY",
            "/api/v1/leads/KEY",
            "/api/v1/whoami?a=Bearer%20KEY",
            "/healthz?k=KEY",
            "/docs?KEY=1",
            "/openapi.json?k=KEY",
            "/KEY",
        ] {
            let (id, key) = database.key(acme, None, &["read_leads"]);
            let answer = server.send("GET", &path.replace("KEY", &key), None, None).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (401, "key_in_url".into()), "{path}");
            let shown = database.run(&["key", "show", "--account", acme, &id]);
            assert_eq!(shown["exposed_from"], "127.0.0.1", "{path}: {shown}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_no_text_names_nothing() {
    let database = sqlite();
    database.account("acme");
    let server = database.serve();
    for path in ["/%ff", "/api/v1/%ff", "/api/v1/leads/1/%c3", "/docs/errors/%ff"] {
        let answer = server.send("GET", path, None, None).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (404, "no_such_route".into()), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_does_not_grow_with_the_request() {
    let database = sqlite();
    let acme = database.account("acme");
    let partner = database.partner(acme, "introducer", "North");
    let server = database.serve();
    let made_up = |name: &dyn Fn(usize) -> String, count| {
        Value::Object((0..count).map(|number| (name(number), json!("x"))).collect::<Map<_, _>>())
    };
    let few_and_long = made_up(&|number| format!("{number}{}", "n".repeat(90_000)), 10);
    let many = made_up(&|number| format!("made_up_{number}"), 40_000);
    for partner in [None, Some(partner.as_str())] {
        let (_, key) = database.key(acme, partner, &["create_leads", "read_leads"]);
        for body in [few_and_long.clone(), json!({"data": few_and_long}), many.clone(), json!({"data": many})] {
            let answer = server.create(&key, body).await;
            assert_eq!(answer.status.as_u16(), 422, "{:.300}", answer.text);
            assert!(answer.text.len() < 40_000, "{}", answer.text.len());
        }
    }
    let (_, key) = database.key(acme, None, &["create_leads", "read_leads"]);
    let errors = server.create(&key, many).await.json()["errors"].take();
    let errors = errors.as_array().expect("faults");
    assert_eq!((errors.len(), &errors[100]["code"]), (101, &json!("more_faults")));
    // One of them is that there is no way to reach the person.
    assert_eq!(errors[100]["detail"], "There are 39901 more: mend these first.");
}

/// The names and labels of the metrics, without their values.
async fn series(server: &Server, address: &str) -> BTreeSet<String> {
    let text = server.client.get(format!("http://{address}/metrics")).send().await.expect("an answer").text().await;
    let text = text.expect("a body");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.rsplit_once(' ')).map(|(series, _)| series.to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_name_no_caller_and_do_not_grow_with_what_callers_make_up() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").to_string();
    let database = sqlite();
    let acme = database.account("acme");
    let server = database.serve_with(&[], &[("LEADLATCH_METRICS_LISTEN", &free)]);
    let ask = async |number: usize| {
        let (_, key) = database.key(acme, None, &["read_leads"]);
        let odd = Method::from_bytes(format!("ODD{number}{}", "X".repeat(500)).as_bytes()).expect("a method");
        for (method, path) in [(odd, format!("/made-up/{number}")), (Method::GET, format!("/api/v1/leads/{number}99"))]
        {
            let request = server.client.request(method, format!("{}{path}", server.base)).bearer_auth(&key);
            request.header("user-agent", format!("agent{number}").repeat(500)).send().await.expect("an answer");
        }
    };
    ask(1).await;
    let before = series(&server, &free).await;
    assert!(before.iter().any(|series| series.contains("/api/v1/leads/{id}")), "{before:?}");
    for number in 2..12 {
        ask(number).await;
    }
    assert_eq!(series(&server, &free).await, before);
    assert!(!before.iter().any(|series| series.contains("agent") || series.contains("key")), "{before:?}");
}
