//! What an admin in a hurry meets on the Access Keys pages: old tabs, mistyped addresses, dates that are over, doubts.

use crate::common::both;
use crate::common::keys_page::{KEYS, Office};
use reqwest::StatusCode;

#[tokio::test(flavor = "multi_thread")]
async fn a_date_that_is_over_ends_no_key() {
    for database in both() {
        let mut office = Office::open(database).await;
        let made = office.full_key("Warehouse").await;
        let path = format!("/{}/edit", made.id);
        let today = leadlatch_domain::time::Clock::system().now().to_string()[..10].to_owned();
        for over in ["2020-12-31", &today] {
            let refused = office.fill(&path, &[("name", "Warehouse"), ("expires_on", over)]).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{over}");
            assert!(
                refused.says("Give a date to come") && refused.says("href=\"#edit-expires_on\""),
                "{}",
                refused.text
            );
            assert_eq!(office.whoami(&made.secret).await, StatusCode::OK, "{over}");
        }
        office.fill(&path, &[("name", "Warehouse"), ("expires_on", "2090-01-01")]).await;
        let later = office.fill(&path, &[("name", "Warehouse"), ("expires_on", "2091-01-01")]).await;
        assert_eq!(later.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(later.says("It ends on 1 Jan 2090, 00:00 UTC"), "in words: {}", later.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_of_a_key_says_what_the_api_would() {
    for database in both() {
        let mut office = Office::open(database).await;
        let north = office.database.partner("acme", "introducer", "North");
        let limits = [("kind", "full"), ("name", "far"), ("scope", "read_leads"), ("address_ranges", "203.0.113.0/24")];
        let far = office.make(&limits).await;
        let of_north = office.partner_key(&north, "idle").await;
        office.browser.fill(&format!("/partners/{north}/deactivate"), &[]).await;
        for (made, code) in [(far, "address_not_allowed"), (of_north, "partner_inactive")] {
            assert_eq!(office.whoami(&made.secret).await, StatusCode::FORBIDDEN);
            let token = office.get("").await.hidden("_token");
            let fields = [("_token", token.as_str()), ("secret", &made.secret)];
            let tested = office.browser.post(&format!("{KEYS}/{}/test", made.id), &fields).await;
            assert!(tested.says("The key is refused.") && !tested.says("The key works."), "{}", tested.text);
            assert!(tested.says(code), "{code}: {}", tested.text);
            assert_eq!(tested.hidden("secret"), made.secret, "the dialog stays");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_a_page_and_what_is_deleted_says_so() {
    for database in both() {
        let mut office = Office::open(database).await;
        let made = office.full_key("Warehouse").await;
        for path in ["/abc", "/1.5/edit", "/999999", "/999999/delete", &format!("/{}?before=abc", made.id)] {
            let page = office.get(path).await;
            assert!(
                page.status == StatusCode::NOT_FOUND && page.says("There is no such page"),
                "{path}: {}",
                page.text
            );
            assert!(page.says("aria-label=\"Main\""), "{path} has the layout of the others");
        }
        assert_eq!(office.browser.get("/settings/users/abc").await.status, StatusCode::NOT_FOUND);
        assert_eq!(office.get("/delete?id=999999").await.to(), KEYS);

        let token = office.get("").await.hidden("_token");
        let missing = office.browser.post(&format!("{KEYS}/999999/delete"), &[("_token", &token)]).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
        let path = format!("/{}/delete", made.id);
        office.fill(&path, &[("reason", "nobody needs it")]).await;
        let second_tab = office.browser.post(&format!("{KEYS}{path}"), &[("_token", &token)]).await;
        assert_eq!(second_tab.to(), format!("{KEYS}/{}", made.id));
        assert!(office.get(&format!("/{}", made.id)).await.says("This key is deleted already."));
        assert_eq!(office.get(&path).await.to(), format!("{KEYS}/{}", made.id));
        let deleted = office.get("?status=deleted").await;
        assert!(deleted.says("by ann@example.com") && deleted.says("nobody needs it"), "{}", deleted.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proof_of_a_deletion_leads_to_its_entry_opened() {
    for database in both() {
        let mut office = Office::open(database).await;
        let made = office.full_key("Warehouse").await;
        office.fill(&format!("/{}/delete", made.id), &[]).await;
        let entry = office.trail().pop().expect("an entry")["number"].as_i64().expect("a number");
        for number in 0..60 {
            office.database.run(&["site", "create", "--account", "acme", "--name", &format!("{number}.example")]);
        }
        let link = office.get("").await.link("/audit-trail?entry=");
        assert_eq!(link, format!("/audit-trail?entry={entry}"));
        let page = office.browser.get(&link).await;
        assert!(page.says(&format!("id=\"entry-{entry}\" open")), "{}", page.text);
        assert!(page.says("Key deleted") && !page.says(&format!("id=\"entry-{}\"", entry + 1)));
        let about = page.link(&format!("/audit-trail?action=key&#38;target={}", made.id));
        assert!(!office.browser.get(&about).await.says("Site created"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_form_says_above_what_to_change() {
    for database in both() {
        let mut office = Office::open(database).await;
        let refused = office.add(&[("kind", "full"), ("name", "x"), ("address_ranges", "203.0.113.0/33")]).await;
        assert!(refused.says("<title>Nothing was made: Add New"), "{}", refused.text);
        let (before, form) = refused.text.split_once("id=\"key-form\"").expect("the form");
        assert!(before.contains("2 things to change") && before.contains("autofocus"), "{before}");
        for field in ["scope", "address_ranges"] {
            assert!(before.contains(&format!("href=\"#{field}\"")), "{field}");
            assert!(form.contains(&format!("id=\"{field}\"")), "the link to {field} leads somewhere");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partners_page_leads_to_its_first_key() {
    for database in both() {
        let mut office = Office::open(database).await;
        let north = office.database.partner("acme", "introducer", "North");
        let link = office.browser.get(&format!("/partners/{north}")).await.link(&format!("{KEYS}/add"));
        let form = office.browser.get(&link).await;
        assert!(
            form.status == StatusCode::OK && form.says(&format!("value=\"{north}\" data-name=\"North\"")),
            "{}",
            form.text
        );
        assert!(form.says("name=\"name\" value=\"North\""), "its name is filled in: {}", form.text);
        let unnamed = [("kind", "partner"), ("partner", north.as_str()), ("name", ""), ("scope", "read_leads")];
        let made = office.make(&unnamed).await;
        assert!(office.get(&format!("/{}", made.id)).await.says("<h1>North</h1>"), "without script it is as well");
    }
}
