//! Signing in, as a browser meets it: cookies, forms, throttling, and what ends a session.

use crate::common::browser::{Browser, PASSWORD};
use crate::common::{Database, both, sqlite};
use reqwest::StatusCode;
use reqwest::header::HeaderValue;

const ANN: &str = "ann@example.com";
const MIA: &str = "mia@example.com";

fn people(database: &Database) {
    let acme = database.account("acme");
    database.user(acme, ANN, "admin");
    database.user(acme, MIA, "member");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_opens_the_pages_and_signing_out_closes_them() {
    for database in both() {
        people(&database);
        let server = database.serve();
        let mut browser = Browser::of(&server);
        let first = browser.get("/").await;
        assert_eq!((first.status, first.to()), (StatusCode::SEE_OTHER, "/sign-in"));
        let before = browser.cookies.clone();
        let wrong = browser.sign_in(ANN, "another password").await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
        let unknown = browser.sign_in("nobody@example.com", PASSWORD).await;
        assert_eq!(unknown.status, StatusCode::UNAUTHORIZED, "nobody is told apart from a wrong password");
        assert!(!browser.cookies.contains_key("leadlatch"), "{:?}", browser.cookies);
        assert_eq!(browser.cookies, before);

        let signed_in = browser.sign_in(ANN, PASSWORD).await;
        assert_eq!((signed_in.status, signed_in.to()), (StatusCode::SEE_OTHER, "/"));
        let session = browser.cookies["leadlatch"].clone();
        let home = browser.get("/").await;
        assert!(home.status == StatusCode::OK && home.says("acme") && home.says(ANN), "{home:?}");
        let policy = home.headers["content-security-policy"].to_str().expect("a text");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(home.headers["cache-control"], "private, no-store");
        assert_eq!(home.headers["referrer-policy"], "no-referrer");

        browser.sign_in(ANN, PASSWORD).await;
        assert_ne!(browser.cookies["leadlatch"], session, "a sign-in has a new id");
        let mut old = Browser::of(&server);
        old.cookies.insert("leadlatch".into(), session);
        assert_eq!(old.get("/").await.to(), "/sign-in", "and the one before it is over");

        let token = browser.get("/").await.hidden("_token");
        let kept = browser.cookies["leadlatch"].clone();
        assert_eq!(browser.post("/sign-out", &[("_token", &token)]).await.to(), "/sign-in");
        assert!(browser.get("/sign-in").await.says("You are signed out."));
        assert!(!browser.get("/sign-in").await.says("You are signed out."), "a note is said once");
        browser.cookies.insert("leadlatch".into(), kept);
        assert_eq!(browser.get("/").await.to(), "/sign-in");

        let trail = database.run(&["audit", "list", "--account", "acme"]).to_string();
        assert!(trail.contains("sign_in.accepted") && trail.contains("session.ended"), "{trail}");
        assert_eq!(trail.matches("sign_in.failed").count(), 1, "one an address and hour: {trail}");
        let log = server.log.text();
        assert!(!log.contains(&browser.cookies["leadlatch"]) && !log.contains(PASSWORD), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_no_page_of_the_session_made_is_refused() {
    let database = sqlite();
    people(&database);
    let server = database.serve();
    let mut browser = Browser::of(&server);
    let fields = [("email", ANN), ("password", PASSWORD)];
    assert_eq!(browser.post("/sign-in", &fields).await.status, StatusCode::FORBIDDEN);
    browser.get("/sign-in").await;
    assert_eq!(browser.post("/sign-in", &fields).await.status, StatusCode::FORBIDDEN);
    let elsewhere = Browser::of(&server).get("/sign-in").await.hidden("_token");
    let stolen = [&[("_token", elsewhere.as_str())], &fields[..]].concat();
    assert_eq!(browser.post("/sign-in", &stolen).await.status, StatusCode::FORBIDDEN);
    let before = browser.get("/sign-in").await.hidden("_token");
    assert_eq!(browser.sign_in(ANN, PASSWORD).await.to(), "/");
    let old = browser.post("/sign-out", &[("_token", &before)]).await;
    assert_eq!(old.status, StatusCode::FORBIDDEN, "a token from before the sign-in");
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    // What a page of another host sends cannot hold the cookie either, but its body may be of any kind.
    let url = format!("{}/sign-out", server.base);
    let token = browser.get("/").await.hidden("_token");
    let plain = server.client.post(url).header("content-type", "text/plain").body(format!("_token={token}"));
    let session = format!("leadlatch={}", browser.cookies["leadlatch"]);
    let answer = plain.header("cookie", session).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_https_the_cookie_is_one_that_no_other_host_can_set() {
    let database = sqlite();
    people(&database);
    let server = database.serve_with(&[], &[("LEADLATCH_TRUSTED_PROXIES", "127.0.0.1/32")]);
    let mut browser = Browser::of(&server);
    browser.headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
    let signed_in = browser.sign_in(ANN, PASSWORD).await;
    let lines: Vec<_> = signed_in.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok()).collect();
    let line = lines.iter().find(|line| line.starts_with("__Host-leadlatch=")).expect("the cookie");
    assert!(line.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{line}");
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    // The same secret under the plain name opens nothing over https.
    let secret = browser.cookies.remove("__Host-leadlatch").expect("the cookie");
    browser.cookies.insert("leadlatch".into(), secret);
    assert_eq!(browser.get("/").await.to(), "/sign-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_opens_no_api_and_a_key_opens_no_page() {
    let database = sqlite();
    people(&database);
    let (_, key) = database.key("acme", None, &["read_leads"]);
    let server = database.serve();
    let mut browser = Browser::of(&server);
    browser.sign_in(ANN, PASSWORD).await;
    let api = browser.get("/api/v1/leads").await;
    assert!(api.status == StatusCode::UNAUTHORIZED && api.says("missing_credential"), "{api:?}");
    let mut with_key = Browser::of(&server);
    with_key.headers.insert("authorization", HeaderValue::from_str(&format!("Bearer {key}")).expect("a header"));
    assert_eq!(with_key.get("/").await.to(), "/sign-in");
    let in_url = browser.get(&format!("/?key={key}")).await;
    assert!(in_url.status == StatusCode::UNAUTHORIZED && in_url.says("key_in_url"), "{in_url:?}");
    let missing = browser.get("/no-such-page").await;
    assert!(missing.status == StatusCode::NOT_FOUND && missing.says("There is no such page"), "{missing:?}");
    let program = server.send("GET", "/no-such-page", None, None).await;
    assert_eq!(program.code(), "no_such_route");
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_wait_longer_each_time_and_lock_nobody_out() {
    let database = sqlite();
    people(&database);
    let server = database.serve_with(&[], &[("LEADLATCH_TRUSTED_PROXIES", "127.0.0.1/32")]);
    let mut guesser = Browser::of(&server);
    guesser.headers.insert("x-forwarded-for", HeaderValue::from_static("203.0.113.7"));
    let mut last = StatusCode::OK;
    for _ in 0..7 {
        last = guesser.sign_in(ANN, "a wrong password").await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let right = guesser.sign_in(ANN, PASSWORD).await;
    assert!(right.status == StatusCode::TOO_MANY_REQUESTS && right.says("Try again in"), "{right:?}");
    let mut person = Browser::of(&server);
    person.headers.insert("x-forwarded-for", HeaderValue::from_static("203.0.113.8"));
    assert_eq!(person.sign_in(ANN, PASSWORD).await.to(), "/", "from elsewhere the person signs in");
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_the_same_moment_count_one_another() {
    let database = sqlite();
    people(&database);
    let server = database.serve();
    let mut browser = Browser::of(&server);
    let token = browser.get("/sign-in").await.hidden("_token");
    let cookies = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    let mut guesses = tokio::task::JoinSet::new();
    for number in 0..60 {
        let request = server.client.post(format!("{}/sign-in", server.base)).header("cookie", &cookies);
        let body = format!("_token={token}&email=ann%40example.com&password=guess{number}");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        guesses.spawn(async move { request.send().await.expect("an answer").status() });
    }
    let statuses = guesses.join_all().await;
    let judged = statuses.iter().filter(|status| **status == StatusCode::UNAUTHORIZED).count();
    assert_eq!(judged, 5, "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_by_itself_and_with_its_person() {
    for database in both() {
        people(&database);
        let server = database.serve();
        let mut browser = Browser::of(&server);
        let end = |set: &str| database.sql(&format!("UPDATE sessions SET {set}"));
        for over in ["seen_at = seen_at - 43200000000", "created_at = created_at - 2592000000000"] {
            browser.sign_in(MIA, PASSWORD).await;
            assert_eq!(browser.get("/").await.status, StatusCode::OK);
            end(over);
            assert_eq!(browser.get("/").await.to(), "/sign-in", "{over}");
        }
        browser.sign_in(MIA, PASSWORD).await;
        database.run(&["user", "set", "--account", "acme", "--email", MIA, "--inactive"]);
        assert_eq!(browser.get("/").await.to(), "/sign-in", "deactivated");
        assert_eq!(browser.sign_in(MIA, PASSWORD).await.status, StatusCode::UNAUTHORIZED);
        database.run(&["user", "set", "--account", "acme", "--email", MIA, "--active"]);
        browser.sign_in(MIA, PASSWORD).await;
        database.run_with(&["user", "reset-password", "--account", "acme", "--email", MIA], "another password");
        assert_eq!(browser.get("/").await.to(), "/sign-in", "a new password ends the sessions");
        browser.sign_in(MIA, "another password").await;
        database.run(&["account", "suspend", "--account", "acme"]);
        assert_eq!(browser.get("/").await.to(), "/sign-in", "suspended");
    }
}
