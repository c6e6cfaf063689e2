//! The pages of webhooks, as a browser without script meets them: what they do is done, and told to a real receiver.

use std::time::Duration;

use crate::common::browser::{Browser, PASSWORD, Page};
use crate::common::hooks::{CREATED, LEADS, subscribe, until};
use crate::common::receiver::{ALLOWED, Receiver};
use crate::common::{both, sqlite};
use leadlatch_domain::authenticator::Seed;
use leadlatch_domain::time::Clock;
use reqwest::StatusCode;

const HOME: &str = "/settings/configuration/webhooks";
const ADD: &str = "/settings/configuration/webhooks/add";
const MADE: &str = "SELECT COUNT(*) FROM hook_subscriptions";
const FAILED: &str = "SELECT COUNT(*) FROM hook_attempts WHERE status = 500";

/// The signing secret that a page shows.
fn secret(text: &str) -> String {
    let (_, rest) = text.split_once("id=\"secret\" tabindex=\"0\">").expect("a secret");
    rest.split('<').next().unwrap_or_default().to_owned()
}

/// What a browser sends of the form of a new one when nothing is touched.
fn fields(page: &Page) -> Vec<(String, String)> {
    let (_, form) = page.text.split_once("<form class=\"form\"").expect("the form");
    Page { text: form.to_owned(), ..page.clone() }.fields()
}

/// Sends the form of a new one back as the page has it, with these typed into their fields.
async fn send_back(browser: &mut Browser, page: &Page, typed: &[(&str, &str)]) -> Page {
    let mut fields = fields(page);
    for &(name, value) in typed {
        let of_name = fields.iter_mut().filter(|(known, _)| known == name);
        assert_eq!(of_name.map(|(_, sent)| value.clone_into(sent)).count(), 1, "one field {name}");
    }
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(ADD, &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_added_sent_again_given_a_secret_and_deleted() {
    for database in both() {
        database.account("acme");
        database.user("acme", "ann@acme.example", "admin");
        let server = database.serve_with(&[], &[ALLOWED]);
        let (_, key) = database.key("acme", None, &["create_leads"]);
        let receiver = Receiver::start().await;
        let mut ann = Browser::of(&server);
        ann.sign_in("ann@acme.example", PASSWORD).await;

        let url = receiver.url("/hook");
        let form = ann.get(ADD).await;
        let (token, once) = (form.hidden("_token"), form.hidden("once"));
        let sent = [("_token", token.as_str()), ("once", &once), ("format", "json"), ("target_url", &url)];
        let bad = ann.post(ADD, &sent).await;
        assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(bad.says("event-error") && bad.says("Tick at least one event."), "{}", bad.text);
        let sent = [&sent[..], &[("event", "lead.created")]].concat();
        let made = ann.post(ADD, &sent).await;
        let first = secret(&made.text);
        assert!(ann.post(ADD, &sent).await.to().starts_with(HOME), "a form that is sent twice makes one");
        assert_eq!(database.number(MADE), 1);
        let hook = format!("{HOME}/{}", database.number("SELECT id FROM hook_subscriptions"));
        assert!(!ann.get(&hook).await.says("whsec_"), "it was shown once");

        receiver.answer(500);
        server.lead(&key, "told").await;
        until(&database, FAILED, 1).await;
        receiver.answer(200);
        let delivery = ann.get(&hook).await.link(&format!("{hook}/deliveries/"));
        let again = ann.fill(&delivery, &[]).await;
        assert_eq!((again.status, again.to()), (StatusCode::SEE_OTHER, delivery.as_str()));
        until(&database, "SELECT COUNT(*) FROM hook_deliveries WHERE outcome = 'delivered'", 1).await;
        let got = receiver.got();
        assert!(got[1].signed_by(&first) && got[0].id() == got[1].id(), "the same event, signed");

        let token = ann.get(&hook).await.hidden("_token");
        let changed = ann.post(&format!("{hook}/secret"), &[("_token", &token)]).await;
        let second = secret(&changed.text);
        assert_ne!(first, second);
        server.lead(&key, "anew").await;
        let got = receiver.wait_for(3).await;
        assert!(got[2].signed_by(&second) && got[2].signed_by(&first), "the former one signs beside it for a day");

        let deleted = ann.fill(&format!("{hook}/delete"), &[]).await;
        assert_eq!((deleted.status, deleted.to()), (StatusCode::SEE_OTHER, HOME), "{}", deleted.text);
        assert_eq!(database.number("SELECT COUNT(*) FROM hook_subscriptions WHERE ended_at IS NULL"), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_too_late_takes_the_password_and_keeps_what_was_typed() {
    for database in both() {
        database.account("acme");
        database.user("acme", "ann@acme.example", "admin");
        let server = database.serve_with(&[], &[ALLOWED]);
        let receiver = Receiver::start().await;
        let mut ann = Browser::of(&server);
        ann.sign_in("ann@acme.example", PASSWORD).await;
        let opened = ann.get(ADD).await;
        assert!(!opened.says("name=\"password\""), "it was given a short while ago");

        // It is told of everything: whoever finds the browser open adds none.
        database.sql("UPDATE sessions SET confirmed_at = 1");
        let (token, once, url) = (opened.hidden("_token"), opened.hidden("once"), receiver.url("/hook?key=s3cret"));
        let sent = [
            ("_token", token.as_str()),
            ("once", &once),
            ("target_url", &url),
            ("event", "lead.updated"),
            ("event", "lead.deleted"),
            ("format", "form"),
        ];
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let kept: Vec<_> = sent.iter().chain(&[("password", "")]).map(owned).collect();
        let asked = ann.post(ADD, &sent).await;
        assert!(asked.says("Type your password: the webhook is told of every lead."), "{}", asked.text);
        let wrong = send_back(&mut ann, &asked, &[("password", "another password")]).await;
        assert!(wrong.says("This is not your password.") && !wrong.says("another password"), "{}", wrong.text);
        for page in [&asked, &wrong] {
            assert_eq!((page.status, fields(page)), (StatusCode::UNPROCESSABLE_ENTITY, kept.clone()));
        }
        let late = ann.get(ADD).await;
        assert!(late.status == StatusCode::OK && late.says("name=\"password\""), "it is asked for from the start");
        assert_eq!(database.number(MADE), 0);

        let made = send_back(&mut ann, &wrong, &[("password", PASSWORD)]).await;
        assert!(secret(&made.text).starts_with("whsec_"));
        for twice in [ann.post(ADD, &sent).await, send_back(&mut ann, &wrong, &[("password", PASSWORD)]).await] {
            assert!(twice.to().starts_with(HOME), "the form makes one however often it came back: {twice:?}");
        }
        let stored = database.texts("SELECT target_url || ' ' || format FROM hook_subscriptions");
        assert_eq!(stored, [format!("{} form", receiver.url("/hook"))]);
        assert!(!ann.get(ADD).await.says("name=\"password\""), "it was given with the form");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_an_authenticator_app_the_form_takes_its_code_too() {
    let database = sqlite();
    database.account("acme");
    database.user("acme", "ann@acme.example", "admin");
    let server = database.serve_with(&[], &[ALLOWED]);
    let receiver = Receiver::start().await;
    let mut ann = Browser::of(&server);
    ann.sign_in("ann@acme.example", PASSWORD).await;
    let letters = ann.get("/account/authenticator").await.hidden("seed");
    let seed = Seed::parse(&letters).expect("a seed");
    let code = |steps: u64| seed.code_at(Clock::system().now().plus(Duration::from_secs(30 * steps)));
    let given = [("seed", letters.as_str()), ("code", &code(0))];
    assert_eq!(ann.fill("/account/authenticator", &given).await.status, StatusCode::OK);

    database.sql("UPDATE sessions SET confirmed_at = 1");
    let form = ann.get(ADD).await;
    let without = send_back(&mut ann, &form, &[("target_url", &receiver.url("/hook")), ("password", PASSWORD)]).await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(without.says("The code is wrong") && database.number(MADE) == 0, "{}", without.text);
    let made = send_back(&mut ann, &without, &[("password", PASSWORD), ("code", &code(1))]).await;
    assert!(secret(&made.text).starts_with("whsec_") && database.number(MADE) == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_and_forms_of_other_pages_change_no_webhook() {
    for database in both() {
        database.account("acme");
        database.user("acme", "max@acme.example", "member");
        database.user("acme", "ann@acme.example", "admin");
        let server = database.serve_with(&[], &[ALLOWED]);
        let receiver = Receiver::start().await;
        let (_, key) = database.key("acme", None, &LEADS);
        let id = subscribe(&server, &key, receiver.hook(&CREATED)).await;
        let mut max = Browser::of(&server);
        max.sign_in("max@acme.example", PASSWORD).await;
        let token = max.get("/account").await.hidden("_token");
        for path in [HOME.to_owned(), format!("{HOME}/{id}")] {
            assert_eq!(max.get(&path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        let mut ann = Browser::of(&server);
        ann.sign_in("ann@acme.example", PASSWORD).await;
        for act in ["delete", "secret", "enable"] {
            let path = format!("{HOME}/{id}/{act}");
            assert_eq!(max.post(&path, &[("_token", &token)]).await.status, StatusCode::FORBIDDEN, "{act}");
            assert!(ann.post(&path, &[("_token", &token)]).await.status.is_client_error(), "{act}");
        }
        assert_eq!(database.number("SELECT COUNT(*) FROM hook_subscriptions WHERE ended_at IS NULL"), 1);
    }
}
