//! Deleting: the bin's modal with what is known of the key, one button, and the proof afterwards. The same for several.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use leadlatch_domain::matrix::{ManageKeys, ReadAudit};
use leadlatch_domain::time::Timestamp;
use leadlatch_store::access_keys;
use leadlatch_store::access_keys::directory::{self, ListedKey};
use leadlatch_store::usage::by_day::{self, Client};
use leadlatch_store::usage::report;
use leadlatch_store::{Connection, Visible, audit};
use serde::Deserialize;

use super::HOME;
use super::hooks::{OfKey, of_key};
use super::row::{KeyRow, key_href};
use crate::Web;
use crate::around::go;
use crate::asked::{Path, Query};
use crate::components::words::{ago, clock, count, exact, thousands};
use crate::form::Form;
use crate::frame::Frame;
use crate::note::{Note, Tone};
use crate::page::{Answer, page};
use crate::refusal::Refusal;
use crate::signed::Signed;

/// Addresses that are counted.
const PLACES: u32 = 200;

#[derive(Template)]
#[template(path = "access_keys/delete.html")]
struct One {
    frame: Frame,
    key: KeyRow,
    from: String,
    requests: String,
    clients: Vec<ClientWords>,
    hooks: Vec<OfKey>,
}

/// A program that uses the key now.
#[derive(Debug)]
pub(super) struct ClientWords {
    pub(super) address: String,
    pub(super) agent: String,
    pub(super) ago: String,
    pub(super) exact: String,
}

impl ClientWords {
    pub(super) fn new(client: &Client, now: Timestamp) -> Self {
        let agent = if client.user_agent.is_empty() { "No name given" } else { &client.user_agent };
        let at = client.last_used_at;
        Self { address: client.address.clone(), agent: agent.to_owned(), ago: ago(at, now), exact: exact(at) }
    }
}

/// The reason, and the keys where there are several.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    id: Vec<i64>,
}

impl Sent {
    fn reason(&self) -> Option<String> {
        Some(self.reason.trim().chars().take(1_000).collect()).filter(|reason: &String| !reason.is_empty())
    }
}

/// The modal of one key.
pub(crate) async fn show(State(web): State<Web>, signed: Signed<ManageKeys>, Path(id): Path<i64>) -> Answer {
    if let Some(there) = deleted_already(&web, &signed, id).await? {
        return Ok(there);
    }
    web.flush_usage().await?;
    let hooks = of_key(&web, &signed, id, None).await?;
    let grant = signed.grant;
    let job = async move |db: &mut Connection<'_>| {
        let listed = directory::listed(db, &grant, id).await?;
        let used = report::show(db, &grant, id, PLACES).await?;
        Ok((listed, used, by_day::clients(db, &grant, id).await?))
    };
    let (listed, used, clients) = web.store().read_apart(job).await?;
    let now = web.store().clock().now();
    page(&One {
        frame: signed.frame,
        key: KeyRow::new(&listed, now),
        from: addresses(used.addresses.len()),
        requests: count(used.last_7_days.total, "request"),
        clients: clients.iter().map(|client| ClientWords::new(client, now)).collect(),
        hooks,
    })
}

fn addresses(number: usize) -> String {
    let noun = if number == 1 { "address" } else { "addresses" };
    let more = if number >= PLACES as usize { "or more " } else { "" };
    format!("{} {more}{noun}", thousands(number as i64))
}

/// Deletes one key, for ever.
pub(crate) async fn delete(
    State(web): State<Web>,
    signed: Signed<ManageKeys>,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Answer {
    match deleted_already(&web, &signed, id).await? {
        Some(there) => Ok(there),
        None => Ok(go(HOME).saying(end(&web, &signed, vec![id], sent.reason()).await?).into_response()),
    }
}

/// The way to the page of a key that is deleted, which says when and by whom.
async fn deleted_already(web: &Web, signed: &Signed<ManageKeys>, id: i64) -> Result<Option<Response>, Refusal> {
    let grant = signed.permit::<ManageKeys>()?;
    let key = web.store().read(async |db| access_keys::get(db, &grant, id).await).await?;
    let note = || Note::refused("This key is deleted already. Nothing was changed.");
    Ok(key.deleted_at.map(|_| go(key_href(id, "")).saying(note()).into_response()))
}

#[derive(Template)]
#[template(path = "access_keys/delete_many.html")]
struct Many {
    frame: Frame,
    keys: Vec<KeyRow>,
    title: String,
    button: String,
    /// How many of them were used in the last 24 hours.
    in_use: usize,
}

/// The modal of several keys.
pub(crate) async fn show_many(
    State(web): State<Web>,
    signed: Signed<ManageKeys>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let ids: Vec<i64> = pairs.iter().filter(|(name, _)| name == "id").filter_map(|(_, id)| id.parse().ok()).collect();
    if ids.is_empty() {
        return Ok(go(HOME).saying(Note::refused("Nothing was selected. Tick the keys to delete.")).into_response());
    }
    let grant = signed.grant;
    let job = async move |db: &mut Connection<'_>| directory::of_ids(db, &grant, &ids).await;
    let (listed, now) = (web.store().read_apart(job).await?, web.store().clock().now());
    if listed.is_empty() {
        return Ok(go(HOME).saying(Note::refused("These keys are deleted already, or never were.")).into_response());
    }
    let title = format!("Delete {}?", count(listed.len() as i64, "key"));
    let button = format!("Delete {}", count(listed.len() as i64, "key"));
    let in_use = listed.iter().filter(|key| is_in_use(key, now)).count();
    let keys = listed.iter().map(|key| KeyRow::new(key, now)).collect();
    page(&Many { frame: signed.frame, keys, title, button, in_use })
}

fn is_in_use(listed: &ListedKey, now: Timestamp) -> bool {
    listed.key.last_used_at.is_some_and(|at| now.as_micros() - at.as_micros() < 86_400_000_000)
}

/// Deletes several keys, for ever, or none of them.
pub(crate) async fn delete_many(State(web): State<Web>, signed: Signed<ManageKeys>, Form(sent): Form<Sent>) -> Answer {
    let reason = sent.reason();
    Ok(go(HOME).saying(end(&web, &signed, sent.id, reason).await?).into_response())
}

/// Deletes keys, and what proves it: `Deleted 14:03:22.118. Last accepted request 14:03:21.904. Audit entry 5512.`
async fn end(web: &Web, signed: &Signed<ManageKeys>, ids: Vec<i64>, reason: Option<String>) -> Result<Note, Refusal> {
    let job = async move |db: &mut Connection<'_>, grant| access_keys::delete(db, grant, ids, reason).await;
    let deleted = web.store().write(signed.permit()?, job).await?;
    web.flush_usage().await?;
    let ids: Vec<_> = deleted.iter().map(|key| key.id).collect();
    let (keys, trail) = (signed.permit::<ManageKeys>()?, signed.permit::<ReadAudit>()?);
    let job = async move |db: &mut Connection<'_>| {
        let (mut last, mut entries) = (None, Vec::new());
        for id in ids {
            let used = report::show(db, &keys, id, 0).await?;
            last = last.max(used.last_accepted.as_ref().map(|request| request.at));
            entries.extend(audit::of_record(db, &trail, ("key.", id), 1).await?.first().map(|entry| entry.number));
        }
        Ok((last, entries))
    };
    let (last, entries) = web.store().read_apart(job).await?;
    Ok(Note::new(Tone::Proof, &proof(&deleted, last, &entries)))
}

fn proof(deleted: &[Visible<access_keys::AccessKey>], last: Option<Timestamp>, entries: &[i64]) -> String {
    let at = deleted.iter().filter_map(|key| key.deleted_at).max().unwrap_or(Timestamp::MIN);
    let what = match deleted {
        [_] => String::new(),
        many => format!(" {}", count(many.len() as i64, "key")),
    };
    let last = match last {
        None => "No request was ever accepted.".to_owned(),
        Some(last) if last.day() == at.day() => format!("Last accepted request {}.", clock(last)),
        Some(last) => format!("Last accepted request {}.", exact(last)),
    };
    let entries = match (entries.iter().min(), entries.iter().max()) {
        (Some(first), Some(end)) if first == end => format!(" Audit entry {first}."),
        (Some(first), Some(end)) => format!(" Audit entries {first} to {end}."),
        _ => String::new(),
    };
    format!("Deleted{what} {}. {last}{entries}", clock(at))
}
