//! The one place that turns a row scope into SQL, for select, update, delete, count and export alike.

use leadlatch_domain::reach::{RowScope, Rows};
use sea_query::{Condition, Expr, ExprTrait};

/// A column of `leads`, qualified: the same text serves select, update and delete on both engines.
pub(crate) fn lead(column: &'static str) -> Expr {
    Expr::col(("leads", column))
}

/// The leads in reach. `introducer_reach` and `partner_reach` hold the side's id only while its reach lasts, and each
/// index of theirs begins with them, so that others' rows are not even visited. The account stands beside each of them:
/// beside both together it would let SQLite walk the account's rows instead of each side's.
pub(crate) fn leads_in(scope: &RowScope) -> Condition {
    let account = || Condition::all().add(lead("account_id").eq(scope.account.get()));
    let Rows::Partner { record, sides } = scope.rows else { return account().add(lead("deleted_at").is_null()) };
    let own = |column| account().add(lead(column).eq(record.get()));
    let either = match (sides.supplies, sides.buys) {
        (true, true) => Condition::any().add(own("introducer_reach")).add(own("partner_reach")),
        (true, false) => own("introducer_reach"),
        (false, true) => own("partner_reach"),
        (false, false) => account().add(Expr::cust("1 = 0")),
    };
    Condition::all().add(either)
}

/// A column as a computed value, which no index serves: for where the planner would take one that leads to more rows.
pub(crate) fn computed(column: Expr) -> Expr {
    column.add(Expr::cust("0"))
}

/// A twin to look for. Where no index of the reader's own reach holds it, the account's index is kept out of it: that
/// one leads to others' rows.
pub(crate) fn twin(scope: &RowScope, column: &'static str) -> Expr {
    let served = match scope.rows {
        Rows::Account => true,
        Rows::Partner { sides, .. } => column == "email_twin" && sides.supplies != sides.buys,
    };
    if served { lead(column) } else { Expr::cust(format!("COALESCE(leads.{column}, '')")) }
}
