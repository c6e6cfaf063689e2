//! The reference: axum and rusqlite doing the least that such a request can do. One digest of the presented key, one
//! look-up by it, one indexed read of the same full record; a group-committed insert. No rights beyond that, no counts,
//! no audit, no headers of its own: nobody should run it.

mod database;
mod lead;
pub(crate) mod postgres;
mod writer;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{Path as InPath, Query, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json as JsonBody, Router};
use leadlatch_domain::time::Clock;
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use tokio::net::TcpListener;

use crate::output::{Outcome, progress};
pub(crate) use database::make;
use database::{Owner, Reads};
use writer::Writer;

struct Shared {
    path: PathBuf,
    reads: Reads,
    writer: Writer,
    clock: Clock,
}

type App = State<Arc<Shared>>;
type Answer = Result<Response, StatusCode>;

/// Answers from a database that [`make`] made until the process is killed.
pub(crate) async fn serve(path: &Path) -> Outcome {
    let shared =
        Shared { path: path.to_owned(), reads: Reads::new(), writer: Writer::start(path)?, clock: Clock::system() };
    let router = Router::new()
        .route("/api/v1/leads", get(list).post(create))
        .route("/api/v1/leads/{id}", get(read))
        .route("/api/v1/users", get(users))
        .with_state(Arc::new(shared));
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    progress(&format!("address={}", listener.local_addr()?));
    Ok(axum::serve(listener, router).await?)
}

async fn read(State(app): App, InPath(id): InPath<i64>, headers: HeaderMap) -> Answer {
    let secret = presented(&headers)?;
    let found = app.with(|db| match Reads::owner(db, secret)? {
        Some(owner) => Ok(Ok(app.reads.one(db, owner, id)?)),
        None => Ok(Err(StatusCode::UNAUTHORIZED)),
    })??;
    Ok(json(StatusCode::OK, found.ok_or(StatusCode::NOT_FOUND)?))
}

#[derive(Deserialize)]
struct ListQuery {
    status_id: i64,
    limit: i64,
}

async fn list(State(app): App, Query(query): Query<ListQuery>, headers: HeaderMap) -> Answer {
    let secret = presented(&headers)?;
    let found = app.with(|db| match Reads::owner(db, secret)? {
        Some(Some(partner)) => Ok(Ok(app.reads.newest(db, partner, query.status_id, query.limit)?)),
        Some(None) => Ok(Err(StatusCode::FORBIDDEN)),
        None => Ok(Err(StatusCode::UNAUTHORIZED)),
    })??;
    Ok(json(StatusCode::OK, found))
}

async fn users(State(app): App, headers: HeaderMap) -> Answer {
    match app.owner(&headers)? {
        Some(_) => Err(StatusCode::FORBIDDEN),
        None => Ok(json(StatusCode::OK, b"{\"data\":[],\"next_cursor\":null}".to_vec())),
    }
}

async fn create(State(app): App, headers: HeaderMap, JsonBody(sent): JsonBody<Map<String, Json>>) -> Answer {
    let owner = app.owner(&headers)?;
    let mut record = lead::fresh(&app.clock.now().to_string());
    record.extend(sent);
    let name = |field: &str| record[field].as_str().unwrap_or_default();
    let fullname = format!("{} {}", name("firstname"), name("lastname"));
    record.insert("fullname".into(), fullname.into());
    if let Some(partner) = owner {
        record.insert("introducer_id".into(), partner.into());
    }
    let values = lead::values(&record).map_err(|_| StatusCode::UNPROCESSABLE_ENTITY)?;
    let values = app.writer.insert(values).await.ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
    let mut body = Vec::with_capacity(2048);
    app.reads.columns(owner).write_values(&values, &mut body);
    Ok(json(StatusCode::CREATED, body))
}

fn presented(headers: &HeaderMap) -> Result<&str, StatusCode> {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    header.and_then(|text| text.strip_prefix("Bearer ")).ok_or(StatusCode::UNAUTHORIZED)
}

fn json(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

impl Shared {
    fn owner(&self, headers: &HeaderMap) -> Result<Owner, StatusCode> {
        let secret = presented(headers)?;
        self.with(|db| Reads::owner(db, secret))?.ok_or(StatusCode::UNAUTHORIZED)
    }

    /// Reads on the request's thread, each thread with a connection of its own.
    fn with<T>(&self, job: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StatusCode> {
        thread_local! {
            static CONNECTION: std::cell::OnceCell<Connection> = const { std::cell::OnceCell::new() };
        }
        let failed = StatusCode::INTERNAL_SERVER_ERROR;
        CONNECTION.with(|cell| {
            if cell.get().is_none() {
                let _ = cell.set(database::open(&self.path).map_err(|_| failed)?);
            }
            job(cell.get().ok_or(failed)?).map_err(|_| failed)
        })
    }
}
