//! The audit trail: list, export, verify.

use leadlatch_domain::audit::{Broken, ExportLine, Fracture, Head, Report, Stored, Verifier, read_export, read_heads};
use leadlatch_domain::matrix::ReadAudit;
use leadlatch_store::Grant;
use leadlatch_store::audit::{self, Extent};
use serde::Serialize;

use super::Shell;
use crate::cli::{Audit, Chain};
use crate::output::{Failure, Outcome, Table, line, words};

const BLOCK: u32 = 500;

pub(crate) async fn run(shell: &Shell, command: Audit) -> Outcome {
    match command {
        Audit::List(chain) => list(shell, &chain).await,
        Audit::Export(chain) => export(shell, &chain).await,
        Audit::Verify { account, file, head } => {
            let kept = head.map_or(Ok(Vec::new()), |path| {
                read_heads(&read(&path)?).map_err(|error| Failure::new(format!("{path}: {error}")))
            })?;
            match file {
                Some(file) => verify_file(shell, &file, account.as_deref(), &kept).await,
                None => verify_database(shell, account, &kept).await,
            }
        }
    }
}

fn read(path: &str) -> Outcome<String> {
    std::fs::read_to_string(path).map_err(|error| Failure::new(format!("{path}: {error}")))
}

/// Whose chain is read.
enum Source {
    Account(Grant<ReadAudit>),
    Server,
}

async fn source(shell: &Shell, chain: &Chain) -> Outcome<Source> {
    match (&chain.account, chain.server) {
        (Some(slug), _) => Ok(Source::Account(shell.grant(slug).await?)),
        (None, true) => Ok(Source::Server),
        (None, false) => Err(Failure::new("say whose chain: --account SLUG or --server")),
    }
}

async fn block(shell: &Shell, source: &Source, after: i64) -> Outcome<Vec<Stored>> {
    let (store, operator) = (&shell.opened.store, &shell.opened.operator);
    Ok(match source {
        Source::Account(grant) => store.read(async |db| audit::entries(db, grant, after, BLOCK).await).await?,
        Source::Server => store.read(async |db| audit::server_entries(db, operator, after, BLOCK).await).await?,
    })
}

impl Source {
    /// The account whose chain it is; 0 is the server's own.
    fn account(&self) -> i64 {
        match self {
            Self::Account(grant) => grant.account_id().get(),
            Self::Server => 0,
        }
    }
}

async fn lines(shell: &Shell, source: &Source) -> Outcome<Vec<ExportLine>> {
    let (mut lines, mut after) = (Vec::new(), 0);
    loop {
        let stored = block(shell, source, after).await?;
        let Some(last) = stored.last() else { return Ok(lines) };
        after = last.number;
        lines.extend(stored.iter().map(|stored| ExportLine::of(source.account(), stored)));
    }
}

#[derive(Serialize)]
struct Entries {
    entries: Vec<ExportLine>,
}

async fn list(shell: &Shell, chain: &Chain) -> Outcome {
    let lines = lines(shell, &source(shell, chain).await?).await?;
    if shell.output.json {
        return shell.output.show(&Entries { entries: lines });
    }
    let row = |entry: ExportLine| {
        let by = if entry.actor_id == 0 { entry.actor } else { format!("{} {}", entry.actor, entry.actor_id) };
        let at = entry.at.get(..19).unwrap_or_default().replace('T', " ");
        let details = entry.details.map_or("erased".into(), |text| in_words(&text));
        [entry.number.to_string(), at, by, entry.event, entry.target_id.to_string(), entry.changed.join(", "), details]
    };
    let headings = ["number", "at", "by", "event", "target", "changed", "details"];
    line(&Table::rows(headings, lines.into_iter().map(row)));
    Ok(())
}

/// Details as people read them; `--json` and an export have the exact text.
fn in_words(details: &str) -> String {
    serde_json::from_str(details).map_or_else(|_| details.to_owned(), |value| words(&value))
}

/// A line an entry, written as they are read: a trail of years is not held in memory, but for `--json`, which is one value.
async fn export(shell: &Shell, chain: &Chain) -> Outcome {
    let (source, mut after) = (source(shell, chain).await?, 0);
    if shell.output.json {
        return shell.output.show(&Entries { entries: lines(shell, &source).await? });
    }
    loop {
        let stored = block(shell, &source, after).await?;
        let Some(last) = stored.last() else { return Ok(()) };
        after = last.number;
        for entry in stored.iter().map(|stored| ExportLine::of(source.account(), stored)) {
            line(&serde_json::to_string(&entry).map_err(|error| Failure::new(error.to_string()))?);
        }
    }
}

#[derive(Serialize)]
struct Verified {
    chain: String,
    #[serde(flatten)]
    report: Report,
}

fn broken(chain: &str, broken: Broken) -> Failure {
    Failure::new(format!("{chain}: BROKEN at {broken}"))
}

async fn verify_file(shell: &Shell, path: &str, of: Option<&str>, kept: &[Head]) -> Outcome {
    let lines = read_export(&read(path)?).map_err(|error| Failure::new(format!("{path}: {error}")))?;
    let account = lines.first().map(|line| line.account_id).ok_or_else(|| Failure::new(format!("{path}: no entry")))?;
    if let Some(slug) = of
        && shell.grant::<ReadAudit>(slug).await?.account_id().get() != account
    {
        return Err(Failure::new(format!("{path}: this is the chain of account {account}, and not of {slug}")));
    }
    refuse_strange_heads(kept, &[account], true)?;
    let mut verifier = Verifier::new(account, kept);
    let checked = lines.iter().try_for_each(|line| verifier.step(&line.to_stored()?));
    let report = checked.and_then(|()| verifier.finish()).map_err(|what| broken(path, what))?;
    shell.output.show(&Verified { chain: path.to_owned(), report })
}

/// A kept head that no chain was held against would make a check that always passes. Heads of several accounts may be
/// kept in one file; where one chain alone is checked, one of them must be about it.
fn refuse_strange_heads(kept: &[Head], checked: &[i64], one_alone: bool) -> Outcome {
    let about = |head: &&Head| checked.contains(&head.account);
    let strange = if one_alone {
        kept.iter().find(|_| !kept.iter().any(|head| about(&head)))
    } else {
        kept.iter().find(|head| !about(head))
    };
    match strange {
        Some(head) => Err(Failure::new(format!(
            "the kept head is of account {}, whose chain is not among those checked: it was deleted, or this is another database",
            head.account
        ))),
        None => Ok(()),
    }
}

async fn verify_database(shell: &Shell, account: Option<String>, kept: &[Head]) -> Outcome {
    let (store, operator) = (&shell.opened.store, &shell.opened.operator);
    let mut chains: Vec<(String, Source)> = Vec::new();
    for (slug, access) in store.read(async |db| audit::all_accounts(db, operator).await).await? {
        chains.push((slug, Source::Account(access.permit()?)));
    }
    match &account {
        Some(wanted) => chains.retain(|(slug, _)| slug == wanted),
        None => chains.push(("server".into(), Source::Server)),
    }
    if let Some(slug) = account.as_ref().filter(|_| chains.is_empty()) {
        return Err(Failure::no_such("account", slug));
    }
    let checked: Vec<i64> = chains.iter().map(|(_, source)| source.account()).collect();
    refuse_strange_heads(kept, &checked, account.is_some())?;
    let mut verified = Vec::new();
    for (chain, source) in chains {
        let report = verify_chain(shell, &chain, &source, kept).await?;
        verified.push(Verified { chain, report });
    }
    shell.output.show(&verified)
}

async fn extent(shell: &Shell, source: &Source) -> Outcome<Extent> {
    let (store, operator) = (&shell.opened.store, &shell.opened.operator);
    Ok(match source {
        Source::Account(grant) => store.read(async |db| audit::extent(db, grant).await).await?,
        Source::Server => store.read(async |db| audit::server_extent(db, operator).await).await?,
    })
}

/// Checks a chain up to the end that the database had for it when the check began; entries may be added meanwhile.
async fn verify_chain(shell: &Shell, chain: &str, source: &Source, kept: &[Head]) -> Outcome<Report> {
    let Extent { head, first, last } = extent(shell, source).await?;
    let refuse = |number, what| Err(broken(chain, Broken { number, what }));
    if let Some(number) = first.filter(|first| *first < 1) {
        return refuse(number, Fracture::Missing);
    }
    if let Some(number) = last.filter(|last| *last > head.number) {
        return refuse(number, Fracture::BehindTheEnd);
    }
    let heads = [kept, &[head]].concat();
    let (mut verifier, mut after) = (Verifier::new(source.account(), &heads), 0);
    while after < head.number {
        let stored = block(shell, source, after).await?;
        let Some(last) = stored.last() else { break };
        after = last.number;
        let mut ours = stored.iter().take_while(|stored| stored.number <= head.number);
        ours.try_for_each(|stored| verifier.step(stored)).map_err(|what| broken(chain, what))?;
    }
    verifier.finish().map_err(|what| broken(chain, what))
}
