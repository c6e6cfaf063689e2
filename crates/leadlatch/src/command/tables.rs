//! Lists that have more columns than a terminal: those that people look for. `--json` has all of them.

use leadlatch_domain::hook::HookEvent;
use leadlatch_domain::scope::Scope;
use leadlatch_store::Visible;
use leadlatch_store::access_keys::AccessKey;
use leadlatch_store::hooks::{Delivery, Subscription};
use leadlatch_store::lead_group_settings::{FieldSettings, LeadGroupSettings};
use leadlatch_store::lead_list::Listed;
use leadlatch_store::leads::history::Change;
use leadlatch_store::partner_records::PartnerRecord;

use crate::output::{Table, minute};

/// Keys, a Partner key with its record's company.
pub(super) fn keys(keys: &[Visible<AccessKey>], records: &[Visible<PartnerRecord>]) -> String {
    let company = |id: i64| match records.iter().find(|record| record.id == id) {
        Some(record) => format!("{id} {}", record.company),
        None => id.to_string(),
    };
    let row = |key: &Visible<AccessKey>| {
        [
            key.id.to_string(),
            key.name.clone(),
            key.kind.clone(),
            key.partner_id.map(company).unwrap_or_default(),
            key.scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(" "),
            key.state.to_string(),
            key.last_used_at.map_or("never".into(), minute),
            key.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>().join(" "),
        ]
    };
    let headings = ["id", "name", "kind", "partner", "scopes", "state", "last_used", "warnings"];
    Table::rows(headings, keys.iter().map(row))
}

/// Lead groups, each field in a few words.
pub(super) fn lead_groups(groups: &[Visible<LeadGroupSettings>]) -> String {
    let row = |group: &Visible<LeadGroupSettings>| {
        [
            group.id.to_string(),
            group.name.clone(),
            if group.default { "yes" } else { "" }.to_owned(),
            group.retention_days.map_or("off".into(), |days| days.to_string()),
            if group.duplicates.is_some() { "own" } else { "inherit" }.to_owned(),
            group.fields.iter().map(field).collect::<Vec<_>>().join("; "),
        ]
    };
    let headings = ["id", "name", "default", "retention_days", "duplicates", "fields"];
    Table::rows(headings, groups.iter().map(row))
}

/// `data1 Loan currency required rw`
fn field(settings: &FieldSettings) -> String {
    let FieldSettings { field, partner } = settings;
    let required = if field.required { " required" } else { "" };
    format!("{} {} {}{required} {}", field.key, field.label, field.field_type.as_str(), partner.as_str())
}

/// Changes of a lead.
pub(super) fn history(changes: &[Visible<Change>]) -> String {
    let row = |change: &Visible<Change>| {
        let actor = &change.actor;
        let who = actor.id.map_or_else(|| actor.kind.clone(), |id| format!("{} {id}", actor.kind));
        let who = actor.name.as_ref().map_or_else(|| who.clone(), |name| format!("{who} {name}"));
        let fields = change.changed.keys().cloned().collect::<Vec<_>>().join(", ");
        [minute(change.at), change.action.clone(), who, fields]
    };
    Table::rows(["at", "action", "by", "changed"], changes.iter().map(row))
}

/// Leads.
pub(super) fn leads(leads: &[Listed]) -> String {
    let row = |listed: &Listed| {
        [
            listed.id.to_string(),
            minute(listed.created_at),
            listed.name.clone(),
            listed.status.clone(),
            listed.deleted_at.map(minute).unwrap_or_default(),
        ]
    };
    Table::rows(["id", "made", "name", "status", "in_the_bin_since"], leads.iter().map(row))
}

/// Subscriptions to hooks.
pub(super) fn hooks(hooks: &[Visible<Subscription>]) -> String {
    let row = |subscription: &Visible<Subscription>| {
        let hook = &subscription.hook;
        let name = subscription.key_name.as_deref().unwrap_or_default();
        [
            hook.id.to_string(),
            subscription.key_id.map_or_else(|| "the account's own".to_owned(), |id| format!("{id} {name}")),
            hook.target_url.clone(),
            hook.events.iter().map(HookEvent::as_str).collect::<Vec<_>>().join(" "),
            if subscription.key_idle { "key idle".to_owned() } else { hook.state.as_str().to_owned() },
            subscription.waiting.to_string(),
            hook.last_delivery.as_ref().map(|last| minute(last.at)).unwrap_or_default(),
        ]
    };
    Table::rows(["id", "key", "target", "events", "state", "waiting", "last_delivery"], hooks.iter().map(row))
}

/// Deliveries of a subscription.
pub(super) fn deliveries(deliveries: &[Visible<Delivery>]) -> String {
    let row = |delivery: &Visible<Delivery>| {
        let answer = delivery.last_status.map(|status| status.to_string()).or_else(|| delivery.last_error.clone());
        [
            delivery.id.to_string(),
            minute(delivery.occurred_at),
            delivery.event.clone(),
            delivery.lead_id.to_string(),
            delivery.reason.as_ref().map_or_else(|| delivery.state.clone(), |why| format!("{}: {why}", delivery.state)),
            delivery.attempt_count.to_string(),
            answer.unwrap_or_default(),
            delivery.last_took_ms.map(|took| format!("{took} ms")).unwrap_or_default(),
        ]
    };
    let headings = ["id", "at", "event", "lead", "state", "attempts", "answer", "took"];
    Table::rows(headings, deliveries.iter().map(row))
}
