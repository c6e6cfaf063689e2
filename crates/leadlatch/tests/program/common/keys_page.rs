//! The Access Keys pages, as an admin's browser uses them.

use reqwest::StatusCode;

use super::browser::{Browser, PASSWORD, Page};
use super::{Database, Server};

pub(crate) const KEYS: &str = "/settings/configuration/access-keys";
pub(crate) const ANN: &str = "ann@example.com";

/// A served account with an admin who is signed in.
pub(crate) struct Office {
    pub(crate) database: Database,
    pub(crate) server: Server,
    pub(crate) browser: Browser,
}

/// A key that was made on the page.
pub(crate) struct Made {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) page: Page,
}

impl Office {
    pub(crate) async fn open(database: Database) -> Self {
        database.account("acme");
        database.user("acme", ANN, "admin");
        let server = database.serve();
        let mut browser = Browser::of(&server);
        browser.sign_in(ANN, PASSWORD).await;
        Self { database, server, browser }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.browser.get(&format!("{KEYS}{path}")).await
    }

    /// Opens a page and sends its form, filled in.
    pub(crate) async fn fill(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.browser.fill(&format!("{KEYS}{path}"), fields).await
    }

    /// Sends Add New, as it is when it is opened, with these values.
    pub(crate) async fn add(&mut self, fields: &[(&str, &str)]) -> Page {
        let form = self.get("/add").await;
        let (token, once) = (form.hidden("_token"), form.hidden("once"));
        let hidden = [("_token", token.as_str()), ("once", once.as_str()), ("step", "create")];
        self.browser.post(&format!("{KEYS}/add"), &[&hidden, fields].concat()).await
    }

    pub(crate) async fn make(&mut self, fields: &[(&str, &str)]) -> Made {
        Made::of(self.add(fields).await)
    }

    pub(crate) async fn partner_key(&mut self, partner: &str, name: &str) -> Made {
        let fields = [("kind", "partner"), ("partner", partner), ("name", name)];
        self.make(&[&fields[..], &[("scope", "create_leads"), ("scope", "read_leads")]].concat()).await
    }

    pub(crate) async fn full_key(&mut self, name: &str) -> Made {
        self.make(&[("kind", "full"), ("name", name), ("scope", "read_leads")]).await
    }

    /// The API's answer to a key that describes itself.
    pub(crate) async fn whoami(&self, secret: &str) -> StatusCode {
        self.server.get("/api/v1/whoami", secret).await.status
    }

    /// The account's audit trail.
    pub(crate) fn trail(&self) -> Vec<serde_json::Value> {
        self.database.run(&["audit", "list", "--account", "acme"])["entries"].as_array().expect("entries").clone()
    }
}

impl Made {
    pub(crate) fn of(page: Page) -> Self {
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let (_, rest) = page.text.split_once(&format!("data-reload=\"{KEYS}/")).expect("the dialog of the secret");
        let id = rest.split('/').next().expect("an id").to_owned();
        Self { id, secret: page.hidden("secret"), page }
    }
}
