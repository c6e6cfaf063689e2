//! The key of a document: in the document itself, or in a header as anywhere else.

use axum::http::HeaderMap;
use leadlatch_domain::matrix::Rule;
use leadlatch_domain::problem::Code;
use leadlatch_store::Access;

use super::document::Element;
use crate::App;
use crate::allow::{admit, presented};
use crate::envelope::Caller;
use crate::problem::Problem;

/// What is told to who presents no key.
pub(super) const WHERE: &str =
    "Send the access key as <key> inside <lead>, or directly under <data> to search, read and delete.";
/// What is told to who presents several.
const ONE: &str = "Send one access key: the same in every <key>, and no other in a header.";
const IN_CLEAR: &str = "Use https; or an account admin lets existing integrations come over plain http, and their keys \
    be read by anyone on the way: leadlatch account set --plain-http on.";

/// Every key of a document; an empty one is none.
pub(super) fn keys(document: &Element) -> impl Iterator<Item = &str> {
    let own = document.named("key");
    let of_leads = document.named("lead").flat_map(|lead| lead.named("key"));
    own.chain(of_leads).map(|key| key.text.as_str()).filter(|key| !key.is_empty())
}

/// Lets the caller of a document in: one key, looked up once, however often it stands there.
pub(super) async fn enter(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    document: &Element,
    rule: &Rule,
) -> Result<Access, Problem> {
    let digest = presented(headers, keys(document)).map_err(|problem| match problem.code() {
        Code::MissingCredential => Problem::because(Code::MissingCredential, WHERE),
        Code::ConflictingCredentials => Problem::because(Code::ConflictingCredentials, ONE),
        _ => problem,
    })?;
    let access = admit(app, caller, digest, rule).await?;
    if caller.in_clear() && !app.store.mark_in_clear(&access).await? && !app.allow_plain_http {
        return Err(Problem::because(Code::PlainHttpRefused, IN_CLEAR));
    }
    Ok(access)
}

#[cfg(test)]
mod tests {
    use super::keys;
    use crate::wire::document::read;

    #[test]
    fn keys_are_found_where_integrations_put_them() {
        let text = b"<data><key> a </key><lead><KEY>b</KEY><x><key>c</key></x></lead><lead><key/></lead></data>";
        assert_eq!(keys(&read(text, None).unwrap()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(keys(&read(b"<lead><key>a</key></lead>", None).unwrap()).collect::<Vec<_>>(), ["a"]);
    }
}
