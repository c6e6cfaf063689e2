//! Lists: `limit`, `cursor`, `total`, and the answer around the rows.

use std::collections::{BTreeSet, HashSet};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use leadlatch_domain::fault::{Fault, FieldFault};
use leadlatch_domain::problem::Code;
use leadlatch_store::leads::Written;
use leadlatch_store::{COUNTED, Page, Slice, Visible};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use crate::App;
use crate::envelope::Served;
use crate::problem::Problem;

/// Rows of a page unless the caller says how many.
pub(crate) const DEFAULT_LIMIT: u32 = 50;
/// The most rows of a page.
pub(crate) const HIGHEST_LIMIT: u32 = 200;

/// The query of a list: the page that is asked for, and the other parameters for whoever knows them.
#[derive(Debug)]
pub(crate) struct ListQuery {
    limit: u32,
    cursor: Option<String>,
    pub(crate) total: bool,
    pub(crate) others: Vec<(String, String)>,
    faults: Vec<FieldFault>,
}

impl FromRequestParts<App> for ListQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let mut list = Self::default();
        let pairs = pairs(parts.uri.query())?;
        list.faults = repeated(&pairs);
        for (name, value) in pairs {
            list.take(name, value);
        }
        Ok(list)
    }
}

impl Default for ListQuery {
    fn default() -> Self {
        Self { limit: DEFAULT_LIMIT, cursor: None, total: false, others: Vec::new(), faults: Vec::new() }
    }
}

/// The parameters of a query string.
pub(crate) fn pairs(query: Option<&str>) -> Result<Vec<(String, String)>, Problem> {
    serde_urlencoded::from_str(query.unwrap_or_default())
        .map_err(|_| Problem::because(Code::BadRequest, "The query string cannot be read."))
}

/// A fault for each parameter that stands more than once: which of its values counts is not for us to choose.
pub(crate) fn repeated(pairs: &[(String, String)]) -> Vec<FieldFault> {
    let (mut seen, mut found) = (HashSet::new(), BTreeSet::new());
    found.extend(pairs.iter().map(|(name, _)| name.as_str()).filter(|name| !seen.insert(*name)));
    found.into_iter().map(|name| Fault::new("repeated", "Send this parameter once.").on(name)).collect()
}

impl ListQuery {
    /// The same query out of a body's members. What stands in the URL beside it is judged by name, then refused.
    pub(crate) fn of_body(members: Map<String, Json>, url: Option<&str>) -> Result<Self, Problem> {
        let mut list = Self::default();
        for (name, value) in members {
            list.take_member(name, &value);
        }
        for (name, _) in pairs(url)? {
            list.faults
                .push(Fault::new("unknown_parameter", "Send what you search for in the body.").on(name.as_str()));
            list.others.push((name, String::new()));
        }
        Ok(list)
    }

    /// The query of what goes by no page: parameters, and what was wrong with those that were taken out before.
    pub(crate) fn of_pairs(others: Vec<(String, String)>, faults: Vec<FieldFault>) -> Self {
        Self { others, faults, ..Self::default() }
    }

    /// An empty text and `null` count as absent; their name is judged all the same.
    fn take_member(&mut self, name: String, value: &Json) {
        let own = matches!(name.as_str(), "limit" | "cursor" | "total");
        match value {
            Json::Null => {}
            Json::String(text) if text.is_empty() => {}
            Json::String(text) => return self.take(name, text.clone()),
            Json::Bool(_) | Json::Number(_) => return self.take(name, value.to_string()),
            Json::Array(_) | Json::Object(_) => {
                let fault = Fault::new("bad_json_type", "Send a text, a number, true or false.");
                self.faults.push(fault.on(name.as_str()));
            }
        }
        if !own {
            self.others.push((name, String::new()));
        }
    }

    fn take(&mut self, name: String, value: String) {
        match (name.as_str(), value.as_str()) {
            // As everywhere, an empty text counts as absent: integration tools send their unfilled boxes.
            ("limit" | "cursor" | "total", "") => {}
            ("limit", text) => match text.parse() {
                Ok(limit) if (1..=HIGHEST_LIMIT).contains(&limit) => self.limit = limit,
                _ => self.faults.push(Fault::new("out_of_range", "Send a number from 1 to 200.").on("limit")),
            },
            ("cursor", _) => self.cursor = Some(value),
            ("total", "true") => self.total = true,
            ("total", "false") => self.total = false,
            ("total", _) => self.faults.push(Fault::new("bad_choice", "Send true or false.").on("total")),
            _ => self.others.push((name, value)),
        }
    }

    /// The faults of the page's own parameters, to be said together with the others'.
    pub(crate) fn faults(&mut self) -> Vec<FieldFault> {
        std::mem::take(&mut self.faults)
    }

    /// Refuses whatever the list does not know, with the faults so far.
    pub(crate) fn only(&mut self, known: &[&str]) -> Result<(), Problem> {
        let mut faults = self.faults();
        for (name, _) in self.others.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
            faults.push(Fault::new("unknown_parameter", "This list has no such parameter.").on(name.clone()));
        }
        if faults.is_empty() { Ok(()) } else { Err(Problem::invalid(faults)) }
    }

    /// An id among the other parameters.
    pub(crate) fn id(&self, name: &str) -> Result<Option<i64>, Problem> {
        let given = self.others.iter().find(|(other, value)| other == name && !value.is_empty());
        let Some((_, value)) = given else { return Ok(None) };
        match leadlatch_domain::id::LeadId::parse(value) {
            Some(id) => Ok(Some(id.get())),
            None => Err(Problem::invalid(vec![Fault::new("out_of_range", "Send the record's number.").on(name)])),
        }
    }

    /// The page of a list that is asked for. `order` names the list and what it goes by: a cursor belongs to one order and
    /// one set of filters.
    pub(crate) fn page(&self, order: &str) -> Result<Page, Problem> {
        Ok(Page { limit: self.limit, after: self.after(order)?, counted: self.total })
    }

    /// As [`ListQuery::page`], of a list by name: the page, and the name behind which it begins.
    pub(crate) fn page_by_name(&self, order: &str) -> Result<(Page, String), Problem> {
        let after = self.after(order)?.unwrap_or_default();
        Ok((Page { limit: self.limit, after: None, counted: self.total }, after))
    }

    /// The place that the cursor stands for.
    fn after<T: DeserializeOwned>(&self, order: &str) -> Result<Option<T>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let read = || {
            let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
            let (of, filters, place): (String, String, T) = serde_json::from_slice(&bytes).ok()?;
            (of == order && filters == self.digest()).then_some(place)
        };
        read().map(Some).ok_or_else(|| Problem::new(Code::InvalidCursor))
    }

    fn write_cursor(&self, order: &str, place: impl Serialize) -> String {
        let json = serde_json::json!([order, self.digest(), place]).to_string();
        URL_SAFE_NO_PAD.encode(json)
    }

    /// What the other parameters are, in any order.
    fn digest(&self) -> String {
        let mut sorted: Vec<_> =
            self.others.iter().filter(|(name, value)| name != "sort" && !value.is_empty()).collect();
        sorted.sort();
        let text = serde_json::to_string(&sorted).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..9])
    }

    /// The answer.
    pub(crate) fn answer<T: Serialize>(&self, slice: Slice<Visible<T>>, order: &str) -> Response {
        let next_cursor = slice.next.map(|place| self.write_cursor(order, place));
        list(slice.rows, next_cursor, slice.total.map(Total::of))
    }

    /// What the rows of an answer that are written in the store stand behind.
    pub(crate) fn begin() -> Vec<u8> {
        b"{\"data\":[".to_vec()
    }

    /// The answer of rows that were written behind [`ListQuery::begin`].
    pub(crate) fn answer_written(&self, rows: Visible<Written>, order: &str, total: Option<Total>) -> Response {
        let Written { mut json, count, next } = rows.into_inner();
        let next_cursor = next.map(|place| self.write_cursor(order, place));
        json.push(b']');
        // The members behind the rows, without the brace that would open them.
        let rest = serde_json::to_vec(&ListEnd { next_cursor, total }).unwrap_or_default();
        json.push(b',');
        json.extend_from_slice(rest.strip_prefix(b"{").unwrap_or_default());
        answer(json, count)
    }

    /// The answer of a list by name.
    pub(crate) fn answer_by_name<T: Serialize>(
        &self,
        slice: Slice<Visible<T>>,
        order: &str,
        name: impl Fn(&T) -> &str,
    ) -> Response {
        let last = slice.rows.last().filter(|_| slice.next.is_some());
        let next_cursor = last.map(|row| self.write_cursor(order, name(row)));
        list(slice.rows, next_cursor, slice.total.map(Total::of))
    }
}

/// How many rows there are.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub(crate) enum Total {
    /// Exactly so many.
    Exact(i64),
    /// More than are counted.
    AtLeast {
        /// The number counted to.
        at_least: i64,
    },
}

impl Total {
    /// Of rows that were counted up to one more than [`COUNTED`].
    pub(crate) fn of(counted: i64) -> Self {
        if counted > COUNTED { Self::AtLeast { at_least: COUNTED } } else { Self::Exact(counted) }
    }
}

#[derive(Serialize)]
struct ListBody<T> {
    data: Vec<Visible<T>>,
    #[serde(flatten)]
    end: ListEnd,
}

/// What stands behind the rows of a list.
#[derive(Serialize)]
struct ListEnd {
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Total>,
}

fn list<T: Serialize>(data: Vec<Visible<T>>, next_cursor: Option<String>, total: Option<Total>) -> Response {
    let rows = data.len();
    json(&ListBody { data, end: ListEnd { next_cursor, total } }, rows)
}

/// A page of a list.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "read by the OpenAPI derive alone: the body itself is written from the store's slice")]
pub(crate) struct ListOf<T> {
    /// The rows.
    data: Vec<T>,
    /// What to send as `cursor` for the next page; null on the last.
    #[schema(required = true)]
    next_cursor: Option<String>,
    /// With `?total=true`: how many rows there are, exact to 10,000.
    total: Option<Total>,
}

/// One row as an answer.
#[expect(clippy::needless_pass_by_value, reason = "each handler gives away what it answers")]
pub(crate) fn one<T: Serialize>(row: Visible<T>) -> Response {
    json(&row, 1)
}

/// Rows as a body, in a buffer that holds most of them as it is.
pub(crate) fn json(body: &impl Serialize, rows: usize) -> Response {
    const ROW: usize = 2_048;
    let mut bytes = Vec::with_capacity((rows + 1) * ROW);
    if let Err(error) = serde_json::to_writer(&mut bytes, body) {
        return Problem::from(leadlatch_store::Error::internal(error)).into_response();
    }
    answer(bytes, rows)
}

/// One lead that the store wrote.
pub(crate) fn lead(lead: Visible<Written>) -> Response {
    answer(lead.into_inner().json, 1)
}

fn answer(bytes: Vec<u8>, rows: usize) -> Response {
    let kind = HeaderValue::from_static("application/json");
    let mut response = ([(header::CONTENT_TYPE, kind)], bytes).into_response();
    response.extensions_mut().insert(Served(rows as i64));
    response
}

#[cfg(test)]
mod tests {
    use super::{pairs, repeated};

    fn refused(query: &str) -> Vec<String> {
        repeated(&pairs(Some(query)).unwrap()).into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn a_parameter_that_stands_twice_is_named_once() {
        assert_eq!(refused("status=a&limit=1&status=b&st%61tus=&limit=1"), ["limit", "status"]);
        assert_eq!(refused("status=a&status_id=1&Status=b"), Vec::<String>::new());
    }
}
