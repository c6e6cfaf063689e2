//! What a URL may not hold: a key, and a path that is no text.

use axum::http::{Request, Uri};
use leadlatch_domain::key_secret::{KeyDigest, starts_like_a_key};
use leadlatch_domain::problem::Code;
use percent_encoding::percent_decode_str;

use crate::App;
use crate::envelope::Caller;
use crate::problem::Problem;

/// Keys of one URL that are looked up, so that a long one costs no more.
const MARKED: usize = 4;
/// In place of a part of a path that is no text. It is no record's id, and no page's name.
const NOTHING: &str = "-";

/// A key in a URL stands in every log on the way, whatever the path: it is refused and, if there is such a key, marked on
/// its record.
pub(crate) async fn refuse_key_in_url(app: &App, caller: &Caller, uri: &Uri) -> Result<(), Problem> {
    let keys = keys_in(uri.path_and_query().map_or("", |whole| whole.as_str()));
    if keys.is_empty() {
        return Ok(());
    }
    for digest in keys.iter().filter_map(|key| KeyDigest::of_presented(key).ok()).take(MARKED) {
        if let Err(error) = app.store.mark_exposed(digest, caller.address()).await {
            tracing::error!(%error, "a key that stood in a URL could not be marked");
        }
    }
    Err(Problem::new(Code::KeyInUrl))
}

/// The words of a URL that want to be keys: in its path, as a parameter's name, in a value.
fn keys_in(url: &str) -> Vec<String> {
    // Nearly every URL is cleared by one look; only one that smells of a key is taken apart.
    if !url.contains("lk_") && !url.contains('%') {
        return Vec::new();
    }
    let plain = percent_decode_str(url).decode_utf8_lossy();
    let words = plain.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| starts_like_a_key(word)).map(str::to_owned).collect()
}

/// Makes a path readable whose escapes are no text: the part that is none names nothing, like any other that nothing has.
/// The listener does it with each request, before a route is chosen by the path.
pub fn make_readable<B>(request: &mut Request<B>) {
    let path = request.uri().path();
    if !path.contains('%') {
        return;
    }
    let is_text = |part: &str| percent_decode_str(part).decode_utf8().is_ok();
    if path.split('/').all(is_text) {
        return;
    }
    let parts: Vec<&str> = path.split('/').map(|part| if is_text(part) { part } else { NOTHING }).collect();
    let query = request.uri().query().map_or_else(String::new, |query| format!("?{query}"));
    let mut uri = request.uri().clone().into_parts();
    uri.path_and_query = format!("{}{query}", parts.join("/")).parse().ok();
    if let Ok(uri) = Uri::from_parts(uri) {
        *request.uri_mut() = uri;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_wherever_they_stand() {
        for url in
            ["/a?lk_full_x", "/lk_full_x/b", "/?a=Bearer%20lk_full_x", "/?a=%6ck%5ffull_x&b=1", "/?a[lk_full_x]=1"]
        {
            assert_eq!(keys_in(url), ["lk_full_x"], "{url}");
        }
        for url in ["/", "/?talk_full_stop=1", "/?a=100%25&b=lk_", "/?a=%ff"] {
            assert!(keys_in(url).is_empty(), "{url}");
        }
    }

    #[test]
    fn only_a_part_that_is_no_text_is_replaced() {
        for (from, to) in [
            ("/leads/%ff?a=%ff", "/leads/-?a=%ff"),
            ("/a/%c3%a4/%c3/b", "/a/%c3%a4/-/b"),
            ("/a%zz/100%?x", "/a%zz/100%?x"),
            ("http://host:1/%fe/", "http://host:1/-/"),
        ] {
            let mut request = Request::builder().uri(from).body(()).unwrap();
            make_readable(&mut request);
            assert_eq!(request.uri().to_string(), to);
        }
    }
}
