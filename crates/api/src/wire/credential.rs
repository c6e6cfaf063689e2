//! The key of a document: in the document itself, or in a header as anywhere else.

use axum::http::HeaderMap;
use leadlatch_domain::key_secret::KeyDigest;
use leadlatch_domain::matrix::Rule;
use leadlatch_domain::problem::Code;
use leadlatch_store::Access;

use super::document::Element;
use crate::App;
use crate::allow::{admit, presented, presents};
use crate::envelope::Caller;
use crate::problem::Problem;

/// What is told to who presents no key.
const WHERE: &str = "Send the access key as <key> inside <lead>, or directly under <data> to search, read and delete.";
/// What is told to who puts more around a lead than there is.
const WRAPPED: &str = "A <lead> stands directly in <data>, and <data> around everything: take out what stands outside of \
    them or between them.";
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

/// The digest of the one key that a document and its headers present.
pub(super) fn key(headers: &HeaderMap, document: &Element) -> Result<KeyDigest, Problem> {
    presented(headers, keys(document)).map_err(|problem| match problem.code() {
        Code::ConflictingCredentials => Problem::because(Code::ConflictingCredentials, ONE),
        code if keys(document).next().is_none() && !presents(headers) => match wrapped(document) {
            Err(misplaced) if document.holds_text("key") => misplaced,
            Err(_) => Problem::because(code, WRAPPED),
            Ok(()) => Problem::because(code, WHERE),
        },
        _ => problem,
    })
}

/// Refuses a document whose leads stand deeper than they are looked for: their keys are not found there either.
pub(super) fn wrapped(document: &Element) -> Result<(), Problem> {
    let deeper = document.named("lead").next().is_none() && document.holds("lead");
    if deeper { Err(Problem::because(Code::MalformedXml, WRAPPED)) } else { Ok(()) }
}

/// Lets the caller of a document in: one key, looked up once, however often it stands there.
pub(super) async fn enter(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    document: &Element,
    rule: &Rule,
) -> Result<Access, Problem> {
    let access = admit(app, caller, key(headers, document)?, rule).await?;
    if caller.in_clear() && !app.store.mark_in_clear(&access).await? && !app.allow_plain_http {
        return Err(Problem::because(Code::PlainHttpRefused, IN_CLEAR));
    }
    Ok(access)
}

#[cfg(test)]
mod tests {
    use super::{key, keys};
    use crate::wire::document::read;
    use axum::http::{HeaderMap, HeaderName, HeaderValue};
    use leadlatch_domain::key_secret::{KeyKind, KeySecret};
    use leadlatch_domain::random::Randomness;

    #[test]
    fn keys_are_found_where_integrations_put_them() {
        let text = b"<data><key> a </key><lead><KEY>b</KEY><x><key>c</key></x></lead><lead><key/></lead></data>";
        assert_eq!(keys(&read(text, None).unwrap()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(keys(&read(b"<lead><key>a</key></lead>", None).unwrap()).collect::<Vec<_>>(), ["a"]);
    }

    fn header(name: &'static str, value: &[u8]) -> HeaderMap {
        let value = HeaderValue::from_bytes(value).unwrap();
        HeaderMap::from_iter([(HeaderName::from_static(name), value)])
    }

    const LEFTOVERS: [(&str, &[u8]); 6] = [
        ("authorization", b"Basic Zm9vOmJhcg=="),
        ("authorization", b"Basic \xe9"),
        ("authorization", b"Bearer"),
        ("authorization", b""),
        ("x-api-key", b""),
        ("x-api-key", b" "),
    ];

    #[test]
    fn a_header_that_is_no_key_is_none_beside_a_key() {
        let secret = KeySecret::generate(KeyKind::Full, &Randomness::seeded(1));
        let secret = secret.expose();
        let with = read(format!("<data><lead><key>{secret}</key></lead></data>").as_bytes(), None).unwrap();
        let without = read(b"<data><lead/></data>", None).unwrap();
        for (name, value) in LEFTOVERS {
            let headers = header(name, value);
            assert!(key(&headers, &with).is_ok(), "{name}: {value:?}");
            let refused = key(&headers, &without).unwrap_err();
            assert_eq!(refused.status(), 401);
            assert!(refused.sentence().contains("as <key> inside <lead>"), "{name}: {}", refused.sentence());
        }
        for (name, value) in [("authorization", &b"Bearer lk_full_x"[..]), ("x-api-key", b"lk_full_x")] {
            let refused = key(&header(name, value), &with).unwrap_err();
            assert!(refused.sentence().starts_with("Two different"), "{name}: {}", refused.sentence());
        }
    }

    #[test]
    fn who_wraps_leads_is_told_so() {
        for (text, status) in [
            ("<data><leads><lead><key>a</key></lead></leads></data>", 400),
            ("<data><data><lead/></data></data>", 401),
            ("<data><data><lead><key/></lead></data></data>", 401),
        ] {
            let refused = key(&HeaderMap::new(), &read(text.as_bytes(), None).unwrap()).unwrap_err();
            assert!(refused.sentence().contains("A <lead> stands directly in <data>"), "{text}");
            assert_eq!(refused.status(), status, "{text}");
        }
    }
}
