//! The refused rows as a CSV of their own, with line and reasons: corrected, it can be imported as it is.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use leadlatch_store::imports::{Reason, Refusal};

use super::columns::{REPORT, Target};
use super::reader::File;
use crate::output::{Failure, Outcome};

/// What spreadsheets take a file for UTF-8 by, alone.
const MARK: &str = "\u{feff}";

/// What is said of an earlier report that would be lost.
const TAKEN: &str = "the report of another run is there already; name another file with --report, or remove this one";

/// A report that is to be written.
pub(super) struct Report {
    path: PathBuf,
    /// Whether an earlier report is in its place.
    earlier: bool,
}

impl Report {
    /// Makes sure, before anything is imported, that the report can be written, and that it would take the place of
    /// nothing but an earlier report.
    pub(super) fn begin(path: PathBuf, imported: &Path) -> Outcome<Self> {
        let earlier = earlier(&path, imported).map_err(failed(&path))?;
        // It goes at once: one that was kept for the end would be left behind by every import that is killed.
        tempfile::tempfile_in(folder(&path)).map(drop).map_err(failed(&path))?;
        Ok(Self { path, earlier })
    }

    /// What to say where an earlier report is in its place: it is another run's, and somebody may have corrected rows in it.
    pub(super) fn taken(&self) -> Option<String> {
        self.earlier.then(|| format!("{}: {TAKEN}", self.path.display()))
    }

    /// Where it will stand.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the report and moves it to its place, so that there is a whole one or none. What is written is all that the
    /// import ever refused: an import that was interrupted gives the report of one that was not.
    pub(super) fn write(&self, file: &File, targets: &[Target], refusals: &[Refusal]) -> Outcome {
        let failed = failed(&self.path);
        let mut written = tempfile::NamedTempFile::new_in(folder(&self.path)).map_err(&failed)?;
        written.write_all(MARK.as_bytes()).map_err(&failed)?;
        let mut lines = csv::WriterBuilder::new().flexible(true).from_writer(&mut written);
        rows(&mut lines, file, targets, refusals).map_err(|said| failed(io::Error::other(said)))?;
        drop(lines);
        if self.earlier {
            // An import that was finished before gives the report that it gave then; any other is not this one's to replace.
            let same = fs::read(&self.path).map_err(&failed)? == fs::read(written.path()).map_err(&failed)?;
            return if same { Ok(()) } else { Err(failed(io::Error::other(TAKEN))) };
        }
        written.as_file().sync_all().map_err(&failed)?;
        written.persist(&self.path).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

/// Whether an earlier report is there. An empty file is none; any other that is not a report is refused, and so is what
/// cannot be looked at: it is there, and nobody knows what it holds.
fn earlier(path: &Path, imported: &Path) -> io::Result<bool> {
    let there = match fs::File::open(path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let (same, input) = (there.metadata()?, fs::metadata(imported)?);
    if (same.dev(), same.ino()) == (input.dev(), input.ino()) {
        return Err(io::Error::other("this is the file that is imported; name another for --report"));
    }
    let mut begin = Vec::new();
    there.take((MARK.len() + REPORT[0].len()) as u64).read_to_end(&mut begin)?;
    if !begin.is_empty() && begin != format!("{MARK}{}", REPORT[0]).as_bytes() {
        return Err(io::Error::other("this is there already and no report; name another for --report"));
    }
    Ok(!begin.is_empty())
}

/// Where a report stands: from beside its place it can be moved there.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn failed(path: &Path) -> impl Fn(io::Error) -> Failure + '_ {
    move |error| Failure::new(format!("{}: {error}", path.display()))
}

fn rows(
    lines: &mut csv::Writer<impl Write>,
    file: &File,
    targets: &[Target],
    refusals: &[Refusal],
) -> Result<(), String> {
    let said = |error: csv::Error| error.to_string();
    let kept = |at: usize| file.headers.get(at).is_none_or(|header| !REPORT.contains(&header.as_str()));
    let headers = file.headers.iter().enumerate().filter(|(at, _)| kept(*at)).map(|(_, header)| header.as_str());
    lines.write_record(REPORT.into_iter().chain(headers)).map_err(said)?;
    let mut refusals = refusals.iter().peekable();
    for record in file.records() {
        let record = record?;
        let Some(refusal) = refusals.next_if(|refusal| refusal.record == record.number) else { continue };
        let reasons: Vec<_> = refusal.reasons.iter().map(|reason| words(reason, file, targets)).collect();
        let own = [record.line.to_string(), reasons.join(" ")];
        let cells = record.cells.iter().enumerate().filter(|(at, _)| kept(*at)).map(|(_, cell)| cell);
        lines.write_record(own.iter().map(String::as_str).chain(cells)).map_err(said)?;
    }
    lines.flush().map_err(|error| error.to_string())
}

/// A reason with the name of the column that it is about.
fn words(reason: &Reason, file: &File, targets: &[Target]) -> String {
    let column = targets.iter().position(|target| target.name() == reason.field);
    let name = column.and_then(|at| file.headers.get(at)).unwrap_or(&reason.field);
    format!("{name}: {}", reason.detail)
}

#[cfg(test)]
mod tests {
    use super::Report;

    #[test]
    fn a_report_that_is_begun_leaves_nothing_to_an_import_that_is_killed() {
        let folder = tempfile::tempdir().unwrap();
        let leads = folder.path().join("leads.csv");
        std::fs::write(&leads, "email\n").unwrap();
        let _begun = Report::begin(folder.path().join("refused.csv"), &leads).unwrap();
        let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(names.collect::<Vec<_>>(), ["leads.csv"]);
    }
}
