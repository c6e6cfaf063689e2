//! What Add New asks for: read, shown again as it was typed, and turned into a key to make.

use std::time::Duration;

use leadlatch_domain::address_ranges::AddressRanges;
use leadlatch_domain::fault::Fault;
use leadlatch_domain::id::PartnerId;
use leadlatch_domain::key_limits::{KeyLimits, PerMinute};
use leadlatch_domain::key_secret::KeyKind;
use leadlatch_domain::retention::Days;
use leadlatch_domain::scope::{Scope, ScopeSet};
use leadlatch_domain::text::{LONG_TEXT_MAX, Name, check_multiline};
use leadlatch_domain::time::{Date, Timestamp};
use leadlatch_store::access_keys::{NewKey, Wished};
use secrecy::SecretString;
use serde::Deserialize;

use super::template::TEMPLATES;
use crate::confirm::Again;
use crate::errors::Errors;

/// The form, as it was typed.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) partner: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) note: String,
    #[serde(default)]
    pub(super) scope: Vec<String>,
    /// `never`, a number of days, or `date`.
    #[serde(default)]
    pub(super) expires: String,
    #[serde(default)]
    pub(super) expires_on: String,
    #[serde(default)]
    pub(super) address_ranges: String,
    #[serde(default)]
    pub(super) requests_per_minute: String,
    #[serde(default)]
    pub(super) idle_days: String,
    #[serde(default)]
    pub(super) password: SecretString,
    #[serde(default)]
    pub(super) code: String,
    /// What makes the form count once.
    #[serde(default)]
    pub(super) once: String,
    /// What the button asks for: `create`, `show`, or `template-NAME`.
    #[serde(default)]
    pub(super) step: String,
}

impl Typed {
    /// What was given of the person's own secrets.
    pub(super) fn again(&self) -> Again {
        Again::new(&self.password, &self.code)
    }

    /// The kind: the narrower one unless the other is chosen.
    pub(super) fn kind(&self) -> KeyKind {
        KeyKind::parse(&self.kind).unwrap_or(KeyKind::Partner)
    }

    /// The record that is chosen, for a Partner key.
    pub(super) fn partner(&self) -> Option<PartnerId> {
        PartnerId::parse(&self.partner).filter(|_| self.kind() == KeyKind::Partner)
    }

    /// The features that are ticked; a Partner key's form cannot tick the others.
    pub(super) fn scopes(&self) -> ScopeSet {
        let ticked = self.scope.iter().filter_map(|name| Scope::parse(name));
        ticked.filter(|scope| self.kind() == KeyKind::Full || scope.partner_may_have()).collect()
    }

    /// Ticks the features of the template that the button names, if it names one.
    pub(super) fn take_template(&mut self) {
        let named = self.step.strip_prefix("template-");
        if let Some(template) = TEMPLATES.iter().find(|template| Some(template.name) == named) {
            self.scope = template.scopes(self.kind()).iter().map(|scope| scope.as_str().to_owned()).collect();
        }
    }

    /// What the preview is of; nothing while a Partner key has no record.
    pub(super) fn wished(&self) -> Option<Wished> {
        let partner = self.partner();
        let known = self.kind() == KeyKind::Full || partner.is_some();
        known.then(|| Wished { partner, scopes: self.scopes() })
    }

    /// When the key would end, as far as that can be read.
    pub(super) fn expires_at(&self, now: Timestamp) -> Result<Option<Timestamp>, Fault> {
        let after = |days: &str| {
            Days::parse(days).map(|days| Some(now.plus(Duration::from_hours(24 * days.get().unsigned_abs()))))
        };
        match self.expires.as_str() {
            "" | "never" => Ok(None),
            "date" => date_to_come(&self.expires_on, now).map(Some),
            days => after(days),
        }
    }

    /// The limits, with what cannot be read noted.
    pub(super) fn limits(&self, errors: &mut Errors) -> KeyLimits {
        limits(&self.address_ranges, &self.requests_per_minute, &self.idle_days, errors)
    }

    /// The key to make, or what to change.
    pub(super) fn read(&self, now: Timestamp) -> Result<NewKey, Errors> {
        let mut errors = Errors::default();
        if KeyKind::parse(&self.kind).is_none() {
            errors.put("kind", "Choose Full or Partner.");
        }
        if self.kind() == KeyKind::Partner && self.partner().is_none() {
            errors.put("partner", "Choose the partner or introducer that the key is for.");
        }
        if self.scopes().is_empty() {
            errors.put("scope", "Tick at least one feature.");
        }
        let name = read_name(&self.name, &mut errors);
        let note = read_note(&self.note, &mut errors);
        let field = if self.expires == "date" { "expires_on" } else { "expires" };
        let expires_at = errors.take(field, self.expires_at(now)).flatten();
        let limits = self.limits(&mut errors);
        match name.filter(|_| errors.is_empty()) {
            Some(name) => Ok(NewKey { name, note, partner: self.partner(), scopes: self.scopes(), expires_at, limits }),
            None => Err(errors),
        }
    }
}

/// The beginning of a day to come.
pub(super) fn date_to_come(text: &str, now: Timestamp) -> Result<Timestamp, Fault> {
    let at = Date::parse(text)?.start_utc();
    let over = || Fault::new("out_of_range", "Give a date to come: the key ends as it begins, at midnight UTC.");
    if at > now { Ok(at) } else { Err(over()) }
}

/// The name, or what to type.
pub(super) fn read_name(text: &str, errors: &mut Errors) -> Option<Name> {
    if text.trim().is_empty() {
        errors.put("name", "Give the key a name that says who uses it.");
        return None;
    }
    errors.take("name", Name::parse(text))
}

/// The note: none when it is empty.
pub(super) fn read_note(text: &str, errors: &mut Errors) -> Option<String> {
    // A browser sends every line's end as two characters.
    let note = text.trim().replace("\r\n", "\n");
    errors.take("note", check_multiline(&note, LONG_TEXT_MAX))?;
    Some(note).filter(|note| !note.is_empty())
}

/// The limits of a key from three fields, empty ones for none.
pub(super) fn limits(ranges: &str, per_minute: &str, idle_days: &str, errors: &mut Errors) -> KeyLimits {
    let ranges: Vec<_> = ranges.split([' ', ',', '\n', '\r', '\t']).filter(|range| !range.is_empty()).collect();
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let number = |text: String| PerMinute::new(text.parse().unwrap_or_default());
    let ranges = if ranges.is_empty() { None } else { errors.take("address_ranges", AddressRanges::parse(&ranges)) };
    KeyLimits {
        address_ranges: ranges,
        requests_per_minute: given(per_minute).and_then(|text| errors.take("requests_per_minute", number(text))),
        idle_days: given(idle_days).and_then(|text| errors.take("idle_days", Days::parse(&text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed() -> Typed {
        Typed {
            kind: "partner".into(),
            partner: "7".into(),
            name: "Acme call centre".into(),
            note: String::new(),
            scope: vec!["create_leads".into(), "journeys".into()],
            expires: "never".into(),
            expires_on: String::new(),
            address_ranges: String::new(),
            requests_per_minute: String::new(),
            idle_days: String::new(),
            password: SecretString::default(),
            code: String::new(),
            once: String::new(),
            step: String::new(),
        }
    }

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-23T14:03:00Z").unwrap()
    }

    #[test]
    fn a_partner_key_gets_no_feature_of_full_keys_whatever_is_sent() {
        let made = typed().read(now()).unwrap();
        assert_eq!(made.scopes.iter().collect::<Vec<_>>(), [Scope::CreateLeads]);
        assert_eq!(made.partner.map(PartnerId::get), Some(7));
    }

    #[test]
    fn a_full_key_is_bound_to_no_record_whatever_is_sent() {
        let made = Typed { kind: "full".into(), ..typed() }.read(now()).unwrap();
        assert_eq!((made.partner, made.scopes.iter().count()), (None, 2));
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let wrong = Typed {
            kind: String::new(),
            partner: String::new(),
            name: " ".into(),
            scope: Vec::new(),
            expires: "date".into(),
            expires_on: "2026-11-23".into(),
            address_ranges: "203.0.113.0/33".into(),
            requests_per_minute: "0".into(),
            idle_days: "x".into(),
            ..typed()
        };
        let errors = wrong.read(now()).unwrap_err();
        for field in
            ["kind", "partner", "name", "scope", "expires_on", "address_ranges", "requests_per_minute", "idle_days"]
        {
            assert!(errors.of(field).is_some(), "{field}");
        }
    }

    #[test]
    fn limits_are_read_from_lines() {
        let limited = Typed {
            address_ranges: "203.0.113.0/24\r\n2001:db8::1".into(),
            requests_per_minute: " 60 ".into(),
            idle_days: "90".into(),
            expires: "30".into(),
            ..typed()
        };
        let made = limited.read(now()).unwrap();
        assert_eq!(made.limits.address_ranges.unwrap().to_stored(), "203.0.113.0/24 2001:db8::1");
        assert_eq!(made.limits.requests_per_minute.unwrap().get(), 60);
        assert_eq!(made.expires_at.unwrap().to_string(), "2026-12-23T14:03:00.000Z");
    }

    #[test]
    fn a_template_ticks_what_the_kind_may_have() {
        let mut form = Typed { step: "template-everything".into(), ..typed() };
        form.take_template();
        assert_eq!(form.scope, ["create_leads", "read_leads", "update_delete_leads"]);
    }
}
