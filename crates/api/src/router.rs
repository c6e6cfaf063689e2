//! Every route on one screen.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use leadlatch_domain::problem::Code;
use utoipa::OpenApi;
use utoipa::openapi::schema::ArrayItems;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Ref, RefOr, Schema, Server};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use crate::App;
use crate::allow::allowed;
use crate::docs::{error_page, shared_headers};
use crate::envelope::envelope;
use crate::problem::{Problem, ProblemBody};
use crate::v1::partner_records::{create, delete, update};
use crate::v1::{
    hooks, lead_groups, lead_types, leads, marketing, partner_records, sites, statuses, user_groups, users, whoami,
    zapier,
};
use crate::wire;

#[derive(OpenApi)]
#[openapi(info(title = "Leadlatch", description = "Leads, opened by access keys."), components(schemas(ProblemBody)))]
struct Document;

fn v1() -> OpenApiRouter<App> {
    let router = OpenApiRouter::with_openapi(Document::openapi());
    let router = allowed!(router, whoami::describe, whoami::delete);
    let router = allowed!(router, leads::create::create, leads::list::list, leads::search::search);
    let router = allowed!(router, leads::export::export);
    let router = allowed!(router, leads::get::get, leads::update::update, leads::delete::delete);
    let router = allowed!(router, leads::history::history, leads::referral::refer, leads::referral::unrefer);
    let router = allowed!(router, lead_groups::list, lead_groups::get, lead_types::list, lead_types::get);
    let router = allowed!(router, statuses::list, sites::list);
    let router = allowed!(router, partner_records::list_introducers, partner_records::get_introducers);
    let router = allowed!(router, partner_records::list_partners, partner_records::get_partners);
    let router = allowed!(router, create::create_introducer, create::create_partner);
    let router = allowed!(router, update::update_introducer, update::update_partner);
    let router = allowed!(router, delete::delete_introducer, delete::delete_partner);
    let router = allowed!(router, users::list, users::get, user_groups::list, user_groups::get);
    let router = allowed!(router, zapier::dropdowns::fill, zapier::samples::read);
    let router = allowed!(router, hooks::create::create, hooks::list, hooks::get, hooks::delete, hooks::new_secret);
    allowed!(router, marketing::sources, marketing::mediums, marketing::terms)
}

/// The OpenAPI 3.1 document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = v1().into_openapi();
    document.servers = Some(vec![Server::new("/")]);
    let components = document.components.get_or_insert_default();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components.add_security_scheme("bearer", bearer);
    components.schemas.iter_mut().for_each(|(name, schema)| name_rows(name, schema));
    components.headers.extend(shared_headers());
    components.add_security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-Api-Key"))));
    document
}

/// A list says by name what its rows are, rather than in whole once more.
fn name_rows(name: &str, schema: &mut RefOr<Schema>) {
    let Some(row) = name.strip_prefix("ListOf_") else { return };
    let RefOr::T(Schema::Object(list)) = schema else { return };
    if let Some(RefOr::T(Schema::Array(data))) = list.properties.get_mut("data") {
        data.items = ArrayItems::RefOrSchema(Box::new(Ref::from_schema_name(row).into()));
    }
}

/// The pages for people, which stand beside the API behind the same envelope.
pub struct Pages {
    /// Their routes.
    pub routes: Router,
    /// The page in place of an address that there is not; none for a caller that wants no page.
    pub missing: fn(&Request) -> Option<Response>,
}

/// The whole server.
pub fn router(app: App, pages: Pages) -> Router {
    let (v1, _) = v1().split_for_parts();
    let mut document = openapi();
    if let Some(url) = &app.public_url {
        document.servers = Some(vec![Server::new(url.clone())]);
    }
    v1.merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .merge(wire::routes())
        .route("/docs/errors/{code}", get(error_page))
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(ready))
        .merge(pages.routes.with_state(()))
        .fallback(async move |request: Request| match (pages.missing)(&request) {
            Some(page) => page,
            None => Problem::new(Code::NoSuchRoute).into_response(),
        })
        .method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed))
        .layer(from_fn_with_state(app.clone(), envelope))
        .with_state(app)
}

async fn ready(State(app): State<App>) -> Response {
    match app.store.ping().await {
        Ok(()) => "ok".into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
