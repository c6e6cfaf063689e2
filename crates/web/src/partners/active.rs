//! Letting a record's keys in, or refusing them.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use leadlatch_domain::matrix::WritePartners;
use leadlatch_store::Connection;
use leadlatch_store::partner_records::{self, PartnerRecord};

use super::path_of;
use super::record::{Key, id_of, keys};
use crate::Web;
use crate::around::go;
use crate::asked::Path;
use crate::components::words::count;
use crate::form::{Button, Form};
use crate::frame::Frame;
use crate::note::Note;
use crate::page::{Answer, page};
use crate::signed::Signed;

#[derive(Template)]
#[template(path = "partners/active.html")]
struct Page {
    frame: Frame,
    record: PartnerRecord,
    path: String,
    keys: Vec<Key>,
    /// Whether the record is active afterwards.
    active: bool,
    verb: &'static str,
}

/// Asks before keys are refused.
pub(crate) async fn deactivate(
    State(web): State<Web>,
    signed: Signed<WritePartners>,
    Path(id): Path<String>,
) -> Answer {
    ask(&web, signed, &id, false).await
}

/// Asks before keys are let in again.
pub(crate) async fn activate(State(web): State<Web>, signed: Signed<WritePartners>, Path(id): Path<String>) -> Answer {
    ask(&web, signed, &id, true).await
}

/// Refuses the record's keys.
pub(crate) async fn do_deactivate(
    State(web): State<Web>,
    signed: Signed<WritePartners>,
    Path(id): Path<String>,
    Form(_): Form<Button>,
) -> Answer {
    set(&web, signed, &id, false).await
}

/// Lets the record's keys in.
pub(crate) async fn do_activate(
    State(web): State<Web>,
    signed: Signed<WritePartners>,
    Path(id): Path<String>,
    Form(_): Form<Button>,
) -> Answer {
    set(&web, signed, &id, true).await
}

async fn ask(web: &Web, signed: Signed<WritePartners>, id: &str, active: bool) -> Answer {
    let id = id_of(id);
    let record = web.store().read(async |db| partner_records::one(db, &signed.grant, id).await).await?.into_inner();
    let keys = keys(web, &signed, id).await?;
    page(&Page {
        frame: signed.frame,
        record,
        path: path_of(id),
        keys,
        active,
        verb: if active { "Activate" } else { "Deactivate" },
    })
}

async fn set(web: &Web, signed: Signed<WritePartners>, id: &str, active: bool) -> Answer {
    let id = id_of(id);
    let keys = keys(web, &signed, id).await?.len();
    let job = async move |db: &mut Connection<'_>, grant| partner_records::activate(db, grant, id, active).await;
    let record = web.store().write(signed.grant, job).await?;
    let company = &record.company;
    let said = match (active, keys) {
        (true, 0) => format!("{company} is active. It has no key yet."),
        (false, 0) => format!("{company} is inactive. It has no key."),
        (true, _) => format!("{company} is active: {} let in from the next request.", count(keys as i64, "key")),
        (false, _) => {
            format!("{company} is inactive: {} refused with 403 from the next request.", count(keys as i64, "key"))
        }
    };
    Ok(go(path_of(id)).saying(Note::done(said)).into_response())
}
