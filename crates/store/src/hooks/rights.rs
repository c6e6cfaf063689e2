//! What a key may subscribe to: events whose data it may read, of leads that it may tell apart.

use leadlatch_domain::hook::{EventSet, HookEvent, filter};
use leadlatch_domain::lead::LeadFilter;
use leadlatch_domain::lead::filter::FilterRefused;
use leadlatch_domain::problem::{Code, DeniedBy};
use leadlatch_domain::scope::Scope;
use serde_json::{Map, Value as Json};

use crate::access::Grant;
use crate::{Denied, Error, Result};

/// Refuses an event whose data is not for the key. Kind first, then scope, as everywhere.
pub fn refuse_events<A>(grant: &Grant<A>, events: EventSet) -> Result<()> {
    let granted = grant.scopes();
    for scope in events.iter().map(HookEvent::scope) {
        if grant.partner().is_some() && !scope.partner_may_have() {
            return Err(denied(grant, Code::NotForPartnerKeys, DeniedBy::KeyKind, None));
        }
        if grant.key().is_some() && !granted.contains(scope) {
            return Err(denied(grant, Code::InsufficientScope, DeniedBy::Scope, Some(scope)));
        }
    }
    Ok(())
}

fn denied<A>(grant: &Grant<A>, code: Code, by: DeniedBy, required: Option<Scope>) -> Error {
    Error::Denied(Box::new(Denied { code, by, required, granted: grant.scopes(), fields: Vec::new() }))
}

/// A filter as its caller may name it.
pub fn read_filter<A>(grant: &Grant<A>, members: &Map<String, Json>) -> Result<LeadFilter> {
    filter::parse(members, &grant.fields()).map_err(|refused| match refused {
        FilterRefused::Fields(fields) => Error::fields(fields, grant.scopes()),
        FilterRefused::OutOfReach => Error::OutOfReach,
        FilterRefused::Invalid(faults) => Error::Invalid(faults),
    })
}
