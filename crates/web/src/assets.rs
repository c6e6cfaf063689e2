//! The style sheet, the script and the pictures, inside the binary. Each is served under a name that holds its content's
//! hash, so that a browser keeps it for ever and never keeps an old one.

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// Bytes of the hash that stand in a name.
const MARK: usize = 6;

/// The address of an asset, for templates: `{{ crate::assets::href("leadlatch.css") }}`.
pub(crate) fn href(name: &str) -> String {
    match (Files::get(name), name.rsplit_once('.')) {
        (Some(file), Some((stem, kind))) => format!("/assets/{stem}.{}.{kind}", mark(&file)),
        _ => format!("/assets/{name}"),
    }
}

/// Serves an asset by the name that [`href`] gives it.
pub(crate) async fn serve(Path(name): Path<String>) -> Response {
    let Some((file, kind)) = find(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type(kind))),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (headers, file.data).into_response()
}

fn find(name: &str) -> Option<(EmbeddedFile, &str)> {
    let (rest, kind) = name.rsplit_once('.')?;
    let (stem, wanted) = rest.rsplit_once('.')?;
    let file = Files::get(&format!("{stem}.{kind}"))?;
    (mark(&file) == wanted).then_some((file, kind))
}

fn mark(file: &EmbeddedFile) -> String {
    hex::encode(&file.metadata.sha256_hash()[..MARK])
}

fn media_type(kind: &str) -> &'static str {
    match kind {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::{find, href};

    #[test]
    fn an_asset_is_found_by_the_name_with_its_hash_alone() {
        let address = href("leadlatch.css");
        let name = address.strip_prefix("/assets/").unwrap();
        assert!(find(name).is_some(), "{name}");
        for other in ["leadlatch.css", "app.000000000000.css", "../Cargo.toml", ""] {
            assert!(find(other).is_none(), "{other}");
        }
    }
}
