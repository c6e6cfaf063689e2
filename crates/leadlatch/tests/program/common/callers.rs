//! Every kind of caller of the account *acme*.

use std::collections::BTreeMap;

use leadlatch_domain::key_secret::{KeyKind, KeySecret};
use leadlatch_domain::random::Randomness;
use leadlatch_domain::scope::Scope;

use super::Database;
use super::world::{ACME, LEAD_SCOPES, OTHER, World};

/// A caller who is refused, whatever it asks for.
pub(crate) struct Stranger {
    pub(crate) key: Option<String>,
    pub(crate) status: u16,
    pub(crate) code: &'static str,
}

pub(crate) fn strangers(database: &Database) -> Vec<Stranger> {
    let every: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    let (deleted_id, deleted) = database.key(ACME, None, &every);
    database.run(&["key", "delete", "--account", ACME, &deleted_id]);
    let line = ["key", "create", "--account", ACME, "--kind", "full", "--name", "old", "--scope", "read_leads"];
    let expired = database.run(&line);
    database.sql(&format!("UPDATE access_keys SET expires_at = 1 WHERE id = {}", expired["id"]));
    let (rotated_id, rotated) = database.key(ACME, None, &every);
    database.run(&["key", "rotate", "--account", ACME, &rotated_id, "--overlap", "now"]);
    let (elsewhere_id, elsewhere) = database.key(ACME, None, &["voice"]);
    database.run(&["key", "set", "--account", ACME, &elsewhere_id, "--ip", "192.0.2.0/24"]);
    let idle = database.partner(OTHER, "introducer", "Idle");
    let (_, inactive) = database.key(OTHER, Some(&idle), &LEAD_SCOPES);
    database.run(&["partner", "deactivate", "--account", OTHER, &idle]);
    let gone = database.account("gone");
    let (_, suspended) = database.key(gone, None, &every);
    database.run(&["account", "suspend", "--account", gone]);
    let unknown = KeySecret::generate(KeyKind::Full, &Randomness::system());
    let stranger = |key: Option<&str>, status, code| Stranger { key: key.map(str::to_owned), status, code };
    vec![
        stranger(None, 401, "missing_credential"),
        stranger(Some("lk_full_nonsense"), 401, "malformed_key"),
        stranger(Some(unknown.expose()), 401, "unknown_key"),
        stranger(Some(&deleted), 401, "deleted_key"),
        stranger(expired["secret"].as_str(), 401, "expired_key"),
        stranger(Some(&rotated), 401, "rotated_key"),
        stranger(Some(&elsewhere), 403, "address_not_allowed"),
        stranger(Some(&suspended), 401, "account_suspended"),
        stranger(Some(&inactive), 403, "partner_inactive"),
    ]
}

/// Keys by scope: with that scope alone, and with every other.
pub(crate) struct Keys {
    pub(crate) only: BTreeMap<&'static str, String>,
    pub(crate) without: BTreeMap<&'static str, String>,
    pub(crate) partner_without: BTreeMap<&'static str, String>,
}

impl Keys {
    pub(crate) fn make(world: &World) -> Self {
        let every = Scope::ALL.map(Scope::as_str);
        let key = |partner, scopes: &[&'static str]| world.database.key(ACME, partner, scopes).1;
        let but = |from: &[&'static str], out| from.iter().copied().filter(|s| *s != out).collect::<Vec<_>>();
        let north = Some(world.partners[0].record.as_str());
        Self {
            only: every.map(|scope| (scope, key(None, &[scope]))).into(),
            without: every.map(|scope| (scope, key(None, &but(&every, scope)))).into(),
            partner_without: LEAD_SCOPES.map(|scope| (scope, key(north, &but(&LEAD_SCOPES, scope)))).into(),
        }
    }
}

/// Keys of the account beside it.
pub(crate) struct Foreign {
    pub(crate) full: String,
    pub(crate) partner: String,
}

impl Foreign {
    pub(crate) fn make(database: &Database) -> Self {
        let record = database.partner(OTHER, "both", "East");
        Self {
            full: database.key(OTHER, None, &Scope::ALL.map(Scope::as_str)).1,
            partner: database.key(OTHER, Some(&record), &LEAD_SCOPES).1,
        }
    }
}
