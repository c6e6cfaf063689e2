//! The list as a file: exactly the keys that the filters leave, in their order, on all pages.

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use leadlatch_domain::address_ranges::AddressRanges;
use leadlatch_domain::matrix::ManageKeys;
use leadlatch_domain::retention::Days;
use leadlatch_domain::scope::Scope;
use leadlatch_domain::spreadsheet::guarded;
use leadlatch_domain::time::Timestamp;
use leadlatch_store::access_keys::directory::{self, ListedKey};
use leadlatch_store::{Connection, Error, Grant, Visible};

use super::query::ListState;
use crate::Web;
use crate::page::Answer;
use crate::signed::Signed;

const COLUMNS: [&str; 25] = [
    "id",
    "name",
    "note",
    "kind",
    "partner_id",
    "partner",
    "scopes",
    "fingerprint",
    "state",
    "created_at",
    "created_by",
    "expires_at",
    "last_used_at",
    "last_used_address",
    "last_used_agent",
    "requests_30_days",
    "refused_30_days",
    "address_ranges",
    "requests_per_minute",
    "idle_days",
    "successor_id",
    "ends_at",
    "deleted_at",
    "deleted_by",
    "delete_reason",
];

/// The keys that the filters leave, for spreadsheets.
pub(crate) async fn csv(State(web): State<Web>, signed: Signed<ManageKeys>, state: ListState) -> Answer {
    let keys = keys(&web, signed.grant, state).await?;
    Ok(file("text/csv; charset=utf-8", "access-keys.csv", lines(&keys)?))
}

/// The keys that the filters leave, for programs.
pub(crate) async fn json(State(web): State<Web>, signed: Signed<ManageKeys>, state: ListState) -> Answer {
    let keys = keys(&web, signed.grant, state).await?;
    Ok(file("application/json", "access-keys.json", serde_json::to_vec_pretty(&keys).map_err(Error::internal)?))
}

async fn keys(web: &Web, grant: Grant<ManageKeys>, state: ListState) -> Result<Vec<Visible<ListedKey>>, Error> {
    web.freshen_usage().await;
    let job = async move |db: &mut Connection<'_>| directory::all(db, &grant, &state.0).await;
    web.store().read_apart(job).await
}

fn file(kind: &'static str, name: &str, body: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition)];
    (headers, body).into_response()
}

fn lines(keys: &[Visible<ListedKey>]) -> Result<Vec<u8>, Error> {
    let mut lines = ::csv::Writer::from_writer(Vec::new());
    lines.write_record(COLUMNS).map_err(Error::internal)?;
    for key in keys {
        lines.write_record(cells(key)).map_err(Error::internal)?;
    }
    lines.into_inner().map_err(Error::internal)
}

fn cells(listed: &ListedKey) -> [String; COLUMNS.len()] {
    let key = &listed.key;
    let number = |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_default();
    let time = |value: Option<Timestamp>| value.map(|at| at.to_string()).unwrap_or_default();
    let text = |value: Option<&str>| guarded(value.unwrap_or_default()).into_owned();
    let limits = &key.limits;
    [
        key.id.to_string(),
        guarded(&key.name).into_owned(),
        text(key.note.as_deref()),
        key.kind.clone(),
        number(key.partner_id),
        text(listed.partner.as_ref().map(|partner| partner.company.as_str())),
        key.scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(" "),
        key.fingerprint.clone(),
        key.state.to_string(),
        key.created_at.to_string(),
        guarded(&listed.made_by).into_owned(),
        time(key.expires_at),
        time(key.last_used_at),
        text(key.last_used_address.as_deref()),
        text(key.last_used_agent.as_deref()),
        listed.requests.to_string(),
        listed.refused.to_string(),
        limits.address_ranges.as_ref().map(AddressRanges::to_stored).unwrap_or_default(),
        number(limits.requests_per_minute.map(|limit| limit.get().into())),
        number(limits.idle_days.map(Days::get)),
        number(key.successor_id),
        time(key.ends_at),
        time(key.deleted_at),
        text(key.deleted_by.as_deref()),
        text(key.delete_reason.as_deref()),
    ]
}
