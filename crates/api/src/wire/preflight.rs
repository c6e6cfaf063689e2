//! What a browser asks before a page of another origin posts.

use axum::http::{HeaderName, StatusCode, header};

const METHODS: &str = "GET, POST, OPTIONS";
const HEADERS: &str = "Content-Type, Authorization, X-Api-Key, X-Requested-With, Accept, *";
/// Seconds for which a browser need not ask again.
const MAX_AGE: &str = "86400";

/// Any page may post: the key in the document is what opens, and no cookie is ever read.
pub(super) async fn answer() -> (StatusCode, [(HeaderName, &'static str); 3]) {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ];
    (StatusCode::NO_CONTENT, headers)
}
