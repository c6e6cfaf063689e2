//! Deleting a partner record with its keys, which are named first.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use leadlatch_domain::matrix::WritePartners;
use leadlatch_store::Connection;
use leadlatch_store::partner_records::{self, PartnerRecord, Side};

use super::list::up_to;
use super::record::{Key, id_of, keys};
use super::{HOME, path_of};
use crate::Web;
use crate::around::go;
use crate::asked::Path;
use crate::components::words::count;
use crate::form::{Button, Form};
use crate::frame::Frame;
use crate::note::{Note, Tone};
use crate::page::{Answer, page};
use crate::signed::Signed;

#[derive(Template)]
#[template(path = "partners/delete.html")]
struct Page {
    frame: Frame,
    record: PartnerRecord,
    path: String,
    keys: Vec<Key>,
    /// How many they are.
    counted: String,
    leads: String,
}

/// Asks, with what goes along.
pub(crate) async fn show(State(web): State<Web>, signed: Signed<WritePartners>, Path(id): Path<String>) -> Answer {
    let id = id_of(&id);
    let job = async |db: &mut Connection<'_>| {
        let record = partner_records::one(db, &signed.grant, id).await?;
        let supplied = partner_records::leads_of(db, &signed.grant, id, Side::Supplies).await?;
        Ok((record, supplied, partner_records::leads_of(db, &signed.grant, id, Side::Buys).await?))
    };
    let (record, supplied, bought) = web.store().read(job).await?;
    let keys = keys(&web, &signed, id).await?;
    let counted = count(keys.len() as i64, "key");
    let leads = format!("{} supplied, {} referred to it", up_to(supplied), up_to(bought));
    page(&Page { frame: signed.frame, record: record.into_inner(), path: path_of(id), counted, keys, leads })
}

/// Deletes the record and its keys.
pub(crate) async fn delete(
    State(web): State<Web>,
    signed: Signed<WritePartners>,
    Path(id): Path<String>,
    Form(_): Form<Button>,
) -> Answer {
    let id = id_of(&id);
    let keys = count(keys(&web, &signed, id).await?.len() as i64, "key");
    let job = async move |db: &mut Connection<'_>, grant| partner_records::delete(db, grant, id).await;
    let record = web.store().write(signed.grant, job).await?;
    let said = format!("{} deleted with {keys}. Its leads stay. The audit trail has each of them.", record.company);
    Ok(go(HOME).saying(Note::new(Tone::Proof, &said)).into_response())
}
