//! What the requests are made of: who is there, which lead is whose, and what a lead looks like.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::StatusCode;
use leadlatch_domain::key_secret::{KeyKind, KeySecret};
use leadlatch_domain::random::Randomness;
use serde_json::{Map, Value as Json, json};
use tokio::task::JoinSet;

use crate::client::{Ask, Connection};
use crate::output::{Failure, Outcome, progress};
use crate::process::Server;

/// The lead group that every partner is linked to.
pub(crate) const GROUP: &str = "Mortgages";
/// Leads that are sent at the same time while the database is filled.
const SENDERS: usize = 64;
/// Keys that nobody has.
const UNKNOWN: u64 = 64;

/// A lead as its server answers it, whole.
pub(crate) type Record = Map<String, Json>;

/// Partners and keys.
#[derive(Debug)]
pub(crate) struct Roster {
    pub(crate) full_keys: Vec<Arc<str>>,
    /// The key at place `n` is of the partner at place `n % partners`.
    pub(crate) partner_keys: Vec<Arc<str>>,
    /// The ids of the partner records.
    pub(crate) partners: Vec<i64>,
}

/// A server's database, filled.
#[derive(Debug)]
pub(crate) struct Fixture {
    pub(crate) roster: Roster,
    pub(crate) statuses: Vec<i64>,
    /// The ids of leads by number: number `n` is of the partner at place `n % partners`.
    pub(crate) leads: Vec<i64>,
    /// Well-formed keys that nobody has.
    pub(crate) unknown: Vec<Arc<str>>,
    group: Json,
}

impl Roster {
    /// Every secret with the partner record that it belongs to.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = (&str, Option<i64>)> {
        let full = self.full_keys.iter().map(|key| (&**key, None));
        let own = self.partner_keys.iter().zip(self.partners.iter().cycle());
        full.chain(own.map(|(key, partner)| (&**key, Some(*partner))))
    }
}

impl Fixture {
    /// Sends so many leads to a running server, and gives their records in the order of their numbers.
    pub(crate) async fn fill(roster: Roster, server: &Server, count: usize) -> Outcome<(Self, Vec<Record>)> {
        progress(&format!("{count} leads"));
        let mut connection = Connection::open(server.address).await?;
        let groups = find(&mut connection, "/api/v1/lead-groups", &roster).await?;
        let group = groups.iter().find(|group| group["name"] == GROUP).map(|group| group["id"].clone());
        let statuses = find(&mut connection, "/api/v1/statuses", &roster).await?;
        let statuses = statuses.iter().filter_map(|status| status["id"].as_i64()).collect();
        let unknown = (0..UNKNOWN)
            .map(|seed| KeySecret::generate(KeyKind::Partner, &Randomness::seeded(seed)).expose().into())
            .collect();
        let empty = Arc::new(Self { roster, statuses, leads: Vec::new(), unknown, group: group.unwrap_or_default() });
        let records = send(&empty, server, count).await?;
        let mut fixture = Arc::into_inner(empty).expect("every sender has ended");
        fixture.leads = records.iter().filter_map(|record| record["id"].as_i64()).collect();
        Ok((fixture, records))
    }

    /// A lead as the account's own systems send it: of one partner, in any status.
    fn whole_body(&self, number: usize) -> Json {
        let partners = &self.roster.partners;
        let mut body = body(number);
        body["lead_group_id"] = self.group.clone();
        body["introducer_id"] = partners[number % partners.len()].into();
        body["status_id"] = self.statuses[number / partners.len() % self.statuses.len()].into();
        body["cost"] = "12.50".into();
        body["value"] = "480.00".into();
        body
    }
}

async fn find(connection: &mut Connection, path: &str, roster: &Roster) -> Outcome<Vec<Json>> {
    let answer = connection.ask(Ask::get(path, Some(&roster.full_keys[0])), StatusCode::OK).await?;
    let answer: Json = serde_json::from_slice(&answer).map_err(|error| Failure::of(path, error))?;
    Ok(answer["data"].as_array().cloned().unwrap_or_default())
}

async fn send(fixture: &Arc<Fixture>, server: &Server, count: usize) -> Outcome<Vec<Record>> {
    let (next, mut sending) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
    for connection in Connection::open_many(server.address, SENDERS).await? {
        sending.spawn(send_some(Arc::clone(fixture), connection, Arc::clone(&next), count));
    }
    let mut all = Vec::with_capacity(count);
    while let Some(made) = sending.join_next().await {
        all.extend(made.map_err(|error| Failure::of("a sender", error))??);
    }
    all.sort_by_key(|(number, _)| *number);
    Ok(all.into_iter().map(|(_, record)| record).collect())
}

async fn send_some(
    fixture: Arc<Fixture>,
    mut connection: Connection,
    next: Arc<AtomicUsize>,
    count: usize,
) -> Outcome<Vec<(usize, Record)>> {
    let mut made = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok(made);
        }
        let ask = Ask::create(&fixture.roster.full_keys[0], &fixture.whole_body(number));
        let answer = connection.ask(ask, StatusCode::CREATED).await?;
        made.push((number, serde_json::from_slice(&answer).map_err(|error| Failure::of("a lead", error))?));
    }
}

/// A lead as a partner sends it, most fields filled.
pub(crate) fn body(number: usize) -> Json {
    let (first, last) = (["Ann", "Ben", "Cleo", "Dev"][number % 4], ["Archer", "Brook", "Carter"][number % 3]);
    json!({
        "reference": format!("REF-{number:07}"), "source": "website", "medium": "cpc", "term": "remortgage rates",
        "title": "Mx", "firstname": first, "lastname": last, "company": "Harbour & Sons Ltd", "jobtitle": "Director",
        "address": format!("{} Station Road", number % 200 + 1), "address2": "Flat 2", "towncity": "Bristol",
        "postcode": "BS1 4DJ", "email": format!("{first}.{last}.{number}@example.com"),
        "phone1": format!("0117 496 {:04}", number % 10_000), "phone2": format!("07700 90{:04}", number % 10_000),
        "dob": "1984-05-17", "contact_phone": "yes", "contact_email": "yes", "contact_time": "After six",
        "data": {"data1": "185000", "data2": "Remortgage of a terraced house"}
    })
}
