//! `POST /hooks`.

use axum::extract::State;
use axum::response::Response;
use leadlatch_domain::fault::Fault;
use leadlatch_domain::matrix::CreateHooks;
use leadlatch_outbound::Failed;
use leadlatch_store::Connection;
use leadlatch_store::hooks::{self, Hook, NewHook};
use leadlatch_store::idempotency::Made;

use super::input::Input;
use crate::App;
use crate::allow::Allow;
use crate::docs::HookWrite;
use crate::idempotency::{Retryable, made};
use crate::problem::Problem;

/// Subscribe to events. A key has at most 20 subscriptions; each ends with the key.
///
/// Deliveries are signed by the Standard Webhooks scheme with the secret in this answer, which is never shown again. Each
/// tells what the key may see when it is told. With `Idempotency-Key` a retry of the same body makes nothing twice for 24
/// hours; it is answered without the secret.
#[utoipa::path(post, path = "/api/v1/hooks", operation_id = "create_hook", tag = "hooks",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
        description = "1 to 255 visible ASCII characters, such as a UUID.")),
    request_body = HookWrite,
    responses((status = 201, description = "The subscription with its secret, this once.", body = Hook, headers(
        ("Location" = String, description = "The path of the subscription."),
        ("Idempotent-Replayed" = String,
            description = "`true` if an earlier request with this key made the subscription.")))))]
pub(crate) async fn create(
    allow: Allow<CreateHooks>,
    State(app): State<App>,
    Retryable { members, once }: Retryable,
) -> Result<Response, Problem> {
    let new = Input::read(&members).judge(&allow.0)?;
    check(&app, &new).await?;
    let sealer = app.store.sealer()?;
    let job = async move |db: &mut Connection<'_>, grant| match once {
        Some(once) => hooks::create_once(db, grant, sealer, new, once).await,
        None => hooks::create(db, grant, sealer, new).await.map(Made::New),
    };
    let path = |hook: &Hook| format!("/api/v1/hooks/{}", hook.id);
    Ok(made(app.store.write(allow.0, job).await?, path))
}

/// The name is looked up before anything is written, and again at each delivery.
async fn check(app: &App, new: &NewHook) -> Result<(), Problem> {
    let Err(failed) = app.outbound.check(&new.target).await else { return Ok(()) };
    let detail = match failed {
        Failed::NotEncrypted => "Send a URL that begins with https://.",
        Failed::NotAllowed => "Send a URL that anybody on the internet can reach; this one leads to a private address.",
        _ => "The name of the host cannot be resolved: check the URL.",
    };
    Err(Problem::invalid(vec![Fault::new(failed.as_str(), detail).on("target_url")]))
}
