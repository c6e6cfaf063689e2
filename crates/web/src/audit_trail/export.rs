//! The chain as a file: a line an entry, verified anywhere by `leadlatch audit verify --file`.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use leadlatch_domain::audit::ExportLine;
use leadlatch_domain::matrix::ReadAudit;
use leadlatch_store::{Connection, Grant, Result, audit};

use crate::Web;
use crate::page::Answer;
use crate::signed::Signed;

/// Entries of one block.
const BLOCK: u32 = 500;

/// The file, made as the connection has room. Each block is read by a session that is still good.
pub(crate) async fn export(State(web): State<Web>, signed: Signed<ReadAudit>) -> Answer {
    let extent = web.store().read(async |db| audit::extent(db, &signed.grant).await).await?;
    let name = format!("attachment; filename=\"leadlatch-audit-{}.jsonl\"", extent.head.number);
    let lines = stream::try_unfold((web, signed.grant, 0), block);
    let mut response: Response = Body::from_stream(lines).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jsonl"));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

type Place = (Web, Grant<ReadAudit>, i64);

async fn block((web, grant, after): Place) -> Result<Option<(Bytes, Place)>> {
    let (account, reader) = (grant.account_id().get(), web.store().again(&grant).await?);
    let job = async move |db: &mut Connection<'_>| audit::entries(db, &reader, after, BLOCK).await;
    let stored = web.store().read_apart(job).await?;
    let Some(last) = stored.last().map(|last| last.number) else { return Ok(None) };
    let mut text = String::new();
    for entry in &stored {
        let line = serde_json::to_string(&ExportLine::of(account, entry)).map_err(leadlatch_store::Error::internal)?;
        text.push_str(&line);
        text.push('\n');
    }
    Ok(Some((Bytes::from(text), (web, grant, last))))
}
