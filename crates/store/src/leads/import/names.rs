//! Records of the account that a file names, by id or in words. They are read once a block.

use std::collections::{BTreeSet, HashMap, HashSet};

use leadlatch_domain::fault::Fault;
use leadlatch_domain::lead::{LeadField, LeadInput, Value};
use leadlatch_domain::point::ConversionPoint;
use leadlatch_domain::text::fold;

use super::ImportRow;
use crate::engine::{Connection, Gate, Row, values};
use crate::statuses::{self, Stage};
use crate::{Error, Result};

/// The statement that gives id and name, and what one is called.
const KINDS: [(LeadField, &str, &str); 5] = [
    (
        LeadField::LeadTypeId,
        "lead type in the lead group",
        "SELECT id, name FROM lead_types WHERE account_id = $1 AND lead_group_id = $2",
    ),
    (LeadField::SiteId, "site", "SELECT id, name FROM sites WHERE account_id = $1 AND CAST($2 AS BIGINT) IS NOT NULL"),
    (LeadField::UserId, "user", "SELECT id, email FROM users WHERE account_id = $1 AND CAST($2 AS BIGINT) IS NOT NULL"),
    (
        LeadField::UserGroupId,
        "user group",
        "SELECT id, name FROM user_groups WHERE account_id = $1 AND CAST($2 AS BIGINT) IS NOT NULL",
    ),
    (
        LeadField::IntroducerId,
        "introducer",
        "SELECT id, company FROM partner_records WHERE account_id = $1 AND CAST($2 AS BIGINT) IS NOT NULL \
         AND deleted_at IS NULL AND kind IN ('introducer', 'both')",
    ),
];

/// Records of one kind: their ids, and the ids of each name.
#[derive(Default)]
struct Kind {
    ids: HashSet<i64>,
    words: HashMap<String, Vec<i64>>,
}

/// What the records of a block may name.
pub(super) struct Names {
    kinds: HashMap<LeadField, Kind>,
    stages: Vec<Stage>,
    first: Stage,
}

impl Names {
    /// Reads what the block names, and the statuses.
    pub(super) async fn load(db: &mut Connection<'_>, account: i64, group: i64, rows: &[ImportRow]) -> Result<Self> {
        let mut kinds = HashMap::new();
        for (field, _, sql) in KINDS {
            let named =
                |row: &ImportRow| row.input.int(field).is_some() || row.names.iter().any(|(of, _)| *of == field);
            if rows.iter().any(named) {
                let read = |row: &Row<'_>| Ok((row.get::<i64>(0)?, row.get::<String>(1)?));
                let mut kind = Kind::default();
                for (id, name) in db.query(sql, values![account, group], read).await? {
                    kind.ids.insert(id);
                    kind.words.entry(fold(&name)).or_default().push(id);
                }
                kinds.insert(field, kind);
            }
        }
        let sql = "SELECT id, name, point FROM statuses WHERE account_id = $1";
        let read = |row: &Row<'_>| {
            let point = ConversionPoint::parse(&row.get::<String>(2)?);
            let point = point.map_err(|_| Error::internal("a status without a point"))?;
            Ok(Stage { id: row.get(0)?, name: row.get(1)?, point })
        };
        let stages = db.query(sql, values![account], read).await?;
        Ok(Self { kinds, stages, first: statuses::first_new(db, account).await? })
    }

    /// Passes the gates of the introducers that are given leads, in the order of their ids; whether there are any. Which of
    /// them are there still is read behind the gates.
    pub(super) async fn pass_gates(&self, db: &mut Connection<'_>, rows: &[ImportRow]) -> Result<bool> {
        let Some(kind) = self.kinds.get(&LeadField::IntroducerId) else { return Ok(false) };
        let by_words = |row: &ImportRow| {
            let (_, text) = row.names.iter().find(|(field, _)| *field == LeadField::IntroducerId)?;
            kind.words.get(&fold(text))?.first().copied()
        };
        let named = |row: &ImportRow| row.input.int(LeadField::IntroducerId).or_else(|| by_words(row));
        let ids: BTreeSet<i64> = rows.iter().filter_map(named).filter(|id| kind.ids.contains(id)).collect();
        for id in &ids {
            db.record_gate(*id, Gate::Pass).await?;
        }
        Ok(!ids.is_empty())
    }

    /// Puts the ids of what was named into the input, and refuses what the account does not have.
    pub(super) fn resolve(&self, input: &mut LeadInput, named: &[(LeadField, String)]) {
        for (field, one, _) in KINDS {
            let Some(Kind { ids, words }) = self.kinds.get(&field) else { continue };
            let missing = || Fault::new("not_found", format!("The account has no such {one}.")).on(field.name());
            if input.int(field).is_some_and(|id| !ids.contains(&id)) {
                input.faults.push(missing());
            }
            for (_, text) in named.iter().filter(|(of, _)| *of == field) {
                let by_id = text.trim().parse().ok().filter(|id| ids.contains(id));
                match (by_id, words.get(&fold(text)).map(Vec::as_slice)) {
                    (Some(id), _) => input.values.push((field, Value::Int(id))),
                    (None, Some([id])) => input.values.push((field, Value::Int(*id))),
                    (None, None | Some([])) => input.faults.push(missing()),
                    (None, Some(_)) => {
                        let fault = Fault::new("ambiguous", format!("More than one {one} has this name: give its id."));
                        input.faults.push(fault.on(field.name()));
                    }
                }
            }
        }
    }

    /// The status that is named by id or by name; the first one at the point new where none is.
    pub(super) fn stage(&self, input: &mut LeadInput) -> Stage {
        let found = match (input.get(LeadField::Status), input.int(LeadField::StatusId)) {
            (Some(Value::Text(name)), _) => {
                let twin = fold(name);
                self.stages.iter().find(|stage| fold(&stage.name) == twin)
            }
            (_, Some(id)) => self.stages.iter().find(|stage| stage.id == id),
            _ => return self.first.clone(),
        };
        if found.is_none() {
            let fault = Fault::new("unknown_status", "The account has no such status.");
            input.faults.push(fault.on(LeadField::Status.name()));
        }
        found.unwrap_or(&self.first).clone()
    }
}
