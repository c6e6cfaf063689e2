//! Making or rotating a Full key takes the password, unless it was given a short while ago.

use leadlatch_domain::key_secret::KeyKind;
use leadlatch_domain::matrix::ManageKeys;

use crate::confirm::Again;
use crate::refusal::Refusal;
use crate::signed::Signed;
use crate::{Web, confirm};

/// Whether a form about a key of a kind asks for the password.
pub(super) fn is_asked(signed: &Signed<ManageKeys>, kind: KeyKind) -> Result<bool, Refusal> {
    Ok(kind == KeyKind::Full && !signed.me()?.fresh)
}

/// What is wrong with the password that was given, if one is needed and it is wrong.
pub(super) async fn refusal(
    web: &Web,
    signed: &Signed<ManageKeys>,
    kind: KeyKind,
    again: Again,
) -> Result<Option<String>, Refusal> {
    match kind {
        KeyKind::Full => confirm::asked(web, signed, again, "a Full key reaches the whole account").await,
        KeyKind::Partner => Ok(None),
    }
}
