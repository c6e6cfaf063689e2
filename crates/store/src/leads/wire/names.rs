//! Leads as an integration reads them: other records by the numbers that its clients hold, types by name.

use leadlatch_domain::lead::{LeadField, LeadView, Value};

use crate::access::{Grant, Visible};
use crate::engine::{Connection, values};
use crate::{Result, lead_groups, lead_types};

/// A lead with what the records that it names are called on the wire; an empty text where it names none.
#[derive(Debug)]
pub struct Record {
    /// The lead, reduced for its reader.
    pub lead: LeadView,
    /// The number of its lead group.
    pub lead_group: String,
    /// The name of its lead type; the number where the reader is not linked to it.
    pub lead_type: String,
    /// The number of its site.
    pub site: String,
    /// The number of its introducer.
    pub introducer: String,
}

/// Statements that give a record ($3) its name on the wire, for a reader of the account ($1) and a partner record ($2).
const GROUP: &str = "SELECT CAST(g.wire_number AS TEXT) FROM lead_groups g WHERE g.account_id = $1";
const TYPE: &str = "SELECT t.name FROM lead_types t WHERE t.account_id = $1 AND t.id = $3";
const ANY: &str = " AND CAST($2 AS BIGINT) IS NOT NULL";
const SITE: &str = "SELECT CAST(wire_number AS TEXT) FROM sites WHERE account_id = $1 AND id = $3";
const INTRODUCER: &str = "SELECT CAST(wire_number AS TEXT) FROM partner_records WHERE account_id = $1 AND id = $3";

/// Gives each lead the names of its records. Each record is asked for once.
pub async fn records<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    leads: Vec<Visible<LeadView>>,
) -> Result<Vec<Visible<Record>>> {
    let group = format!("{GROUP}{} AND g.id = $3", lead_groups::linked(grant));
    let mut names = Names {
        group: Names::of(group),
        lead_type: Names::of(format!("{TYPE}{}", lead_types::linked(grant))),
        site: Names::of(format!("{SITE}{ANY}")),
        introducer: Names::of(format!("{INTRODUCER}{ANY}")),
    };
    let mut records = Vec::with_capacity(leads.len());
    for Visible(lead) in leads {
        let lead_group = names.group.name(db, grant, lead.get(LeadField::LeadGroupId)).await?;
        let lead_type = names.lead_type.name(db, grant, lead.get(LeadField::LeadTypeId)).await?;
        let site = names.site.name(db, grant, lead.get(LeadField::SiteId)).await?;
        let introducer = names.introducer.name(db, grant, lead.get(LeadField::IntroducerId)).await?;
        records.push(Visible(Record { lead, lead_group, lead_type, site, introducer }));
    }
    Ok(records)
}

struct Names {
    group: Known,
    lead_type: Known,
    site: Known,
    introducer: Known,
}

/// The names that are known already, and the statement that gives another.
struct Known {
    sql: String,
    names: Vec<(i64, String)>,
}

impl Names {
    fn of(sql: String) -> Known {
        Known { sql, names: Vec::new() }
    }
}

impl Known {
    async fn name<A>(&mut self, db: &mut Connection<'_>, grant: &Grant<A>, value: &Value) -> Result<String> {
        let Value::Int(id) = value else { return Ok(String::new()) };
        if let Some((_, name)) = self.names.iter().find(|(known, _)| known == id) {
            return Ok(name.clone());
        }
        let bound = values![grant.account(), lead_groups::record(grant), *id];
        let found: Option<Option<String>> = db.query_opt(&self.sql, bound, |row| row.get(0)).await?;
        let name = found.flatten().unwrap_or_else(|| id.to_string());
        self.names.push((*id, name.clone()));
        Ok(name)
    }
}
