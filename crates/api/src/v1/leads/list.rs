//! `GET /leads`, and what a search shares with it.

use axum::extract::State;
use axum::response::Response;
use leadlatch_domain::lead::filter::FilterRefused;
use leadlatch_domain::lead::{FieldRights, LeadFilter, LeadSort};
use leadlatch_domain::matrix::ReadLeads;
use leadlatch_store::{Apart, Connection, Grant, confirm, leads};

use crate::App;
use crate::allow::Allow;
use crate::docs::{FilterParams, LeadBody, OrderParams, PageParams};
use crate::list::{ListOf, ListQuery, Total};
use crate::problem::Problem;

/// List the leads in the key's reach, newest first.
#[utoipa::path(get, path = "/api/v1/leads", operation_id = "list_leads", tag = "leads",
    params(PageParams, OrderParams, FilterParams),
    responses((status = 200, description = "A page of leads.", body = ListOf<LeadBody>)))]
pub(crate) async fn list(
    allow: Allow<ReadLeads>,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Response, Problem> {
    answer(allow.0, &app, query, false).await
}

/// The page that a list or a search asks for; `late` when it begins some time after the key was let in.
pub(super) async fn answer(
    grant: Grant<ReadLeads>,
    app: &App,
    mut query: ListQuery,
    late: bool,
) -> Result<Response, Problem> {
    let (filter, sort) =
        read_filter(&mut query, &grant.fields()).map_err(|r| Problem::refused_filter(r, grant.scopes()))?;
    let page = query.page(sort.as_str())?;
    let (wanted, asked) = (query.total, leads::ListQuery { filter, sort });
    // A count and the rows beside it are of one moment.
    let apart = Apart { of: grant.key_id(), together: wanted, patient: false };
    let bounded = !wanted && leads::is_bounded(&asked, &grant.fields());
    let late = late || !bounded;
    let job = async move |db: &mut Connection<'_>| {
        // The key may have died while a body came, or in the line.
        if late {
            confirm(db, &grant).await?;
        }
        let total = if wanted { Some(leads::total(db, &grant, &asked.filter).await?) } else { None };
        Ok((leads::list_written(db, &grant, &asked, &page, ListQuery::begin()).await?, total))
    };
    let (rows, total) = if bounded { app.store.read(job).await? } else { app.store.read_in_line(apart, job).await? };
    Ok(query.answer_written(rows, sort.as_str(), total.map(Total::of)))
}

/// The filters and the order, with the faults of the page's own parameters beside theirs.
pub(super) fn read_filter(
    query: &mut ListQuery,
    rights: &FieldRights,
) -> Result<(LeadFilter, LeadSort), FilterRefused> {
    let page_faults = query.faults();
    match LeadFilter::parse(&query.others, rights) {
        Ok(read) if page_faults.is_empty() => Ok(read),
        Ok(_) => Err(FilterRefused::Invalid(page_faults)),
        Err(FilterRefused::Invalid(mut faults)) => {
            faults.extend(page_faults);
            Err(FilterRefused::Invalid(faults))
        }
        Err(refused) => Err(refused),
    }
}
