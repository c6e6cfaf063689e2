//! `POST /introducers` and `POST /partners`.

use axum::extract::State;
use axum::response::Response;
use leadlatch_domain::matrix::WritePartners;
use leadlatch_domain::partner_change::PartnerInput;
use leadlatch_store::partner_records::{self, PartnerRecord, Side};
use leadlatch_store::{Connection, Grant};

use super::path_of;
use crate::App;
use crate::allow::Allow;
use crate::docs::PartnerWrite;
use crate::idempotency::{Retryable, made};
use crate::problem::Problem;

/// Add an introducer, or, with `kind`, a record that also or only buys leads.
///
/// With `Idempotency-Key` a retry of the same body makes nothing twice for 24 hours.
#[utoipa::path(post, path = "/api/v1/introducers", operation_id = "create_introducer", tag = "introducers",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
        description = "1 to 255 visible ASCII characters, such as a UUID.")),
    request_body = PartnerWrite,
    responses((status = 201, description = "The record as it was made.", body = PartnerRecord, headers(
        ("Location" = String, description = "The path of the record."),
        ("Idempotent-Replayed" = String, description = "`true` if an earlier request with this key made it.")))))]
pub(crate) async fn create_introducer(
    allow: Allow<WritePartners>,
    State(app): State<App>,
    sent: Retryable,
) -> Result<Response, Problem> {
    create(allow.0, &app, Side::Supplies, sent).await
}

/// Add a partner, a buyer of leads, or, with `kind`, a record that also or only supplies them.
///
/// With `Idempotency-Key` a retry of the same body makes nothing twice for 24 hours.
#[utoipa::path(post, path = "/api/v1/partners", operation_id = "create_partner", tag = "partners",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
        description = "1 to 255 visible ASCII characters, such as a UUID.")),
    request_body = PartnerWrite,
    responses((status = 201, description = "The record as it was made.", body = PartnerRecord, headers(
        ("Location" = String, description = "The path of the record."),
        ("Idempotent-Replayed" = String, description = "`true` if an earlier request with this key made it.")))))]
pub(crate) async fn create_partner(
    allow: Allow<WritePartners>,
    State(app): State<App>,
    sent: Retryable,
) -> Result<Response, Problem> {
    create(allow.0, &app, Side::Buys, sent).await
}

async fn create(
    grant: Grant<WritePartners>,
    app: &App,
    side: Side,
    Retryable { members, once }: Retryable,
) -> Result<Response, Problem> {
    let input = PartnerInput::parse(&members);
    let job = async move |db: &mut Connection<'_>, grant| partner_records::make(db, grant, side, input, once).await;
    Ok(made(app.store.write(grant, job).await?, path_of))
}
