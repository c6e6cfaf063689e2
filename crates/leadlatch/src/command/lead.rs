//! Leads: shown, referred, deleted, put back and erased by the account's admin.

use leadlatch_domain::id::PartnerId;
use leadlatch_domain::matrix::InspectLeads;
use leadlatch_store::{Connection, leads};
use serde::Serialize;

use super::Shell;
use crate::cli::{Lead, Leads};
use crate::output::{Failure, Outcome};

/// A lead that something was done to.
#[derive(Serialize)]
struct Done {
    id: i64,
}

pub(crate) async fn run(shell: &Shell, command: Lead) -> Outcome {
    match command {
        Lead::Refer { of, id, partner } => {
            let to = PartnerId::new(partner).ok_or_else(|| Failure::new("--partner is a record's id"))?;
            shell.write(&of.account, async move |db, grant| leads::refer(db, grant, id, Some(to)).await).await?;
            shell.output.show(&Done { id })
        }
        Lead::Unrefer { of, id } => {
            shell.write(&of.account, async move |db, grant| leads::refer(db, grant, id, None).await).await?;
            shell.output.show(&Done { id })
        }
        Lead::Restore { of, id } => {
            shell.write(&of.account, async move |db, grant| leads::restore(db, grant, id).await).await?;
            shell.output.show(&Done { id })
        }
        Lead::Show(leads) => inspect(shell, leads).await,
        Lead::History { of, id } => {
            let grant = shell.grant::<InspectLeads>(&of.account).await?;
            let read = shell.opened.store.read(async |db| leads::inspect_history(db, &grant, id).await).await?;
            shell.output.show(&read)
        }
        Lead::Delete(Leads { of, ids }) => {
            let job = async move |db: &mut Connection<'_>, grant| leads::delete_all(db, grant, ids).await;
            several(shell, shell.write(&of.account, job).await?, |id| Done { id })
        }
        Lead::Erase(Leads { of, ids }) => {
            let job = async move |db: &mut Connection<'_>, grant| leads::erase(db, grant, ids).await;
            several(shell, shell.write(&of.account, job).await?, |id| Done { id })
        }
    }
}

async fn inspect(shell: &Shell, leads: Leads) -> Outcome {
    let grant = shell.grant::<InspectLeads>(&leads.of.account).await?;
    let mut found = Vec::new();
    for id in leads.ids {
        found.push(shell.opened.store.read(async |db| leads::inspect(db, &grant, id).await).await?);
    }
    several(shell, found, |lead| lead)
}

/// One as itself, more as a list.
fn several<T, S: Serialize>(shell: &Shell, found: Vec<T>, show: impl Fn(T) -> S) -> Outcome {
    let mut shown: Vec<_> = found.into_iter().map(show).collect();
    match (shown.len(), shown.pop()) {
        (1, Some(only)) => shell.output.show(&only),
        (_, last) => {
            shown.extend(last);
            shell.output.show(&shown)
        }
    }
}
