//! What a key subscribed to, where the key is about to end.

use leadlatch_domain::matrix::{ManageHooks, ManageKeys};
use leadlatch_store::hooks::{self, SubscriptionFilter};

use crate::Web;
use crate::refusal::Refusal;
use crate::signed::Signed;

/// A webhook of the key.
#[derive(Debug)]
pub(super) struct OfKey {
    pub(super) id: i64,
    pub(super) target: String,
    /// Whether it moves to a successor.
    pub(super) ticked: bool,
}

/// The webhooks of a key, all ticked unless it is said which.
pub(super) async fn of_key(
    web: &Web,
    signed: &Signed<ManageKeys>,
    key: i64,
    ticked: Option<&[i64]>,
) -> Result<Vec<OfKey>, Refusal> {
    let grant = signed.permit::<ManageHooks>()?;
    let filter = SubscriptionFilter { key: Some(key), ended: false };
    let found = web.store().read(async |db| hooks::all(db, &grant, filter).await).await?;
    let row = |id, target: &String| OfKey {
        id,
        target: target.clone(),
        ticked: ticked.is_none_or(|ticked| ticked.contains(&id)),
    };
    Ok(found.iter().map(|one| row(one.hook.id, &one.hook.target_url)).collect())
}
