//! The pages of partner records, as a browser without script meets them.

use crate::common::browser::{Browser, PASSWORD, Page};
use crate::common::{Database, Server, both};
use reqwest::StatusCode;
use serde_json::json;

const ACME: &str = "acme";
const LEADS: [&str; 3] = ["create_leads", "read_leads", "update_delete_leads"];

/// An account with an admin who is signed in.
async fn signed_in(database: &Database) -> (Server, Browser) {
    database.account(ACME);
    database.user(ACME, "ann@acme.example", "admin");
    let server = database.serve();
    let mut ann = Browser::of(&server);
    let page = ann.sign_in("ann@acme.example", PASSWORD).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    (server, ann)
}

fn assert_shown(page: &Page, status: u16, texts: &[&str]) {
    assert_eq!(page.status.as_u16(), status, "{}", page.text);
    for text in texts {
        assert!(page.says(text), "no {text} in {}", page.text);
    }
}

/// Opens a page with a form that makes something and sends it filled in.
async fn add(browser: &mut Browser, fields: &[(&str, &str)]) -> (Page, Vec<(String, String)>) {
    let form = browser.get("/partners/new").await;
    let mut sent = vec![("_token".to_owned(), form.hidden("_token")), ("once".to_owned(), form.hidden("once"))];
    sent.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    (post(browser, "/partners/new", &sent).await, sent)
}

async fn post(browser: &mut Browser, path: &str, fields: &[(String, String)]) -> Page {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(path, &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_added_once_changed_and_linked() {
    for database in both() {
        let (_server, mut ann) = signed_in(&database).await;
        assert_shown(
            &ann.get("/partners").await,
            200,
            &["Its access keys see its own leads and nothing else", "/partners/new?kind=partner"],
        );

        let (page, _) = add(&mut ann, &[("kind", "both"), ("email", "x"), ("phone", "1")]).await;
        assert_shown(&page, 422, &["company-error", "email-error", "phone-error"]);
        assert_eq!(database.number("SELECT COUNT(*) FROM partner_records"), 0);

        let (page, sent) =
            add(&mut ann, &[("kind", "introducer"), ("company", "North Homes"), ("email", "a@north.example")]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
        let at = page.to().to_owned();
        let again = post(&mut ann, "/partners/new", &sent).await;
        assert_eq!(again.to(), at, "a form that is sent twice makes one record");
        assert_eq!(database.number("SELECT COUNT(*) FROM partner_records"), 1);
        assert_shown(
            &ann.get(&at).await,
            200,
            &["North Homes", "Introducer", "a@north.example", "No key is bound", "it was made once"],
        );

        let page = ann
            .fill(&format!("{at}/edit"), &[("kind", "both"), ("company", "North"), ("phone", "020 7946 0000")])
            .await;
        assert_eq!(page.to(), at);
        assert_shown(
            &ann.get(&at).await,
            200,
            &["<h1>North</h1>", "Introducer and partner", "020 7946 0000", "North saved"],
        );
        assert!(!ann.get(&at).await.says("a@north.example"), "an empty box takes the value away");

        let group = database.run(&["lead-group", "list", "--account", ACME])[0]["id"].to_string();
        let line = ["lead-type", "create", "--account", ACME, "--lead-group", "General", "--name", "Mortgage"];
        let lead_type = database.id(&line);
        ann.fill(&at, &[("group", &group), ("type", &lead_type)]).await;
        let partners = database.run(&["partner", "list", "--account", ACME]);
        assert_eq!(partners[0]["lead_group_ids"], json!([group.parse::<i64>().expect("an id")]));
        assert_eq!(partners[0]["lead_type_ids"], json!([lead_type.parse::<i64>().expect("an id")]));
        ann.fill(&at, &[]).await;
        assert_eq!(database.run(&["partner", "list", "--account", ACME])[0]["lead_group_ids"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_searched_filtered_sorted_and_paged() {
    for database in both() {
        let (server, mut ann) = signed_in(&database).await;
        let north = database.partner(ACME, "introducer", "North Homes");
        let south = database.partner(ACME, "partner", "South Lending");
        database.run(&["partner", "deactivate", "--account", ACME, &south]);
        let (_, key) = database.key(ACME, Some(&north), &LEADS);
        server.lead(&key, "ann").await;
        let page = ann.get("/partners").await;
        assert_shown(&page, 200, &["North Homes", "South Lending", "1 supplied", "0 referred to it", "1 to 2 of 2"]);
        assert_shown(&page, 200, &["2 companies, 1 active"]);
        for (query, found) in [
            ("q=south", "South Lending"),
            ("q=NORTH%20homes", "North Homes"),
            ("kind=partner", "South Lending"),
            ("active=yes", "North Homes"),
            ("active=no", "South Lending"),
        ] {
            let page = ann.get(&format!("/partners?{query}")).await;
            let other = if found == "North Homes" { "South Lending" } else { "North Homes" };
            assert!(page.says(found) && !page.says(other), "{query}: {}", page.text);
        }
        assert_shown(&ann.get("/partners?q=nobody").await, 200, &["No partner is like this"]);
        let at = |page: &Page, text: &str| page.text.find(text).expect("a row");
        let sorted = ann.get("/partners?sort=-company").await;
        assert!(at(&sorted, "South Lending") < at(&sorted, "North Homes"));
        let sorted = ann.get("/partners?sort=-keys").await;
        assert!(at(&sorted, "North Homes") < at(&sorted, "South Lending"));
        for number in 0..60 {
            database.sql(&format!(
                "INSERT INTO partner_records (account_id, kind, company, created_at) \
                 SELECT id, 'both', 'Company {number:02}', 1 FROM accounts WHERE slug = 'acme'"
            ));
        }
        assert_shown(&ann.get("/partners").await, 200, &["1 to 50 of 62", "/partners?page=2"]);
        assert_shown(&ann.get("/partners?page=2").await, 200, &["51 to 62 of 62", "South Lending"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deactivating_refuses_its_keys_and_deleting_takes_them_along() {
    for database in both() {
        let (server, mut ann) = signed_in(&database).await;
        let north = database.partner(ACME, "introducer", "North Homes");
        let (_, key) = database.key(ACME, Some(&north), &LEADS);
        let (id, unused) = database.key(ACME, Some(&north), &["read_leads"]);
        server.lead(&key, "iris").await;
        let at = format!("/partners/{north}");
        assert_shown(&ann.get(&at).await, 200, &["iris", "Leads that it supplied", &format!("access-keys/{id}")]);

        let asked = ann.get(&format!("{at}/deactivate")).await;
        assert_shown(&asked, 200, &["refused with 403 from the next request", "Never used"]);
        assert_eq!(server.get("/api/v1/whoami", &key).await.status, StatusCode::OK, "asking changes nothing");
        ann.fill(&format!("{at}/deactivate"), &[]).await;
        assert_eq!(server.get("/api/v1/whoami", &key).await.code(), "partner_inactive");
        assert_shown(&ann.get(&at).await, 200, &["Inactive", "Its keys are refused."]);
        ann.fill(&format!("{at}/activate"), &[]).await;
        assert_eq!(server.get("/api/v1/whoami", &key).await.status, StatusCode::OK);

        assert_shown(
            &ann.get(&format!("{at}/delete")).await,
            200,
            &["Delete partner and 2 keys", "deleted for ever", "1 supplied"],
        );
        let page = ann.fill(&format!("{at}/delete"), &[]).await;
        assert_eq!(page.to(), "/partners");
        assert_shown(&ann.get("/partners").await, 200, &["North Homes deleted with 2 keys"]);
        for secret in [&key, &unused] {
            assert_eq!(server.get("/api/v1/whoami", secret).await.code(), "deleted_key");
        }
        assert_eq!(ann.get(&at).await.status, StatusCode::NOT_FOUND);
        let trail = ann.get("/audit-trail?action=key.deleted").await;
        assert_shown(&trail, 200, &["Key deleted", "its partner record was deleted", "ann@acme.example"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_other_accounts_and_strangers_do_not_get_in() {
    for database in both() {
        let (server, mut ann) = signed_in(&database).await;
        let north = database.partner(ACME, "introducer", "North Homes");
        database.account("other");
        database.user("other", "eve@other.example", "admin");
        database.user(ACME, "ben@acme.example", "member");
        let at = format!("/partners/{north}");
        let (mut eve, mut ben, mut nobody) = (Browser::of(&server), Browser::of(&server), Browser::of(&server));
        eve.sign_in("eve@other.example", PASSWORD).await;
        ben.sign_in("ben@acme.example", PASSWORD).await;
        for path in ["", "/edit", "/deactivate", "/delete"].map(|path| format!("{at}{path}")) {
            let seen = eve.get(&path).await;
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "{path}");
            assert!(!seen.says("North Homes"), "{path}");
            assert_eq!(ben.get(&path).await.status, StatusCode::FORBIDDEN, "{path}");
            assert!(nobody.get(&path).await.to().starts_with("/sign-in?next="), "{path}");
        }
        assert!(!eve.get("/partners").await.says("North Homes"));
        assert_eq!(ben.get("/partners").await.status, StatusCode::FORBIDDEN);
        assert!(!ben.get("/help").await.says("href=\"/partners\""), "the navigation shows what there is for a member");
        // A token of another's session, one's own on another's record, and no token at all.
        let token = ann.get(&format!("{at}/delete")).await.hidden("_token");
        let own = eve.get("/partners/new").await.hidden("_token");
        for (browser, token, status) in
            [(&mut eve, own.as_str(), 404), (&mut ben, token.as_str(), 403), (&mut ann, "", 403)]
        {
            let page = browser.post(&format!("{at}/delete"), &[("_token", token)]).await;
            assert_eq!(page.status.as_u16(), status, "{}", page.text);
        }
        assert_eq!(database.number("SELECT COUNT(*) FROM partner_records WHERE deleted_at IS NULL"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_from_outside_are_shown_as_text() {
    for database in both() {
        let (server, mut ann) = signed_in(&database).await;
        let bad = "<script>alert(1)</script>\" onload=\"x";
        let record = database.partner(ACME, "introducer", bad);
        let line = ["key", "create", "--account", ACME, "--kind", "partner", "--partner", &record, "--name", bad];
        let secret = database.run(&[&line[..], &["--scope", "create_leads"]].concat())["secret"].clone();
        let body = json!({"firstname": bad, "email": "x@example.com"});
        let made = server.create(secret.as_str().expect("a secret"), body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        for path in [
            "/partners".into(),
            format!("/partners/{record}"),
            format!("/partners/{record}/delete"),
            "/audit-trail".into(),
        ] {
            let page = ann.get(&path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(!page.says("<script>alert") && !page.says("\" onload=\"x"), "{path}: {}", page.text);
            assert!(page.says("&#60;script&#62;alert(1)"), "{path}: {}", page.text);
        }
    }
}
