//! A browser without script: it keeps cookies, follows no redirect by itself, and sends the hidden fields of a form back.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, HeaderMap, HeaderValue, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, StatusCode};

use super::{Database, Server};

/// The password of everybody in these tests.
pub(crate) const PASSWORD: &str = "a long password";

pub(crate) struct Browser {
    base: String,
    client: Client,
    /// Headers of every request, such as a proxy's.
    pub(crate) headers: HeaderMap,
    pub(crate) cookies: BTreeMap<String, String>,
}

/// A page, read whole.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Page {
    /// Where it leads.
    pub(crate) fn to(&self) -> &str {
        self.headers.get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default()
    }

    /// The value of the first hidden field of a name.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.text.split_once(&mark).unwrap_or_else(|| panic!("no field {name} in {}", self.text));
        rest.split('"').next().unwrap_or_default().to_owned()
    }

    /// The first address that begins with a text, as a browser follows it.
    pub(crate) fn link(&self, begins: &str) -> String {
        let (_, rest) =
            self.text.split_once(&format!("href=\"{begins}")).unwrap_or_else(|| panic!("no link to {begins}"));
        let href = format!("{begins}{}", rest.split('"').next().unwrap_or_default()).replace("&#38;", "&");
        href.split('#').next().unwrap_or_default().to_owned()
    }

    /// What a browser sends of the page's form when nothing is touched: every field that has a name and is not disabled.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let tags = self.text.split('<').filter(|tag| tag.starts_with("input ") || tag.starts_with("textarea "));
        let value_of = |tag: &str, name: &str| {
            let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
            Some(rest.split('"').next().unwrap_or_default().to_owned())
        };
        let sent = |tag: &&str| {
            let kind = value_of(tag, "type").unwrap_or_default();
            !tag.contains(" disabled") && (!matches!(kind.as_str(), "radio" | "checkbox") || tag.contains(" checked"))
        };
        tags.filter(sent)
            .filter_map(|tag| Some((value_of(tag, "name")?, value_of(tag, "value").unwrap_or_default())))
            .collect()
    }

    pub(crate) fn says(&self, text: &str) -> bool {
        self.text.contains(text)
    }
}

impl Browser {
    pub(crate) fn of(server: &Server) -> Self {
        let client = Client::builder().redirect(Policy::none()).build().expect("a client");
        Self::with(client, server.base.clone())
    }

    pub(crate) fn with(client: Client, base: String) -> Self {
        Self { base, client, headers: HeaderMap::new(), cookies: BTreeMap::new() }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        let request = self.client.get(format!("{}{path}", self.base));
        self.send(request).await
    }

    /// Sends fields as they are.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
        let body = body.collect::<Vec<_>>().join("&");
        let request = self.client.post(format!("{}{path}", self.base)).body(body);
        self.send(request.header("content-type", "application/x-www-form-urlencoded")).await
    }

    /// Opens a page and sends its form, filled in.
    pub(crate) async fn fill(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let token = self.get(path).await.hidden("_token");
        self.post(path.split('?').next().unwrap_or(path), &[&[("_token", token.as_str())], fields].concat()).await
    }

    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) -> Page {
        self.fill("/sign-in", &[("email", email), ("password", password)]).await
    }

    async fn send(&mut self, request: RequestBuilder) -> Page {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = request.headers(self.headers.clone()).header("accept", "text/html");
        if !cookies.is_empty() {
            request = request.header(COOKIE, HeaderValue::from_str(&cookies.join("; ")).expect("cookies"));
        }
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status(), answer.headers().clone());
        for line in headers.get_all(SET_COOKIE) {
            self.keep(line.to_str().expect("a cookie"));
        }
        Page { status, headers, text: answer.text().await.expect("a body") }
    }

    fn keep(&mut self, line: &str) {
        let (pair, flags) = line.split_once(';').unwrap_or((line, ""));
        let (name, value) = pair.split_once('=').expect("a cookie has a value");
        if flags.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

fn escaped(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    text.bytes().map(|byte| if keep(byte) { (byte as char).to_string() } else { format!("%{byte:02X}") }).collect()
}

impl Database {
    /// Adds a user with the password of everybody.
    pub(crate) fn user(&self, account: &str, email: &str, role: &str) -> String {
        let line = ["user", "create", "--account", account, "--email", email, "--name", email, "--role", role];
        self.run_with(&line, PASSWORD)["id"].to_string()
    }
}
