//! The first start: the link that the server prints makes the first admin, once.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::common::browser::{Browser, PASSWORD};
use crate::common::{Database, Server, both, sqlite};
use reqwest::StatusCode;

/// Starts a server whose stdout is read: the path of the link that it prints.
fn started(database: &Database) -> (Server, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leadlatch"));
    command.stdout(Stdio::piped());
    let mut server = database.serve_by(command, &[]);
    let printed = BufReader::new(server.process.stdout.take().expect("a pipe")).lines();
    let link =
        printed.map_while(Result::ok).find_map(|line| line.split_once("/start/").map(|(_, link)| link.to_owned()));
    (server, format!("/start/{}", link.expect("a link")))
}

const FORM: [(&str, &str); 9] = [
    ("account", "Acme <b>Leads</b>"),
    ("slug", "acme"),
    ("country", "GB"),
    ("time_zone", "Europe/London"),
    ("currency", "GBP"),
    ("name", "Ann <script>alert(1)</script>"),
    ("email", "ann@example.com"),
    ("password", PASSWORD),
    ("again", PASSWORD),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_link_makes_account_and_admin_once() {
    for database in both() {
        let (server, link) = started(&database);
        let mut browser = Browser::of(&server);
        let short = browser.fill(&link, &[&FORM[..7], &[("password", "short"), ("again", "short")]].concat()).await;
        assert!(short.status == StatusCode::UNPROCESSABLE_ENTITY && short.says("at least 10"), "{short:?}");
        assert!(!short.says("<script>alert") && short.says("Ann &#60;script&#62;"), "{}", short.text);
        let made = browser.fill(&link, &FORM).await;
        assert_eq!((made.status, made.to()), (StatusCode::SEE_OTHER, "/"), "{}", made.text);
        let home = browser.get("/").await;
        assert!(home.says("Acme &#60;b&#62;Leads") && !home.says("<script>alert"), "{}", home.text);
        for _ in 0..2 {
            assert_eq!(browser.get(&link).await.status, StatusCode::NOT_FOUND, "used up");
        }
        assert_eq!(database.number("SELECT COUNT(*) FROM users"), 1);
        assert!(!server.log.text().contains(link.trim_start_matches("/start/")));
        let trail = database.run(&["audit", "list", "--account", "acme"]).to_string();
        assert!(trail.contains("user.created"), "{trail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_after_an_hour_and_with_the_first_user() {
    let database = sqlite();
    let (server, link) = started(&database);
    let mut browser = Browser::of(&server);
    let token = browser.get(&link).await.hidden("_token");
    database.sql("UPDATE links SET expires_at = expires_at - 3600000000");
    let form = [&[("_token", token.as_str())], &FORM[..]].concat();
    assert_eq!(browser.post(&link, &form).await.status, StatusCode::NOT_FOUND, "too old");
    assert_eq!(database.number("SELECT COUNT(*) FROM accounts"), 0);
    drop(server);
    let (server, link) = started(&database);
    let mut browser = Browser::of(&server);
    assert_eq!(browser.get(&link).await.status, StatusCode::OK);
    database.account("acme");
    let there = browser.get(&link).await;
    assert!(there.says("first admin of <strong>acme</strong>"), "{}", there.text);
    database.user("acme", "ben@example.com", "member");
    let token = there.hidden("_token");
    let form = [&[("_token", token.as_str())], &FORM[..]].concat();
    assert_eq!(browser.post(&link, &form).await.status, StatusCode::NOT_FOUND, "there is a user");
    assert_eq!(browser.get("/start/nonsense").await.status, StatusCode::NOT_FOUND);
}
