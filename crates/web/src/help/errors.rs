//! Every code that the API refuses with, from the one catalogue.

use askama::Template;
use leadlatch_domain::matrix::UseAccount;
use leadlatch_domain::problem::Code;

use super::topics::{self, Topic};
use crate::frame::Frame;
use crate::page::{Answer, page};
use crate::signed::Signed;

#[derive(Template)]
#[template(path = "help_layout/errors.html")]
struct Page {
    frame: Frame,
    topics: Vec<Topic>,
    /// Codes by their status, with what the status means.
    statuses: Vec<(u16, &'static str, Vec<Code>)>,
}

/// The page.
pub(super) async fn show(signed: Signed<UseAccount>) -> Answer {
    page(&Page { frame: signed.frame, topics: topics::all(), statuses: by_status() })
}

fn by_status() -> Vec<(u16, &'static str, Vec<Code>)> {
    let mut statuses: Vec<u16> = Code::ALL.iter().map(|code| code.status()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let of = |status: u16| Code::ALL.iter().copied().filter(|code| code.status() == status).collect();
    statuses.into_iter().map(|status| (status, meaning(status), of(status))).collect()
}

const fn meaning(status: u16) -> &'static str {
    match status {
        400 => "The request cannot be read",
        401 => "The key is not let in",
        403 => "The key may not do this",
        404 => "There is no such thing",
        405 => "The method is wrong here",
        408 => "It took too long to arrive",
        409 => "It stands against what is there",
        413 => "It is too large",
        415 => "It is of another type",
        422 => "Values are wrong",
        429 => "Too much at once",
        500 => "The server failed",
        _ => "The server cannot do it now",
    }
}

#[cfg(test)]
mod tests {
    use super::by_status;
    use leadlatch_domain::problem::Code;

    #[test]
    fn every_code_stands_there_once() {
        let shown: usize = by_status().iter().map(|(_, _, codes)| codes.len()).sum();
        assert_eq!(shown, Code::ALL.len());
    }
}
