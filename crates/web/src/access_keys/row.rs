//! A key as a row of the list, and as dialogs and its own page name it.

use leadlatch_domain::key_secret::KeyKind;
use leadlatch_domain::key_state::KeyState;
use leadlatch_domain::scope::Scope;
use leadlatch_domain::time::Timestamp;
use leadlatch_store::access_keys::AccessKey;
use leadlatch_store::access_keys::directory::ListedKey;

use super::HOME;
use super::badges::{Badge, badges, old_in_words};
use crate::components::words::{ago, date, lower, thousands, until};
use crate::components::{Day, GlyphSize, Svg, When, glyph, in_words, spark, wards};
use crate::partners::stored_kind;

/// A share of refusals from which on their number is in the tone of danger: one request in this many.
const OFTEN: i64 = 20;

/// A key in words and pictures.
#[derive(Debug)]
pub(super) struct KeyRow {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) note: Option<String>,
    pub(super) fingerprint: String,
    pub(super) kind: KeyKind,
    pub(super) glyph: Svg,
    pub(super) large_glyph: Svg,
    pub(super) partner: Option<PartnerWords>,
    pub(super) access: String,
    pub(super) wards: Svg,
    pub(super) may: Vec<&'static str>,
    pub(super) may_not: Vec<&'static str>,
    pub(super) badges: Vec<Badge>,
    pub(super) old_key: Option<String>,
    pub(super) used: Option<Used>,
    pub(super) made: When,
    /// `9 days ago`.
    pub(super) made_ago: String,
    pub(super) made_by: String,
    pub(super) spark: Svg,
    pub(super) requests: String,
    pub(super) refused: Option<(String, bool)>,
    pub(super) expires: Option<Expiry>,
    pub(super) deleted: Option<Deleted>,
    /// Whether it may be rotated: it opens and has no successor yet.
    pub(super) can_rotate: bool,
}

/// The record of a Partner key.
#[derive(Debug)]
pub(super) struct PartnerWords {
    pub(super) company: String,
    pub(super) kind: &'static str,
    pub(super) href: String,
}

/// The last use.
#[derive(Debug)]
pub(super) struct Used {
    pub(super) when: When,
    pub(super) address: String,
    pub(super) agent: String,
}

/// The end by date.
#[derive(Debug)]
pub(super) struct Expiry {
    pub(super) date: String,
    pub(super) until: String,
    pub(super) soon: bool,
    pub(super) over: bool,
}

/// What is known of a deletion.
#[derive(Debug)]
pub(super) struct Deleted {
    pub(super) when: When,
    pub(super) by: String,
    pub(super) reason: Option<String>,
}

impl KeyRow {
    pub(super) fn new(listed: &ListedKey, now: Timestamp) -> Self {
        let key = &listed.key;
        let kind = kind_of(key);
        let closed = |scope: &Scope| kind == KeyKind::Partner && !scope.partner_may_have();
        let may_not = Scope::ALL.into_iter().filter(|scope| !key.scopes.contains(*scope) && !closed(scope));
        let days = listed.days.map(|day| Day { accepted: day.accepted, refused: day.refused });
        Self {
            id: key.id,
            name: key.name.clone(),
            note: key.note.clone().filter(|note| !note.is_empty()),
            fingerprint: key.fingerprint.clone(),
            kind,
            glyph: glyph(kind, key.cuts, GlyphSize::Row),
            large_glyph: glyph(kind, key.cuts, GlyphSize::Head),
            partner: listed.partner.as_ref().map(|partner| PartnerWords {
                company: partner.company.clone(),
                kind: stored_kind(&partner.kind),
                href: format!("/partners/{}", partner.id),
            }),
            access: in_words(key.scopes),
            wards: wards(kind, key.scopes),
            may: key.scopes.iter().map(Scope::label).collect(),
            may_not: may_not.map(Scope::label).collect(),
            badges: badges(listed, now),
            old_key: listed.old_key.as_ref().map(|old| old_in_words(old.calls, old.address.as_deref())),
            used: used(key, now),
            made: When::date(key.created_at),
            made_ago: lower(&ago(key.created_at, now)),
            made_by: listed.made_by.clone(),
            spark: spark(&days),
            requests: thousands(listed.requests),
            refused: refused(listed.requests, listed.refused),
            expires: key.expires_at.map(|at| expiry(at, now)),
            deleted: deleted(listed, now),
            can_rotate: can_rotate(key),
        }
    }

    /// The address of a page of the key.
    pub(super) fn href(&self, page: &str) -> String {
        key_href(self.id, page)
    }

    /// `Full` or `Partner`.
    pub(super) fn kind_in_words(&self) -> &'static str {
        kind_in_words(self.kind)
    }

    pub(super) fn is_partner(&self) -> bool {
        self.kind == KeyKind::Partner
    }
}

/// The address of a key's page, or of a page below it.
pub(super) fn key_href(id: i64, page: &str) -> String {
    if page.is_empty() { format!("{HOME}/{id}") } else { format!("{HOME}/{id}/{page}") }
}

pub(super) fn kind_in_words(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Full => "Full",
        KeyKind::Partner => "Partner",
    }
}

pub(super) fn kind_of(key: &AccessKey) -> KeyKind {
    // The store writes no other word; what cannot be read is never taken for the wider one.
    KeyKind::parse(&key.kind).unwrap_or(KeyKind::Partner)
}

pub(super) fn can_rotate(key: &AccessKey) -> bool {
    key.successor_id.is_none() && matches!(key.state, KeyState::Active | KeyState::Expiring | KeyState::Idle)
}

fn used(key: &AccessKey, now: Timestamp) -> Option<Used> {
    key.last_used_at.map(|at| Used {
        when: When::ago(at, now),
        address: key.last_used_address.clone().unwrap_or_default(),
        agent: key.last_used_agent.clone().unwrap_or_default(),
    })
}

fn refused(requests: i64, refused: i64) -> Option<(String, bool)> {
    (refused > 0).then(|| (format!("{} refused", thousands(refused)), refused.saturating_mul(OFTEN) >= requests))
}

fn expiry(at: Timestamp, now: Timestamp) -> Expiry {
    let soon = at > now && at.as_micros() - now.as_micros() <= 14 * 86_400_000_000;
    Expiry { date: date(at), until: until(at, now), soon, over: at <= now }
}

fn deleted(listed: &ListedKey, now: Timestamp) -> Option<Deleted> {
    let at = listed.key.deleted_at?;
    let by = listed.deleter.clone().unwrap_or_default();
    Some(Deleted { when: When::ago(at, now), by, reason: listed.key.delete_reason.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_marked_from_one_in_twenty_up() {
        assert_eq!(refused(100, 0), None);
        assert_eq!(refused(5_131, 159), Some(("159 refused".into(), false)));
        assert_eq!(refused(100, 5), Some(("5 refused".into(), true)));
    }
}
