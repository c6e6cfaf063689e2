//! The permission as a type in the handler's signature. [`Allow<A>`] lets a caller in who may do `A`; the same line of
//! the access matrix is written into the OpenAPI document by [`allowed!`].

use std::marker::PhantomData;
use std::time::Instant;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use leadlatch_domain::key_secret::KeyDigest;
use leadlatch_domain::matrix::{Action, Rule};
use leadlatch_domain::problem::Code;
use leadlatch_store::{Access, Connection, Grant};
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::SecurityRequirement;
use utoipa_axum::router::UtoipaMethodRouter;

use crate::App;
use crate::docs::{write_headers, write_parameters, write_refusals};
use crate::envelope::Caller;
use crate::problem::Problem;

/// The proof that the caller of this request may do `A`.
#[derive(Debug)]
pub(crate) struct Allow<A>(pub(crate) Grant<A>);

impl<A: Action> FromRequestParts<App> for Allow<A> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = caller(parts);
        let digest = presented(&parts.headers, [])?;
        Ok(Self(admit(app, &caller, digest, &A::RULE).await?.permit()?))
    }
}

/// A key that is presented for doing `A` and not looked at yet: it is let in together with what is read for it, which saves
/// the way to the database once. For a read that comes first: nothing can be known of the caller before.
#[derive(Debug)]
pub(crate) struct Ask<A> {
    digest: KeyDigest,
    caller: Caller,
    action: PhantomData<A>,
}

impl<A: Action> FromRequestParts<App> for Ask<A> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        Ok(Self { digest: presented(&parts.headers, [])?, caller: caller(parts), action: PhantomData })
    }
}

impl<A: Action> Ask<A> {
    /// Lets the key in and reads what an index and a limit bound: a store function and what it is asked for.
    pub(crate) async fn read<I: Copy, T>(
        self,
        app: &App,
        job: impl AsyncFn(&mut Connection<'_>, &Grant<A>, I) -> leadlatch_store::Result<T>,
        asked: I,
    ) -> Result<T, Problem> {
        let admit = |access| Ok(judge(app, &self.caller, access, &A::RULE)?.permit()?);
        match app.store.read_as((self.digest, self.caller.address()), admit, job, asked).await {
            Err(refusal) => Err(count_refused(app, &self.caller, self.digest, &A::RULE, refusal).await),
            read => read,
        }
    }
}

fn caller(parts: &Parts) -> Caller {
    parts.extensions.get::<Caller>().cloned().unwrap_or_default()
}

/// Lets a key in from an address and at a rate, and counts it as one that asks for what a rule says.
pub(crate) async fn admit(app: &App, caller: &Caller, digest: KeyDigest, rule: &Rule) -> Result<Access, Problem> {
    match app.store.authenticate(digest, caller.address()).await {
        Ok(access) => judge(app, caller, access, rule),
        Err(error) => Err(count_refused(app, caller, digest, rule, error.into()).await),
    }
}

/// Lets a refusal be counted for the key whose secret was presented, though it is let in no more: an admin sees who still
/// uses it.
async fn count_refused(app: &App, caller: &Caller, digest: KeyDigest, rule: &Rule, refusal: Problem) -> Problem {
    use Code::{AccountSuspended, DeletedKey, ExpiredKey, IdleKey, RotatedKey};
    let dead = matches!(refusal.code(), DeletedKey | RotatedKey | ExpiredKey | IdleKey | AccountSuspended);
    if dead && let Ok(Some(key)) = app.store.presented_key(digest).await {
        caller.was(key, rule.scope());
    }
    refusal
}

/// In the one order of decisions: address, rate; kind and scope come next. What the address refuses uses up no rate.
fn judge(app: &App, caller: &Caller, access: Access, rule: &Rule) -> Result<Access, Problem> {
    let inside = access.check_address();
    let limited = access.per_minute().filter(|_| inside.is_ok());
    let quota = limited.map(|(key, limit)| app.limits.take(key, limit, Instant::now()));
    caller.is(&access, rule.scope(), quota);
    inside?;
    if quota.is_some_and(|quota| quota.over) {
        return Err(Problem::new(Code::RateLimited));
    }
    Ok(access)
}

/// What is told to who sends `Authorization` in another way than as a bearer.
const SCHEME: &str =
    "Authorization holds no Bearer KEY: send the key as Authorization: Bearer KEY or as X-Api-Key: KEY.";

/// The digest of the one key that the headers and the body present. An empty header presents nothing; beside a key in the
/// body, an `Authorization` of another scheme is a leftover that presents none either.
pub(crate) fn presented<'k>(
    headers: &'k HeaderMap,
    body: impl IntoIterator<Item = &'k str>,
) -> Result<KeyDigest, Problem> {
    let mut found: Option<&str> = None;
    for key in body {
        take(&mut found, key)?;
    }
    let in_body = found.is_some();
    for value in filled(headers, "authorization") {
        match bearer_token(value) {
            Some(key) => take(&mut found, text(key)?)?,
            None if in_body => {}
            None => return Err(Problem::because(Code::MalformedKey, SCHEME)),
        }
    }
    for value in filled(headers, "x-api-key") {
        take(&mut found, text(value)?)?;
    }
    let key = found.filter(|key| !key.is_empty()).ok_or_else(|| Problem::new(Code::MissingCredential))?;
    KeyDigest::of_presented(key).map_err(|_| Problem::new(Code::MalformedKey))
}

/// Whether a header presents something as a key, rightly or not.
pub(crate) fn presents(headers: &HeaderMap) -> bool {
    filled(headers, "authorization").any(|value| bearer_token(value).is_some())
        || filled(headers, "x-api-key").next().is_some()
}

/// The values of a header that are not empty.
fn filled<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h [u8]> {
    headers.get_all(name).iter().map(|value| value.as_bytes().trim_ascii()).filter(|value| !value.is_empty())
}

/// A key is letters of ASCII.
fn text(key: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(key).map_err(|_| Problem::new(Code::MalformedKey))
}

/// Keeps a key; another one than that which is kept already is one too many.
fn take<'k>(found: &mut Option<&'k str>, key: &'k str) -> Result<(), Problem> {
    if found.is_some_and(|other| other != key) {
        return Err(Problem::new(Code::ConflictingCredentials));
    }
    *found = Some(key);
    Ok(())
}

fn bearer_token(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// What stands first in a handler's signature and says what the handler permits.
pub(crate) trait Permission {
    /// What is permitted.
    type Action: Action;
}

impl<A: Action> Permission for Allow<A> {
    type Action = A;
}

impl<A: Action> Permission for Ask<A> {
    type Action = A;
}

/// A handler whose signature says what it permits. A handler without [`Allow`] or [`Ask`] has none, and cannot be
/// registered.
pub(crate) trait Guarded<T> {
    /// Its line of the access matrix.
    const RULE: Rule;
}

macro_rules! guarded {
    ($($arg:ident),*) => {
        impl<H, F, P, $($arg),*> Guarded<(P, F, $($arg,)*)> for H
        where
            H: Fn(P, $($arg),*) -> F,
            P: Permission,
        {
            const RULE: Rule = P::Action::RULE;
        }
    };
}

guarded!();
guarded!(T1);
guarded!(T1, T2);
guarded!(T1, T2, T3);
guarded!(T1, T2, T3, T4);

/// The rule of a handler.
pub(crate) const fn rule_of<T, H: Guarded<T>>(_: &H) -> Rule {
    H::RULE
}

/// Registers handlers with what they permit written into the document.
macro_rules! allowed {
    ($router:expr, $($handler:path),+ $(,)?) => {
        $router$(.routes($crate::allow::document(utoipa_axum::routes!($handler), &$crate::allow::rule_of(&$handler))))+
    };
}
pub(crate) use allowed;

/// Writes a rule into the operations of a route: security, the refusals, and what a Partner key gets.
pub(crate) fn document(route: UtoipaMethodRouter<App>, rule: &Rule) -> UtoipaMethodRouter<App> {
    let (schemas, mut paths, methods) = route;
    for (path, item) in &mut paths.paths {
        let operations = [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete];
        operations.into_iter().flatten().for_each(|operation| write_rule(operation, path, rule));
    }
    (schemas, paths, methods)
}

fn write_rule(operation: &mut Operation, path: &str, rule: &Rule) {
    let scopes: Vec<&str> = rule.scope().map(leadlatch_domain::scope::Scope::as_str).into_iter().collect();
    let schemes = ["bearer", "api_key"];
    operation.security = Some(schemes.map(|scheme| SecurityRequirement::new(scheme, scopes.clone())).into());
    write_refusals(operation, path, rule);
    write_headers(operation);
    write_parameters(operation);
    let extensions = Extensions::builder()
        .add("x-action", rule.action)
        .add("x-scope", scopes.first().copied().unwrap_or("any key"))
        .add("x-partner-key", rule.partner.in_words())
        .build();
    operation.extensions = Some(extensions);
}
