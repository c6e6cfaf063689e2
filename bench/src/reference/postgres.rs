//! The reference on PostgreSQL: one statement that looks the key up and joins the record, on connections that all requests
//! share.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use leadlatch_domain::lead::LeadField;
use leadlatch_domain::lead::field::Kind;
use rusqlite::types::ValueRef;
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio_postgres::{Client, NoTls, Row, Statement};

use super::database::Owner;
use super::lead::{Columns, write_object};
use super::{Answer, json, presented};
use crate::output::{Failure, Outcome, progress};

/// Connections: as many as this machine has use for.
const CONNECTIONS: usize = 4;
/// Records that one statement puts in.
const BLOCK: usize = 1_000;

struct Shared {
    clients: Vec<(Client, Statement, Statement)>,
    next: AtomicUsize,
    full: Columns,
    partner: Columns,
}

pub(crate) async fn connect(url: &str) -> Outcome<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.map_err(failed)?;
    tokio::spawn(connection);
    Ok(client)
}

fn failed(error: tokio_postgres::Error) -> Failure {
    Failure::of("the reference's PostgreSQL", error)
}

/// Makes the tables with everything in them.
pub(crate) async fn make<'a>(
    url: &str,
    keys: impl Iterator<Item = (&'a str, Owner)>,
    leads: &[Map<String, Json>],
) -> Outcome {
    let client = connect(url).await?;
    let column = |field: &LeadField| match field.kind() {
        Kind::Id => format!("{} BIGINT", field.name()),
        Kind::Flag => format!("{} BOOLEAN", field.name()),
        _ => format!("{} TEXT COLLATE \"C\"", field.name()),
    };
    let columns: Vec<String> = LeadField::ALL.iter().map(column).collect();
    let tables = format!(
        "CREATE TABLE keys (digest BYTEA PRIMARY KEY, partner_id BIGINT); CREATE TABLE leads ({}, PRIMARY KEY (id));",
        columns.join(", ")
    );
    client.batch_execute(&tables).await.map_err(failed)?;
    for (secret, owner) in keys {
        let digest = Sha256::digest(secret).to_vec();
        client.execute("INSERT INTO keys VALUES ($1, $2)", &[&digest, &owner]).await.map_err(failed)?;
    }
    for block in leads.chunks(BLOCK) {
        let text = serde_json::to_string(block).map_err(|error| Failure::of("records", error))?;
        let insert =
            "INSERT INTO leads SELECT * FROM json_populate_recordset(NULL::leads, CAST(CAST($1 AS TEXT) AS JSON))";
        client.execute(insert, &[&text]).await.map_err(failed)?;
    }
    client.batch_execute("ANALYZE").await.map_err(failed)
}

/// Answers from tables that [`make`] made until the process is killed.
pub(crate) async fn serve(url: &str) -> Outcome {
    let (full, partner) = (Columns::all(), Columns::of_partner());
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let client = connect(url).await?;
        let whole = client.prepare(&statement(&full, "")).await.map_err(failed)?;
        let own = client.prepare(&statement(&partner, " AND l.introducer_id = k.partner_id")).await.map_err(failed)?;
        clients.push((client, whole, own));
    }
    let shared = Shared { clients, next: AtomicUsize::new(0), full, partner };
    let router = Router::new().route("/api/v1/leads/{id}", get(read)).with_state(Arc::new(shared));
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    progress(&format!("address={}", listener.local_addr()?));
    Ok(axum::serve(listener, router).await?)
}

fn statement(columns: &Columns, whose: &str) -> String {
    let list = columns.list_of("l");
    format!("SELECT k.digest, {list} FROM keys k LEFT JOIN leads l ON l.id = $2{whose} WHERE k.digest = $1")
}

async fn read(State(app): State<Arc<Shared>>, Path(id): Path<i64>, headers: HeaderMap) -> Answer {
    let secret = presented(&headers)?;
    let (client, whole, own) = &app.clients[app.next.fetch_add(1, Ordering::Relaxed) % CONNECTIONS];
    // A key says by its first letters whose it is.
    let (columns, statement) = if secret.starts_with("lk_full_") { (&app.full, whole) } else { (&app.partner, own) };
    let digest = Sha256::digest(secret).to_vec();
    let found = client.query_opt(statement, &[&digest, &id]).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let row = found.ok_or(StatusCode::UNAUTHORIZED)?;
    if row.get::<_, Option<i64>>(1).is_none() {
        return Err(StatusCode::NOT_FOUND);
    }
    let mut body = Vec::with_capacity(2048);
    write_object(columns.fields(), |at, field| value(&row, at + 1, field), &mut body);
    Ok(json(StatusCode::OK, body))
}

fn value(row: &Row, at: usize, field: LeadField) -> ValueRef<'_> {
    match field.kind() {
        Kind::Id => row.get::<_, Option<i64>>(at).map_or(ValueRef::Null, ValueRef::Integer),
        Kind::Flag => row.get::<_, Option<bool>>(at).map_or(ValueRef::Null, |flag| ValueRef::Integer(flag.into())),
        _ => row.get::<_, Option<&str>>(at).map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes())),
    }
}
