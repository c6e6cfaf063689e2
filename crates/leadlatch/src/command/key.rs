//! Access keys.

use leadlatch_domain::address_ranges::AddressRanges;
use leadlatch_domain::id::PartnerId;
use leadlatch_domain::key_limits::{KeyLimits, PerMinute};
use leadlatch_domain::key_rotation::Overlap;
use leadlatch_domain::key_secret::{KeyKind, KeySecret};
use leadlatch_domain::key_state::KeyState;
use leadlatch_domain::matrix::{ManageHooks, ManageKeys, WritePartners};
use leadlatch_domain::retention::Days;
use leadlatch_domain::text::Name;
use leadlatch_domain::time::Timestamp;
use leadlatch_store::access_keys::{self, AccessKey, Change, Changes, KeyFilter, NewKey, Rotation};
use leadlatch_store::hooks::{self, MovedHooks, SubscriptionFilter};
use leadlatch_store::{Connection, Visible, partner_records};
use serde::Serialize;

use super::{Shell, key_report, tables};
use crate::cli::{ChangeArgs, CreateArgs, Key, LimitArgs};
use crate::output::{Failure, Outcome, error, line};

pub(crate) async fn run(shell: &Shell, command: Key) -> Outcome {
    match command {
        Key::Create(args) => create(shell, args).await,
        Key::Rotate { of, id, overlap, name, move_hooks } => {
            let name = name.as_deref().map(Name::parse).transpose()?;
            let rotation = Rotation { overlap: Overlap::parse(&overlap)?, name };
            let moved = moved_hooks(&move_hooks)?;
            let job = async move |db: &mut Connection<'_>, grant| {
                access_keys::rotate_moving(db, grant, id, rotation, &moved).await
            };
            show_once(shell, shell.write(&of.account, job).await.map_err(|said| said.naming("key", id))?)
        }
        Key::List { of, deleted, partner, kind, state } => {
            let kind = kind.as_deref().and_then(KeyKind::parse);
            let state = state.as_deref().map(KeyState::parse).transpose()?;
            let filter = KeyFilter { deleted, partner, kind, state };
            list(shell, &of.account, filter).await
        }
        Key::Show { of, id, places } => {
            key_report::show(shell, &of.account, id, places).await.map_err(|said| said.naming("key", id))
        }
        Key::Report(asked) => key_report::report(shell, asked).await,
        Key::Log(asked) => key_report::log(shell, asked).await,
        Key::Set { of, id, changes } => {
            let changes = read_changes(&changes)?;
            let job = async move |db: &mut Connection<'_>, grant| access_keys::set(db, grant, id, changes).await;
            shell.output.show(&shell.write(&of.account, job).await.map_err(|said| said.naming("key", id))?)
        }
        Key::Enable { of, id } => {
            let job = async move |db: &mut Connection<'_>, grant| access_keys::enable(db, grant, id).await;
            shell.output.show(&shell.write(&of.account, job).await.map_err(|said| said.naming("key", id))?)
        }
        Key::Delete { of, ids, reason } => {
            let ending = hooks_of(shell, &of.account, &ids).await?;
            let job = async move |db: &mut Connection<'_>, grant| access_keys::delete(db, grant, ids, reason).await;
            let deleted = shell.write(&of.account, job).await?;
            if !ending.is_empty() && !shell.output.json {
                error(&format!("With them ended the hook subscriptions {}.", ending.join(", ")));
            }
            match deleted.as_slice() {
                [key] => shell.output.show(key),
                keys => shell.output.show(&keys),
            }
        }
    }
}

/// The subscriptions of keys, each as its id and where it leads.
async fn hooks_of(shell: &Shell, account: &str, keys: &[i64]) -> Outcome<Vec<String>> {
    let grant = shell.grant::<ManageHooks>(account).await?;
    let mut all = Vec::new();
    for key in keys {
        let filter = SubscriptionFilter { key: Some(*key), ended: false };
        let found = shell.opened.store.read(async |db| hooks::all(db, &grant, filter).await).await?;
        all.extend(found.iter().map(|one| format!("{} ({})", one.hook.id, one.hook.target_url)));
    }
    Ok(all)
}

fn moved_hooks(text: &str) -> Outcome<MovedHooks> {
    let wrong = || Failure::new(format!("--move-hooks is all, none, or ids with commas between them, and not {text}"));
    match text {
        "all" => Ok(MovedHooks::All),
        "none" => Ok(MovedHooks::None),
        ids => {
            let ids = ids.split(',').map(|id| id.trim().parse().map_err(|_| wrong()));
            ids.collect::<Outcome<Vec<i64>>>().map(MovedHooks::These)
        }
    }
}

async fn list(shell: &Shell, account: &str, filter: KeyFilter) -> Outcome {
    let (store, grant) = (&shell.opened.store, shell.grant::<ManageKeys>(account).await?);
    let keys = store.read(async |db| access_keys::list(db, &grant, filter).await).await?;
    if shell.output.json {
        return shell.output.show(&keys);
    }
    let grant = shell.grant::<WritePartners>(account).await?;
    let records = store.read(async |db| partner_records::all(db, &grant).await).await?;
    line(&tables::keys(&keys, &records));
    Ok(())
}

/// A key with its secret, for the one time that it is shown.
#[derive(Serialize)]
struct WithSecret {
    #[serde(flatten)]
    key: Visible<AccessKey>,
    secret: String,
}

fn show_once(shell: &Shell, (key, secret): (Visible<AccessKey>, KeySecret)) -> Outcome {
    shell.output.show(&WithSecret { key, secret: secret.expose().to_owned() })?;
    if !shell.output.json {
        error("The secret is shown this once: only a digest of it is kept.");
    }
    Ok(())
}

async fn create(shell: &Shell, args: CreateArgs) -> Outcome {
    let partner = args.partner;
    let note = args.note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    let new = NewKey {
        name: Name::parse(&args.name)?,
        note,
        partner: bound_to(&args.kind, partner)?,
        scopes: args.scope.into_iter().collect(),
        expires_at: args.expires.as_deref().map(|text| to_come(shell, text)).transpose()?,
        limits: read_limits(&args.limits)?,
    };
    let job = async move |db: &mut Connection<'_>, grant| access_keys::create(db, grant, new).await;
    let made = shell.write(&args.of.account, job).await;
    let made = made.map_err(|said| said.naming("partner", partner.unwrap_or_default()))?;
    show_once(shell, made)
}

/// A key that has ended before it is made opens nothing: the date is a slip of the pen.
fn to_come(shell: &Shell, text: &str) -> Outcome<Timestamp> {
    let at = Timestamp::parse(text)?;
    if at > shell.opened.store.clock().now() {
        return Ok(at);
    }
    Err(Failure::new(format!(
        "--expires is a time to come, and {text} is over; a date means midnight UTC, as it begins"
    )))
}

fn bound_to(kind: &str, partner: Option<i64>) -> Outcome<Option<PartnerId>> {
    match (kind, partner) {
        ("partner", Some(id)) => PartnerId::new(id).map(Some).ok_or_else(|| Failure::new("--partner is a record's id")),
        ("partner", None) => Err(Failure::new("a Partner key needs --partner ID: it is bound to one record")),
        (_, Some(_)) => Err(Failure::new("a Full key is bound to no partner: leave --partner out")),
        (_, None) => Ok(None),
    }
}

fn read_limits(limits: &LimitArgs) -> Outcome<KeyLimits> {
    Ok(KeyLimits {
        address_ranges: read_ranges(&limits.ip)?,
        requests_per_minute: limits.rate.map(PerMinute::new).transpose()?,
        idle_days: limits.idle_days.as_deref().map(Days::parse).transpose()?,
    })
}

fn read_ranges(texts: &[String]) -> Outcome<Option<AddressRanges>> {
    if texts.is_empty() { Ok(None) } else { Ok(Some(AddressRanges::parse(texts)?)) }
}

fn read_changes(changes: &ChangeArgs) -> Outcome<Changes> {
    let note = changes.note.as_deref().map(|note| Some(note.trim().to_owned()).filter(|note| !note.is_empty()));
    Ok(Changes {
        name: changes.name.as_deref().map(Name::parse).transpose()?,
        note: note.map_or(Change::Keep, |note| note.map_or(Change::Clear, Change::To)),
        expires_at: changes.expires.as_deref().map(Timestamp::parse).transpose()?,
        address_ranges: change(read_ranges(&changes.ip)?, changes.no_ip),
        requests_per_minute: change(changes.rate.map(PerMinute::new).transpose()?, changes.no_rate),
        idle_days: change(changes.idle_days.as_deref().map(Days::parse).transpose()?, changes.no_idle_days),
    })
}

fn change<T>(to: Option<T>, clear: bool) -> Change<T> {
    match to {
        Some(value) => Change::To(value),
        None if clear => Change::Clear,
        None => Change::Keep,
    }
}
