//! Leads from a file, a block at a time: each block with how far the import came in one transaction, so that a crash
//! loses and doubles nothing.

mod known;
mod names;

use leadlatch_domain::duplicate::{DuplicateOutcome, Within};
use leadlatch_domain::fault::{Fault, FieldFault};
use leadlatch_domain::lead::{Lead, LeadField, LeadInput, Twins, Value};
use leadlatch_domain::matrix::ImportLeads;

pub use self::known::Known;
use self::known::Old;
use self::names::Names;
use super::duplicates::{self, Settings};
use super::insert::{self, NewLead};
use super::{create, history, resolve};
use crate::access::Held;
use crate::engine::{Connection, Turn, values};
use crate::imports::{self, Added, Refusal};
use crate::{Error, Result, lead_groups};

/// A record of the file that says something.
#[derive(Debug)]
pub struct ImportRow {
    /// Its number in the file, from 1.
    pub record: i64,
    /// Its values, and what was wrong with the others.
    pub input: LeadInput,
    /// Records of the account that it names in words: lead type, site, user (by e-mail), user group, introducer.
    pub names: Vec<(LeadField, String)>,
}

/// The next records of a file.
#[derive(Debug)]
pub struct Block {
    /// The import; none when everything is checked and nothing written.
    pub import: Option<i64>,
    /// The lead group's name.
    pub lead_group: String,
    /// Records before these.
    pub from: i64,
    /// Records with these, blank ones included.
    pub to: i64,
    /// Those that say something.
    pub rows: Vec<ImportRow>,
    /// Whether the file ends here.
    pub last: bool,
    /// What earlier blocks held, where nothing is written.
    pub known: Known,
}

/// What became of a block.
#[derive(Debug, Default)]
pub struct BlockDone {
    /// Leads that were made, or would be.
    pub imported: i64,
    /// Those of them that match another lead.
    pub linked: i64,
    /// Records that made no lead.
    pub refused: Vec<Refusal>,
    /// For the next block, where nothing is written.
    pub known: Known,
}

/// A lead of the block that is to be written.
struct Ready {
    new: NewLead,
    record: i64,
    /// The record of this file that it is linked to.
    like: Option<i64>,
}

/// Imports a block: all of its good records, or none of them if the transaction fails.
pub async fn import_block(db: &mut Connection<'_>, grant: Held<ImportLeads>, block: Block) -> Result<BlockDone> {
    let account = grant.account();
    let group = lead_groups::named(db, account, &block.lead_group).await?;
    let settings = duplicates::settings(db, account, group).await?;
    if let Some(import) = block.import {
        if settings.rule.within != Within::Off {
            db.take_turns(&[(Turn::Alone, duplicates::import_turn(account))]).await?;
        }
        imports::advance(db, account, import, block.from, block.to).await?;
    }
    let mut names = Names::load(db, account, group, &block.rows).await?;
    if block.import.is_some() && names.pass_gates(db, &block.rows).await? {
        names = Names::load(db, account, group, &block.rows).await?;
    }
    let fields = lead_groups::fields(db, account, group).await?;
    let (mut ready, mut refused) = (Vec::with_capacity(block.rows.len()), Vec::new());
    for ImportRow { record, mut input, names: named } in block.rows {
        let mut lead = Lead::default();
        names.resolve(&mut input, &named);
        resolve::data(&grant, &mut input, &fields, &mut lead)?;
        let stage = names.stage(&mut input);
        create::fill(db, &grant, &input, &mut lead, group, &stage);
        resolve::require(&grant, &mut input, &fields, &lead, None);
        if input.faults.is_empty() {
            let twins = Twins::of(&lead, &settings.country);
            let new = NewLead { lead, twins, key: None, import: block.import.map(|import| (import, record)) };
            ready.push(Ready { new, record, like: None });
        } else {
            refused.push(refusal(record, input.faults));
        }
    }
    let mut known = block.known;
    let (ready, linked) =
        compare(db, &grant, &settings, ready, &mut known, &mut refused, block.import.is_some()).await?;
    let imported = ready.len() as i64;
    if let Some(import) = block.import {
        write(db, &grant, import, &ready).await?;
        refused.sort_by_key(|refusal| refusal.record);
        let added = Added { imported, refused: refused.len() as i64, linked, last: block.last };
        imports::add(db, account, import, added, &refused).await?;
    }
    Ok(BlockDone { imported, linked, refused, known })
}

fn refusal(record: i64, faults: Vec<FieldFault>) -> Refusal {
    Refusal { record, reasons: faults.into_iter().map(Into::into).collect() }
}

/// Compares the block's leads, in their order, with those that are there and with those before them in the file.
async fn compare(
    db: &mut Connection<'_>,
    grant: &Held<ImportLeads>,
    settings: &Settings,
    ready: Vec<Ready>,
    known: &mut Known,
    refused: &mut Vec<Refusal>,
    writes: bool,
) -> Result<(Vec<Ready>, i64)> {
    let rule = &settings.rule;
    if rule.within == Within::Off {
        return Ok((ready, 0));
    }
    let stored = known::stored(db, grant, rule, ready.iter().map(|ready| &ready.new.twins)).await?;
    let (mut kept, mut linked) = (Vec::<Ready>::with_capacity(ready.len()), 0);
    for mut one in ready {
        let keys = one.new.twins.keys(rule.fields);
        let Some((field, old)) = known::oldest(&keys, &stored, known) else {
            known.add(&keys, one.record);
            kept.push(one);
            continue;
        };
        if rule.outcome == DuplicateOutcome::Refuse {
            refused.push(refusal(one.record, vec![old.fault().on(field.as_str())]));
            continue;
        }
        linked += 1;
        let copies = writes && rule.outcome == DuplicateOutcome::LinkAndCopy;
        match old {
            Old::Lead(_, id) => {
                one.new.lead.set(LeadField::DuplicateOf, Value::Int(id));
                if copies {
                    duplicates::copy(db, grant, id, &one.new.lead).await?;
                }
            }
            Old::Record(record) => {
                one.like = Some(record);
                if let Some(old) = kept.iter_mut().find(|kept| copies && kept.record == record) {
                    duplicates::fill(&mut old.new.lead, &one.new.lead);
                    old.new.twins = Twins::of(&old.new.lead, &settings.country);
                    known.add(&old.new.twins.keys(rule.fields), record);
                }
            }
        }
        known.add(&one.new.twins.keys(rule.fields), one.record);
        kept.push(one);
    }
    Ok((kept, linked))
}

/// Writes the leads, links those that match one before them, and lets the marketing lists grow.
async fn write(db: &mut Connection<'_>, grant: &Held<ImportLeads>, import: i64, ready: &[Ready]) -> Result<()> {
    let account = grant.account();
    let leads: Vec<_> = ready.iter().map(|ready| &ready.new).collect();
    let made = insert::insert(db, account, &leads).await?;
    let records: Vec<_> = ready.iter().map(|ready| ready.record).collect();
    history::begin_imported(db, grant, import, &records).await?;
    let id_of = |record| made.iter().find(|(_, of)| *of == Some(record)).map(|(id, _)| *id);
    for (one, like) in ready.iter().filter_map(|one| one.like.map(|like| (one.record, like))) {
        let (Some(id), Some(old)) = (id_of(one), id_of(like)) else {
            return Err(Error::internal("a record that was written is gone"));
        };
        let sql = "UPDATE leads SET duplicate_of = $3 WHERE account_id = $1 AND id = $2";
        db.execute(sql, values![account, id, old]).await?;
    }
    create::grow_lists_of(db, account, leads.iter().map(|new| &new.lead)).await
}

impl Old {
    fn fault(self) -> Fault {
        match self {
            Self::Lead(_, id) => {
                Fault::new("duplicate_lead", format!("The account has this lead already: its id is {id}."))
            }
            Self::Record(_) => Fault::new("duplicate_lead", "An earlier row of the file is the same lead."),
        }
    }
}
