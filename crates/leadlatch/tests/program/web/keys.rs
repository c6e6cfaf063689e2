//! Settings > Configuration > Access Keys: keys made, used, rotated and deleted on the page, then met by HTTP.

use crate::common::both;
use crate::common::keys_page::{KEYS, Made, Office};
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_key_is_made_to_the_word_and_works() {
    for database in both() {
        let mut office = Office::open(database).await;
        let north = office.database.partner("acme", "introducer", "North & <b>Sons</b>");
        let empty = office.get("").await;
        assert!(empty.says("None yet") && empty.says("Full key") && empty.says("Partner key"), "{}", empty.text);
        let form = office.get(&format!("/add?kind=partner&partner={north}")).await;
        for words in
            ["Key Type", "Partner/Introducer", "Features", "Create Key", "Full keys only", "Manage activity records"]
        {
            assert!(form.says(words), "{words}");
        }
        assert!(form.says("North &#38; &#60;b&#62;Sons"), "the name is filled in, as text");
        assert_eq!(form.text.matches(" disabled>").count(), 5, "five features are for Full keys only");

        let made = office.partner_key(&north, "Acme call centre").await;
        assert!(made.page.says("nobody can show it again") && made.page.says("I have stored it"));
        let lead = office.server.create(&made.secret, json!({"firstname": "Ann", "email": "ann@example.com"})).await;
        assert_eq!(lead.status, StatusCode::CREATED, "{}", lead.text);
        assert_eq!(
            office.server.get("/api/v1/leads", &made.secret).await.json()["data"].as_array().map(Vec::len),
            Some(1)
        );
        assert_eq!(office.server.get("/api/v1/users", &made.secret).await.status, StatusCode::FORBIDDEN);

        for path in ["", &format!("/{}", made.id), &format!("/{}/secret", made.id), "/export.csv", "/export.json"] {
            let page = office.get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(!page.says(&made.secret) && page.says("Acme call centre"), "{path}");
        }
        assert!(office.get(&format!("/{}/secret", made.id)).await.says("The secret is not here any more"));
        let entry = office.trail().pop().expect("an entry");
        assert_eq!((&entry["event"], &entry["actor"]), (&json!("key.created"), &json!("user")));
        assert!(!entry.to_string().contains(&made.secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_key_is_made_to_the_word_and_a_form_counts_once() {
    for database in both() {
        let mut office = Office::open(database).await;
        let form = office.get("/add?kind=full").await;
        assert!(form.says("Only for trusted users. It reaches users, introducers and marketing data."));
        let (token, once) = (form.hidden("_token"), form.hidden("once"));
        let fields = [
            ("_token", token.as_str()),
            ("once", once.as_str()),
            ("step", "create"),
            ("kind", "full"),
            ("name", "Warehouse"),
            ("note", "asked by Ann"),
            ("scope", "read_leads"),
            ("scope", "journeys"),
            ("expires", "90"),
            ("requests_per_minute", "60"),
            ("address_ranges", "127.0.0.0/8\r\n::1"),
        ];
        let add = format!("{KEYS}/add");
        let made = Made::of(office.browser.post(&add, &fields).await);
        assert_eq!(office.server.get("/api/v1/users", &made.secret).await.status, StatusCode::OK);
        let whoami = office.server.get("/api/v1/whoami", &made.secret).await.json();
        assert_eq!(whoami["key"]["scopes"], json!(["read_leads", "journeys"]));
        assert!(whoami["key"]["expires_at"].is_string());

        let again = office.browser.post(&add, &fields).await;
        assert_eq!((again.status, again.to()), (StatusCode::SEE_OTHER, format!("{KEYS}/{}/secret", made.id).as_str()));
        let lost = office.get(&format!("/{}/secret", made.id)).await;
        for words in ["This key exists already.", &format!("/{}/rotate\"", made.id), &format!("/{}/delete\"", made.id)]
        {
            assert!(lost.says(words), "{words}: {}", lost.text);
        }
        let page = office.get(&format!("/{}", made.id)).await;
        assert!(page.says("60 requests a minute"), "{}", page.text);
        assert!(page.says("asked by Ann") && page.says("127.0.0.0/8, ::1"));
        assert_eq!(office.database.number("SELECT COUNT(*) FROM access_keys"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_beside_its_field_and_nothing_is_made() {
    for database in both() {
        let mut office = Office::open(database).await;
        let fields = [("kind", "partner"), ("name", " "), ("address_ranges", "203.0.113.0/33"), ("scope", "journeys")];
        let wrong = office.add(&fields).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        for field in ["partner", "name", "address_ranges", "scope"] {
            assert!(wrong.says(&format!("id=\"{field}-error\"")), "{field}");
        }
        assert!(wrong.says("203.0.113.0/33"), "what was typed is still there");
        let unknown =
            office.add(&[("kind", "partner"), ("partner", "999999"), ("name", "x"), ("scope", "read_leads")]).await;
        assert!(
            unknown.status == StatusCode::UNPROCESSABLE_ENTITY && unknown.says("id=\"partner-error\""),
            "{}",
            unknown.text
        );
        assert_eq!(office.database.number("SELECT COUNT(*) FROM access_keys"), 0);

        let north = office.database.partner("acme", "introducer", "North");
        let fields =
            [("kind", "partner"), ("partner", &north), ("name", "x"), ("scope", "read_leads"), ("scope", "journeys")];
        let made = office.make(&fields).await;
        let scopes = office.server.get("/api/v1/whoami", &made.secret).await.json()["key"]["scopes"].clone();
        assert_eq!(scopes, json!(["read_leads"]), "a Partner key gets nothing of a Full key's, whatever is sent");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_and_the_preview_work_without_script() {
    for database in both() {
        let mut office = Office::open(database).await;
        let north = office.database.partner("acme", "introducer", "North");
        let made = office.partner_key(&north, "first").await;
        office.server.lead(&made.secret, "Annabel").await;
        let fields = [("kind", "partner"), ("partner", north.as_str()), ("step", "template-zapier")];
        let page = office.fill("/add", &fields).await;
        assert!(
            page.says("value=\"create_leads\" checked") && page.says("value=\"read_leads\" checked"),
            "{}",
            page.text
        );
        assert!(page.says("already has 1 key") && page.says("Annabel") && page.says("403, refused"));
        assert!(page.says("Can create and read leads of <b>North</b>: 1 today."));
        let live = office.fill("/add", &[("kind", "full"), ("scope", "read_leads"), ("step", "show")]).await;
        assert!(live.says("<b>every lead</b> of the account: 1 today."), "{}", live.text);
        let token = live.hidden("_token");
        let fields = [("_token", token.as_str()), ("kind", "partner"), ("partner", &north), ("scope", "create_leads")];
        let fragment = office.browser.post(&format!("{KEYS}/preview"), &fields).await;
        assert!(fragment.says("Can create leads of <b>North</b>.") && !fragment.says("Annabel"), "{}", fragment.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bin_and_the_modal_end_a_key_before_the_next_request() {
    for database in both() {
        let mut office = Office::open(database).await;
        let made = office.full_key("Old intranet script").await;
        assert_eq!(office.whoami(&made.secret).await, StatusCode::OK);
        let list = office.get("").await;
        assert!(list.says("aria-label=\"Delete Old intranet script\""), "the bin has a name");
        let path = format!("/{}/delete", made.id);
        let modal = office.get(&path).await;
        assert!(modal.says("Delete Old intranet script?") && modal.says("In use now"), "{}", modal.text);
        assert!(modal.says("cannot be undone") && modal.says("127.0.0.1") && modal.says("Rotate instead"));
        let done = office.fill(&path, &[("reason", "nobody needs it")]).await;
        assert_eq!((done.status, done.to()), (StatusCode::SEE_OTHER, KEYS));
        assert_eq!(office.whoami(&made.secret).await, StatusCode::UNAUTHORIZED, "the very next request");

        let entry = office.trail().pop().expect("an entry");
        assert_eq!(
            (&entry["event"], &entry["target_id"]),
            (&json!("key.deleted"), &json!(made.id.parse::<i64>().unwrap()))
        );
        assert!(entry.to_string().contains("nobody needs it"));
        let list = office.get("").await;
        let proof = format!(">Audit entry {}<", entry["number"]);
        assert!(list.says("Deleted ") && list.says("Last accepted request ") && list.says(&proof), "{}", list.text);
        assert!(!list.says("aria-label=\"Delete Old intranet script\""), "it has left the list");
        let deleted = office.get("?status=deleted").await;
        assert!(deleted.says("Old intranet script") && deleted.says("nobody needs it"));
        assert!(!deleted.says("/delete\""), "nothing can be done with it");
        assert!(office.get(&format!("/{}", made.id)).await.says("Deleted."));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_overlaps_as_it_says() {
    for database in both() {
        let mut office = Office::open(database).await;
        for (overlap, old_after, old_after_use) in [
            ("now", StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED),
            ("24h", StatusCode::OK, StatusCode::OK),
            ("first-use", StatusCode::OK, StatusCode::UNAUTHORIZED),
        ] {
            let old = office.full_key(overlap).await;
            let new = Made::of(office.fill(&format!("/{}/rotate", old.id), &[("overlap", overlap)]).await);
            assert_ne!(old.secret, new.secret);
            assert_eq!(office.whoami(&old.secret).await, old_after, "{overlap}");
            if overlap == "24h" {
                let rotating = office.get("?status=rotating").await;
                assert!(
                    rotating.says("Rotating") && rotating.says("Old key: ") && rotating.says("Ends in 24 hours"),
                    "{}",
                    rotating.text
                );
            }
            assert_eq!(office.whoami(&new.secret).await, StatusCode::OK, "{overlap}");
            assert_eq!(office.whoami(&old.secret).await, old_after_use, "{overlap}");
            let again = office.fill(&format!("/{}/rotate", old.id), &[("overlap", overlap)]).await;
            assert_eq!(again.status, StatusCode::CONFLICT, "it has a successor");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn name_note_and_limits_are_changed_and_an_idle_key_is_enabled() {
    for database in both() {
        let mut office = Office::open(database).await;
        let made = office.full_key("test").await;
        let path = format!("/{}/edit", made.id);
        let done = office.fill(&path, &[("name", "Back office"), ("note", "two\r\nlines"), ("idle_days", "30")]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
        let page = office.get(&format!("/{}", made.id)).await;
        assert!(
            page.says("Back office")
                && page.says("two\nlines")
                && page.says("After 30 days")
                && page.says("Key changed.")
        );
        let wrong = office.fill(&path, &[("name", ""), ("requests_per_minute", "0")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.says("id=\"name-error\"") && wrong.says("id=\"rate-error\""));

        office
            .database
            .sql(&format!("UPDATE access_keys SET created_at = 1, enabled_at = NULL WHERE id = {}", made.id));
        assert_eq!(office.whoami(&made.secret).await, StatusCode::UNAUTHORIZED);
        let page = office.get(&format!("/{}", made.id)).await;
        assert!(page.says("Disabled.") && page.says(">Enable<"), "{}", page.text);
        let token = page.hidden("_token");
        office.browser.post(&format!("{KEYS}/{}/enable", made.id), &[("_token", &token)]).await;
        assert_eq!(office.whoami(&made.secret).await, StatusCode::OK);
    }
}
