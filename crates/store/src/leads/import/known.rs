//! What the leads of a file are compared with: the account's, asked for a block at a time, and those before them.

use std::collections::HashMap;

use leadlatch_domain::duplicate::{DuplicateRule, MatchField};
use leadlatch_domain::lead::Twins;
use leadlatch_domain::lead::twins::columns_of;
use leadlatch_domain::matrix::ImportLeads;
use sea_query::{Expr, ExprTrait, Query};

use crate::Result;
use crate::access::Grant;
use crate::engine::{Connection, compose};
use crate::leads::duplicates;
use crate::scope_sql::{lead as column, leads_in};

/// Twins that one statement asks for: always as many, so that its text is one.
const ASKED: usize = 128;

/// A lead that another one matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Old {
    /// One that is stored: when it was received, and its id.
    Lead(i64, i64),
    /// One of an earlier record of the file.
    Record(i64),
}

/// The leads of the records before, by what they are compared by.
#[derive(Debug, Default)]
pub struct Known(HashMap<(u8, String), i64>);

impl Known {
    /// Adds a record; where an earlier one has the same twin it stays.
    pub(super) fn add(&mut self, keys: &[(MatchField, &str)], record: i64) {
        for (field, twin) in keys {
            self.0.entry((*field as u8, (*twin).to_owned())).or_insert(record);
        }
    }
}

/// The oldest lead of the account by each twin.
pub(super) type Stored = HashMap<(u8, String), (i64, i64)>;

/// Asks for the account's leads that have a twin of the block's.
pub(super) async fn stored<'a>(
    db: &mut Connection<'_>,
    grant: &Grant<ImportLeads>,
    rule: &DuplicateRule,
    block: impl Iterator<Item = &'a Twins>,
) -> Result<Stored> {
    let block: Vec<_> = block.collect();
    let mut stored = Stored::new();
    for field in rule.fields.iter() {
        let of_field = |twins: &&'a Twins| twins.keys(rule.fields).into_iter().filter(move |(f, _)| *f == field);
        let mut asked: Vec<&str> = block.iter().flat_map(of_field).map(|(_, twin)| twin).collect();
        asked.sort_unstable();
        asked.dedup();
        for name in columns_of(field) {
            for some in asked.chunks(ASKED) {
                for (twin, lead) in oldest_of(db, grant, rule, name, some).await? {
                    let kept = stored.entry((field as u8, twin)).or_insert(lead);
                    *kept = Ord::min(lead, *kept);
                }
            }
        }
    }
    Ok(stored)
}

async fn oldest_of(
    db: &mut Connection<'_>,
    grant: &Grant<ImportLeads>,
    rule: &DuplicateRule,
    name: &'static str,
    asked: &[&str],
) -> Result<Vec<(String, (i64, i64))>> {
    let last = asked.last().copied().unwrap_or_default();
    let padded = asked.iter().copied().chain(std::iter::repeat(last)).take(ASKED);
    let mut statement = Query::select();
    statement.column(("leads", name)).column(("leads", "received_at")).column(("leads", "id")).from("leads");
    let place = format!("ROW_NUMBER() OVER (PARTITION BY leads.{name} ORDER BY leads.received_at, leads.id)");
    statement.expr_as(Expr::cust(place), "place");
    statement.cond_where(leads_in(&grant.scope()).add(Expr::cust("NOT leads.test")));
    statement.and_where(column(name).is_in(padded));
    statement.and_where(column("received_at").gte(duplicates::since(db, rule)));
    let (sql, bound) = compose(&statement);
    let sql = format!("SELECT {name}, received_at, id FROM ({sql}) AS found WHERE place = 1");
    db.query(&sql, bound, |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).await
}

/// The oldest lead that has one of the twins, and the field by which it was found: one that is stored before one of the
/// file.
pub(super) fn oldest(keys: &[(MatchField, &str)], stored: &Stored, known: &Known) -> Option<(MatchField, Old)> {
    let of = |field: MatchField, twin: &str| (field as u8, twin.to_owned());
    let lead = |(field, twin): &(MatchField, &str)| {
        stored.get(&of(*field, twin)).map(|(at, id)| (Old::Lead(*at, *id), *field))
    };
    let record = |(field, twin): &(MatchField, &str)| known.0.get(&of(*field, twin)).map(|r| (Old::Record(*r), *field));
    let found = keys.iter().filter_map(lead).chain(keys.iter().filter_map(record));
    found.min_by_key(|(old, _)| *old).map(|(old, field)| (field, old))
}
