//! Host names of accounts: where a server has several, forms on web pages reach an account by its own alone.

use leadlatch_store::accounts;

use super::Shell;
use crate::output::{Outcome, error};

/// Accounts that one warning names.
const NAMED: usize = 5;

/// Says on stderr which accounts no form reaches, or whether the one is among them. Nothing is wrong with what was done.
pub(super) async fn warn(shell: &Shell, only: Option<&str>) -> Outcome {
    let accounts = shell.opened.store.read(async |db| accounts::list(db, &shell.opened.operator).await).await?;
    if accounts.len() < 2 {
        return Ok(());
    }
    let without = accounts.iter().filter(|account| account.host.is_none()).map(|account| account.slug.as_str());
    let concerned: Vec<&str> = without.filter(|slug| only.is_none_or(|only| only == *slug)).collect();
    if !concerned.is_empty() {
        error(&warning(&concerned));
    }
    Ok(())
}

fn warning(without: &[&str]) -> String {
    let more = match without.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named = without[..without.len().min(NAMED)].join(", ");
    format!(
        "warning: this server has several accounts, and no form on a web page reaches one without a host name of its own: \
         {named}{more}. Give it one: leadlatch account set --account {} --host NAME",
        without[0]
    )
}

#[cfg(test)]
mod tests {
    use super::warning;

    #[test]
    fn few_accounts_are_named_and_the_rest_counted() {
        assert!(warning(&["acme"]).contains(": acme. Give it one: leadlatch account set --account acme --host NAME"));
        let said = warning(&["a", "b", "c", "d", "e", "f", "g"]);
        assert!(said.contains(": a, b, c, d, e and 2 more. "), "{said}");
    }
}
