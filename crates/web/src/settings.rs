//! Settings: what there is to set up.

use askama::Template;
use leadlatch_domain::matrix::ManageSettings;

use crate::frame::Frame;
use crate::page::{Answer, page};
use crate::signed::Signed;

#[derive(Template)]
#[template(path = "settings.html")]
struct Page {
    frame: Frame,
}

/// The page.
pub(crate) async fn show(signed: Signed<ManageSettings>) -> Answer {
    page(&Page { frame: signed.frame })
}
