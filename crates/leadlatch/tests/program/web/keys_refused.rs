//! Who reaches nothing of the Access Keys pages: members, other accounts, strangers, forms from elsewhere.

use std::time::Duration;

use crate::common::both;
use crate::common::browser::{Browser, PASSWORD};
use crate::common::keys_page::{KEYS, Made, Office};
use leadlatch_domain::authenticator::Seed;
use leadlatch_domain::time::Clock;
use reqwest::StatusCode;

const PAGES: [&str; 10] = [
    "",
    "/add",
    "/export.csv",
    "/export.json",
    "/delete?id=ID",
    "/ID",
    "/ID/delete",
    "/ID/rotate",
    "/ID/edit",
    "/ID/secret",
];
const FORMS: [&str; 8] =
    ["/add", "/preview", "/delete", "/ID/delete", "/ID/rotate", "/ID/edit", "/ID/enable", "/ID/test"];

#[tokio::test(flavor = "multi_thread")]
async fn members_and_strangers_reach_no_configuration() {
    for database in both() {
        let mut office = Office::open(database).await;
        let made = office.full_key("Warehouse").await;
        office.database.user("acme", "mia@example.com", "member");
        let mut member = Browser::of(&office.server);
        member.sign_in("mia@example.com", PASSWORD).await;
        let mut stranger = Browser::of(&office.server);
        let home = member.get("/").await;
        assert!(home.status == StatusCode::OK && !home.says(KEYS), "a member is led to no configuration");
        let token = home.hidden("_token");
        for path in PAGES {
            let path = format!("{KEYS}{}", path.replace("ID", &made.id));
            let page = member.get(&path).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
            assert!(!page.says("Warehouse"), "{path}");
            assert!(stranger.get(&path).await.to().starts_with("/sign-in"), "{path}");
        }
        for path in FORMS {
            let path = format!("{KEYS}{}", path.replace("ID", &made.id));
            let fields = [("_token", token.as_str()), ("id", &made.id), ("overlap", "now"), ("step", "create")];
            assert_eq!(member.post(&path, &fields).await.status, StatusCode::FORBIDDEN, "{path}");
            assert_ne!(stranger.post(&path, &fields).await.status, StatusCode::OK, "{path}");
        }
        assert_eq!(office.whoami(&made.secret).await, StatusCode::OK, "and the key still works");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_accounts_keys_are_none() {
    for database in both() {
        database.account("other");
        let (id, secret) = database.key("other", None, &["read_leads"]);
        let mut office = Office::open(database).await;
        let own = office.full_key("own").await;
        assert!(!office.get("?status=any").await.says(&format!("value=\"{id}\"")));
        for path in ["/ID", "/ID/delete", "/ID/rotate", "/ID/edit", "/ID/secret"] {
            assert_eq!(office.get(&path.replace("ID", &id)).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        let token = office.get("").await.hidden("_token");
        for path in FORMS.into_iter().filter(|path| path.contains("ID")) {
            let path = format!("{KEYS}{}", path.replace("ID", &id));
            let fields = [("_token", token.as_str()), ("overlap", "now"), ("name", "mine"), ("secret", &secret)];
            let answer = office.browser.post(&path, &fields).await;
            assert!(answer.status.is_client_error() && !answer.says(&secret), "{path}: {}", answer.status);
        }
        let both_ids = [("_token", token.as_str()), ("id", &id), ("id", &own.id)];
        assert_eq!(office.browser.post(&format!("{KEYS}/delete"), &both_ids).await.status, StatusCode::CONFLICT);
        assert_eq!(office.whoami(&secret).await, StatusCode::OK);
        assert_eq!(office.whoami(&own.secret).await, StatusCode::OK, "all of them or none");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_from_elsewhere_changes_nothing() {
    for database in both() {
        let mut office = Office::open(database).await;
        let made = office.full_key("Warehouse").await;
        for token in ["", "0123456789abcdef"] {
            for path in FORMS {
                let path = format!("{KEYS}{}", path.replace("ID", &made.id));
                let fields = [("_token", token), ("id", &made.id), ("overlap", "now"), ("step", "create")];
                assert_eq!(office.browser.post(&path, &fields).await.status, StatusCode::FORBIDDEN, "{path}");
            }
        }
        assert_eq!(office.whoami(&made.secret).await, StatusCode::OK);
        assert_eq!(office.database.number("SELECT COUNT(*) FROM access_keys"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_names_is_text() {
    for database in both() {
        let mut office = Office::open(database).await;
        let evil = "<script>alert(1)</script>\"'><img src=x>";
        let partner = office.database.partner("acme", "introducer", evil);
        let made = office.partner_key(&partner, evil).await;
        office.fill(&format!("/{}/edit", made.id), &[("name", evil), ("note", evil)]).await;
        let request = office.server.client.get(format!("{}/api/v1/whoami", office.server.base));
        request.bearer_auth(&made.secret).header("user-agent", evil).send().await.expect("an answer");
        assert!(!made.page.says("<script>alert") && !made.page.says("<img src=x"));
        let preview = format!("/add?kind=partner&partner={partner}&name=%3Cscript%3Ealert(1)");
        for path in PAGES
            .into_iter()
            .filter(|path| !path.contains("export"))
            .chain([preview.as_str(), "?q=%3Cscript%3Ealert(1)"])
        {
            let page = office.get(&path.replace("ID", &made.id)).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(!page.says("<script>alert") && !page.says("<img src=x"), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_key_takes_the_password_again_after_a_quarter_of_an_hour() {
    for database in both() {
        let mut office = Office::open(database).await;
        let old = office.full_key("old").await;
        let fields = [("kind", "full"), ("name", "new"), ("scope", "read_leads")];
        let stale = |office: &Office| office.database.sql("UPDATE sessions SET confirmed_at = 1");
        stale(&office);
        assert!(office.get("/add?kind=full").await.says("Asked again because a Full key reaches the whole account."));
        for password in ["", "another password"] {
            let refused = office.add(&[&fields[..], &[("password", password)]].concat()).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
            assert!(refused.says("id=\"password-error\""));
            assert!(password.is_empty() || !refused.says(password), "a password is not shown again");
            let rotated =
                office.fill(&format!("/{}/rotate", old.id), &[("overlap", "now"), ("password", password)]).await;
            assert_eq!(rotated.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        assert_eq!(office.whoami(&old.secret).await, StatusCode::OK);
        let north = office.database.partner("acme", "introducer", "North");
        office.partner_key(&north, "a Partner key asks for none").await;
        office.make(&[&fields[..], &[("password", PASSWORD)]].concat()).await;
        office.full_key("and now it was given a short while ago").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_an_authenticator_app_every_field_of_the_page_makes_a_key() {
    for database in both() {
        let mut office = Office::open(database).await;
        let letters = office.browser.get("/account/authenticator").await.hidden("seed");
        let seed = Seed::parse(&letters).expect("a seed");
        let code = |steps: u64| seed.code_at(Clock::system().now().plus(Duration::from_secs(30 * steps)));
        let fields = [("seed", letters.as_str()), ("code", &code(0))];
        assert_eq!(office.browser.fill("/account/authenticator", &fields).await.status, StatusCode::OK);
        office.database.sql("UPDATE sessions SET confirmed_at = 1");
        let mut page = office.get("/add?kind=full").await;
        page.text = page.text.split_once("id=\"key-form\"").expect("the form").1.to_owned();
        let code = code(1);
        let typed = [("name", "with an app"), ("password", PASSWORD), ("code", &code)];
        let mut fields = page.fields();
        for (name, value) in typed {
            let of_name = fields.iter_mut().filter(|(known, _)| known == name);
            assert_eq!(of_name.map(|(_, sent)| value.clone_into(sent)).count(), 1, "one field {name}");
        }
        fields.extend([("scope", "read_leads"), ("step", "create")].map(|(name, value)| (name.into(), value.into())));
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let made = Made::of(office.browser.post(&format!("{KEYS}/add"), &fields).await);
        assert_eq!(office.whoami(&made.secret).await, StatusCode::OK);
    }
}
