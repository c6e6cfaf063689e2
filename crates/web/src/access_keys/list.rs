//! Settings > Configuration > Access Keys: the list.

use askama::Template;
use axum::extract::State;
use leadlatch_domain::key_directory::{KeyCard, KeyOrder, KeyStatus};
use leadlatch_domain::key_secret::KeyKind;
use leadlatch_domain::matrix::ManageKeys;
use leadlatch_domain::time::Timestamp;
use leadlatch_store::access_keys::directory::{self, Counts, Directory, PAGE};
use leadlatch_store::{Connection, Grant};

use super::cards::Card;
use super::filters::filters;
use super::query::ListState;
use super::row::KeyRow;
use crate::Web;
use crate::components::words::thousands;
use crate::components::{Filter, GlyphSize, Svg, glyph};
use crate::frame::Frame;
use crate::page::{Answer, page};
use crate::refusal::Refusal;
use crate::signed::Signed;

/// The list, as the page shows it.
#[derive(Debug)]
pub(super) struct List {
    pub(super) head: String,
    /// Whether the account has no key at all.
    pub(super) is_new: bool,
    pub(super) cards: Vec<Card>,
    pub(super) filters: Vec<Filter>,
    pub(super) search: String,
    /// The state that the search keeps.
    pub(super) kept: Vec<(&'static str, String)>,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<KeyRow>,
    pub(super) pages: Pages,
    pub(super) csv: String,
    pub(super) json: String,
    /// Whether deleted keys are listed, which nothing can be done with.
    pub(super) deleted: bool,
    /// The address of the list without filters, when there are any.
    pub(super) clear: Option<String>,
    pub(super) glyphs: (Svg, Svg),
}

/// A head of the table.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) words: &'static str,
    pub(super) class: &'static str,
    pub(super) href: String,
    pub(super) sorted: &'static str,
}

/// Where in the list the page is.
#[derive(Debug)]
pub(super) struct Pages {
    pub(super) words: String,
    pub(super) previous: String,
    pub(super) next: String,
}

#[derive(Template)]
#[template(path = "access_keys/list.html")]
struct Page {
    frame: Frame,
    list: List,
    whoami: String,
}

/// The page.
pub(crate) async fn show(State(web): State<Web>, signed: Signed<ManageKeys>, state: ListState) -> Answer {
    let list = read(&web, signed.grant, &state).await?;
    page(&Page { frame: signed.frame, list, whoami: format!("{}/api/v1/whoami", web.origin(&signed.visitor)) })
}

/// Reads the list in a state.
pub(super) async fn read(web: &Web, grant: Grant<ManageKeys>, state: &ListState) -> Result<List, Refusal> {
    web.freshen_usage().await;
    let (query, now) = (state.0.clone(), web.store().clock().now());
    let job = async move |db: &mut Connection<'_>| directory::directory(db, &grant, &query).await;
    let found = web.store().read_apart(job).await?;
    Ok(List::new(&found, state, now))
}

impl List {
    fn new(found: &Directory, state: &ListState, now: Timestamp) -> Self {
        let picture = |kind, cuts| glyph(kind, cuts, GlyphSize::Empty);
        Self {
            head: head(&found.counts),
            is_new: found.counts.whole == 0,
            cards: KeyCard::ALL.iter().map(|card| Card::new(*card, &found.counts, state, now)).collect(),
            filters: filters(found, state),
            search: state.0.search.clone(),
            kept: state.with(|query| query.search.clear()).pairs(),
            columns: columns(state),
            rows: found.rows.iter().map(|row| KeyRow::new(row, now)).collect(),
            pages: pages(found.total, state),
            csv: state.under(&format!("{}/export.csv", super::HOME)),
            json: state.under(&format!("{}/export.json", super::HOME)),
            deleted: state.0.status == KeyStatus::Deleted,
            clear: state.is_narrowed().then(|| ListState::default().href()),
            glyphs: (picture(KeyKind::Full, [1, 3, 0, 2, 1, 2]), picture(KeyKind::Partner, [2, 0, 3, 1, 2, 0])),
        }
    }
}

/// `14 active, 3 never used, 2 idle over 90 days`.
fn head(counts: &Counts) -> String {
    let number = |card| thousands(counts.card(card) as i64);
    match counts.whole {
        0 => "None yet".into(),
        _ => format!(
            "{} active, {} never used, {} idle over 90 days",
            thousands(counts.active as i64),
            number(KeyCard::NeverUsed),
            number(KeyCard::Idle)
        ),
    }
}

/// The heads that order the table. The other way round when it is ordered by them already.
fn columns(state: &ListState) -> Vec<Column> {
    let all = [
        (KeyOrder::Name, "Key", "col-key"),
        (KeyOrder::Type, "Type", "col-type"),
        (KeyOrder::Used, "Last used", "col-used"),
        (KeyOrder::Requests, "30 days", "col-days"),
        (KeyOrder::Created, "Created", "col-made made"),
        (KeyOrder::Expires, "Expires", "col-ends"),
    ];
    let column = |(order, words, class)| {
        let own = state.0.order == order;
        let first_descending = matches!(order, KeyOrder::Used | KeyOrder::Requests | KeyOrder::Created);
        let descending = if own { !state.0.descending } else { first_descending };
        let href = state.with(|query| (query.order, query.descending) = (order, descending)).href();
        let sorted = match (own, state.0.descending) {
            (false, _) => "",
            (true, true) => "descending",
            (true, false) => "ascending",
        };
        Column { words, class, href, sorted }
    };
    all.map(column).into()
}

fn pages(total: usize, state: &ListState) -> Pages {
    let page = state.0.page;
    let (first, last) = ((page - 1) * PAGE, (page * PAGE).min(total));
    let at = |page| state.with(|query| query.page = page).href();
    let words = if total == 0 || first >= total {
        format!("None of {}", thousands(total as i64))
    } else {
        format!("{} to {} of {}", thousands(first as i64 + 1), thousands(last as i64), thousands(total as i64))
    };
    let previous = if page > 1 { at(page - 1) } else { String::new() };
    let next = if last < total { at(page + 1) } else { String::new() };
    Pages { words, previous, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_say_which_rows_they_show() {
        let words = |total, page| pages(total, &ListState::default().with(|query| query.page = page));
        let first = words(10_214, 1);
        assert_eq!((first.words.as_str(), first.previous.as_str()), ("1 to 50 of 10,214", ""));
        assert_eq!(words(120, 3).words, "101 to 120 of 120");
        assert!(words(120, 3).next.is_empty() && words(50, 1).next.is_empty());
        assert_eq!(words(0, 1).words, "None of 0");
        assert_eq!(words(10, 9).words, "None of 10");
    }

    #[test]
    fn a_heads_second_press_turns_the_order_round() {
        let by = |order, descending| {
            ListState::default().with(|query| (query.order, query.descending) = (order, descending))
        };
        let href = |state: &ListState, words| columns(state).into_iter().find(|column| column.words == words).unwrap();
        assert!(href(&by(KeyOrder::Name, false), "Key").href.ends_with("?sort=-name"));
        assert_eq!(href(&by(KeyOrder::Name, false), "Key").sorted, "ascending");
        assert!(href(&by(KeyOrder::Name, false), "Created").href.ends_with("?sort=-created"));
    }
}
