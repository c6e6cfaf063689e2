//! What the OpenAPI document says beside the handlers, and the pages of the error codes.

mod hook;
mod lead;
#[cfg(test)]
mod lint;
mod parameters;
mod partner;
mod refusals;
mod words;

pub(crate) use hook::HookWrite;
pub(crate) use lead::{LeadBody, LeadWrite};
pub(crate) use parameters::{FilterParams, LeadSearch, OrderParams, PageParams, write_parameters};
pub(crate) use partner::{PartnerWrite, ReferralWrite};
pub(crate) use refusals::{codes, denied_by, shared_headers, write_headers, write_refusals};
pub(crate) use words::{Delivery, DropdownName, SampleEvent, samples};

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use leadlatch_domain::problem::Code;

use crate::problem::Problem;

/// The page of an error code.
pub(crate) async fn error_page(Path(code): Path<String>) -> Response {
    let Some(code) = Code::parse(&code) else { return Problem::new(Code::NoSuchRoute).into_response() };
    let (name, status, title, remedy) = (code.as_str(), code.status(), code.title(), code.remedy());
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{name}</title>\
         <h1>{status} <code>{name}</code></h1><p>{title}</p><h2>What to change</h2><p>{remedy}</p>"
    ))
    .into_response()
}
