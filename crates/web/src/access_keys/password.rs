//! Making or rotating a Full key takes the password, and the authenticator app's code where there is one, unless they were
//! given a short while ago.

use leadlatch_domain::key_secret::KeyKind;
use leadlatch_domain::matrix::ManageKeys;
use secrecy::ExposeSecret;

use crate::Web;
use crate::confirm::{self, Again};
use crate::refusal::Refusal;
use crate::signed::Signed;

/// What a form about a Full key asks for beside its own fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// The password.
    pub(super) password: bool,
    /// The code of the authenticator app.
    pub(super) code: bool,
}

impl Asked {
    /// What is asked of whoever is signed in.
    pub(super) fn of(signed: &Signed<ManageKeys>) -> Result<Self, Refusal> {
        let me = signed.me()?;
        Ok(Self { password: !me.fresh, code: !me.fresh && me.has_authenticator })
    }
}

/// What is wrong with what was given, if it is needed for a key of the kind and is wrong.
pub(super) async fn refusal(
    web: &Web,
    signed: &Signed<ManageKeys>,
    kind: KeyKind,
    given: Again,
) -> Result<Option<String>, Refusal> {
    if kind != KeyKind::Full || signed.me()?.fresh {
        return Ok(None);
    }
    if given.password.expose_secret().is_empty() {
        return Ok(Some("Type your password: a Full key reaches the whole account.".into()));
    }
    confirm::given(web, signed, given).await
}
