//! Refusals as RFC 9457 problem details. A handler gives a [`Problem`]; the envelope writes it with the request's id.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use leadlatch_domain::fault::{Fault, FieldFault, cut};
use leadlatch_domain::lead::filter::FilterRefused;
use leadlatch_domain::lead::input::Refused;
use leadlatch_domain::problem::{Code, DeniedBy};
use leadlatch_domain::scope::{Scope, ScopeSet};
use leadlatch_store::Error;
use serde::Serialize;

use crate::docs::{codes, denied_by};

/// Faults, and names, that one answer says. A body could hold a hundred thousand.
const SAID: usize = 100;

/// A refusal, before it is written.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    detail: Option<String>,
    denied_by: Option<DeniedBy>,
    required: Option<Scope>,
    granted: Option<ScopeSet>,
    errors: Vec<FieldFault>,
    extra: Option<Box<Extra>>,
    /// For the log alone.
    cause: Option<Box<str>>,
}

/// What few refusals have: kept apart, so that the others stay small.
#[derive(Debug, Clone, Default)]
struct Extra {
    duplicate_of: Option<i64>,
    /// Seconds.
    retry_after: Option<i64>,
}

/// The body of a refusal.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ProblemBody<'a> {
    /// The page that explains the code.
    r#type: String,
    /// What is the matter.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What to change.
    detail: &'a str,
    /// The stable, machine-readable code.
    #[schema(schema_with = codes)]
    code: &'a str,
    /// The request's own id, for the operator's log.
    request_id: &'a str,
    /// What denied it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = denied_by)]
    denied_by: Option<&'a str>,
    /// The scopes that it needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    required_scopes: Option<Vec<&'a str>>,
    /// The scopes that the key has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    granted_scopes: Option<Vec<&'a str>>,
    /// Every bad value at once.
    #[serde(skip_serializing_if = "<[FieldFault]>::is_empty")]
    #[schema(value_type = Vec<FieldProblem>, required = false)]
    errors: &'a [FieldFault],
    /// The lead that is there already, for a key that reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    duplicate_of: Option<i64>,
}

/// What is wrong with one value.
// A `FieldFault` in the words of the document.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "read by the OpenAPI derive alone: the fault itself is what is written")]
pub(crate) struct FieldProblem {
    /// The field's name as it was sent, such as `email` or `data.data1`.
    field: String,
    /// The stable, machine-readable reason, such as `too_long`.
    code: String,
    /// What is wrong and what would be right.
    detail: String,
}

impl Problem {
    /// A refusal with the catalogue's own words.
    pub fn new(code: Code) -> Self {
        Self {
            code,
            detail: None,
            denied_by: None,
            required: None,
            granted: None,
            errors: Vec::new(),
            extra: None,
            cause: None,
        }
    }

    /// A refusal that says more than the catalogue can.
    pub fn because(code: Code, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..Self::new(code) }
    }

    fn with(self, extra: Extra) -> Self {
        Self { extra: Some(Box::new(extra)), ..self }
    }

    /// Every bad value at once; of very many the first hundred, and how many more there are.
    pub fn invalid(mut errors: Vec<FieldFault>) -> Self {
        let more = errors.len().saturating_sub(SAID);
        if more > 0 {
            errors.truncate(SAID);
            errors.push(Fault::new("more_faults", format!("There are {more} more: mend these first.")).on("*"));
        }
        Self { errors, ..Self::new(Code::InvalidFields) }
    }

    /// One record outside the reach of a Partner key: the same bytes whether it exists or not.
    fn out_of_reach() -> Self {
        Self { denied_by: Some(DeniedBy::Partner), ..Self::new(Code::OutOfReach) }
    }

    /// With the scopes of the key that was denied, where what denied it did not know them.
    pub(crate) fn for_key(self, scopes: Option<ScopeSet>) -> Self {
        // To an address that the key is not let in from, its scopes are not told.
        let told = self.denied_by.is_some_and(|by| by != DeniedBy::Ip);
        Self { granted: self.granted.or(scopes.filter(|_| told)), ..self }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Writes the refusal with the id of the request it answers, by which the log has the cause.
    pub(crate) fn write(&self, request_id: &str) -> Response {
        self.log(request_id);
        let names = |scopes: &ScopeSet| scopes.iter().map(Scope::as_str).collect();
        let body = ProblemBody {
            r#type: format!("/docs/errors/{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status(),
            detail: self.detail.as_deref().unwrap_or(self.code.remedy()),
            code: self.code.as_str(),
            request_id,
            denied_by: self.denied_by.map(DeniedBy::as_str),
            // Beside those that the key has, an empty list says that no scope would help.
            required_scopes: self.granted.map(|_| self.required.iter().map(|scope| scope.as_str()).collect()),
            granted_scopes: self.granted.as_ref().map(names),
            errors: &self.errors,
            duplicate_of: self.extra.as_ref().and_then(|extra| extra.duplicate_of),
        };
        let json = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (self.status(), json).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        self.write_headers(response.headers_mut());
        response
    }

    /// What a refusal says in headers, whatever its body is.
    pub(crate) fn write_headers(&self, headers: &mut HeaderMap) {
        if let Some(challenge) = self.challenge() {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.extra.as_ref().and_then(|extra| extra.retry_after) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
    }

    /// The code.
    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// The whole refusal as one text, for who reads no more: each field that is wrong, or what is the matter and what
    /// to change.
    pub(crate) fn sentence(&self) -> String {
        if !self.errors.is_empty() {
            let said: Vec<_> = self.errors.iter().map(|fault| format!("{}: {}", fault.field, fault.detail)).collect();
            return said.join(" ");
        }
        format!("{} {}", self.code.title(), self.remedy())
    }

    /// What to change, for who does not see the members of the problem that a remedy names.
    fn remedy(&self) -> Cow<'_, str> {
        let duplicate_of = self.extra.as_ref().and_then(|extra| extra.duplicate_of);
        match (self.code, self.required, duplicate_of) {
            (Code::InsufficientScope, Some(scope), _) => {
                format!("Ask an account admin for a key that has {}.", scope.as_str()).into()
            }
            (Code::DuplicateLead, _, Some(id)) => format!("Update lead {id} instead, or leave it at that.").into(),
            (Code::DuplicateLead, ..) => "Leave it at that.".into(),
            _ => self.detail.as_deref().unwrap_or(self.code.remedy()).into(),
        }
    }

    pub(crate) fn log(&self, request_id: &str) {
        match (&self.cause, self.code) {
            (Some(cause), Code::Internal) => tracing::error!(request_id, cause, "a request failed"),
            (Some(cause), _) => tracing::warn!(request_id, cause, "a request could not be served"),
            (None, _) => {}
        }
    }

    /// RFC 6750: how to be let in, and which scope would help.
    fn challenge(&self) -> Option<HeaderValue> {
        let text = match (self.code.status(), self.code, self.required) {
            (401, Code::MissingCredential, _) => "Bearer realm=\"leadlatch\"".to_owned(),
            (401, ..) => "Bearer realm=\"leadlatch\", error=\"invalid_token\"".to_owned(),
            (403, _, Some(scope)) => {
                format!("Bearer realm=\"leadlatch\", error=\"insufficient_scope\", scope=\"{}\"", scope.as_str())
            }
            (403, ..) => "Bearer realm=\"leadlatch\"".to_owned(),
            _ => return None,
        };
        HeaderValue::from_str(&text).ok()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let code = error.code();
        match error {
            Error::Denied(denied) => Self {
                detail: denied_detail(&denied.fields),
                denied_by: Some(denied.by),
                required: denied.required,
                ..Self::new(code)
            }
            .for_key(Some(denied.granted)),
            Error::OutOfReach => Self::out_of_reach(),
            Error::NotFound("id") => Self::new(code),
            Error::NotFound(field) | Error::NoSuch { what: field, .. } => {
                let fault = Fault::new("not_found", "No such record exists in the account.");
                Self {
                    errors: vec![fault.on(field)],
                    ..Self::because(code, format!("{field}: no such record exists."))
                }
            }
            Error::Invalid(errors) => Self::invalid(errors),
            Error::Conflict(detail) => Self::because(code, detail),
            Error::Duplicate(duplicate_of) => Self::new(code).with(Extra { duplicate_of, ..Extra::default() }),
            Error::TooManyTestLeads(seconds) => {
                Self::new(code).with(Extra { retry_after: Some(seconds), ..Extra::default() })
            }
            Error::InUse(by) => Self::because(code, format!("The {by}.")),
            Error::Internal(cause) => Self { cause: Some(cause.to_string().into()), ..Self::new(code) },
            Error::Unavailable(cause) => Self { cause: Some(cause.into()), ..Self::new(code) },
            Error::NoRoom => Self { cause: Some("the database's disk is full".into()), ..Self::new(code) },
            Error::Unauthenticated(_)
            | Error::Rehearsed
            | Error::SignedOut
            | Error::NoSuchLink
            | Error::Refused(_)
            | Error::TooExpensive => Self::new(code),
        }
    }
}

fn denied_detail(fields: &[String]) -> Option<String> {
    let said: Vec<String> = fields.iter().take(SAID).cloned().map(cut).collect();
    let more = match fields.len().saturating_sub(SAID) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!fields.is_empty()).then(|| format!("Leave out what this key may not use: {}{more}.", said.join(", ")))
}

impl Problem {
    /// Names in a body that the caller may not use.
    pub(crate) fn refused_input(refused: Refused, granted: ScopeSet) -> Self {
        match refused {
            Refused::Fields(fields) => Error::fields(fields, granted).into(),
            Refused::OutOfReach => Self::out_of_reach(),
        }
    }

    /// A list that cannot be given.
    pub(crate) fn refused_filter(refused: FilterRefused, granted: ScopeSet) -> Self {
        match refused {
            FilterRefused::Fields(fields) => Error::fields(fields, granted).into(),
            FilterRefused::OutOfReach => Self::out_of_reach(),
            FilterRefused::Invalid(errors) => Self::invalid(errors),
        }
    }
}
