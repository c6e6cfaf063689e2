//! Which custom fields a file of leads has a column for.

use leadlatch_domain::custom_field::{DataKey, PartnerRight};
use leadlatch_domain::matrix::ReadLeads;
use sea_query::{Expr, ExprTrait, Query};

use crate::access::Grant;
use crate::engine::{Connection, compose, values};
use crate::scope_sql::{lead, leads_in};
use crate::{Result, lead_groups};

/// Every key for a Full key, which also reads what a group does not define. For a Partner key those that it may read in
/// the groups where it can have leads: linked ones, and those where it has one. Of other groups it learns nothing.
pub async fn data_columns(
    db: &mut Connection<'_>,
    grant: &Grant<ReadLeads>,
    group: Option<i64>,
) -> Result<Vec<DataKey>> {
    if grant.partner().is_none() {
        return Ok((1..=50).filter_map(DataKey::from_number).collect());
    }
    let sql = "SELECT DISTINCT lead_group_id FROM custom_fields WHERE account_id = $1 AND partner_right = $2 \
               ORDER BY lead_group_id";
    let readable = PartnerRight::ReadWrite.as_str();
    let mut groups: Vec<i64> = db.query(sql, values![grant.account(), readable], |row| row.get(0)).await?;
    groups.retain(|id| group.is_none_or(|only| only == *id));
    let mut keys = Vec::new();
    for id in groups {
        let fields = lead_groups::fields(db, grant.account(), id).await?;
        let mut new: Vec<_> = fields.iter().filter(|field| field.partner.may_read()).map(|field| field.key).collect();
        new.retain(|key| !keys.contains(key));
        if !new.is_empty() && (is_linked(db, grant, id).await? || has_lead(db, grant, id).await?) {
            keys.extend(new);
        }
    }
    keys.sort_unstable();
    Ok(keys)
}

/// Whether the caller's record is linked to the group, or to a type of it.
pub(super) async fn is_linked<A>(db: &mut Connection<'_>, grant: &Grant<A>, group: i64) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM partner_lead_groups WHERE account_id = $1 AND partner_id = $2 \
               AND lead_group_id = $3 UNION ALL SELECT 1 FROM partner_lead_types p JOIN lead_types t \
               ON t.account_id = p.account_id AND t.id = p.lead_type_id WHERE p.account_id = $1 AND p.partner_id = $2 \
               AND t.lead_group_id = $3) linked";
    let record = grant.partner().map_or(0, |(record, _)| record.get());
    Ok(db.query_int(sql, values![grant.account(), record, group]).await? > 0)
}

/// Whether the caller's record is linked to the type, or to the whole of its group.
pub(super) async fn is_type_linked<A>(
    db: &mut Connection<'_>,
    grant: &Grant<A>,
    group: i64,
    lead_type: i64,
) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM partner_lead_groups WHERE account_id = $1 AND partner_id = $2 \
               AND lead_group_id = $3 UNION ALL SELECT 1 FROM partner_lead_types WHERE account_id = $1 \
               AND partner_id = $2 AND lead_type_id = $4) linked";
    let record = grant.partner().map_or(0, |(record, _)| record.get());
    Ok(db.query_int(sql, values![grant.account(), record, group, lead_type]).await? > 0)
}

async fn has_lead(db: &mut Connection<'_>, grant: &Grant<ReadLeads>, group: i64) -> Result<bool> {
    let own = leads_in(&grant.scope()).add(lead("lead_group_id").eq(group));
    let (sql, bound) = compose(&Query::select().expr(Expr::cust("1")).from("leads").cond_where(own).limit(1).take());
    Ok(db.query_int(&format!("SELECT COUNT(*) FROM ({sql}) own"), bound).await? > 0)
}
