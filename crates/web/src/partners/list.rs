//! The list of partner records.

use askama::Template;
use axum::extract::State;
use leadlatch_domain::matrix::WritePartners;
use leadlatch_domain::reach::PartnerKind;
use leadlatch_store::COUNTED;
use leadlatch_store::Connection;
use leadlatch_store::partner_records::{self, DirectorySort, Listed};

use super::query::ListState;
use super::{kind_in_words, path_of};
use crate::Web;
use crate::components::words::thousands;
use crate::components::{Choice, Filter};
use crate::frame::Frame;
use crate::page::{Answer, page};
use crate::signed::Signed;

#[derive(Template)]
#[template(path = "partners/list.html")]
struct Page {
    frame: Frame,
    lead: String,
    /// Whether the account has no record at all.
    is_new: bool,
    search: String,
    /// The state that the search keeps.
    kept: Vec<(&'static str, String)>,
    filters: [Filter; 2],
    columns: [Column; 3],
    rows: Vec<Row>,
    pages: (String, String, String),
    clear: bool,
}

struct Column {
    words: &'static str,
    href: String,
    sorted: &'static str,
    class: &'static str,
}

struct Row {
    href: String,
    company: String,
    contact: String,
    kind: &'static str,
    active: bool,
    links: String,
    keys: String,
    keys_href: String,
    leads: Vec<String>,
}

/// The page.
pub(crate) async fn show(State(web): State<Web>, signed: Signed<WritePartners>, state: ListState) -> Answer {
    let (grant, query) = (signed.grant, state.query());
    let job = async move |db: &mut Connection<'_>| partner_records::directory(db, &grant, &query).await;
    let directory = web.store().read_apart(job).await?;
    let active = directory.rows.iter().filter(|row| row.active).count();
    let lead = if directory.found <= directory.rows.len() && !state.is_narrowed() && directory.all > 0 {
        let noun = if directory.all == 1 { "company" } else { "companies" };
        format!("{} {noun}, {active} active", thousands(directory.all as i64))
    } else {
        "The companies that supply leads, buy them, or both.".to_owned()
    };
    page(&Page {
        frame: signed.frame,
        lead,
        is_new: directory.all == 0,
        search: state.search.clone(),
        kept: state.with(|state| state.search.clear()).pairs(),
        filters: filters(&state),
        columns: columns(&state),
        rows: directory.rows.into_iter().map(|row| Row::of(row.into_inner())).collect(),
        pages: state.pages(directory.found),
        clear: state.is_narrowed(),
    })
}

impl Row {
    fn of(row: Listed) -> Self {
        let contact: Vec<String> = [row.contact_name, row.email].into_iter().flatten().collect();
        let sides = row.kind.sides();
        let mut leads = Vec::new();
        if sides.supplies || row.supplied > 0 {
            leads.push(format!("{} supplied", up_to(row.supplied)));
        }
        if sides.buys || row.bought > 0 {
            leads.push(format!("{} referred to it", up_to(row.bought)));
        }
        Self {
            href: path_of(row.id),
            company: row.company,
            contact: contact.join(" · "),
            kind: kind_in_words(row.kind),
            active: row.active,
            links: if row.links == 0 { "None".to_owned() } else { thousands(row.links) },
            keys: if row.keys == 0 { "None".to_owned() } else { thousands(row.keys) },
            keys_href: if row.keys == 0 { String::new() } else { format!("{}#keys", path_of(row.id)) },
            leads,
        }
    }
}

/// A count that ends at a limit.
pub(super) fn up_to(number: i64) -> String {
    if number > COUNTED { format!("over {}", thousands(COUNTED)) } else { thousands(number) }
}

fn filters(state: &ListState) -> [Filter; 2] {
    let kind = |words, kind: Option<PartnerKind>| {
        Choice::new(words, state.with(|state| state.kind = kind).href(), state.kind == kind)
    };
    let active =
        |words, active| Choice::new(words, state.with(|state| state.active = active).href(), state.active == active);
    let kinds = PartnerKind::ALL.map(|of| kind(kind_in_words(of), Some(of)));
    [
        Filter::of("Kind", kind("Any kind", None), kinds),
        Filter::of("State", active("Any state", None), [active("Active", Some(true)), active("Inactive", Some(false))]),
    ]
}

/// The heads that order the table. The other way round when it is ordered by them already.
fn columns(state: &ListState) -> [Column; 3] {
    let column = |words, sort, class| {
        let own = state.sort == sort;
        let descending = if own { !state.descending } else { sort == DirectorySort::Keys };
        let sorted = match (own, state.descending) {
            (false, _) => "",
            (true, false) => "ascending",
            (true, true) => "descending",
        };
        let href = state.with(|state| (state.sort, state.descending) = (sort, descending)).href();
        Column { words, href, sorted, class }
    };
    [
        column("Company", DirectorySort::Company, ""),
        column("Kind", DirectorySort::Kind, ""),
        column("Keys", DirectorySort::Keys, "number"),
    ]
}
