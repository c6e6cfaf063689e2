//! The help: from the same tables as the checks, and for whoever is signed in.

use crate::common::both;
use crate::common::browser::{Browser, PASSWORD};
use leadlatch_domain::matrix::MATRIX;
use leadlatch_domain::problem::Code;
use reqwest::StatusCode;

const ACME: &str = "acme";

/// A text as it stands in a page.
fn shown(text: &str) -> String {
    let escaped = |c: char| match c {
        '<' | '>' | '&' | '"' | '\'' => format!("&#{};", u32::from(c)),
        other => other.to_string(),
    };
    text.chars().map(escaped).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_the_matrix_and_every_code_stands_there() {
    for database in both() {
        database.account(ACME);
        database.user(ACME, "ben@acme.example", "member");
        let server = database.serve_with(&[], &[("LEADLATCH_SUPPORT_CONTACT", "help@acme.example")]);
        let mut ben = Browser::of(&server);
        assert!(ben.get("/help").await.to().starts_with("/sign-in"), "signed in only");
        ben.sign_in("ben@acme.example", PASSWORD).await;
        let home = ben.get("/help").await;
        assert_eq!(home.status, StatusCode::OK, "{}", home.text);
        assert!(home.says("mailto:help@acme.example") && home.says("href=\"/docs\""), "{}", home.text);
        assert!(home.says("aria-current=\"page\""), "it stands in the navigation");

        let access = ben.get("/help/access").await.text.to_lowercase();
        for rule in MATRIX.iter().filter(|rule| rule.open_to_keys()) {
            assert!(access.contains(&shown(rule.words).to_lowercase()), "{}", rule.words);
            assert!(access.contains(&rule.partner.in_words().to_lowercase()), "{}", rule.action);
        }
        let errors = ben.get("/help/errors").await;
        for code in Code::ALL {
            assert!(errors.says(&format!("id=\"{}\"", code.as_str())), "{}", code.as_str());
            assert!(errors.says(&shown(code.remedy())), "{}", code.as_str());
            let own = ben.get(&format!("/docs/errors/{}", code.as_str())).await;
            assert_eq!(own.status, StatusCode::OK, "{}", code.as_str());
        }
        let pages = home.text.split("href=\"/help/").skip(1).map(|part| part.split('"').next().expect("a name"));
        let pages: Vec<String> = pages.map(|name| format!("/help/{name}")).collect();
        assert!(pages.len() >= 6, "{pages:?}");
        for page in pages {
            assert_eq!(ben.get(&page).await.status, StatusCode::OK, "{page}");
        }
        assert_eq!(ben.get("/help/nothing").await.status, StatusCode::NOT_FOUND);
        let mut nobody = Browser::of(&server);
        assert_eq!(
            nobody.get("/docs/errors/deleted_key").await.status,
            StatusCode::OK,
            "error pages are for everybody"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_support_contact_that_would_run_is_refused() {
    let database = crate::common::sqlite();
    database.account(ACME);
    let config = database.folder.path().join("leadlatch.toml");
    let path = config.to_str().expect("a path");
    for (contact, good) in [("javascript:alert(1)", false), ("https://help.example.com", true)] {
        std::fs::write(&config, format!("support_contact = \"{contact}\"\n")).expect("a file");
        let tried = database.try_run(&["account", "list", "--config", path]);
        assert_eq!(tried.is_ok(), good, "{contact}: {tried:?}");
    }
}
