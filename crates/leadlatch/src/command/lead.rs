//! Leads: shown, referred, deleted, put back and erased by the account's admin.

use leadlatch_domain::id::PartnerId;
use leadlatch_domain::matrix::InspectLeads;
use leadlatch_store::leads::Inspected;
use leadlatch_store::{Connection, Error, lead_list, leads};
use serde::Serialize;

use super::{Shell, tables};
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
            shell
                .write(&of.account, async move |db, grant| leads::refer(db, grant, id, Some(to)).await)
                .await
                .map_err(named(id))?;
            shell.output.show(&Done { id })
        }
        Lead::Unrefer { of, id } => {
            shell
                .write(&of.account, async move |db, grant| leads::refer(db, grant, id, None).await)
                .await
                .map_err(named(id))?;
            shell.output.show(&Done { id })
        }
        Lead::Restore { of, id } => {
            let done = shell.write(&of.account, async move |db, grant| leads::restore(db, grant, id).await).await;
            if done.as_ref().is_err_and(missing) {
                let inspected = look(shell, &of.account, id).await?;
                return Err(inspected.map_or_else(|| Failure::no_such("lead", id), |_| not_binned(id)));
            }
            done?;
            shell.output.show(&Done { id })
        }
        Lead::Show(leads) => inspect(shell, leads).await,
        Lead::List { of, deleted, limit } => {
            let grant = shell.grant::<InspectLeads>(&of.account).await?;
            let job = async move |db: &mut Connection<'_>| lead_list::newest(db, &grant, deleted, limit).await;
            let found = shell.opened.store.read_apart(job).await?;
            shell.output.list(&found, || tables::leads(&found))
        }
        Lead::History { of, id } => {
            let grant = shell.grant::<InspectLeads>(&of.account).await?;
            let read = shell.opened.store.read(async |db| leads::inspect_history(db, &grant, id).await).await;
            let read = read.map_err(|error| named(id)(error.into()))?;
            shell.output.list(&read, || tables::history(&read))
        }
        Lead::Delete(Leads { of, ids }) => {
            let all = ids.clone();
            let job = async move |db: &mut Connection<'_>, grant| leads::delete_all(db, grant, ids).await;
            done_to_all(shell, &of.account, &all, shell.write(&of.account, job).await).await
        }
        Lead::Erase(Leads { of, ids }) => {
            let all = ids.clone();
            let job = async move |db: &mut Connection<'_>, grant| leads::erase(db, grant, ids).await;
            done_to_all(shell, &of.account, &all, shell.write(&of.account, job).await).await
        }
    }
}

fn missing(failure: &Failure) -> bool {
    failure.misses(&["lead", "id"])
}

/// Says which lead is missing, where one is.
fn named(id: i64) -> impl Fn(Failure) -> Failure {
    move |failure| if missing(&failure) { Failure::no_such("lead", id) } else { failure }
}

fn not_binned(id: i64) -> Failure {
    Failure::new(format!("lead {id} is not in the bin"))
}

/// A lead, in the bin or not, if there is one.
async fn look(shell: &Shell, account: &str, id: i64) -> Outcome<Option<Inspected>> {
    let grant = shell.grant::<InspectLeads>(account).await?;
    match shell.opened.store.read(async |db| leads::inspect(db, &grant, id).await).await {
        Ok(lead) => Ok(Some(lead)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What was done to all of them or to none: then which of them it was that could not be.
async fn done_to_all(shell: &Shell, account: &str, ids: &[i64], done: Outcome<Vec<i64>>) -> Outcome {
    if !done.as_ref().is_err_and(missing) {
        return several(shell, done?, |id| Done { id });
    }
    let mut said = Vec::new();
    for id in ids {
        match look(shell, account, *id).await? {
            None => said.push(format!("there is no lead {id}")),
            Some(lead) if lead.deleted_at.is_some() => said.push(format!("lead {id} is in the bin already")),
            Some(_) => {}
        }
    }
    if said.is_empty() {
        said.push("a lead is named twice".to_owned());
    }
    said.push("nothing was done".to_owned());
    Err(Failure::new(said.join("\n")))
}

async fn inspect(shell: &Shell, leads: Leads) -> Outcome {
    let mut found = Vec::new();
    for id in leads.ids {
        found.push(look(shell, &leads.of.account, id).await?.ok_or_else(|| Failure::no_such("lead", id))?);
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
