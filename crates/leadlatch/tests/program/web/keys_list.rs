//! The list of keys: filters, export, bulk deletion.

use std::collections::BTreeSet;

use crate::common::both;
use crate::common::browser::Page;
use crate::common::keys_page::{KEYS, Office};
use reqwest::StatusCode;

/// The ids of a page's rows.
fn ids(page: &Page) -> BTreeSet<String> {
    let marks = page.text.split("name=\"id\" value=\"").skip(1);
    marks.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_holds_exactly_what_the_filters_leave() {
    for database in both() {
        let mut office = Office::open(database).await;
        let north = office.database.partner("acme", "introducer", "North, \"and\" Sons");
        let south = office.database.partner("acme", "partner", "South");
        office.partner_key(&north, "=cmd()").await;
        office.partner_key(&south, "Copperfield, feed").await;
        office.full_key("Warehouse").await;
        let used = office.full_key("Used").await;
        office.whoami(&used.secret).await;
        let gone = office.full_key("Gone").await;
        office.fill(&format!("/{}/delete", gone.id), &[]).await;
        for (query, expected) in [
            ("", 4),
            ("?type=partner", 2),
            (&format!("?partner={south}"), 1),
            ("?feature=create_leads", 2),
            ("?used=never", 3),
            ("?used=day", 1),
            ("?card=never-used&type=full", 1),
            ("?card=full-write", 0),
            ("?q=NORTH", 1),
            ("?q=lk_full", 2),
            ("?status=expired", 0),
            ("?status=any", 4),
        ] {
            let page = office.get(query).await;
            let listed = ids(&page);
            assert_eq!(listed.len(), expected, "{query}: {}", page.text);
            let json: Vec<serde_json::Value> =
                serde_json::from_str(&office.get(&format!("/export.json{query}")).await.text).expect("JSON");
            assert_eq!(json.iter().map(|key| key["id"].to_string()).collect::<BTreeSet<_>>(), listed, "{query}");
            let text = office.get(&format!("/export.csv{query}")).await.text;
            let mut lines = csv::Reader::from_reader(text.as_bytes());
            let cells: Vec<_> = lines.records().map(|record| record.expect("a line")).collect();
            assert_eq!(cells.iter().map(|record| record[0].to_owned()).collect::<BTreeSet<_>>(), listed, "{query}");
            assert!(cells.iter().all(|record| !record[1].starts_with('=')), "a name is no formula: {text}");
        }
        let deleted = office.get("/export.json?status=deleted").await;
        assert!(deleted.says("Gone") && !deleted.says("Warehouse"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_keys_end_with_one_confirmation_or_none_does() {
    for database in both() {
        let mut office = Office::open(database).await;
        let (one, two) = (office.full_key("one").await, office.full_key("two").await);
        let three = office.full_key("three").await;
        let query = format!("/delete?id={}&id={}", one.id, two.id);
        let modal = office.get(&query).await;
        assert!(modal.says("Delete 2 keys?") && modal.says(">one<") && !modal.says(">three<"), "{}", modal.text);
        let broken = office.fill(&query, &[("id", &one.id), ("id", "999999")]).await;
        assert_eq!(broken.status, StatusCode::CONFLICT);
        assert_eq!(office.whoami(&one.secret).await, StatusCode::OK, "nothing was deleted");
        let done = office.fill(&query, &[("id", &one.id), ("id", &two.id), ("reason", "tidying")]).await;
        assert_eq!((done.status, done.to()), (StatusCode::SEE_OTHER, KEYS));
        assert_eq!(office.whoami(&one.secret).await, StatusCode::UNAUTHORIZED);
        assert_eq!(office.whoami(&two.secret).await, StatusCode::UNAUTHORIZED);
        assert_eq!(office.whoami(&three.secret).await, StatusCode::OK);
        let list = office.get("").await;
        assert!(list.says("Deleted 2 keys ") && list.says("Audit entries "), "{}", list.text);
        let nothing = office.get("/delete").await;
        assert_eq!((nothing.status, nothing.to()), (StatusCode::SEE_OTHER, KEYS));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_page_says_what_the_key_did() {
    for database in both() {
        let mut office = Office::open(database).await;
        let made = office.full_key("Telephone bridge").await;
        let never = office.get(&format!("/{}", made.id)).await;
        assert!(never.says("Never used.") && never.says("No request is logged here."), "{}", never.text);
        office.whoami(&made.secret).await;
        office.server.create(&made.secret, serde_json::json!({"firstname": "x"})).await;
        let mut page = office.get(&format!("/{}", made.id)).await;
        for _ in 0..100 {
            if page.says("403 Not permitted: 1 request in 30 days")
                && page.says("/api/v1/leads")
                && page.says("In use.")
            {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            page = office.get(&format!("/{}", made.id)).await;
        }
        assert!(
            page.says("1 client called in the last 24 hours") && page.says("2xx Accepted: 1 request in 30 days"),
            "{}",
            page.text
        );
        assert!(page.says("Created by") && page.says("127.0.0.1"));
        let (read, write) = ("<td class=\"mono\">GET<", "<td class=\"mono\">POST<");
        for (filter, says, not) in [
            ("log=refused", write, read),
            ("log=403", write, read),
            ("log=accepted", read, write),
            ("method=GET", read, write),
            ("route=%2Fapi%2Fv1%2Fleads", write, read),
            ("route=%2Fapi%2Fv1%2Fleads&method=GET", "No request is logged here.", read),
        ] {
            let narrowed = office.get(&format!("/{}?{filter}", made.id)).await;
            assert!(narrowed.says(says) && !narrowed.says(not), "{filter}: {}", narrowed.text);
        }
    }
}
