//! The partner records that Add New offers.

use leadlatch_store::access_keys::PartnerChoice;

use super::form::Typed;
use super::row::key_href;
use crate::components::words::count;
use crate::partners::stored_kind;

/// A record in the drop-down.
#[derive(Debug)]
pub(super) struct Offered {
    pub(super) id: i64,
    pub(super) company: String,
    pub(super) chosen: bool,
    /// `Introducer, 412 leads`.
    pub(super) words: String,
    /// `already has 2 keys`.
    pub(super) note: String,
    /// Its keys, when it is the one that is chosen: name and address.
    pub(super) keys: Vec<(String, String)>,
}

impl Offered {
    pub(super) fn new(choice: PartnerChoice, typed: &Typed) -> Self {
        let chosen = typed.partner().is_some_and(|partner| partner.get() == choice.id);
        let kind = stored_kind(&choice.kind);
        let leads = choice.leads.map_or_else(String::new, |leads| format!(", {}", count(leads, "lead")));
        let inactive = if choice.active { "" } else { ", not active: its keys are refused" };
        let note = match choice.keys.len() as i64 {
            0 => "no keys".to_owned(),
            keys => format!("already has {}", count(keys, "key")),
        };
        let link = |(id, name)| (name, key_href(id, ""));
        Self {
            id: choice.id,
            company: choice.company,
            chosen,
            words: format!("{kind}{leads}{inactive}"),
            note,
            keys: choice.keys.into_iter().map(link).filter(|_| chosen).collect(),
        }
    }
}
