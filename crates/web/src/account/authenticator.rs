//! The authenticator app: set up with a code of it, recovery codes shown once, taken away.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use leadlatch_domain::authenticator::Seed;
use leadlatch_domain::matrix::UseAccount;
use leadlatch_store::{Error, authenticator};
use qrcode::{Color, QrCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::HOME;
use crate::Web;
use crate::around::go;
use crate::form::{Button, Form};
use crate::frame::Frame;
use crate::note::Note;
use crate::page::{Answer, page, page_with};
use crate::signed::{Fresh, Signed};

#[derive(Template)]
#[template(path = "account/authenticator.html")]
struct SetUp {
    frame: Frame,
    seed: String,
    /// The side of the code in modules, and the path of its dark ones.
    side: usize,
    path: String,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "account/recovery_codes.html")]
struct Codes {
    frame: Frame,
    codes: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Given {
    seed: SecretString,
    code: String,
}

fn form(status: StatusCode, signed: &Signed<UseAccount>, seed: &Seed, error: Option<String>) -> Answer {
    let me = signed.me()?;
    let (side, path) = qr(&seed.address(&me.account_name, &me.email))?;
    page_with(status, &SetUp { frame: signed.frame.clone(), seed: seed.letters(), side, path, error })
}

/// The picture that the app's camera reads, with the four quiet modules around it.
fn qr(text: &str) -> Result<(usize, String), Error> {
    const QUIET: usize = 4;
    let code = QrCode::new(text).map_err(Error::internal)?;
    let width = code.width();
    let dark = code.to_colors().into_iter().enumerate().filter(|(_, colour)| *colour == Color::Dark);
    let square = |path: String, (at, _)| path + &format!("M{} {}h1v1h-1z", at % width + QUIET, at / width + QUIET);
    let path = dark.fold(String::new(), square);
    Ok((width + 2 * QUIET, path))
}

/// The form, with a new seed.
pub(crate) async fn show(State(web): State<Web>, Fresh(signed): Fresh<UseAccount>) -> Answer {
    // Without a key to seal it with, nothing is begun.
    web.store().sealer()?;
    form(StatusCode::OK, &signed, &Seed::generate(web.store().random()), None)
}

/// Takes the form.
pub(crate) async fn set(State(web): State<Web>, Fresh(signed): Fresh<UseAccount>, Form(given): Form<Given>) -> Answer {
    let Some(seed) = Seed::parse(given.seed.expose_secret()) else {
        return Ok(go("/account/authenticator").into_response());
    };
    let (grant, sealer) = (signed.permit::<UseAccount>()?, web.store().sealer()?);
    let (letters, code) = (seed.letters(), given.code);
    let set =
        web.store().write(grant, async move |db, grant| authenticator::set(db, grant, &sealer, &seed, &code).await);
    if let Some(codes) = set.await? {
        return page(&Codes { frame: signed.frame, codes });
    }
    let seed = Seed::parse(&letters).ok_or_else(|| Error::internal("a seed that was one"))?;
    let wrong = "This code is wrong. Type the one that the app shows now.";
    form(StatusCode::UNPROCESSABLE_ENTITY, &signed, &seed, Some(wrong.into()))
}

/// Gives new recovery codes.
pub(crate) async fn renew(
    State(web): State<Web>,
    Fresh(signed): Fresh<UseAccount>,
    Form(Button {}): Form<Button>,
) -> Answer {
    let job = web.store().write(signed.grant, async move |db, grant| authenticator::renew_codes(db, grant).await);
    page(&Codes { codes: job.await?, frame: signed.frame })
}

/// Takes the app away.
pub(crate) async fn remove(
    State(web): State<Web>,
    Fresh(signed): Fresh<UseAccount>,
    Form(Button {}): Form<Button>,
) -> Answer {
    web.store().write(signed.grant, async move |db, grant| authenticator::remove(db, grant).await).await?;
    let note = Note::done("The authenticator app is removed. The password alone signs in.");
    Ok(go(HOME).saying(note).into_response())
}

#[cfg(test)]
mod tests {
    use super::qr;

    #[test]
    fn the_picture_is_square_with_a_quiet_rim() {
        let (side, path) = qr("otpauth://totp/a?secret=b").unwrap();
        assert!(side > 21 + 7 && path.starts_with("M4 4h1v1h-1z"), "{side} {path}");
    }
}
