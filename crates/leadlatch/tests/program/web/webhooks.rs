//! The pages of webhooks, as a browser without script meets them: what they do is done, and told to a real receiver.

use crate::common::both;
use crate::common::browser::{Browser, PASSWORD};
use crate::common::hooks::{CREATED, LEADS, subscribe, until};
use crate::common::receiver::{ALLOWED, Receiver};
use reqwest::StatusCode;

const HOME: &str = "/settings/configuration/webhooks";
const FAILED: &str = "SELECT COUNT(*) FROM hook_attempts WHERE status = 500";

/// The signing secret that a page shows.
fn secret(text: &str) -> String {
    let (_, rest) = text.split_once("id=\"secret\" tabindex=\"0\">").expect("a secret");
    rest.split('<').next().unwrap_or_default().to_owned()
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

        let add = format!("{HOME}/add");
        // It is told of everything: whoever finds the browser open adds none.
        let sent = [("_token", &*ann.get(&add).await.hidden("_token")), ("once", &*ann.get(&add).await.hidden("once"))]
            .map(|(name, value)| (name, value.to_owned()));
        database.sql("UPDATE sessions SET confirmed_at = confirmed_at - 900000000");
        assert!(ann.get(&add).await.to().starts_with("/confirm?next="));
        let sent: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let url = receiver.url("/hook");
        let asked = [&sent[..], &[("event", "lead.created"), ("target_url", &url)]].concat();
        assert!(ann.post(&add, &asked).await.to().starts_with("/confirm?next="));
        assert_eq!(database.number("SELECT COUNT(*) FROM hook_subscriptions"), 0);
        database.sql("UPDATE sessions SET confirmed_at = confirmed_at + 900000000");
        let form = ann.get(&add).await;
        let (token, once) = (form.hidden("_token"), form.hidden("once"));
        let sent = [("_token", token.as_str()), ("once", &once), ("format", "json"), ("target_url", &url)];
        let bad = ann.post(&add, &sent).await;
        assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(bad.says("event-error") && bad.says("Tick at least one event."), "{}", bad.text);
        let sent = [&sent[..], &[("event", "lead.created")]].concat();
        let made = ann.post(&add, &sent).await;
        let first = secret(&made.text);
        assert!(ann.post(&add, &sent).await.to().starts_with(HOME), "a form that is sent twice makes one");
        assert_eq!(database.number("SELECT COUNT(*) FROM hook_subscriptions"), 1);
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
