//! `leadlatch import`: a file of leads, a block at a time, to be gone on with after any end.

mod columns;
mod progress;
mod quotes;
mod reader;
mod report;
mod rows;
mod values;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use leadlatch_domain::matrix::{ImportLeads, ReadLeadGroups};
use leadlatch_domain::text::fold;
use leadlatch_store::imports::{self, Refusal, Source};
use leadlatch_store::leads::{self, Block, BlockDone, Known};
use leadlatch_store::{Connection, Error, Grant, Held, Page, accounts, lead_groups};
use serde::Serialize;
use sha2::{Digest, Sha256};

use self::columns::Target;
use self::progress::Progress;
use self::reader::{File, Record};
use self::report::Report;
use self::rows::Rows;
use self::values::Order;
use super::Shell;
use crate::cli::import::Import;
use crate::output::{self, Failure, Outcome};

/// Records of one transaction: enough that the disk is waited for seldom, few enough that others get their turn.
const BLOCK: usize = 500;
/// How often a database that is away for a moment is asked again, and after how long.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_secs(2);

/// What became of an import.
#[derive(Debug, Default, Serialize)]
struct Summary {
    /// Absent when nothing was written.
    import_id: Option<i64>,
    dry_run: bool,
    /// It was finished before, and nothing was done now.
    already_imported: bool,
    /// Records that an earlier run of the command had dealt with.
    resumed_after: i64,
    /// Rows that say something: imported and refused ones.
    rows: i64,
    imported: i64,
    refused: i64,
    linked: i64,
    encoding: &'static str,
    delimiter: char,
    columns: BTreeMap<String, String>,
    ignored_columns: Vec<String>,
    /// Dates that another order would have made another day, in what was read now.
    ambiguous_dates: i64,
    first_ambiguous_line: Option<u64>,
    dates_read_as: &'static str,
    report: Option<String>,
    seconds: f64,
}

/// A file with what is made of it.
struct Task {
    file: File,
    rows: Rows,
    args: Import,
}

pub(crate) async fn run(shell: &Shell, args: Import) -> Outcome {
    let (began, file) = (Instant::now(), File::open(&args.file)?);
    let report = args.report.clone().map(|path| Report::begin(path, &args.file)).transpose()?;
    let mut task = prepare(shell, args, file).await?;
    let mut summary = task.summary();
    let taken = report.as_ref().and_then(Report::taken);
    let refusals = if task.args.dry_run {
        task.check(shell, &mut summary, taken).await?
    } else {
        Box::pin(task.import(shell, &mut summary, taken)).await?
    };
    summary.rows = summary.imported + summary.refused;
    (summary.ambiguous_dates, summary.first_ambiguous_line) = (task.rows.ambiguous, task.rows.first_ambiguous);
    if let Some(report) = report {
        summary.report = Some(report.path().display().to_string());
        report.write(&task.file, &task.rows.targets, &refusals)?;
    }
    summary.seconds = began.elapsed().as_secs_f64();
    tell(&summary);
    shell.output.show(&summary)
}

/// What a person should know before trusting the result.
fn tell(summary: &Summary) {
    if !summary.ignored_columns.is_empty() {
        output::error(&format!("left out: {}", summary.ignored_columns.join(", ")));
    }
    if let Some(line) = summary.first_ambiguous_line {
        let (count, order) = (summary.ambiguous_dates, summary.dates_read_as);
        output::error(&format!(
            "{count} dates such as that of line {line} were read as {order}; --date-format decides"
        ));
    }
    if summary.already_imported {
        output::error("this file was imported already, and nothing was done; --again imports it once more");
    }
}

async fn prepare(shell: &Shell, args: Import, file: File) -> Outcome<Task> {
    let operator = &shell.opened.operator;
    let account = shell.opened.store.read(async |db| accounts::find(db, operator, &args.of.account).await).await?;
    let grant = shell.grant::<ReadLeadGroups>(&args.of.account).await?;
    let groups = shell.opened.store.read(async |db| lead_groups::list(db, &grant, &Page::ALL).await).await?.rows;
    let group = groups.iter().find(|group| fold(&group.name) == fold(&args.lead_group));
    let group = group.ok_or_else(|| Failure::new(format!("there is no lead group {}", args.lead_group)))?;
    let targets = columns::find(&file.headers, &args.map, &group.fields)?;
    let order = match &args.date_format {
        Some(text) => Order::parse(text).ok_or_else(|| Failure::new("--date-format is dmy or mdy"))?,
        None => Order::of_country(&account.country),
    };
    Ok(Task { file, rows: Rows { targets, order, ambiguous: 0, first_ambiguous: None }, args })
}

impl Task {
    fn summary(&self) -> Summary {
        let named = || self.file.headers.iter().zip(&self.rows.targets).filter(|(header, _)| !header.is_empty());
        let taken = named().filter(|(_, target)| **target != Target::Ignored);
        let ignored = named()
            .filter(|(header, target)| **target == Target::Ignored && !columns::REPORT.contains(&header.as_str()));
        Summary {
            dry_run: self.args.dry_run,
            encoding: self.file.encoding,
            delimiter: self.file.delimiter,
            columns: taken.map(|(header, target)| (header.clone(), target.name())).collect(),
            ignored_columns: ignored.map(|(header, _)| header.clone()).collect(),
            dates_read_as: self.rows.order.as_str(),
            ..Summary::default()
        }
    }

    /// Imports what of the file is not imported yet; gives every record that was ever refused. `taken` is what to say
    /// where the report of another run is in the place of this one's.
    async fn import(&mut self, shell: &Shell, summary: &mut Summary, taken: Option<String>) -> Outcome<Vec<Refusal>> {
        let (source, again) = (self.source(), self.args.again);
        let job = async move |db: &mut Connection<'_>, grant| begin(db, grant, source, again, taken).await;
        let mut import = shell.write::<ImportLeads, _, _>(&self.args.of.account, job).await?;
        (summary.already_imported, summary.resumed_after) = (import.finished, import.records);
        let grant = shell.grant::<ImportLeads>(&self.args.of.account).await?;
        let (mut attempts, mut known) = (0, import.records);
        while let Err(error) = self.go_on(shell, &grant, &mut import).await {
            // One that brought the import forward was not in vain.
            attempts = if import.records > known { 1 } else { attempts + 1 };
            known = import.records;
            match error {
                Error::Unavailable(said) if attempts <= ATTEMPTS => {
                    output::error(&format!("the database is away, trying again: {said}"));
                    tokio::time::sleep(PAUSE).await;
                }
                error => return Err(stopped(error)),
            }
        }
        summary.import_id = Some(import.id);
        (summary.imported, summary.refused, summary.linked) = (import.imported, import.refused, import.linked);
        let (mut refusals, mut after) = (Vec::new(), 0);
        loop {
            let read = async |db: &mut Connection<'_>| imports::refusals(db, &grant, import.id, after).await;
            let some = shell.opened.store.read(read).await?;
            let Some(last) = some.last() else { return Ok(refusals) };
            after = last.record;
            refusals.extend(some);
        }
    }

    /// From where the import is to its end. What was committed is known by its record alone; where a block fails,
    /// `import.records` says how far those before it came.
    async fn go_on(
        &mut self,
        shell: &Shell,
        grant: &Grant<ImportLeads>,
        import: &mut imports::Import,
    ) -> leadlatch_store::Result<()> {
        loop {
            *import = shell.opened.store.read(async |db| imports::get(db, grant, import.id).await).await?;
            if import.finished {
                return Ok(());
            }
            self.blocks(shell, Some(import.id), &mut import.records, import.refused).await?;
        }
    }

    /// Checks the whole file and writes nothing. It goes on with no import, so that no report is its own to replace.
    async fn check(&mut self, shell: &Shell, summary: &mut Summary, taken: Option<String>) -> Outcome<Vec<Refusal>> {
        if let Some(said) = taken {
            return Err(Failure::new(said));
        }
        let done = self.blocks(shell, None, &mut 0, 0).await.map_err(Failure::from)?;
        (summary.imported, summary.refused, summary.linked) = (done.imported, done.refused.len() as i64, done.linked);
        Ok(done.refused)
    }

    /// Sends the records after `from` to the store, a block a transaction. `from` moves on with each, so that it is
    /// known how far they came also where one fails.
    async fn blocks(
        &mut self,
        shell: &Shell,
        import: Option<i64>,
        from: &mut i64,
        refused: i64,
    ) -> leadlatch_store::Result<BlockDone> {
        let (file, rows) = (&self.file, &mut self.rows);
        let (mut progress, mut all) = (Progress::new(file.records), BlockDone::default());
        let skipped = usize::try_from(*from).unwrap_or_default();
        let mut records = file.records().skip(skipped).peekable();
        loop {
            let some: Vec<Record> = records.by_ref().take(BLOCK).collect::<Result<_, _>>().map_err(Error::internal)?;
            let to = *from + some.len() as i64;
            let last = records.peek().is_none();
            let ambiguous = rows.ambiguous;
            let block = Block {
                import,
                lead_group: self.args.lead_group.clone(),
                from: *from,
                to,
                rows: some.iter().filter(|record| !record.is_blank()).map(|record| rows.row(record)).collect(),
                last,
                known: std::mem::take(&mut all.known),
            };
            let done = send(shell, &self.args.of.account, block).await.inspect_err(|_| rows.ambiguous = ambiguous)?;
            all.imported += done.imported;
            all.linked += done.linked;
            all.refused.extend(done.refused);
            all.known = if import.is_none() { done.known } else { Known::default() };
            *from = to;
            progress.at(to, refused + all.refused.len() as i64);
            if last {
                progress.end();
                all.refused.sort_by_key(|refusal| refusal.record);
                return Ok(all);
            }
        }
    }

    /// The file as the store knows it again. Only options that change what a row becomes are in the mapping.
    fn source(&self) -> Source {
        let mut mapping = Sha256::new();
        mapping.update(fold(&self.args.lead_group));
        mapping.update(self.rows.order.as_str());
        for target in &self.rows.targets {
            mapping.update(format!("\n{target:?}"));
        }
        let name = self.args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let lead_group = self.args.lead_group.clone();
        Source { digest: self.file.digest, mapping: mapping.finalize().into(), name, lead_group }
    }
}

/// The import that is to be gone on with. One that has rows to import while the report of another run is in the place of its
/// own is taken back with this transaction: one left there by `--again` would be gone on with by a command without it.
async fn begin(
    db: &mut Connection<'_>,
    grant: Held<ImportLeads>,
    source: Source,
    again: bool,
    taken: Option<String>,
) -> leadlatch_store::Result<imports::Import> {
    let import = imports::begin(db, grant, source, again).await?;
    match taken {
        Some(said) if !import.finished => Err(Error::Conflict(said)),
        _ => Ok(import),
    }
}

async fn send(shell: &Shell, account: &str, block: Block) -> leadlatch_store::Result<BlockDone> {
    let operator = &shell.opened.operator;
    let id = shell.opened.store.read(async |db| accounts::find(db, operator, account).await).await?.id;
    let grant = operator.admin_of(id).permit::<ImportLeads>()?;
    shell.opened.store.write(grant, async move |db, grant| leads::import_block(db, grant, block).await).await
}

fn stopped(error: Error) -> Failure {
    Failure::new(format!("{}\nRun the same command again to go on after the last block.", Failure::from(error)))
}
