//! Trying a document of an existing integration: what it would do, and why not. Nothing of it is kept.

use askama::Template;
use axum::extract::State;
use leadlatch_api::wire::{Rehearsal, rehearse};
use leadlatch_domain::matrix::UseAccount;
use serde::Deserialize;

use crate::Web;
use crate::form::Form;
use crate::frame::Frame;
use crate::page::{Answer, page};
use crate::signed::Signed;

/// Where it is.
pub(crate) const HERE: &str = "/help/moving-an-integration/try";

#[derive(Template)]
#[template(path = "try_integration.html")]
struct Page {
    frame: Frame,
    /// What was pasted, without its key.
    xml: String,
    tried: Option<Rehearsal>,
}

#[derive(Deserialize)]
pub(crate) struct Pasted {
    #[serde(default)]
    xml: String,
}

/// The page, before anything is pasted.
pub(crate) async fn show(signed: Signed<UseAccount>) -> Answer {
    page(&Page { frame: signed.frame, xml: String::new(), tried: None })
}

/// The page with what would come of what was pasted. The key is a secret, so the page never shows it again.
pub(crate) async fn tried(signed: Signed<UseAccount>, State(web): State<Web>, Form(pasted): Form<Pasted>) -> Answer {
    let (account, from) = (signed.grant.account_id(), signed.visitor.address);
    let tried = rehearse(&web.app, account, &pasted.xml, from).await;
    page(&Page { frame: signed.frame, xml: without_keys(&pasted.xml), tried: Some(tried) })
}

/// The text with every key in it cut out.
fn without_keys(text: &str) -> String {
    let mut parts = text.split("lk_");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str("KEY");
        shown.push_str(part.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric() || letter == '_'));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::without_keys;

    #[test]
    fn a_key_is_not_shown_again() {
        assert_eq!(without_keys("<key>lk_full_abc123</key><a>lk_x</a>"), "<key>KEY</key><a>KEY</a>");
        assert_eq!(without_keys("<a/>"), "<a/>");
    }
}
