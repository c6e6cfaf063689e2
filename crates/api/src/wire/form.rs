//! `POST` and `GET /api/APIHTTPPost.php`: a form on a web page, without a key. The lead group alone routes it, where an
//! admin switched that on.

use std::net::IpAddr;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use leadlatch_domain::key_limits::PerMinute;
use leadlatch_domain::matrix::PostWebForm;
use leadlatch_domain::problem::Code;
use leadlatch_domain::web_form::{Origin, target};
use leadlatch_store::leads::wire;
use leadlatch_store::web_forms::{LetIn, WebFormSettings};
use leadlatch_store::{Connection, Error};

use super::fields::Fields;
use super::{page, parts};
use crate::App;
use crate::body;
use crate::envelope::Caller;
use crate::problem::Problem;

/// Posts that an address may make in a minute.
const PER_MINUTE: PerMinute = PerMinute::literal(60);

/// The field that routes a post.
const GROUP: &str = "intLeadGroupID";

/// What became of a post.
enum Outcome {
    /// It was taken, or looks so.
    Accepted,
    /// Some values are not valid.
    Invalid(Problem),
}

/// Takes a post, and leads its visitor on.
pub(super) async fn post(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    if parts.method == Method::HEAD {
        return Err(Problem::new(Code::MethodNotAllowed));
    }
    let caller = parts.extensions.get::<Caller>().cloned().unwrap_or_default();
    if let Some(over) = over_the_limit(&app, &caller) {
        return Ok(over);
    }
    let mut fields = Fields::of(parts.uri.query().unwrap_or_default().as_bytes(), None);
    if parts.method == Method::POST {
        let is_form = read_body(&mut fields, &parts.headers, body).await?;
        if !is_form {
            return Ok(page::no_form());
        }
    }
    let group = fields.text(GROUP);
    let found = app.store.let_form_in(host(&parts).as_deref(), group, caller.address()).await?;
    let Some(let_in) = found.filter(|found| may_post(&app, &caller, &parts.headers, found)) else {
        return Ok(page::not_open());
    };
    let settings = let_in.settings.clone();
    let taken = if fields.is_trapped() { Ok(Outcome::Accepted) } else { take(&app, let_in, &fields).await };
    match taken {
        Err(Error::OutOfReach) => Ok(page::not_open()),
        taken => Ok(lead_on(taken, &fields, &settings, caller.request_id())),
    }
}

/// Adds the fields of a body, if it is a form. One of another type than forms have is one if it names a lead group all the
/// same: programs call their bodies what they like. Where the address names the group, a body that is no form is beside it.
async fn read_body(fields: &mut Fields, headers: &HeaderMap, body: Body) -> Result<bool, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body = body::whole(body).await?;
    if let Some(boundary) = parts::boundary(kind, &body) {
        parts::read(body, boundary).await?.iter().for_each(|part| fields.put(part));
        return Ok(true);
    }
    let essence = kind.split(';').next().unwrap_or_default().trim();
    let said = essence.is_empty() || essence.eq_ignore_ascii_case("application/x-www-form-urlencoded");
    let pairs = Fields::of(&body, Some(kind));
    let named = !fields.text(GROUP).is_empty();
    if said || body.is_empty() || !pairs.text(GROUP).is_empty() || (named && pairs.is_form()) {
        fields.extend(pairs);
        return Ok(true);
    }
    Ok(named)
}

/// The answer to one post too many of an address; of IPv6 a whole network counts as one.
fn over_the_limit(app: &App, caller: &Caller) -> Option<Response> {
    let from = match caller.address()?.to_canonical() {
        IpAddr::V6(address) => IpAddr::from((address.to_bits() >> 64 << 64).to_be_bytes()),
        address @ IpAddr::V4(_) => address,
    };
    let quota = app.form_limits.take(from, PER_MINUTE, Instant::now());
    quota.over.then(|| {
        let mut answer = page::too_many();
        quota.write(answer.headers_mut());
        answer
    })
}

/// The host that is asked, without its port.
fn host(parts: &Parts) -> Option<String> {
    let header = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let host = header.or_else(|| parts.uri.authority().map(axum::http::uri::Authority::as_str))?;
    Some(host.split(':').next().unwrap_or(host).to_ascii_lowercase())
}

/// Whether the page is one of those that may post. Who is no browser names no page; and over plain http an account, or
/// the operator, has to let it.
fn may_post(app: &App, caller: &Caller, headers: &HeaderMap, found: &LetIn) -> bool {
    let private = !caller.in_clear() || found.plain_http || app.allow_plain_http;
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or_default());
    let origin = match (text(header::ORIGIN), text(header::REFERER)) {
        (Some(origin), _) => Origin::parse(origin).ok(),
        (None, Some(address)) => Origin::of_address(address),
        (None, None) => return private,
    };
    private && origin.is_some_and(|origin| found.settings.origins.iter().any(|known| known == origin.as_str()))
}

/// Writes the lead. One that is there already is answered as accepted: no post learns who is known here.
async fn take(app: &App, let_in: LetIn, fields: &Fields) -> Result<Outcome, Error> {
    let grant = let_in.access.permit::<PostWebForm>()?;
    let lead = fields.lead();
    let job = async move |db: &mut Connection<'_>, grant| wire::create_posted(db, grant, lead).await;
    match app.store.write(grant, job).await {
        Ok(()) | Err(Error::Duplicate(_)) => Ok(Outcome::Accepted),
        Err(Error::Invalid(faults)) => {
            Ok(Outcome::Invalid(Problem::invalid(faults.into_iter().map(super::fields::in_words).collect())))
        }
        Err(error) => Err(error),
    }
}

/// Where the form wants its visitor to go, if that is one of the group's hosts; else a plain page.
fn lead_on(taken: Result<Outcome, Error>, fields: &Fields, settings: &WebFormSettings, request: &str) -> Response {
    let (wanted, page) = match taken {
        Ok(Outcome::Accepted) => ("strapisuccessurl", page::accepted()),
        Ok(Outcome::Invalid(problem)) => ("strapifailurl", page::of(&problem)),
        Err(error) => {
            let problem = Problem::from(error);
            problem.log(request);
            ("strapifailurl", page::of(&problem))
        }
    };
    let Some(address) = target(fields.text(wanted), &settings.redirect_hosts) else { return page };
    let mut answer = (StatusCode::FOUND, [(header::LOCATION, address)]).into_response();
    answer.headers_mut().insert(header::REFERRER_POLICY, page::NO_REFERRER);
    answer
}
