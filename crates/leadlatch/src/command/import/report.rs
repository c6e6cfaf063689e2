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

/// A report that is being written, beside its place.
pub(super) struct Report {
    path: PathBuf,
    written: tempfile::NamedTempFile,
}

impl Report {
    /// Makes sure, before anything is imported, that the report can be written, and that it takes the place of nothing but an
    /// earlier report: that of the same import, which was interrupted.
    pub(super) fn begin(path: PathBuf, imported: &Path) -> Outcome<Self> {
        let failed = failed(&path);
        if let Ok(there) = fs::File::open(&path) {
            let same = there.metadata().map_err(&failed)?;
            let input = fs::metadata(imported).map_err(&failed)?;
            if (same.dev(), same.ino()) == (input.dev(), input.ino()) {
                return Err(failed(io::Error::other("this is the file that is imported; name another for --report")));
            }
            let mut begin = Vec::new();
            there.take((MARK.len() + REPORT[0].len()) as u64).read_to_end(&mut begin).map_err(&failed)?;
            if !begin.is_empty() && begin != format!("{MARK}{}", REPORT[0]).as_bytes() {
                return Err(failed(io::Error::other("this is there already and no report; name another for --report")));
            }
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let written = tempfile::NamedTempFile::new_in(folder).map_err(&failed)?;
        drop(failed);
        Ok(Self { path, written })
    }

    /// Where it will stand.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the report and moves it to its place, so that there is a whole one or none. What is written is all that the
    /// import ever refused: an import that was interrupted gives the report of one that was not.
    pub(super) fn write(mut self, file: &File, targets: &[Target], refusals: &[Refusal]) -> Outcome {
        let failed = failed(&self.path);
        self.written.write_all(MARK.as_bytes()).map_err(&failed)?;
        let mut lines = csv::WriterBuilder::new().flexible(true).from_writer(&mut self.written);
        rows(&mut lines, file, targets, refusals).map_err(|said| failed(io::Error::other(said)))?;
        drop(lines);
        self.written.as_file().sync_all().map_err(&failed)?;
        self.written.persist(&self.path).map_err(|error| failed(error.error))?;
        Ok(())
    }
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
