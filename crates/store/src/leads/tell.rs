//! What is told of a lead, and to whom: written into the outbox in the transaction of the change. Test leads are not told
//! of, and nor are imports.

use leadlatch_domain::hook::HookEvent;
use leadlatch_domain::lead::history::changed;
use leadlatch_domain::lead::{Lead, LeadField};

use super::row::LeadRow;
use super::test_leads::is_test;
use crate::Result;
use crate::engine::{Connection, Row, values};
use crate::hooks::{Audience, Occasion, call_up, emit};

/// What of a lead decides who is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    id: i64,
    test: bool,
    binned: bool,
    supplier: Side,
    buyer: Side,
    /// Whether the account is told too, and not one side alone.
    account: bool,
}

/// A record on one side of a lead, and whether its reach has ended.
#[derive(Debug, Clone, Copy, Default)]
struct Side {
    record: Option<i64>,
    ended: bool,
}

impl Side {
    /// The record, if it reaches the lead.
    fn reaching(self) -> Option<i64> {
        self.record.filter(|_| !self.ended)
    }
}

impl Facts {
    /// Those of a lead that is not in the bin.
    pub(super) fn of(row: &LeadRow) -> Self {
        let mut facts = Self::of_lead(&row.lead);
        (facts.supplier.ended, facts.buyer.ended) = (row.introducer_ended, row.partner_ended);
        facts
    }

    fn of_lead(lead: &Lead) -> Self {
        Self {
            id: lead.int(LeadField::Id).unwrap_or_default(),
            test: is_test(lead),
            binned: false,
            supplier: Side { record: lead.int(LeadField::IntroducerId), ended: false },
            buyer: Side { record: lead.int(LeadField::PartnerId), ended: false },
            account: true,
        }
    }

    /// For one side, or both, alone.
    pub(super) fn sides(self, supplier: bool, buyer: bool) -> Self {
        let only = |side, wanted| if wanted { side } else { Side::default() };
        Self { account: false, supplier: only(self.supplier, supplier), buyer: only(self.buyer, buyer), ..self }
    }

    fn audience(&self) -> Audience {
        Audience { account: self.account, supplier: self.supplier.reaching(), buyer: self.buyer.reaching() }
    }
}

/// The facts of leads, in the bin or not.
pub(super) async fn facts(db: &mut Connection<'_>, account: i64, ids: &[i64]) -> Result<Vec<Facts>> {
    let sql = format!(
        "SELECT id, test, deleted_at IS NOT NULL, introducer_id, partner_id, introducer_ended_at IS NOT NULL, \
         partner_ended_at IS NOT NULL FROM leads WHERE account_id = $1 AND id = $2{}",
        db.lock_rows(" FOR UPDATE")
    );
    let read = |row: &Row<'_>| {
        Ok(Facts {
            id: row.get(0)?,
            test: row.get(1)?,
            binned: row.get(2)?,
            supplier: Side { record: row.get(3)?, ended: row.get(5)? },
            buyer: Side { record: row.get(4)?, ended: row.get(6)? },
            account: true,
        })
    };
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        all.extend(db.query_opt(&sql, values![account, *id], read).await?);
    }
    Ok(all)
}

async fn tell(
    db: &mut Connection<'_>,
    account: i64,
    facts: &Facts,
    event: HookEvent,
    changed: &[String],
) -> Result<()> {
    if facts.test {
        return Ok(());
    }
    emit(db, account, Occasion { event, lead: facts.id, to: facts.audience(), changed }).await
}

/// A lead was made.
pub(super) async fn created(db: &mut Connection<'_>, account: i64, lead: &Lead) -> Result<()> {
    tell(db, account, &Facts::of_lead(lead), HookEvent::LeadCreated, &[]).await
}

/// Fields were changed, and perhaps the status among them.
pub(super) async fn updated(db: &mut Connection<'_>, account: i64, before: &LeadRow, after: &Lead) -> Result<()> {
    let facts = Facts::of(before);
    let names: Vec<String> = changed(&before.lead, after).keys().cloned().collect();
    tell(db, account, &facts, HookEvent::LeadUpdated, &names).await?;
    if before.lead.get(LeadField::StatusId) == after.get(LeadField::StatusId) {
        return Ok(());
    }
    tell(db, account, &facts, HookEvent::LeadStatusChanged, &names).await
}

/// It went out of the reach of those whom the facts name.
pub(super) async fn deleted(db: &mut Connection<'_>, account: i64, facts: &Facts) -> Result<()> {
    tell(db, account, facts, HookEvent::LeadDeleted, &[]).await
}

/// It came back: out of the bin to everybody, or to the sides whose reach had ended.
pub(super) async fn restored(db: &mut Connection<'_>, account: i64, before: Facts) -> Result<()> {
    let mut now = if before.binned { before } else { before.sides(before.supplier.ended, before.buyer.ended) };
    (now.supplier.ended, now.buyer.ended) = (false, false);
    tell(db, account, &now, HookEvent::LeadCreated, &[]).await
}

/// It was referred to a buyer, or to nobody: a new lead to that buyer, and gone for the one that had it. Its supplier is
/// told when its own number comes or goes.
pub(super) async fn referred(
    db: &mut Connection<'_>,
    account: i64,
    before: &Facts,
    to: Option<i64>,
    supplier_sees: bool,
) -> Result<()> {
    let names = [LeadField::PartnerId.name().to_owned()];
    let known = Facts { account: true, ..before.sides(supplier_sees, false) };
    tell(db, account, &known, HookEvent::LeadUpdated, &names).await?;
    if before.buyer.record != to && !is_own_supplier(before, before.buyer.record) {
        tell(db, account, &before.sides(false, true), HookEvent::LeadDeleted, &[]).await?;
    }
    if is_own_supplier(before, to) {
        return Ok(());
    }
    let bought = Facts { buyer: Side { record: to, ended: false }, ..before.sides(false, false) };
    tell(db, account, &bought, HookEvent::LeadCreated, &[]).await
}

/// Whether a record reaches the lead as its supplier, whatever becomes of the referral.
fn is_own_supplier(facts: &Facts, record: Option<i64>) -> bool {
    record.is_some() && facts.supplier.reaching() == record
}

/// It is erased: what was told of it is erased with it, and who had it in reach is told that it is gone.
pub(super) async fn erased(db: &mut Connection<'_>, account: i64, id: i64) -> Result<()> {
    let sql = "DELETE FROM hook_deliveries WHERE account_id = $1 AND lead_id = $2 AND event <> $3";
    db.execute(sql, values![account, id, HookEvent::LeadDeleted.as_str()]).await?;
    call_up(db, account, id).await?;
    match facts(db, account, &[id]).await?.pop() {
        Some(facts) if !facts.binned => deleted(db, account, &facts).await,
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use leadlatch_domain::lead::Value;

    use super::{Facts, Lead, LeadField};

    fn facts() -> Facts {
        let mut lead = Lead::default();
        lead.set(LeadField::IntroducerId, Value::Int(7));
        lead.set(LeadField::PartnerId, Value::Int(8));
        Facts::of_lead(&lead)
    }

    #[test]
    fn a_side_whose_reach_ended_is_not_told() {
        let mut ended = facts();
        ended.buyer.ended = true;
        let audience = ended.audience();
        assert_eq!((audience.account, audience.supplier, audience.buyer), (true, Some(7), None));
        let one = facts().sides(false, true).audience();
        assert_eq!((one.account, one.supplier, one.buyer), (false, None, Some(8)));
    }
}
