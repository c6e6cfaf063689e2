//! Users in Settings: invitations, roles, the last admin, and what a member never reaches.

use crate::common::browser::{Browser, PASSWORD};
use crate::common::{Database, Server, both, sqlite};
use reqwest::StatusCode;

const ANN: &str = "ann@example.com";

async fn ann(database: &Database) -> (Server, Browser) {
    database.account("acme");
    database.user("acme", ANN, "admin");
    let server = database.serve();
    let mut browser = Browser::of(&server);
    browser.sign_in(ANN, PASSWORD).await;
    (server, browser)
}

/// Sends the form of an invitation; the fields that it had.
async fn invite(
    browser: &mut Browser,
    name: &str,
    email: &str,
    role: &str,
) -> (crate::common::browser::Page, [String; 2]) {
    let page = browser.get("/settings/users/new").await;
    let hidden = [page.hidden("_token"), page.hidden("once")];
    let [token, once] = &hidden;
    let form = [("_token", token.as_str()), ("once", once), ("name", name), ("email", email), ("role", role)];
    (browser.post("/settings/users/new", &form).await, hidden)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_makes_a_member_who_reaches_no_settings() {
    for database in both() {
        let (server, mut browser) = ann(&database).await;
        let name = "Mia <script>alert(1)</script>";
        let (made, [token, once]) = invite(&mut browser, name, "mia@example.com", "member").await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.text);
        let (_, rest) = made.text.split_once("/link/").expect("a link");
        let link = format!("/link/{}", rest.split('<').next().unwrap_or_default());
        let form = [
            ("_token", token.as_str()),
            ("once", &once),
            ("name", name),
            ("email", "mia@example.com"),
            ("role", "member"),
        ];
        assert_eq!(browser.post("/settings/users/new", &form).await.to(), "/settings/users");
        let list = browser.get("/settings/users").await;
        assert!(list.says("the user is there already") && list.says("Invited"), "{}", list.text);
        assert!(!list.says("<script>alert") && list.says("Mia &#60;script&#62;"), "{}", list.text);
        assert_eq!(database.number("SELECT COUNT(*) FROM users"), 2);

        let mut mia = Browser::of(&server);
        assert_eq!(mia.sign_in("mia@example.com", "").await.status, StatusCode::UNAUTHORIZED, "no password yet");
        let unlike = mia.fill(&link, &[("password", PASSWORD), ("again", "another password")]).await;
        assert_eq!(unlike.status, StatusCode::UNPROCESSABLE_ENTITY);
        let mut second = Browser::of(&server);
        let open = second.get(&link).await.hidden("_token");
        assert_eq!(mia.fill(&link, &[("password", PASSWORD), ("again", PASSWORD)]).await.to(), "/");
        let late = [("_token", open.as_str()), ("password", "stolen password"), ("again", "stolen password")];
        assert_eq!(second.post(&link, &late).await.status, StatusCode::NOT_FOUND, "used once");
        assert!(!server.log.text().contains(&link["/link/".len()..]));

        let home = mia.get("/").await;
        assert!(home.status == StatusCode::OK && !home.says("/settings"), "{}", home.text);
        let id = database.number("SELECT id FROM users WHERE role = 'member'");
        for path in ["/settings", "/settings/users", "/settings/users/new", &format!("/settings/users/{id}")] {
            let refused = mia.get(path).await;
            assert!(refused.status == StatusCode::FORBIDDEN && refused.says("Only an admin"), "{path} {refused:?}");
        }
        let token = home.hidden("_token");
        let rise = [("_token", token.as_str()), ("name", "Mia"), ("role", "admin"), ("active", "yes")];
        assert_eq!(mia.post(&format!("/settings/users/{id}"), &rise).await.status, StatusCode::FORBIDDEN);
        assert_eq!(database.number("SELECT COUNT(*) FROM users WHERE role = 'admin'"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_admin_stays_and_a_new_one_needs_the_password() {
    for database in both() {
        let (_server, mut browser) = ann(&database).await;
        let id = database.number("SELECT id FROM users");
        let path = format!("/settings/users/{id}");
        let demote = browser.fill(&path, &[("name", "Ann"), ("role", "member"), ("active", "yes")]).await;
        assert!(demote.status == StatusCode::CONFLICT && demote.says("last admin"), "{demote:?}");
        let end = browser.fill(&path, &[("name", "Ann"), ("role", "admin")]).await;
        assert_eq!(end.status, StatusCode::CONFLICT);
        let one = ["--account", "acme", "--email", ANN];
        for line in [&["user", "set", "--inactive"][..], &["user", "set", "--role", "member"], &["user", "delete"]] {
            let said = database.try_run(&[line, &one].concat()).expect_err("the last admin");
            assert!(said.contains("last admin"), "{said}");
        }
        // One who was only invited cannot sign in, and so does not count.
        let (invited, _) = invite(&mut browser, "Ben", "ben@example.com", "admin").await;
        assert_eq!(invited.status, StatusCode::OK);
        assert!(database.try_run(&[&["user", "delete"][..], &one].concat()).is_err());

        database.sql("UPDATE sessions SET confirmed_at = confirmed_at - 900000000");
        let (stale, _) = invite(&mut browser, "Cleo", "cleo@example.com", "admin").await;
        assert!(stale.to().starts_with("/confirm?next="), "{stale:?}");
        let (member, _) = invite(&mut browser, "Cleo", "cleo@example.com", "member").await;
        assert_eq!(member.status, StatusCode::OK, "{}", member.text);
        let cleo = database.number("SELECT id FROM users WHERE email = 'cleo@example.com'");
        let rise = [("name", "Cleo"), ("role", "admin"), ("active", "yes")];
        assert!(browser.fill(&format!("/settings/users/{cleo}"), &rise).await.to().starts_with("/confirm"));
        database.user("acme", "dev@example.com", "admin");
        database.run(&[&["user", "delete"][..], &one].concat());
        assert_eq!(browser.get("/").await.to(), "/sign-in", "a deleted user's session is over");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_for_a_new_password_ends_what_was_before() {
    let database = sqlite();
    let (server, mut browser) = ann(&database).await;
    let id = database.user("acme", "mia@example.com", "member");
    let mut mia = Browser::of(&server);
    mia.sign_in("mia@example.com", PASSWORD).await;
    let token = browser.get("/settings/users").await.hidden("_token");
    let mut link = async || {
        let shown = browser.post(&format!("/settings/users/{id}/link"), &[("_token", &token)]).await;
        let (_, rest) = shown.text.split_once("/link/").unwrap_or_else(|| panic!("no link in {shown:?}"));
        format!("/link/{}", rest.split('<').next().unwrap_or_default())
    };
    let (first, second) = (link().await, link().await);
    let mut anybody = Browser::of(&server);
    assert_eq!(anybody.get(&first).await.status, StatusCode::NOT_FOUND, "one link ends another");
    assert_eq!(anybody.get(&second).await.status, StatusCode::OK);
    database.run(&["user", "set", "--account", "acme", "--email", "mia@example.com", "--inactive"]);
    assert_eq!(anybody.get(&second).await.status, StatusCode::NOT_FOUND, "deactivated");
    assert_eq!(mia.get("/").await.to(), "/sign-in");
    database.run(&["user", "set", "--account", "acme", "--email", "mia@example.com", "--active"]);
    assert_eq!(mia.get("/").await.to(), "/sign-in", "what ended does not come back");
    let third = link().await;
    database.sql("UPDATE links SET expires_at = expires_at - 86400000000");
    assert_eq!(anybody.get(&third).await.status, StatusCode::NOT_FOUND, "too old");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_becomes_an_admin_again_takes_the_password_and_what_was_typed_stays() {
    for database in both() {
        let (_server, mut browser) = ann(&database).await;
        let mia = database.user("acme", "mia@example.com", "admin");
        let path = format!("/settings/users/{mia}");
        database.run(&["user", "set", "--account", "acme", "--email", "mia@example.com", "--inactive"]);
        database.sql("UPDATE sessions SET confirmed_at = 1");
        let rise = [("name", "Mia Renamed"), ("role", "admin"), ("active", "yes")];
        let asked = browser.fill(&path, &rise).await;
        assert!(asked.to().starts_with("/confirm?next="), "{asked:?}");
        assert_eq!(database.number("SELECT COUNT(*) FROM users WHERE active"), 1, "nothing is changed yet");
        let back =
            browser.fill(asked.to(), &[("password", PASSWORD), ("next", &next_of(asked.to()))]).await.to().to_owned();
        let page = browser.get(&back).await;
        for words in
            ["value=\"Mia Renamed\"", "value=\"admin\" checked", "value=\"yes\" checked", "press Save user again"]
        {
            assert!(page.says(words), "{words}: {}", page.text);
        }
        assert_eq!(browser.fill(&path, &rise).await.to(), "/settings/users");
        database.sql("UPDATE sessions SET confirmed_at = 1");
        assert_eq!(browser.fill(&path, &rise).await.to(), "/settings/users", "an admin stays one without it");
        let link = browser.get(&format!("{path}/link")).await;
        assert_eq!(link.to(), path, "back from the password to the page");
        assert!(browser.get(&path).await.says("Now press the button again."));
    }
}

fn next_of(address: &str) -> String {
    let (_, next) = address.split_once("next=").expect("a next");
    let (first, rest) = next.split_once('%').unwrap_or((next, ""));
    let mut text = first.to_owned();
    for part in rest.split('%').filter(|part| !part.is_empty()) {
        text.push(u8::from_str_radix(&part[..2], 16).expect("a byte") as char);
        text.push_str(&part[2..]);
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_leads_is_deleted_and_one_with_leads_is_not() {
    for database in both() {
        let (_server, mut browser) = ann(&database).await;
        let (mia, ben) =
            (database.user("acme", "mia@example.com", "member"), database.user("acme", "ben@example.com", "member"));
        let (_, key) = database.key("acme", None, &["create_leads", "update_delete_leads"]);
        let server = database.serve();
        server
            .create(&key, serde_json::json!({"email": "lead@example.com", "user_id": mia.parse::<i64>().unwrap()}))
            .await;
        let page = browser.get(&format!("/settings/users/{mia}/delete")).await;
        assert!(page.says("1 lead belong") && !page.says("Delete user<"), "{}", page.text);
        let token = page.hidden("_token");
        let refused = browser.post(&format!("/settings/users/{mia}/delete"), &[("_token", &token)]).await;
        assert!(refused.status == StatusCode::CONFLICT && refused.says("is in use: 1 lead"), "{}", refused.text);
        let gone = browser.fill(&format!("/settings/users/{ben}/delete"), &[]).await;
        assert_eq!(gone.to(), "/settings/users");
        assert!(browser.get("/settings/users").await.says("is deleted."));
        let me = database.number(&format!("SELECT id FROM users WHERE email = '{ANN}'"));
        let own = browser.post(&format!("/settings/users/{me}/delete"), &[("_token", &token)]).await;
        assert!(own.status == StatusCode::CONFLICT && own.says("This is you."), "{}", own.text);
        assert_eq!(database.number("SELECT COUNT(*) FROM users"), 2);
    }
}
