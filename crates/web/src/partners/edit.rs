//! Adding a partner record, and changing one's facts.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use leadlatch_domain::contact::{Email, Phone};
use leadlatch_domain::fault::Fault;
use leadlatch_domain::matrix::WritePartners;
use leadlatch_domain::partner_change::{PartnerChange, PartnerInput};
use leadlatch_domain::reach::PartnerKind;
use leadlatch_domain::text::Name;
use leadlatch_store::partner_records::{self, PartnerRecord};
use leadlatch_store::{Connection, used_forms};
use serde::Deserialize;

use super::record::id_of;
use super::{HOME, kind_in_a_sentence, kind_in_words, path_of};
use crate::Web;
use crate::around::go;
use crate::asked::{Path, Query};
use crate::errors::Errors;
use crate::form::{Form, Once};
use crate::frame::Frame;
use crate::note::Note;
use crate::page::{Answer, page_with};
use crate::refusal::Refusal;
use crate::signed::Signed;

#[derive(Template)]
#[template(path = "partners/edit.html")]
struct Page {
    frame: Frame,
    /// The record that is changed; none when one is added.
    record: Option<(String, String)>,
    typed: Typed,
    once: String,
    kinds: [(&'static str, &'static str, &'static str); 3],
    errors: Errors,
}

/// What the form holds.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Typed {
    /// What makes the form of a new record count once.
    once: Option<Once>,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    company: String,
    #[serde(default)]
    contact_name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    phone: String,
}

/// What the form is filled in with.
#[derive(Debug, Deserialize)]
pub(crate) struct Beforehand {
    kind: Option<String>,
}

impl Typed {
    fn of(record: &PartnerRecord) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Self {
            once: None,
            kind: record.kind.clone(),
            company: record.company.clone(),
            contact_name: text(&record.contact_name),
            email: text(&record.email),
            phone: text(&record.phone),
        }
    }

    /// The values, every field at once: an empty box is a field without a value.
    fn read(&self, errors: &mut Errors) -> PartnerChange {
        let kind =
            PartnerKind::parse(&self.kind).ok_or_else(|| Fault::new("required", "Choose what the company does."));
        PartnerChange {
            kind: errors.take("kind", kind),
            company: errors.take("company", Name::parse(&self.company)),
            contact_name: errors.take("contact_name", optional(&self.contact_name, Name::parse)),
            email: errors.take("email", optional(&self.email, Email::parse)),
            phone: errors.take("phone", optional(&self.phone, Phone::parse)),
            ..PartnerChange::default()
        }
    }
}

fn optional<T>(text: &str, read: impl FnOnce(&str) -> Result<T, Fault>) -> Result<Option<T>, Fault> {
    if text.trim().is_empty() { Ok(None) } else { read(text).map(Some) }
}

fn form(web: &Web, frame: Frame, record: Option<(String, String)>, typed: Typed, errors: Errors) -> Answer {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let kinds = PartnerKind::ALL.map(|kind| (kind.as_str(), kind_in_words(kind), kind_in_a_sentence(kind)));
    page_with(status, &Page { frame, record, typed, once: Once::fresh(web), kinds, errors })
}

/// The form of a new record.
pub(crate) async fn new(
    State(web): State<Web>,
    signed: Signed<WritePartners>,
    Query(beforehand): Query<Beforehand>,
) -> Answer {
    let kind = beforehand.kind.unwrap_or_else(|| PartnerKind::Introducer.as_str().to_owned());
    form(&web, signed.frame, None, Typed { kind, ..Typed::default() }, Errors::default())
}

/// Makes the record.
pub(crate) async fn add(State(web): State<Web>, signed: Signed<WritePartners>, Form(mut typed): Form<Typed>) -> Answer {
    let Some(Once(token)) = typed.once.take() else { return Err(Refusal::strange_form()) };
    let there = web.store().read(async |db| used_forms::made(db, &signed.grant, &token).await).await?;
    if let Some(id) = there {
        return Ok(go(path_of(id))
            .saying(Note::done("The record is there already; it was made once."))
            .into_response());
    }
    let mut errors = Errors::default();
    let change = typed.read(&mut errors);
    if !errors.is_empty() {
        return form(&web, signed.frame, None, typed, errors);
    }
    let input = PartnerInput { change, faults: Vec::new() };
    let job = async move |db: &mut Connection<'_>, grant| partner_records::make_by_form(db, grant, input, &token).await;
    let record = web.store().write(signed.grant, job).await?;
    let said = format!("{} added. Link it to lead groups, then add its first key.", record.company);
    Ok(go(path_of(record.id)).saying(Note::done(said)).into_response())
}

/// The form of a record.
pub(crate) async fn show(State(web): State<Web>, signed: Signed<WritePartners>, Path(id): Path<String>) -> Answer {
    let id = id_of(&id);
    let record = web.store().read(async |db| partner_records::one(db, &signed.grant, id).await).await?;
    let about = Some((path_of(id), record.company.clone()));
    form(&web, signed.frame, about, Typed::of(&record), Errors::default())
}

/// Changes the record.
pub(crate) async fn save(
    State(web): State<Web>,
    signed: Signed<WritePartners>,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Answer {
    let id = id_of(&id);
    let mut errors = Errors::default();
    let change = typed.read(&mut errors);
    if !errors.is_empty() {
        let record = web.store().read(async |db| partner_records::one(db, &signed.grant, id).await).await?;
        return form(&web, signed.frame, Some((path_of(id), record.company.clone())), typed, errors);
    }
    let job = async move |db: &mut Connection<'_>, grant| partner_records::set(db, grant, id, change).await;
    let record = web.store().write(signed.grant, job).await?;
    Ok(go(path_of(id)).saying(Note::done(format!("{} saved.", record.company))).into_response())
}
