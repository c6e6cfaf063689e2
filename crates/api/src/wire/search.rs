//! Searching: by days of the account and by what a lead holds, in numbered pages.

use axum::http::StatusCode;
use axum::response::Response;
use leadlatch_domain::fault::{Fault, FieldFault};
use leadlatch_domain::lead::WireLead;
use leadlatch_domain::matrix::ReadLeads;
use leadlatch_domain::time::Date;
use leadlatch_store::leads::wire::{PAGE_MAX, Search, search};
use leadlatch_store::{Apart, Connection, Grant, confirm};

use super::answer::Xml;
use super::document::Element;
use super::failure::{problem, repeated};
use super::record;
use crate::App;
use crate::envelope::Served;
use crate::problem::Problem;

/// Leads on a page unless the caller says how many.
const PER_PAGE: u32 = 100;
/// What is searched by in the words of the JSON API.
const SAME: [&str; 4] = ["status", "email", "phone", "reference"];

/// A page of what a document searches for.
pub(super) async fn answer(app: &App, grant: Grant<ReadLeads>, document: &Element) -> Result<Response, Problem> {
    let asked = read(document).map_err(Problem::invalid)?;
    let (page, per_page, rights) = (asked.page, asked.per_page, grant.fields());
    // A count and the rows beside it are of one moment.
    let apart = Apart { of: grant.key_id(), together: true, patient: false };
    let job = async move |db: &mut Connection<'_>| {
        // The key may have died in the line.
        confirm(db, &grant).await?;
        search(db, &grant, &asked).await
    };
    let found = app.store.read_in_line(apart, job).await.map_err(|error| problem(error, &WireLead::default()))?;
    let mut xml = Xml::default();
    xml.begin("result");
    xml.element("status", "0");
    for (name, number) in [("page", page.into()), ("perpage", per_page.into()), ("total", found.total)] {
        xml.element(name, &i64::to_string(&number));
    }
    if found.records.is_empty() {
        xml.element("records", "");
    } else {
        xml.begin("records");
        for found in &found.records {
            xml.begin("record");
            record::write(&mut xml, found, &rights);
            xml.end("record");
        }
        xml.end("records");
    }
    xml.end("result");
    let mut answer = xml.answer(StatusCode::OK);
    answer.extensions_mut().insert(Served(found.records.len() as i64));
    Ok(answer)
}

/// What is searched for, or everything that is wrong with it.
fn read(document: &Element) -> Result<Search, Vec<FieldFault>> {
    let mut faults = Vec::new();
    let mut text = |name: &'static str| {
        let mut sent = document.named(name);
        let first = sent.next().map(|element| element.text.clone()).filter(|text| !text.is_empty());
        if sent.next().is_some() {
            faults.push(repeated(name));
        }
        first
    };
    let mut pairs: Vec<(String, String)> =
        SAME.iter().filter_map(|name| Some(((*name).to_owned(), text(name)?))).collect();
    if let Some(test) = text("test") {
        pairs.push(("test".into(), if matches!(test.as_str(), "1" | "true") { "true" } else { "false" }.into()));
    }
    let (lead_group, lead_type) = (text("leadgroup"), text("type"));
    // As where leads are sent, 0 is no introducer.
    let introducer = text("introducer").filter(|number| number != "0");
    let days = [text("startdate"), text("enddate")];
    let numbers = [text("page"), text("perpage")];
    let mut keep = |read: Result<_, FieldFault>| read.map_err(|fault| faults.push(fault)).ok();
    let [from, to] = days.map(|day| day.as_deref().map(day_of).transpose());
    let from = keep(from.map_err(|fault| fault.on("startdate"))).flatten();
    let to = keep(to.map_err(|fault| fault.on("enddate"))).flatten();
    let [page, per_page] =
        numbers.map(|number| number.map(|text| text.parse::<u32>().ok().filter(|number| *number > 0)));
    if page == Some(None) {
        faults.push(Fault::new("out_of_range", "Pages count from 1.").on("page"));
    }
    let per_page = per_page.map(|number| number.filter(|number| *number <= PAGE_MAX));
    if per_page == Some(None) {
        faults.push(Fault::new("out_of_range", "Send 10, 25, 50, 100 or 1000.").on("perpage"));
    }
    let (page, per_page) = (page.flatten().unwrap_or(1), per_page.flatten().unwrap_or(PER_PAGE));
    let search = Search { pairs, lead_group, lead_type, introducer, from, to, page, per_page };
    if faults.is_empty() { Ok(search) } else { Err(faults) }
}

/// A day as integrations write it, `dd/mm/yyyy`, or as the JSON API has it.
fn day_of(text: &str) -> Result<Date, Fault> {
    let mut parts = text.splitn(3, '/').map(str::parse::<i16>);
    if let (Some(Ok(day)), Some(Ok(month)), Some(Ok(year))) = (parts.next(), parts.next(), parts.next())
        && let Ok(date) = Date::from_parts(year, month, day)
        && year >= 1000
    {
        return Ok(date);
    }
    Date::parse(text)
        .map_err(|_| Fault::new("bad_date", "Write a day of the calendar as dd/mm/yyyy, such as 31/01/2026."))
}
