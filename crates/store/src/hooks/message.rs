//! A delivery as it is sent: its body and what its headers say.

use leadlatch_domain::account::ZoneName;
use leadlatch_domain::hook::body::LeadTold;
use leadlatch_domain::hook::{HookEvent, HookFormat, HookSecret, Told, form};
use secrecy::ExposeSecret;

use super::queue::Claimed;
use crate::engine::{Connection, values};
use crate::leads::ToldOf;
use crate::sealing::{Purpose, Sealer};
use crate::{Error, Result};

/// What is sent.
#[derive(Debug)]
pub struct Message {
    /// The event's own id.
    pub id: String,
    /// What happened.
    pub event: HookEvent,
    /// What the body is.
    pub content_type: &'static str,
    /// Seconds since 1970, signed with the body.
    pub timestamp: i64,
    /// One signature, or two while a secret is changed.
    pub signature: String,
    /// The body.
    pub body: String,
}

impl Message {
    /// Writes and signs what a subscription is told.
    pub(super) async fn write(
        db: &mut Connection<'_>,
        sealer: &Sealer,
        claimed: &Claimed,
        told: &ToldOf,
    ) -> Result<Self> {
        let body = match claimed.format {
            HookFormat::Json => in_json(claimed, told)?,
            HookFormat::Form => in_form(db, claimed, told).await?,
        };
        let timestamp = db.now().as_micros().div_euclid(1_000_000);
        let sign = |secret: &HookSecret| secret.sign(&claimed.event_id, timestamp, body.as_bytes());
        let signatures: Vec<String> = secrets(db, sealer, claimed).await?.iter().map(sign).collect();
        Ok(Self {
            id: claimed.event_id.clone(),
            event: claimed.event,
            content_type: claimed.format.content_type(),
            timestamp,
            signature: signatures.join(" "),
            body,
        })
    }
}

fn in_json(claimed: &Claimed, told: &ToldOf) -> Result<String> {
    let (changed, data) = match told {
        ToldOf::Lead { view, changed, .. } => (changed.as_slice(), LeadTold::Whole(view)),
        ToldOf::Gone => (&[][..], LeadTold::Gone { id: claimed.lead, deleted_at: claimed.occurred_at }),
    };
    let (id, timestamp) = (claimed.event_id.as_str(), claimed.occurred_at);
    serde_json::to_string(&Told { id, r#type: claimed.event, timestamp, changed, data }).map_err(Error::internal)
}

async fn in_form(db: &mut Connection<'_>, claimed: &Claimed, told: &ToldOf) -> Result<String> {
    let sql = "SELECT time_zone FROM accounts WHERE id = $1";
    let zone: Option<String> = db.query_opt(sql, values![claimed.account.get()], |row| row.get(0)).await?;
    let zone = ZoneName::parse(&zone.unwrap_or_default()).map_err(|_| Error::internal("an account without a zone"))?;
    Ok(match told {
        ToldOf::Lead { view, names, .. } => form::whole(view, names, &zone),
        ToldOf::Gone => form::gone(claimed.lead, claimed.occurred_at, &zone),
    })
}

/// The secret, and the former one while it counts.
async fn secrets(db: &mut Connection<'_>, sealer: &Sealer, claimed: &Claimed) -> Result<Vec<HookSecret>> {
    let sql = "SELECT secret, CASE WHEN former_secret_until > $3 THEN former_secret END FROM hook_subscriptions \
               WHERE account_id = $1 AND id = $2";
    let bound = values![claimed.account.get(), claimed.subscription, db.now().as_micros()];
    let read = db.query_opt(sql, bound, |row| Ok([row.get::<Option<Vec<u8>>>(0)?, row.get(1)?]));
    let purpose = Purpose::HookSecret { subscription: claimed.subscription };
    let open = |sealed: Vec<u8>| {
        let opened = sealer.open_sealed(purpose, &sealed)?;
        HookSecret::from_bytes(opened.expose_secret()).ok_or_else(|| Error::internal("a secret of another length"))
    };
    read.await?.into_iter().flatten().flatten().map(open).collect()
}
