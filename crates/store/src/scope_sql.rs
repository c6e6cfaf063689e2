//! The one place that turns a row scope into SQL, for select, update, delete, count and export alike.

use leadlatch_domain::id::AccountId;
use leadlatch_domain::reach::{RowScope, Rows};
use sea_query::{Condition, Expr, ExprTrait};

/// A column of `leads`, qualified: the same text serves select, update and delete on both engines.
pub(crate) fn lead(column: &'static str) -> Expr {
    Expr::col(("leads", column))
}

/// Every lead of the account, in the bin too: for its admin alone.
pub(crate) fn leads_of(account: AccountId) -> Condition {
    Condition::all().add(lead("account_id").eq(account.get()))
}

/// The leads in reach. `introducer_reach` and `partner_reach` hold the side's id only while its reach lasts, and each
/// index of theirs begins with them, so that others' rows are not even visited.
pub(crate) fn leads_in(scope: &RowScope) -> Condition {
    let account = leads_of(scope.account);
    let Rows::Partner { record, sides } = scope.rows else { return account.add(lead("deleted_at").is_null()) };
    let own = |column| lead(column).eq(record.get());
    account.add(match (sides.supplies, sides.buys) {
        (true, true) => Condition::any().add(own("introducer_reach")).add(own("partner_reach")),
        (true, false) => Condition::all().add(own("introducer_reach")),
        (false, true) => Condition::all().add(own("partner_reach")),
        (false, false) => Condition::all().add(Expr::cust("1 = 0")),
    })
}
