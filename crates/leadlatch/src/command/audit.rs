//! The audit trail: list, export, verify.

use leadlatch_domain::audit::{Broken, ExportLine, Head, Report, Stored, Verifier, read_export, read_head};
use leadlatch_domain::matrix::ReadAudit;
use leadlatch_store::{Grant, audit};
use serde::Serialize;

use super::Shell;
use crate::cli::{Audit, Chain};
use crate::output::{Failure, Outcome, line};

const BLOCK: u32 = 500;

pub(crate) async fn run(shell: &Shell, command: Audit) -> Outcome {
    match command {
        Audit::List(chain) => list(shell, &chain).await,
        Audit::Export(chain) => export(shell, &chain).await,
        Audit::Verify { account, file, head } => {
            let head =
                head.map(|path| read(&path).and_then(|text| read_head(&text).map_err(Failure::new))).transpose()?;
            match file {
                Some(file) => verify_file(shell, &file, head),
                None => verify_database(shell, account, head).await,
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

async fn lines(shell: &Shell, source: &Source) -> Outcome<Vec<ExportLine>> {
    let (mut lines, mut after) = (Vec::new(), 0);
    loop {
        let stored = block(shell, source, after).await?;
        let Some(last) = stored.last() else { return Ok(lines) };
        after = last.number;
        for stored in &stored {
            lines.push(
                ExportLine::of(stored).map_err(|_| Failure::new(format!("entry {} cannot be read", stored.number)))?,
            );
        }
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
    for entry in lines {
        let (who, details) = (format!("{} {}", entry.actor, entry.actor_id), entry.details.unwrap_or("erased".into()));
        line(&format!("{}  {}  {who}  {}  {}  {details}", entry.number, entry.at, entry.event, entry.target_id));
    }
    Ok(())
}

async fn export(shell: &Shell, chain: &Chain) -> Outcome {
    let lines = lines(shell, &source(shell, chain).await?).await?;
    if shell.output.json {
        return shell.output.show(&Entries { entries: lines });
    }
    for entry in lines {
        line(&serde_json::to_string(&entry).map_err(|error| Failure::new(error.to_string()))?);
    }
    Ok(())
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

fn verify_file(shell: &Shell, path: &str, head: Option<Head>) -> Outcome {
    let lines = read_export(&read(path)?).map_err(|error| Failure::new(format!("{path}: {error}")))?;
    let account = lines.first().map(|line| line.account_id).or(head.map(|head| head.account)).unwrap_or_default();
    let mut verifier = Verifier::new(account, head);
    let checked = lines.iter().try_for_each(|line| verifier.step(&line.to_stored()?));
    let report = checked.and_then(|()| verifier.finish()).map_err(|what| broken(path, what))?;
    shell.output.show(&Verified { chain: path.to_owned(), report })
}

async fn verify_database(shell: &Shell, account: Option<String>, head: Option<Head>) -> Outcome {
    let (store, operator) = (&shell.opened.store, &shell.opened.operator);
    let mut chains: Vec<(String, i64, Source)> = Vec::new();
    for (slug, access) in store.read(async |db| audit::all_accounts(db, operator).await).await? {
        let id = access.account().get();
        chains.push((slug, id, Source::Account(access.permit()?)));
    }
    match account {
        Some(wanted) => chains.retain(|(slug, ..)| *slug == wanted),
        None => chains.push(("server".into(), 0, Source::Server)),
    }
    if chains.is_empty() {
        return Err(Failure::new("there is no such account"));
    }
    let mut verified = Vec::new();
    for (slug, id, source) in chains {
        let kept = match head {
            Some(head) if head.account == id => Some(head),
            _ => Some(live_head(shell, &source).await?),
        };
        let report = verify_chain(shell, &slug, id, &source, kept).await?;
        verified.push(Verified { chain: slug, report });
    }
    shell.output.show(&verified)
}

/// The head that the database keeps: a chain that ends before it was cut.
async fn live_head(shell: &Shell, source: &Source) -> Outcome<Head> {
    let (store, operator) = (&shell.opened.store, &shell.opened.operator);
    Ok(match source {
        Source::Account(grant) => store.read(async |db| audit::head(db, grant).await).await?,
        Source::Server => store.read(async |db| audit::server_head(db, operator).await).await?,
    })
}

async fn verify_chain(shell: &Shell, slug: &str, id: i64, source: &Source, head: Option<Head>) -> Outcome<Report> {
    let (mut verifier, mut after) = (Verifier::new(id, head), 0);
    loop {
        let stored = block(shell, source, after).await?;
        let Some(last) = stored.last() else { break };
        after = last.number;
        stored.iter().try_for_each(|stored| verifier.step(stored)).map_err(|what| broken(slug, what))?;
    }
    verifier.finish().map_err(|what| broken(slug, what))
}
