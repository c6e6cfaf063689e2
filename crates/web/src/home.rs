//! Home: what is set up, and what is not.

use askama::Template;
use leadlatch_domain::matrix::UseAccount;

use crate::frame::Frame;
use crate::page::{Answer, page};
use crate::signed::Signed;

#[derive(Template)]
#[template(path = "home.html")]
struct Page {
    frame: Frame,
}

/// The page.
pub(crate) async fn show(signed: Signed<UseAccount>) -> Answer {
    page(&Page { frame: signed.frame })
}
