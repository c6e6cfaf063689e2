//! The refused rows as a CSV of their own, with line and reasons: corrected, it can be imported as it is.

use std::io::Write;
use std::path::Path;

use leadlatch_store::imports::{Reason, Refusal};

use super::columns::{REPORT, Target};
use super::reader::File;
use crate::output::{Failure, Outcome};

/// Writes the report beside its place and moves it there, so that there is a whole one or none. What is written is all that
/// the import ever refused: an import that was interrupted gives the report of one that was not.
pub(super) fn write(path: &Path, file: &File, targets: &[Target], refusals: &[Refusal]) -> Outcome {
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", path.display()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut written = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    // Spreadsheets take the file for UTF-8 by this mark alone.
    written.write_all("\u{feff}".as_bytes()).map_err(failed)?;
    let mut lines = csv::WriterBuilder::new().flexible(true).from_writer(&mut written);
    rows(&mut lines, file, targets, refusals).map_err(|said| Failure::new(format!("{}: {said}", path.display())))?;
    drop(lines);
    written.as_file().sync_all().map_err(failed)?;
    written.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
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
