//! Hooks: the account's own subscriptions, those of its keys, and their deliveries.

use leadlatch_domain::hook::{EventSet, HookEvent, HookFormat, Target};
use leadlatch_domain::matrix::ManageHooks;
use leadlatch_outbound::Outbound;
use leadlatch_store::hooks::{self, NewHook, SubscriptionFilter};
use leadlatch_store::{Connection, Page};
use serde_json::{Map, Value};

use super::{Shell, tables};
use crate::cli::{Hook, HookCreate, OneHook};
use crate::output::{Failure, Outcome, error, line};

pub(crate) async fn run(shell: &Shell, command: Hook) -> Outcome {
    match command {
        Hook::List { of, key, ended } => list(shell, &of.account, SubscriptionFilter { key, ended }).await,
        Hook::Show(OneHook { of, id }) => {
            let grant = shell.grant::<ManageHooks>(&of.account).await?;
            let hook = shell.opened.store.read(async |db| hooks::get_any(db, &grant, id).await).await?;
            shell.output.show(&hook)
        }
        Hook::Create(args) => create(shell, args).await,
        Hook::Delete(OneHook { of, id }) => {
            let job = async move |db: &mut Connection<'_>, grant| hooks::delete_any(db, grant, id).await;
            shell.output.show(&shell.write(&of.account, job).await?)
        }
        Hook::Enable(OneHook { of, id }) => {
            let job = async move |db: &mut Connection<'_>, grant| hooks::enable(db, grant, id).await;
            shell.output.show(&shell.write(&of.account, job).await?)
        }
        Hook::Secret(OneHook { of, id }) => {
            let sealer = shell.opened.store.sealer()?;
            let job = async move |db: &mut Connection<'_>, grant| hooks::new_secret_of(db, grant, sealer, id).await;
            shell.output.show(&shell.write(&of.account, job).await?)?;
            say_once(shell);
            Ok(())
        }
        Hook::Deliveries { one: OneHook { of, id }, limit } => deliveries(shell, &of.account, id, limit).await,
        Hook::Delivery(asked) => {
            let grant = shell.grant::<ManageHooks>(&asked.of.account).await?;
            let found = shell.opened.store.read(async |db| hooks::delivery(db, &grant, asked.id).await).await?;
            shell.output.show(&found)
        }
        Hook::Replay { of, ids } => {
            for id in &ids {
                let id = *id;
                let job = async move |db: &mut Connection<'_>, grant| hooks::replay(db, grant, id).await;
                shell.write(&of.account, job).await?;
            }
            shell.output.show(&serde_json::json!({"replayed": ids}))
        }
    }
}

async fn list(shell: &Shell, account: &str, filter: SubscriptionFilter) -> Outcome {
    let grant = shell.grant::<ManageHooks>(account).await?;
    let found = shell.opened.store.read(async |db| hooks::all(db, &grant, filter).await).await?;
    if shell.output.json {
        return shell.output.show(&found);
    }
    line(&tables::hooks(&found));
    Ok(())
}

async fn deliveries(shell: &Shell, account: &str, id: i64, limit: u32) -> Outcome {
    let (grant, page) = (shell.grant::<ManageHooks>(account).await?, Page::new(limit.max(1), None));
    let store = &shell.opened.store;
    store.read(async |db| hooks::get_any(db, &grant, id).await).await?;
    let found = store.read(async |db| hooks::deliveries(db, &grant, id, &page).await).await?;
    if shell.output.json {
        return shell.output.show(&found.rows);
    }
    line(&tables::deliveries(&found.rows));
    Ok(())
}

async fn create(shell: &Shell, args: HookCreate) -> Outcome {
    let named = |name: &String| {
        let sent = || HookEvent::ALL.iter().filter(|event| event.is_sent());
        let known = || sent().map(|event| event.as_str()).collect::<Vec<_>>().join(", ");
        HookEvent::parse(name)
            .filter(|event| event.is_sent())
            .ok_or_else(|| Failure::new(format!("{name} is no event that is told; events are {}", known())))
    };
    let new = NewHook {
        target: Target::parse(&args.target)?,
        events: args.events.iter().map(named).collect::<Result<EventSet, _>>()?,
        filter: args.filters.iter().map(|text| filter(text)).collect::<Result<Map<_, _>, _>>()?,
        format: HookFormat::parse(&args.format)?,
    };
    let outbound = Outbound::new(shell.hook_allowed_ranges.clone());
    outbound.check(&new.target).await.map_err(|failed| Failure::new(format!("--target: {failed}")))?;
    let sealer = shell.opened.store.sealer()?;
    let job = async move |db: &mut Connection<'_>, grant| hooks::create_for_account(db, grant, sealer, new).await;
    shell.output.show(&shell.write(&args.of.account, job).await?)?;
    say_once(shell);
    Ok(())
}

fn filter(text: &str) -> Outcome<(String, Value)> {
    let (name, value) =
        text.split_once('=').ok_or_else(|| Failure::new(format!("--filter is NAME=VALUE, and not {text}")))?;
    Ok((name.to_owned(), value.into()))
}

fn say_once(shell: &Shell) {
    if !shell.output.json {
        error("The secret is shown this once: the server keeps it sealed.");
    }
}
