//! What the list of access keys costs an admin to open: many keys, and a request log that goes back a month.

use std::time::{Duration, Instant};

use hyper::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use hyper::{HeaderMap, Method, Request, StatusCode};
use leadlatch_domain::time::Clock;
use leadlatch_testkit::postgres::TestPostgres;

use crate::client::Connection;
use crate::output::{Failure, Outcome, line, progress};
use crate::reference::postgres::connect;
use crate::subject::{Sizes, Subject};

const LIST: &str = "/settings/configuration/access-keys";
const EMAIL: &str = "bench@example.com";
const PASSWORD: &str = "a long password";
/// How often each page is asked for.
const TIMES: usize = 21;

/// What is asked for, and what it is called.
const STATES: [(&str, &str); 9] = [
    ("all keys", ""),
    ("card: never used", "?card=never-used"),
    ("card: idle over 90 days", "?card=idle"),
    ("card: no expiry", "?card=no-expiry"),
    ("card: Full with write access", "?card=full-write"),
    ("search", "?q=partner+7"),
    ("last page, by name", "?sort=name&page=20"),
    ("rotating", "?status=rotating"),
    ("export as CSV", "/export.csv"),
];

/// How much there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) keys: usize,
    pub(crate) requests: usize,
}

/// Fills a database for each engine and prints how long each page takes.
pub(crate) async fn run(plan: Plan, postgres: bool) -> Outcome {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("leadlatch.db");
    let subject = Subject { program: Subject::program()?, database: format!("sqlite:{}", file.display()) };
    set_up(&subject, plan)?;
    progress(&format!("{} requests", plan.requests));
    let database = rusqlite::Connection::open(&file)?;
    for statement in filling(plan) {
        database.execute_batch(&statement)?;
    }
    drop(database);
    measure("SQLite", &subject).await?;
    if postgres {
        let cluster = TestPostgres::start(false);
        let database = cluster.fresh_database();
        let subject = Subject { database: database.to_owned(), ..subject };
        set_up(&subject, plan)?;
        progress(&format!("{} requests", plan.requests));
        let client = connect(&subject.database).await?;
        for statement in filling(plan) {
            client.batch_execute(&statement).await.map_err(|error| Failure::of("filling", format!("{error:?}")))?;
        }
        measure("PostgreSQL", &subject).await?;
    }
    Ok(())
}

fn set_up(subject: &Subject, plan: Plan) -> Outcome {
    subject.set_up(Sizes { leads: 0, keys: plan.keys })?;
    subject.make_admin(EMAIL, PASSWORD)
}

/// Statements of both engines: the log over the last 30 days, and the counts that the server would have kept of it. One key in
/// ten is never used, one in five was last used long ago.
fn filling(plan: Plan) -> [String; 5] {
    let Plan { keys, requests } = plan;
    let used = (keys * 9 / 10).max(1);
    let now = Clock::system().now().as_micros();
    let step = Duration::from_hours(24 * 29).as_micros() / requests.max(1) as u128;
    let long = Duration::from_hours(24 * 100).as_micros();
    [
        format!(
            "INSERT INTO request_log (account_id, key_id, at, request_id, method, route, status, scope, row_count, \
             duration, address, user_agent) \
             WITH RECURSIVE n(i) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {requests}) \
             SELECT k.account_id, k.id, {now} - n.i * {step}, 'bench' || n.i, 'GET', '/api/v1/leads', \
             CASE WHEN n.i % 20 = 0 THEN 403 WHEN n.i % 3 = 0 THEN 201 ELSE 200 END, 'read_leads', 50, 1800, \
             '203.0.113.' || (n.i % 200), 'Zapier' FROM n JOIN (SELECT account_id, id, \
             row_number() OVER (ORDER BY id) - 1 AS place FROM access_keys) k ON k.place = n.i % {used}"
        ),
        "INSERT INTO access_key_usage (account_id, key_id, day, outcome, scope, requests, row_count) \
         SELECT account_id, key_id, at / 86400000000, status, scope, COUNT(*), SUM(row_count) FROM request_log \
         GROUP BY account_id, key_id, at / 86400000000, status, scope"
            .to_owned(),
        format!(
            "INSERT INTO access_key_last_used (account_id, key_id, used_at, address, user_agent) \
             SELECT account_id, key_id, MAX(at) - CASE WHEN key_id % 5 = 0 THEN {long} ELSE 0 END, MAX(address), \
             MAX(user_agent) FROM request_log GROUP BY account_id, key_id"
        ),
        format!("UPDATE access_keys SET created_at = created_at - 2 * {long}"),
        "ANALYZE".to_owned(),
    ]
}

async fn measure(engine: &str, subject: &Subject) -> Outcome {
    let server = subject.serve()?;
    let mut connection = Connection::open(server.address).await?;
    let cookies = sign_in(&mut connection).await?;
    line(&format!("{engine}: milliseconds of {TIMES} answers, one after the other"));
    line(&format!("{:<30} {:>8} {:>8} {:>8} {:>10}", "page", "least", "median", "most", "bytes"));
    for (name, state) in STATES {
        let (mut took, mut bytes) = (Vec::new(), 0);
        for _ in 0..=TIMES {
            let began = Instant::now();
            let request = request(Method::GET, &format!("{LIST}{state}"), &cookies).body(String::new().into());
            let (_, body) = connection.send(request.map_err(|error| Failure::of(name, error))?, StatusCode::OK).await?;
            took.push(began.elapsed().as_secs_f64() * 1e3);
            bytes = body.len();
        }
        // The first answer warms the caches up.
        took.remove(0);
        took.sort_by(f64::total_cmp);
        let (least, median, most) = (took[0], took[TIMES / 2], took[TIMES - 1]);
        line(&format!("{name:<30} {least:>8.1} {median:>8.1} {most:>8.1} {bytes:>10}"));
    }
    Ok(())
}

fn request(method: Method, path: &str, cookies: &str) -> hyper::http::request::Builder {
    Request::builder().method(method).uri(path).header(HOST, "localhost").header(COOKIE, cookies)
}

/// Signs in as a browser does; the cookies that open the pages.
async fn sign_in(connection: &mut Connection) -> Outcome<String> {
    let asked = request(Method::GET, "/sign-in", "").body(String::new().into());
    let failed = |error| Failure::of("signing in", error);
    let (headers, page) = connection.send(asked.map_err(failed)?, StatusCode::OK).await?;
    let (cookie, page) = (cookies(&headers), String::from_utf8_lossy(&page).into_owned());
    let token = page.split("name=\"_token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let token = token.ok_or_else(|| Failure::new("the sign-in page has no token"))?;
    let form = format!("_token={token}&email={}&password={}", EMAIL.replace('@', "%40"), PASSWORD.replace(' ', "+"));
    let sent = request(Method::POST, "/sign-in", &cookie).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let (headers, _) = connection.send(sent.body(form.into()).map_err(failed)?, StatusCode::SEE_OTHER).await?;
    Ok(format!("{cookie}; {}", cookies(&headers)))
}

fn cookies(headers: &HeaderMap) -> String {
    let lines = headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.filter_map(|line| line.split(';').next()).collect::<Vec<_>>().join("; ")
}
