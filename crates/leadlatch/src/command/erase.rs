//! Erasing an account, block by block. How much has gone is said on stderr, to whoever sits before it.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use leadlatch_store::Connection;
use leadlatch_store::accounts::{self, Account};

use super::Shell;
use crate::output::Outcome;

/// Between two blocks at the least. Whoever else waits to write to a file of SQLite looks as seldom as every 100 milliseconds
/// whether it is free.
const BREATH: Duration = Duration::from_millis(150);

/// Ends all that an account does, then erases it: a block, and as long a rest. Where that is cut off, the same command goes on.
pub(super) async fn account(shell: &Shell, slug: &str) -> Outcome<Account> {
    let (store, operator) = (&shell.opened.store, &shell.opened.operator);
    let (by, of) = (operator.clone(), slug.to_owned());
    store.operate(operator, async move |db| accounts::begin_erasure(db, &by, &of).await).await?;
    let (bar, mut next) = (bar(), Some(0));
    while let Some(part) = next {
        let began = Instant::now();
        let (by, of) = (operator.clone(), slug.to_owned());
        let job = async move |db: &mut Connection<'_>| accounts::erase_some(db, &by, &of, part).await;
        let block = store.operate(operator, job).await?;
        next = block.next;
        bar.inc(block.rows);
        if block.rows > 0 {
            tokio::time::sleep(began.elapsed().max(BREATH)).await;
        }
    }
    bar.finish_and_clear();
    let (by, of) = (operator.clone(), slug.to_owned());
    Ok(store.operate(operator, async move |db| accounts::delete(db, &by, &of).await).await?)
}

/// Nothing where stderr is no terminal.
fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {pos} rows erased, {per_sec}");
    ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}
