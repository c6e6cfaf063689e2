//! A run: the servers are set up, then each case is measured in rounds that take the servers in turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use leadlatch_testkit::postgres::{FreshDatabase, TestPostgres};
use serde_json::Value as Json;

use crate::case::{CASES, Case, On};
use crate::client::{Ask, Connection, drive};
use crate::fixture::Fixture;
use crate::output::{Failure, Outcome, progress};
use crate::process::{Server, own};
use crate::reference;
use crate::report::{Figure, Measured};
use crate::subject::{Sizes, Subject};

/// How long a server is asked before its CPU time is read for the first time.
const WARM_UP: Duration = Duration::from_millis(500);

/// How a run measures.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) cases: Vec<&'static Case>,
    pub(crate) sizes: Sizes,
    pub(crate) connections: usize,
    pub(crate) rounds: usize,
    pub(crate) span: Duration,
}

impl Plan {
    /// The cases with these names, or all that run on `SQLite`; PostgreSQL's join them when it is asked for.
    pub(crate) fn choose(names: &[String], postgres: bool) -> Outcome<Vec<&'static Case>> {
        if let Some(name) = names.iter().find(|name| !CASES.iter().any(|case| case.name == **name)) {
            return Err(Failure::new(format!("there is no case {name}; --list names them")));
        }
        let named = |case: &&Case| names.is_empty() || names.iter().any(|name| name == case.name);
        let cases: Vec<_> = CASES.iter().filter(|case| postgres || case.on == On::Sqlite).filter(named).collect();
        if cases.is_empty() { Err(Failure::new("these cases need --postgres")) } else { Ok(cases) }
    }
}

/// A filled server under test.
struct Filled {
    fixture: Arc<Fixture>,
    server: Server,
    /// The reference over the same records.
    reference: Option<Server>,
    /// What both stand on, where that is PostgreSQL.
    databases: Vec<FreshDatabase>,
}

/// Sets the servers up and measures every case.
pub(crate) async fn run(plan: &Plan) -> Outcome<Vec<Measured>> {
    let folder = tempfile::tempdir()?;
    let bare = Server::start(own(&["serve-hyper"])?)?;
    let wants = |on| plan.cases.iter().any(|case| case.on == on);
    let sqlite = if wants(On::Sqlite) { Some(sqlite(plan, folder.path()).await?) } else { None };
    let cluster = wants(On::Postgres).then(|| TestPostgres::start(false));
    let postgres = match &cluster {
        Some(cluster) => Some(postgres(plan, cluster).await?),
        None => None,
    };
    let mut measured = Vec::new();
    for case in &plan.cases {
        let filled = if case.on == On::Sqlite { &sqlite } else { &postgres };
        let filled = filled.as_ref().expect("what a case wants is set up");
        check_alike(case, filled).await?;
        progress(&format!("{}: {}", case.name, case.about));
        measured.push(measure(plan, case, &bare, filled).await?);
    }
    Ok(measured)
}

async fn sqlite(plan: &Plan, folder: &std::path::Path) -> Outcome<Filled> {
    let (mut filled, records) = fill(plan, format!("sqlite:{}", folder.join("leadlatch.db").display())).await?;
    progress("the reference's copy of them");
    let path = folder.join("reference.db");
    reference::make(&path, filled.fixture.roster.secrets(), records.iter())?;
    filled.reference = Some(Server::start(own(&["serve-reference", &path.to_string_lossy()])?)?);
    Ok(filled)
}

async fn postgres(plan: &Plan, cluster: &TestPostgres) -> Outcome<Filled> {
    let [subject, copy] = [cluster.fresh_database(), cluster.fresh_database()];
    let (mut filled, records) = fill(plan, subject.to_owned()).await?;
    progress("the reference's copy of them");
    reference::postgres::make(&copy, filled.fixture.roster.secrets(), &records).await?;
    filled.reference = Some(Server::start(own(&["serve-reference-on-postgres", &copy])?)?);
    filled.databases = vec![subject, copy];
    Ok(filled)
}

async fn fill(plan: &Plan, database: String) -> Outcome<(Filled, Vec<crate::fixture::Record>)> {
    let subject = Subject { program: Subject::program()?, database };
    let roster = subject.set_up(plan.sizes)?;
    let server = subject.serve()?;
    let (fixture, records) = Fixture::fill(roster, &server, plan.sizes.leads).await?;
    Ok((Filled { fixture: Arc::new(fixture), server, reference: None, databases: Vec::new() }, records))
}

/// Both servers must answer a request with the same status and, where that is a record, the same members in it: what
/// is measured is the same work.
async fn check_alike(case: &Case, filled: &Filled) -> Outcome {
    let Some(reference) = &filled.reference else { return Ok(()) };
    for number in 1..4 {
        let ours = answer(case, filled, &filled.server, number).await?;
        let theirs = answer(case, filled, reference, number).await?;
        if case.expected.is_success() && shape(&ours) != shape(&theirs) {
            return Err(Failure::new(format!("{}: the answers differ\n{ours}\n{theirs}", case.name)));
        }
    }
    Ok(())
}

async fn answer(case: &Case, filled: &Filled, server: &Server, number: u64) -> Outcome<Json> {
    let mut connection = Connection::open(server.address).await?;
    let body = connection.ask((case.ask)(&filled.fixture, number), case.expected).await?;
    Ok(serde_json::from_slice(&body).unwrap_or_default())
}

/// One record is compared by its values, but for what a database sets by itself; a list by its length and members.
fn shape(answer: &Json) -> Json {
    let mut answer = answer.clone();
    if let Some(rows) = answer["data"].as_array() {
        let names: Vec<_> = rows.first().and_then(Json::as_object).into_iter().flat_map(|row| row.keys()).collect();
        return serde_json::json!([rows.len(), names]);
    }
    for own in ["id", "lead_group_id", "received_at", "created_at", "updated_at"] {
        answer[own] = Json::Null;
    }
    answer
}

async fn measure(plan: &Plan, case: &'static Case, bare: &Server, filled: &Filled) -> Outcome<Measured> {
    let counter = Arc::new(AtomicU64::new(0));
    let (fixture, ask) = (Arc::clone(&filled.fixture), case.ask);
    let next = move || ask(&fixture, counter.fetch_add(1, Ordering::Relaxed));
    let plain = || Ask::get("/", None);
    let mut measured = Measured { case, bare: Vec::new(), reference: Vec::new(), subject: Vec::new() };
    for _ in 0..plan.rounds {
        measured.bare.push(slice(plan, bare, hyper::StatusCode::OK, plain).await?);
        if let Some(reference) = &filled.reference {
            measured.reference.push(slice(plan, reference, case.expected, next.clone()).await?);
        }
        measured.subject.push(slice(plan, &filled.server, case.expected, next.clone()).await?);
    }
    Ok(measured)
}

/// One server for one span: connections and a warm-up first, then the CPU time of what follows.
async fn slice(
    plan: &Plan,
    server: &Server,
    expected: hyper::StatusCode,
    next: impl Fn() -> Ask + Clone + Send + 'static,
) -> Outcome<Figure> {
    let connections = Connection::open_many(server.address, plan.connections).await?;
    let (connections, _) = drive(connections, WARM_UP, expected, next.clone()).await?;
    let before = server.cpu()?;
    let (_, requests) = drive(connections, plan.span, expected, next).await?;
    let used = server.cpu()?.since(&before).as_secs_f64() * 1e6;
    let answered = u32::try_from(requests).map_err(|error| Failure::of("a round", error))?;
    Ok(Figure { requests, micros: used / f64::from(answered) })
}
