//! Add New: one screen, and Create Key.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use leadlatch_domain::key_secret::KeyKind;
use leadlatch_domain::matrix::ManageKeys;
use leadlatch_domain::token::Token;
use leadlatch_store::access_keys;
use leadlatch_store::{Connection, Error, used_forms};

use super::features::{Chip, Feature, chips, features};
use super::form::Typed;
use super::offered::Offered;
use super::row::key_href;
use super::summary::{self, Summary};
use super::{password, secret};
use crate::Web;
use crate::around::go;
use crate::asked::Query;
use crate::components::{GlyphSize, Svg, glyph};
use crate::errors::Errors;
use crate::form::{Form, Once};
use crate::frame::Frame;
use crate::note::Note;
use crate::page::{Answer, page_with};
use crate::refusal::Refusal;
use crate::signed::Signed;

#[derive(Template)]
#[template(path = "access_keys/add.html")]
struct Page {
    frame: Frame,
    typed: Typed,
    errors: Errors,
    partners: Vec<Offered>,
    features: Vec<Feature>,
    chips: Vec<Chip>,
    summary: Summary,
    glyphs: (Svg, Svg),
    asks_password: bool,
    asks_code: bool,
    my_address: String,
}

/// The form, filled in with what the address names.
pub(crate) async fn show(
    State(web): State<Web>,
    signed: Signed<ManageKeys>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let mut typed = Typed { step: "show".into(), ..Typed::default() };
    for (name, value) in pairs {
        match name.as_str() {
            "kind" => typed.kind = value,
            "partner" => typed.partner = value,
            "name" => typed.name = value,
            "scope" => typed.scope.push(value),
            _ => {}
        }
    }
    if KeyKind::parse(&typed.kind).is_none() {
        KeyKind::Partner.as_str().clone_into(&mut typed.kind);
    }
    form(&web, signed, StatusCode::OK, typed, Errors::default()).await
}

/// Create Key, or the form again as another of its buttons asks.
pub(crate) async fn create(State(web): State<Web>, signed: Signed<ManageKeys>, Form(mut typed): Form<Typed>) -> Answer {
    if typed.step != "create" {
        typed.take_template();
        return form(&web, signed, StatusCode::OK, typed, Errors::default()).await;
    }
    let Some(once) = Token::parse(&typed.once) else { return Err(Refusal::strange_form()) };
    if let Some(id) = made_before(&web, &signed, &once).await? {
        // The page beside the note offers what is left to do: rotate it, or delete it.
        let note = Note::refused("This key exists already. The form was sent twice; one key was made.");
        return Ok(go(key_href(id, "secret")).saying(note).into_response());
    }
    if typed.name.trim().is_empty() {
        typed.name = proposed_name(&web, &signed, &typed).await?;
    }
    let new = match typed.read(web.store().clock().now()) {
        Ok(new) => new,
        Err(errors) => return form(&web, signed, StatusCode::UNPROCESSABLE_ENTITY, typed, errors).await,
    };
    if let Some(wrong) = password::refusal(&web, &signed, typed.kind(), typed.again()).await? {
        let mut errors = Errors::default();
        errors.put("password", wrong);
        return form(&web, signed, StatusCode::UNPROCESSABLE_ENTITY, typed, errors).await;
    }
    let job = async move |db: &mut Connection<'_>, grant| access_keys::create_once(db, grant, new, &once).await;
    match web.store().write(signed.permit()?, job).await {
        Ok((key, made)) => secret::page(&web, &signed, &key, made.expose(), None).await,
        Err(Error::NotFound("partner")) => {
            let mut errors = Errors::default();
            errors.put("partner", "There is no such partner any more: choose another.");
            form(&web, signed, StatusCode::UNPROCESSABLE_ENTITY, typed, errors).await
        }
        Err(other) => Err(other.into()),
    }
}

async fn made_before(web: &Web, signed: &Signed<ManageKeys>, once: &Token) -> Result<Option<i64>, Refusal> {
    let grant = signed.permit::<ManageKeys>()?;
    Ok(web.store().read(async |db| used_forms::made(db, &grant, once).await).await?)
}

/// The name that is filled in beforehand where script does it, for a form that had none.
async fn proposed_name(web: &Web, signed: &Signed<ManageKeys>, typed: &Typed) -> Result<String, Refusal> {
    let grant = signed.permit::<ManageKeys>()?;
    let job = async move |db: &mut Connection<'_>| access_keys::choices(db, &grant).await;
    let partners: Vec<_> = web.store().read_apart(job).await?.into_iter().map(|one| Offered::new(one, typed)).collect();
    Ok(proposed(typed, &partners))
}

async fn form(web: &Web, signed: Signed<ManageKeys>, status: StatusCode, mut typed: Typed, errors: Errors) -> Answer {
    let summary = summary::read(web, &signed, &typed).await?;
    let grant = signed.permit::<ManageKeys>()?;
    let job = async move |db: &mut Connection<'_>| access_keys::choices(db, &grant).await;
    let partners: Vec<_> =
        web.store().read_apart(job).await?.into_iter().map(|choice| Offered::new(choice, &typed)).collect();
    if typed.name.is_empty() && typed.step == "show" {
        typed.name = proposed(&typed, &partners);
    }
    if Token::parse(&typed.once).is_none() {
        typed.once = Once::fresh(web);
    }
    let picture = |kind, cuts| glyph(kind, cuts, GlyphSize::Row);
    let page = Page {
        features: features(&typed),
        chips: chips(&typed),
        asks_password: !signed.me()?.fresh,
        asks_code: signed.me()?.has_authenticator,
        my_address: signed.visitor.address.map(|address| address.to_canonical().to_string()).unwrap_or_default(),
        glyphs: (picture(KeyKind::Full, [1, 3, 0, 2, 1, 2]), picture(KeyKind::Partner, [2, 0, 3, 1, 2, 0])),
        frame: signed.frame,
        typed,
        errors,
        partners,
        summary,
    };
    page_with(status, &page)
}

/// The name that is filled in beforehand.
fn proposed(typed: &Typed, partners: &[Offered]) -> String {
    match typed.kind() {
        KeyKind::Full => "Own systems".into(),
        KeyKind::Partner => partners.iter().find(|one| one.chosen).map(|one| one.company.clone()).unwrap_or_default(),
    }
}

impl Page {
    fn is_partner(&self) -> bool {
        self.typed.kind() == KeyKind::Partner
    }

    fn chosen(&self) -> Option<&Offered> {
        self.partners.iter().find(|offered| offered.chosen)
    }

    /// Whether the folded part stands open: something in it is set or wrong.
    fn is_unfolded(&self) -> bool {
        let fields = ["expires", "expires_on", "address_ranges", "requests_per_minute", "idle_days"];
        fields.iter().any(|field| self.errors.of(field).is_some())
    }
}
