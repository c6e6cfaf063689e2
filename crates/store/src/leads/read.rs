//! Reading leads: one, or a page of those in reach.

use std::sync::Arc;

use leadlatch_domain::account::Country;
use leadlatch_domain::custom_field::DataKeys;
use leadlatch_domain::lead::filter::SortBy;
use leadlatch_domain::lead::record::Value;
use leadlatch_domain::lead::{FieldRights, LeadField, LeadFilter, LeadSort, LeadView};
use leadlatch_domain::matrix::{InspectLeads, ReadLeads};
use leadlatch_domain::problem::Code;
use leadlatch_domain::reach::{RowScope, Rows};
use sea_query::{Condition, Expr, ExprTrait, Order, Query, SelectStatement, SimpleExpr, Value as Bound};

use super::columns;
use super::row::{self, Columns, LeadRow};
use super::shapes::{self, ListShape};
use super::written::SelectList;
use crate::access::{Grant, Visible};
use crate::engine::{Connection, compose, values};
use crate::page::LOOKED_AT;
use crate::scope_sql::{computed, lead, leads_in, leads_of, twin};
use crate::{Error, Page, Result, Slice, lead_groups};

/// Custom fields on one page, in bytes.
pub(super) const PAGE_BYTES: usize = 4 << 20;

/// A list of leads, as it was asked for.
#[derive(Debug)]
pub struct ListQuery {
    /// What it is narrowed to.
    pub filter: LeadFilter,
    /// Its order.
    pub sort: LeadSort,
}

/// One lead in reach.
pub async fn get(db: &mut Connection<'_>, grant: &Grant<ReadLeads>, id: i64) -> Result<Visible<LeadView>> {
    let found = fetch(db, &grant.scope(), id, "").await?.ok_or_else(|| grant.missing("id"))?;
    view(db, grant, found).await
}

/// The row of a lead in reach, locked if the clause says so.
pub(super) async fn fetch(db: &mut Connection<'_>, scope: &RowScope, id: i64, lock: &str) -> Result<Option<LeadRow>> {
    let (sides, record) = shapes::reader(scope);
    let (sql, bound) = shapes::ONE.compose((sides, Columns::Whole), [scope.account.get(), record, id]);
    let sql = if lock.is_empty() { sql } else { format!("{sql}{lock}").into() };
    db.query_opt(&sql, bound, row::read_one).await
}

/// The statement of one lead in reach, with what its group lets Partner keys read if one asks.
pub(super) fn one(scope: &RowScope, columns: Columns, id: i64) -> SelectStatement {
    let mut statement = select(scope, columns);
    statement.expr(Expr::cust(match scope.rows {
        Rows::Account => "CAST(0 AS BIGINT)",
        Rows::Partner { .. } => row::READABLE,
    }));
    statement.cond_where(leads_in(scope).add(lead("id").eq(id)));
    statement
}

/// The row of any lead of the account, in the bin too.
pub(super) async fn fetch_any(
    db: &mut Connection<'_>,
    grant: &Grant<InspectLeads>,
    id: i64,
) -> Result<Option<LeadRow>> {
    let of = leads_of(grant.account_id()).add(lead("id").eq(id));
    let (sql, bound) = compose(&select(&grant.scope(), Columns::Whole).cond_where(of).take());
    db.query_opt(&sql, bound, row::read).await
}

fn select(scope: &RowScope, columns: Columns) -> SelectStatement {
    let list = match columns {
        Columns::Whole => &row::COLUMNS,
        Columns::Seen => &SelectList::of_rows(&scope.rows).sql,
    };
    Query::select().expr(Expr::cust(list.as_str())).from("leads").inner_join("statuses", status_in(scope)).take()
}

/// A lead's status. For a record of both sides the account is computed: SQLite would take it from the status, and walk
/// the account's rows.
pub(super) fn status_in(scope: &RowScope) -> Condition {
    let of = |column| Expr::col(("statuses", column));
    let account = if is_of_both_sides(scope) { computed(lead("account_id")) } else { lead("account_id") };
    Condition::all().add(of("account_id").eq(account)).add(of("id").eq(lead("status_id")))
}

/// Reduces a lead for the caller. A Partner key sees the custom fields that the lead's group lets it read.
pub(super) async fn view<A>(db: &mut Connection<'_>, grant: &Grant<A>, found: LeadRow) -> Result<Visible<LeadView>> {
    view_among(db, grant, found, &mut Vec::new()).await
}

/// As [`view`], of one lead among others: each group is asked once what it lets be read.
async fn view_among<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    found: LeadRow,
    groups: &mut Vec<(i64, DataKeys)>,
) -> Result<Visible<LeadView>> {
    let rights = grant.fields();
    let group = found.lead.int(LeadField::LeadGroupId).unwrap_or_default();
    let known = groups.iter().find(|(known, _)| *known == group).map(|(_, readable)| *readable);
    let known = found.readable.or(known);
    let readable = match (rights, known) {
        (FieldRights::Partner { .. }, None) if !found.lead.data.is_empty() => {
            let readable = lead_groups::readable(db, grant.account(), group).await?;
            groups.push((group, readable));
            readable
        }
        (_, known) => known.unwrap_or_default(),
    };
    Ok(Visible(LeadView::reduce(found.for_side(&rights), &rights, |key| readable.contains(key))))
}

/// A page of the leads in reach that the filter leaves.
pub async fn list(
    db: &mut Connection<'_>,
    grant: &Grant<ReadLeads>,
    query: &ListQuery,
    page: &Page,
) -> Result<Slice<Visible<LeadView>>> {
    let Some((sql, bound)) = statement(db, grant, query, page, Columns::Whole).await? else {
        return Ok(Slice { rows: Vec::new(), next: None, total: None });
    };
    let mut found = db.query(&sql, bound, row::read).await?;
    // Large rows end a page sooner: what is asked for again costs less than what is held at once.
    let limit = Ord::min(u32::try_from(fitting(&found)).unwrap_or(u32::MAX), page.limit);
    found.truncate(limit as usize + 1);
    let page = &Page { limit, ..*page };
    let (mut rows, mut groups) = (Vec::with_capacity(found.len()), Vec::new());
    for row in found {
        rows.push(view_among(db, grant, row, &mut groups).await?);
    }
    Ok(Slice::cut(rows, page, |view| place(view, query.sort)))
}

/// The statement of a page; `None` when nothing can be on it.
pub(super) async fn statement(
    db: &mut Connection<'_>,
    grant: &Grant<ReadLeads>,
    query: &ListQuery,
    page: &Page,
    columns: Columns,
) -> Result<Option<(Arc<str>, Vec<Bound>)>> {
    let scope = grant.scope();
    if let Some((shape, given)) = ListShape::of(&scope, columns, query, page) {
        return Ok(Some(shapes::LIST.compose(shape, given)));
    }
    let Some(narrowed) = narrow(db, grant, &query.filter).await? else { return Ok(None) };
    let (sql, bound) = compose(&page_of(&scope, columns, query, narrowed, page));
    Ok(Some((sql.into(), bound)))
}

/// How many of the rows fit a page by their size: one at least.
fn fitting(found: &[LeadRow]) -> usize {
    let mut size = 0;
    let fits = |row: &&LeadRow| {
        size += row.lead.data.iter().map(|(_, text)| text.len()).sum::<usize>();
        size <= PAGE_BYTES
    };
    found.iter().take_while(fits).count().max(1)
}

/// The statement of a page: the rows in reach, narrowed, in their order, after the last row that the caller has.
pub(super) fn page_of(
    scope: &RowScope,
    columns: Columns,
    query: &ListQuery,
    narrowed: Condition,
    page: &Page,
) -> SelectStatement {
    let column = sort_column(query, scope);
    let descending = query.sort.descending;
    let order = if descending { Order::Desc } else { Order::Asc };
    let mut statement = select(scope, columns);
    statement.cond_where(leads_in(scope).add(narrowed));
    if let Some((value, id)) = page.after {
        let (place, last) = match query.sort.by {
            SortBy::Id => (lead("id"), Expr::val(id)),
            _ => (Expr::tuple([column.clone(), lead("id")]), Expr::tuple([Expr::val(value), Expr::val(id)])),
        };
        statement.and_where(if descending { place.lt(last) } else { place.gt(last) });
    }
    if query.sort.by == SortBy::Id {
        return statement.order_by_expr(column, order).limit(u64::from(page.limit) + 1).take();
    }
    statement.order_by_expr(column, order.clone()).order_by_expr(lead("id"), order).limit(u64::from(page.limit) + 1);
    statement
}

fn place(view: &LeadView, sort: LeadSort) -> (i64, i64) {
    let int = |field| match view.get(field) {
        Value::Int(number) => *number,
        _ => 0,
    };
    let value = match sort.by {
        SortBy::ReceivedAt => int(LeadField::ReceivedAt),
        SortBy::UpdatedAt => int(LeadField::UpdatedAt),
        SortBy::Id => int(LeadField::Id),
    };
    (value, int(LeadField::Id))
}

/// The leads in reach that the filter leaves, counted up to one more than [`crate::COUNTED`].
pub async fn total(db: &mut Connection<'_>, grant: &Grant<ReadLeads>, filter: &LeadFilter) -> Result<i64> {
    count(db, grant, filter, LOOKED_AT as u64).await
}

/// The leads in reach that the filter leaves, counted to a number.
pub(super) async fn count(
    db: &mut Connection<'_>,
    grant: &Grant<ReadLeads>,
    filter: &LeadFilter,
    to: u64,
) -> Result<i64> {
    let Some(narrowed) = narrow(db, grant, filter).await? else { return Ok(0) };
    let statement = Query::select()
        .expr(Expr::cust("1"))
        .from("leads")
        .inner_join("statuses", status_in(&grant.scope()))
        .cond_where(leads_in(&grant.scope()).add(narrowed))
        .limit(to)
        .take();
    let (sql, bound) = compose(&statement);
    db.query_int(&format!("SELECT COUNT(*) FROM ({sql}) counted"), bound).await
}

/// The time of the last change is the one that the reader's side sees.
fn updated_at(scope: &RowScope) -> SimpleExpr {
    match scope.rows {
        Rows::Account => lead("updated_at"),
        Rows::Partner { sides, .. } if sides.supplies && !sides.buys => lead("introducer_updated_at"),
        Rows::Partner { sides, .. } if sides.buys && !sides.supplies => lead("partner_updated_at"),
        Rows::Partner { record, .. } => {
            let own = |id: &str, at: &str| format!("CASE WHEN leads.{id} = {record} THEN leads.{at} END");
            let introducer = own("introducer_id", "introducer_updated_at");
            let partner = own("partner_id", "partner_updated_at");
            Expr::cust(format!(
                "CASE WHEN leads.introducer_id = {record} AND leads.partner_id = {record} THEN \
                 CASE WHEN leads.introducer_updated_at > leads.partner_updated_at THEN leads.introducer_updated_at \
                 ELSE leads.partner_updated_at END ELSE COALESCE({introducer}, {partner}) END"
            ))
        }
    }
}

/// The column of the order. It is computed where the order's index would be walked past rows that are not asked for:
/// with a telephone number's twin, which few rows have, and by id for a record of both sides, whose rows stand among
/// others'.
fn sort_column(query: &ListQuery, scope: &RowScope) -> SimpleExpr {
    let column = match query.sort.by {
        SortBy::ReceivedAt => lead("received_at"),
        SortBy::UpdatedAt => updated_at(scope),
        SortBy::Id => lead("id"),
    };
    let past_others = query.sort.by == SortBy::Id && is_of_both_sides(scope);
    if past_others || query.filter.phone.is_some() { computed(column) } else { column }
}

fn is_of_both_sides(scope: &RowScope) -> bool {
    matches!(scope.rows, Rows::Partner { sides, .. } if sides.supplies && sides.buys)
}

/// The filter as SQL; `None` when nothing can match.
pub(super) async fn narrow<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    filter: &LeadFilter,
) -> Result<Option<Condition>> {
    let scope = grant.scope();
    let mut all = narrow_by_columns(&scope, filter);
    if let Some(name) = &filter.status {
        let stage = crate::statuses::find(db, grant.account(), &crate::statuses::Named::Name(name)).await?;
        let Some(stage) = stage else { return Ok(None) };
        all = all.add(lead("status_id").eq(stage.id));
    }
    if let Some(phone) = &filter.phone {
        let number = phone_twin(db, grant.account(), phone).await?;
        if number.is_empty() {
            return Ok(None);
        }
        let is = |column| twin(&scope, column).eq(number.as_str());
        all = all.add(Condition::any().add(is("phone1_twin")).add(is("phone2_twin")));
    }
    narrow_by_data(db, grant, filter, all).await.map(Some)
}

/// The part of a filter for which nothing has to be looked up.
pub(super) fn narrow_by_columns(scope: &RowScope, filter: &LeadFilter) -> Condition {
    let test = lead("test").eq(filter.test);
    // A contact's twin has its index: SQLite would as soon take one that goes on with `test`, and walk the account.
    let test = if filter.phone.is_some() { Expr::cust_with_exprs("($1) IS TRUE", [test]) } else { test };
    let mut all = Condition::all().add(test);
    let ids = [
        ("status_id", filter.status_id),
        ("lead_group_id", filter.lead_group_id),
        ("lead_type_id", filter.lead_type_id),
        ("introducer_id", filter.introducer_id),
        ("partner_id", filter.partner_id),
    ];
    for (column, id) in ids.into_iter().filter_map(|(column, id)| id.map(|id| (column, id))) {
        all = all.add(lead(column).eq(id));
    }
    if let Some(point) = filter.conversion_point {
        all = all.add(Expr::col(("statuses", "point")).eq(point.as_str()));
    }
    if let Some(email) = &filter.email {
        all = all.add(twin(scope, "email_twin").eq(email.as_str()));
    }
    if let Some(reference) = &filter.reference {
        all = all.add(lead("reference").eq(reference.as_str()));
    }
    if let Some(from) = filter.received_from {
        all = all.add(lead("received_at").gte(from.as_micros()));
    }
    if let Some(to) = filter.received_to {
        all = all.add(lead("received_at").lte(to.as_micros()));
    }
    if let Some(since) = filter.updated_since {
        all = all.add(updated_at(scope).gte(since.as_micros()));
    }
    all
}

/// By a custom field only who may read it in that group filters.
async fn narrow_by_data<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    filter: &LeadFilter,
    mut all: Condition,
) -> Result<Condition> {
    let (Some(group), false) = (filter.lead_group_id, filter.data.is_empty()) else { return Ok(all) };
    // Of a group that it is not linked to a Partner key learns as much as of one that does not exist.
    let known = grant.partner().is_none() || columns::is_linked(db, grant, group).await?;
    let fields = if known { lead_groups::fields(db, grant.account(), group).await? } else { Vec::new() };
    if grant.partner().is_some() {
        let readable = |key| fields.iter().any(|field| field.key == key && field.partner.may_read());
        let denied: Vec<String> =
            filter.data.iter().filter(|(key, _)| !readable(*key)).map(|(key, _)| key.to_string()).collect();
        if !denied.is_empty() {
            return Err(Error::fields(denied, grant.scopes()));
        }
    }
    for (key, value) in &filter.data {
        let field = fields.iter().find(|field| field.key == *key);
        // In the form that the field stores it, and as it came: a lead may hold what is older than the field.
        let stored = field.and_then(|field| field.check(&value.as_str().into()).ok());
        let mut either = Condition::any();
        for value in std::iter::once(value).chain(stored.as_ref().filter(|stored| *stored != value)) {
            // A member's exact text: inside a value its quotes would be escaped, so it is found as a member or not at all.
            let member = format!("\"{key}\":{}", serde_json::Value::from(value.as_str()));
            either = either.add(Expr::cust_with_values("replace(leads.data, $1, '') <> leads.data", [member]));
        }
        all = all.add(either);
    }
    Ok(all)
}

/// A number as leads' twins have it, dialled in the account's country.
pub(super) async fn phone_twin(db: &mut Connection<'_>, account: i64, phone: &str) -> Result<String> {
    Ok(leadlatch_domain::contact::phone_twin(phone, &country(db, account).await?))
}

/// Where the account's numbers without a country code are dialled.
pub(super) async fn country(db: &mut Connection<'_>, account: i64) -> Result<Country> {
    let sql = "SELECT country FROM accounts WHERE id = $1";
    let country: Option<String> = db.query_opt(sql, values![account], |row| row.get(0)).await?;
    let country = country.ok_or(Error::Unauthenticated(Code::UnknownKey))?;
    Ok(Country::parse(&country).unwrap_or_default())
}
