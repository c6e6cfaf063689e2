//! The pages for people, beside the API and behind the same envelope. They work without script; cookies open them, and an
//! access key never does.
//!
//! # Adding a page
//!
//! 1. **A file** in `src/`, a folder where a page has several (`src/partners/list.rs`), with the template's struct, the
//!    form's struct and the handlers.
//! 2. **The permission** is the handler's parameter: [`Signed<A>`](signed::Signed), with `A` a line of the access matrix;
//!    [`Fresh<A>`](signed::Fresh) where the password is asked again. Not signed in leads to the sign-in and back; not
//!    permitted is the page of a refusal. Further proofs: `signed.permit::<B>()?`.
//! 3. **Read** with `web.store().read(async |db| users::list(db, &signed.grant, ..).await).await?`; **write** with
//!    `web.store().write(signed.grant, async move |db, grant| ..).await?`. `?` makes the page of the refusal.
//! 4. **The template** in `templates/` begins with `{% extends "layout.html" %}`, fills the blocks `title` and `content`,
//!    and its struct has `frame: Frame` (`signed.frame.clone()`). Answer with `page(&Page { .. })`, or
//!    `page_with(StatusCode::UNPROCESSABLE_ENTITY, ..)` for a form that is shown again.
//! 5. **A form** is `<form method="post">` to the address of its own page, so that whoever has to sign in again comes back
//!    to it, with `{% include "token.html" %}` inside. The handler takes [`Form<T>`](form::Form) as its last parameter,
//!    which refuses whatever no page of ours made. Where it makes a record it carries [`Once`](form::Once) as well.
//!    Afterwards it goes on with `go("/partners").saying(Note::done("Partner added."))`.
//! 6. **The route** in [`routes`], and its place in the navigation in `frame.rs`.
//! 7. No inline script, style or `style=` attribute: the policy refuses them. What is shown is escaped; only addresses that
//!    begin with http:// or https:// become links.

mod access_keys;
mod account;
mod around;
mod asked;
mod assets;
mod audit_trail;
mod code;
mod components;
mod confirm;
mod cookies;
mod errors;
mod form;
mod frame;
mod help;
mod home;
mod link;
mod note;
mod page;
mod partners;
mod passwords;
pub mod paths;
mod refusal;
mod settings;
mod sign_in;
mod signed;
mod start;
mod throttle;
mod try_integration;
mod users;
mod visitor;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::{get, post};
use leadlatch_api::{App, Pages};
use leadlatch_store::{Error, Store};

use self::account::authenticator;
use self::around::{around, finish, visitor_of};
use self::passwords::Passwords;
use self::refusal::Refusal;
use self::throttle::Throttle;
use self::visitor::Visitor;

/// The version that is running.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What every page shares. Cloning it shares them.
#[derive(Clone)]
pub(crate) struct Web {
    /// What pages and API share.
    app: App,
    passwords: Arc<Passwords>,
    throttle: Arc<Throttle>,
    /// What was verified of each account's audit chain a short while ago.
    verified: Arc<audit_trail::Chains>,
}

impl Web {
    /// The database.
    pub(crate) fn store(&self) -> &Store {
        &self.app.store
    }

    /// A whole address of a page of ours, for whoever is sent it.
    pub(crate) fn address(&self, visitor: &Visitor, path: &str) -> String {
        format!("{}{path}", self.origin(visitor))
    }

    /// Where programs reach the server, for commands that people copy.
    pub(crate) fn origin(&self, visitor: &Visitor) -> String {
        let public = self.app.public_url.as_ref().map(|url| url.trim_end_matches('/').to_owned());
        public.unwrap_or_else(|| visitor.origin())
    }

    /// Adds what keys did until now to the database: before a deletion says what the last of it was.
    pub(crate) async fn flush_usage(&self) -> Result<(), Error> {
        self.app.usage.flush(self.store()).await
    }

    /// As [`Web::flush_usage`], for a page that is shown all the same where nothing can be written.
    pub(crate) async fn freshen_usage(&self) {
        if let Err(error) = self.flush_usage().await {
            tracing::warn!(%error, "a page shows counts without the last second");
        }
    }
}

/// The pages, for the server's router.
pub fn pages(app: App) -> Pages {
    let web = Web { app, passwords: Arc::default(), throttle: Arc::default(), verified: Arc::default() };
    let assets = Router::new().route("/assets/{name}", get(assets::serve));
    Pages { routes: routes().layer(from_fn(around)).with_state(web).merge(assets), missing }
}

/// Every page on one screen.
fn routes() -> Router<Web> {
    Router::new()
        .route("/", get(home::show))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/sign-in/code", get(code::show).post(code::give))
        .route("/confirm", get(confirm::show).post(confirm::confirm))
        .route(try_integration::HERE, get(try_integration::show).post(try_integration::tried))
        .route("/start/{link}", get(start::show).post(start::start))
        .route("/link/{link}", get(link::show).post(link::set))
        .route("/account", get(account::show))
        .route("/account/name", get(account::back).post(account::rename))
        .route("/account/email", get(account::show_email).post(account::set_email))
        .route("/account/password", get(account::show_password).post(account::set_password))
        .route("/account/authenticator", get(authenticator::show).post(authenticator::set))
        .route("/account/authenticator/codes", get(account::back).post(authenticator::renew))
        .route("/account/authenticator/remove", get(account::back).post(authenticator::remove))
        .route("/account/sessions/{id}/end", get(account::back).post(account::end_session))
        .route("/settings", get(settings::show))
        .merge(users::routes())
        .merge(access_keys::routes())
        .merge(webhooks::routes())
        .merge(partners::routes())
        .merge(audit_trail::routes())
        .merge(help::routes())
}

/// The page in place of an address that there is not, for a browser; programs get the API's refusal.
fn missing(request: &Request) -> Option<Response> {
    if request.uri().path().starts_with("/api") || !wants_a_page(request.headers()) {
        return None;
    }
    let visitor = visitor_of(request);
    let id = request.extensions().get().copied();
    Some(finish(Refusal::not_found().write(&visitor, id), &visitor))
}

fn wants_a_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}
