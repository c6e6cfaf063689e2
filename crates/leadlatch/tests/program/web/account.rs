//! What a person does with the own account: authenticator app, recovery codes, password, sessions.

use std::time::Duration;

use crate::common::browser::{Browser, PASSWORD, Page};
use crate::common::{Database, Server, both, sqlite};
use leadlatch_domain::authenticator::Seed;
use leadlatch_domain::time::Clock;
use reqwest::StatusCode;

const ANN: &str = "ann@example.com";

async fn ann(database: &Database) -> (Server, Browser) {
    let acme = database.account("acme");
    database.user(acme, ANN, "admin");
    let server = database.serve();
    let mut browser = Browser::of(&server);
    assert_eq!(browser.sign_in(ANN, PASSWORD).await.to(), "/");
    (server, browser)
}

/// The code of a number of steps from now.
fn code(seed: &Seed, steps: u64) -> String {
    seed.code_at(Clock::system().now().plus(Duration::from_secs(30 * steps)))
}

async fn give(browser: &mut Browser, code: &str) -> Page {
    browser.fill("/sign-in/code", &[("code", code)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_asked_for_and_counts_once() {
    for database in both() {
        let (server, mut browser) = ann(&database).await;
        let page = browser.get("/account/authenticator").await;
        let (token, letters) = (page.hidden("_token"), page.hidden("seed"));
        let seed = Seed::parse(&letters).expect("a seed");
        let form = |code: &str| [("_token", token.clone()), ("seed", letters.clone()), ("code", code.to_owned())];
        let mut post = async |code: &str| {
            let fields = form(code);
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            browser.post("/account/authenticator", &fields).await
        };
        assert_eq!(post("000").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(database.number("SELECT COUNT(*) FROM users WHERE authenticator IS NOT NULL"), 0);
        let used = code(&seed, 0);
        let set = post(&used).await;
        assert!(set.status == StatusCode::OK && set.says("nobody can show them again"), "{set:?}");
        let codes: Vec<_> = set.text.split("<li><code>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
        assert_eq!(codes.len(), 10);

        let mut elsewhere = Browser::of(&server);
        assert_eq!(elsewhere.sign_in(ANN, PASSWORD).await.to(), "/sign-in/code");
        assert_eq!(elsewhere.get("/").await.to(), "/sign-in", "the password alone opens nothing");
        assert_eq!(give(&mut elsewhere, &used).await.status, StatusCode::UNAUTHORIZED, "each code counts once");
        let next = code(&seed, 1);
        assert_eq!(give(&mut elsewhere, &next).await.to(), "/");
        assert_eq!(elsewhere.get("/").await.status, StatusCode::OK);
        let mut again = Browser::of(&server);
        again.sign_in(ANN, PASSWORD).await;
        assert_eq!(give(&mut again, &next).await.status, StatusCode::UNAUTHORIZED, "also elsewhere");
        assert_eq!(give(&mut again, &codes[3].to_lowercase()).await.to(), "/");
        let mut third = Browser::of(&server);
        third.sign_in(ANN, PASSWORD).await;
        assert_eq!(give(&mut third, codes[3]).await.status, StatusCode::UNAUTHORIZED, "a recovery code counts once");
        assert!(again.get("/account").await.says("9 recovery codes are left"));
        let trail = database.run(&["audit", "list", "--account", "acme"]).to_string();
        assert!(trail.contains("user.authenticator_set") && trail.contains("user.recovery_code_used"), "{trail}");
        assert!(!trail.contains(&letters) && !server.log.text().contains(&letters));

        database.run(&["user", "remove-authenticator", "--account", "acme", "--email", ANN]);
        assert_eq!(Browser::of(&server).sign_in(ANN, PASSWORD).await.to(), "/");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_sealing_key_nothing_is_begun() {
    let database = crate::common::postgresql();
    database.account("acme");
    database.user("acme", ANN, "admin");
    let server = database.serve_with(&[], &[("LEADLATCH_SEALING_KEY_FILE", "")]);
    let mut browser = Browser::of(&server);
    browser.sign_in(ANN, PASSWORD).await;
    let refused = browser.get("/account/authenticator").await;
    assert!(refused.status == StatusCode::SERVICE_UNAVAILABLE && refused.says("sealing_key_file"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_is_asked_again_and_a_new_one_ends_the_other_sessions() {
    for database in both() {
        let (server, mut browser) = ann(&database).await;
        let mut other = Browser::of(&server);
        other.sign_in(ANN, PASSWORD).await;
        database.sql("UPDATE sessions SET confirmed_at = confirmed_at - 900000000");
        for path in ["/account/password", "/account/email", "/account/authenticator"] {
            assert!(browser.get(path).await.to().starts_with("/confirm?next="), "{path}");
        }
        let token = browser.get("/account").await.hidden("_token");
        let new = [("_token", token.as_str()), ("password", "a new password"), ("again", "a new password")];
        assert!(browser.post("/account/password", &new).await.to().starts_with("/confirm"), "not by the form either");
        let to = browser.get("/account/password").await.to().to_owned();
        let wrong = browser.fill(&to, &[("password", "not the password"), ("next", "/account/password")]).await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
        let right = browser.fill(&to, &[("password", PASSWORD), ("next", "/account/password")]).await;
        assert_eq!(right.to(), "/account/password");
        let elsewhere = browser.fill("/confirm", &[("password", PASSWORD), ("next", "//evil.example")]).await;
        assert_eq!(elsewhere.to(), "/", "the way back leads to no other host");

        assert_eq!(browser.post("/account/password", &new).await.to(), "/account");
        assert_eq!(browser.get("/").await.status, StatusCode::OK);
        assert_eq!(other.get("/").await.to(), "/sign-in");
        assert_eq!(Browser::of(&server).sign_in(ANN, PASSWORD).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(Browser::of(&server).sign_in(ANN, "a new password").await.to(), "/");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_signed_out_from_another_and_nobody_elses_is() {
    let database = sqlite();
    let (server, mut browser) = ann(&database).await;
    database.user("acme", "ben@example.com", "member");
    let (mut other, mut ben) = (Browser::of(&server), Browser::of(&server));
    other.sign_in(ANN, PASSWORD).await;
    ben.sign_in("ben@example.com", PASSWORD).await;
    let token = browser.get("/account").await.hidden("_token");
    let session = |email: &str| {
        let sql = "SELECT MAX(s.id) FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email =";
        database.number(&format!("{sql} '{email}'"))
    };
    for id in [session(ANN), session("ben@example.com")] {
        let path = format!("/account/sessions/{id}/end");
        assert_eq!(browser.post(&path, &[("_token", &token)]).await.to(), "/account");
    }
    assert_eq!(other.get("/").await.to(), "/sign-in");
    assert_eq!(ben.get("/").await.status, StatusCode::OK);
}
