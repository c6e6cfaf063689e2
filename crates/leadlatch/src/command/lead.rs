//! Leads.

use leadlatch_domain::id::PartnerId;
use leadlatch_store::leads;
use serde::Serialize;

use super::Shell;
use crate::cli::Lead;
use crate::output::{Failure, Outcome};

pub(crate) async fn run(shell: &Shell, command: Lead) -> Outcome {
    #[derive(Serialize)]
    struct Done {
        id: i64,
    }
    let (account, id) = match command {
        Lead::Refer { of, id, partner } => {
            let to = PartnerId::new(partner).ok_or_else(|| Failure::new("--partner is a record's id"))?;
            shell.write(&of.account, async move |db, grant| leads::refer(db, grant, id, Some(to)).await).await?;
            (of.account, id)
        }
        Lead::Unrefer { of, id } => {
            shell.write(&of.account, async move |db, grant| leads::refer(db, grant, id, None).await).await?;
            (of.account, id)
        }
        Lead::Restore { of, id } => {
            shell.write(&of.account, async move |db, grant| leads::restore(db, grant, id).await).await?;
            (of.account, id)
        }
    };
    drop(account);
    shell.output.show(&Done { id })
}
