//! The secret, once: a dialog over the list that nothing but its own buttons closes. A reload loses it, and says so.

use std::net::IpAddr;

use askama::Template;
use axum::extract::State;
use leadlatch_domain::id::KeyId;
use leadlatch_domain::key_secret::{KeyDigest, KeyKind};
use leadlatch_domain::matrix::{DescribeItself, ManageKeys};
use leadlatch_domain::scope::{Scope, ScopeSet};
use leadlatch_store::access_keys::AccessKey;
use leadlatch_store::access_keys::directory::{self, ListedKey};
use leadlatch_store::{Connection, Error};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::list::{self, List};
use super::query::ListState;
use super::row::{KeyRow, key_href, kind_in_words, kind_of};
use super::said::listed;
use crate::Web;
use crate::asked::Path;
use crate::components::words::clock;
use crate::form::Form;
use crate::frame::Frame;
use crate::page::{Answer, page as answer};
use crate::refusal::Refusal;
use crate::signed::Signed;

/// Characters of the checksum at a secret's end.
const CHECK: usize = 6;

/// How a test of the key went.
#[derive(Debug)]
pub(super) struct Tested {
    good: bool,
    title: &'static str,
    words: String,
}

#[derive(Template)]
#[template(path = "access_keys/secret.html")]
struct Page {
    frame: Frame,
    list: List,
    whoami: String,
    name: String,
    /// The secret in three parts: prefix, body, checksum.
    parts: [String; 3],
    command: String,
    origin: String,
    /// `a Partner key of Acme Introducers that may create and read leads.`
    words: String,
    reload: String,
    test: String,
    token: String,
    tested: Option<Tested>,
}

impl Page {
    fn is_good(&self) -> bool {
        self.tested.as_ref().is_some_and(|tested| tested.good)
    }

    fn is_bad(&self) -> bool {
        self.tested.as_ref().is_some_and(|tested| !tested.good)
    }

    fn tested_title(&self) -> &str {
        self.tested.as_ref().map_or("", |tested| tested.title)
    }

    fn tested_words(&self) -> &str {
        self.tested.as_ref().map_or("", |tested| &tested.words)
    }
}

/// The page that shows a secret. Nothing keeps it but the browser that it is sent to.
pub(super) async fn page(
    web: &Web,
    signed: &Signed<ManageKeys>,
    key: &AccessKey,
    secret: &str,
    tested: Option<Tested>,
) -> Answer {
    let id = key.id;
    let grant = signed.permit::<ManageKeys>()?;
    let job = async move |db: &mut Connection<'_>| directory::listed(db, &grant, id).await;
    let listed = web.store().read(job).await?;
    let origin = web.origin(&signed.visitor);
    let page = Page {
        list: list::read(web, signed.permit()?, &ListState::default()).await?,
        frame: signed.frame.clone(),
        whoami: format!("{origin}/api/v1/whoami"),
        name: key.name.clone(),
        parts: parts(kind_of(key), secret),
        command: command(key.scopes, &origin),
        words: words(&listed),
        reload: key_href(id, "secret"),
        test: key_href(id, "test"),
        token: signed.frame.token.clone(),
        origin,
        tested,
    };
    answer(&page)
}

fn parts(kind: KeyKind, secret: &str) -> [String; 3] {
    let body = secret.strip_prefix(kind.prefix()).unwrap_or(secret);
    let (body, check) = body.split_at(body.len().saturating_sub(CHECK));
    [kind.prefix().to_owned(), body.to_owned(), check.to_owned()]
}

/// A command to try, that the key's features allow.
fn command(scopes: ScopeSet, origin: &str) -> String {
    let header = "  -H \"Authorization: Bearer $LEADLATCH_KEY\"";
    if scopes.contains(Scope::CreateLeads) {
        let body = "  -d '{\"lastname\": \"Test\", \"phone1\": \"07700 900123\", \"test\": true}'";
        return format!(" {origin}/api/v1/leads \\\n{header} \\\n  -H \"Content-Type: application/json\" \\\n{body}");
    }
    let path = if scopes.contains(Scope::ReadLeads) { "leads?limit=1" } else { "whoami" };
    format!(" \"{origin}/api/v1/{path}\" \\\n{header}")
}

fn words(key: &ListedKey) -> String {
    let of = key.partner.as_ref().map(|partner| format!(" of {}", partner.company)).unwrap_or_default();
    let may: Vec<_> = key.key.scopes.iter().map(|scope| scope.label().to_lowercase()).collect();
    let may = listed(may.iter().map(String::as_str));
    format!("a {} key{of} that may {may}.", kind_in_words(kind_of(&key.key)))
}

#[derive(Template)]
#[template(path = "access_keys/lost.html")]
struct Lost {
    frame: Frame,
    key: KeyRow,
}

/// What a reload of the page finds.
pub(crate) async fn lost(State(web): State<Web>, signed: Signed<ManageKeys>, Path(id): Path<i64>) -> Answer {
    let job = async |db: &mut Connection<'_>| directory::listed(db, &signed.grant, id).await;
    let listed = web.store().read(job).await?;
    answer(&Lost { frame: signed.frame.clone(), key: KeyRow::new(&listed, web.store().clock().now()) })
}

/// What the test sends, where the page has no script to ask the API itself.
#[derive(Debug, Deserialize)]
pub(crate) struct Presented {
    secret: SecretString,
}

/// Tests the secret that the page still has, and shows it again to whoever sent it.
pub(crate) async fn test(
    State(web): State<Web>,
    signed: Signed<ManageKeys>,
    Path(id): Path<i64>,
    Form(presented): Form<Presented>,
) -> Answer {
    let secret = presented.secret.expose_secret();
    let digest = KeyDigest::of_presented(secret).map_err(|_| Refusal::strange_form())?;
    let grant = signed.permit::<ManageKeys>()?;
    let job = async move |db: &mut Connection<'_>| directory::listed(db, &grant, id).await;
    let listed = web.store().read(job).await?;
    let now = clock(web.store().clock().now());
    let tested = match let_in(&web, digest, signed.visitor.address).await {
        Ok(Some(key)) if key == id => {
            Tested { good: true, title: "The key works.", words: format!("Tested at {now} UTC: {}", words(&listed)) }
        }
        Ok(_) => return Err(Refusal::strange_form()),
        // Whatever went wrong: a page without the secret would lose it.
        Err(error) => Tested::refused(&error, &now),
    };
    page(&web, &signed, &listed.key, secret, Some(tested)).await
}

/// What the API says to a key that asks to describe itself: which key it is, or why not.
async fn let_in(web: &Web, digest: KeyDigest, address: Option<IpAddr>) -> Result<Option<i64>, Error> {
    let access = web.store().authenticate(digest, address).await?;
    let id = access.key_id().map(KeyId::get);
    access.permit::<DescribeItself>()?;
    Ok(id)
}

impl Tested {
    fn refused(error: &Error, now: &str) -> Self {
        let code = error.code();
        let title = if code.status() < 500 { "The key is refused." } else { "The test could not be made." };
        let words = format!("Tested at {now} UTC: {}, {}. {}", code.status(), code.as_str(), code.remedy());
        Self { good: false, title, words }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_whole_in_three_parts() {
        let secret = "lk_partner_c7VqY2mXw9KdR4tB0sNhZ8uEfJ3aGp5L1hQz8T";
        let parts = parts(KeyKind::Partner, secret);
        assert_eq!(parts.concat(), secret);
        assert_eq!(parts[2].len(), CHECK);
    }

    #[test]
    fn the_command_is_one_that_the_key_may_give() {
        let of = |scope| command([scope].into_iter().collect(), "https://x");
        assert!(of(Scope::CreateLeads).contains("\"test\": true"));
        assert!(of(Scope::ReadLeads).contains("leads?limit=1"));
        assert!(of(Scope::Voice).contains("whoami"));
    }
}
