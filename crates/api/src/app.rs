//! What every handler shares.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use leadlatch_domain::support::SupportContact;
use leadlatch_outbound::Outbound;
use leadlatch_store::Store;
use leadlatch_store::usage::Usage;

use crate::limit::Limits;

/// The store, the counters, and what the operator configured. Cloning it shares them.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub store: Arc<Store>,
    /// What keys did since the last second.
    pub usage: Arc<Usage>,
    /// What keys with a limit did in this minute.
    pub limits: Arc<Limits>,
    /// What addresses posted by forms in this minute.
    pub form_limits: Arc<Limits<IpAddr>>,
    /// How others are called, and who may be.
    pub outbound: Arc<Outbound>,
    /// Whether plain http is answered on an address that is not loopback.
    pub allow_plain_http: bool,
    /// Whose word about a client's address, scheme and host is believed.
    pub trusted_proxies: Arc<[IpNet]>,
    /// The address that programs reach the server by, for the OpenAPI document.
    pub public_url: Option<String>,
    /// Where people get help.
    pub support_contact: Option<SupportContact>,
}
