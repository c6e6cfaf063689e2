//! The house rules that a machine can hold: each is a function from the files to the faults in them.

mod dependencies;
mod migrations;
mod text;

use std::fs;
use std::io;
use std::path::Path;

/// A file of the project: its path from the top, with `/`, and its text.
#[derive(Debug, Clone)]
struct SourceFile {
    path: String,
    text: String,
}

impl SourceFile {
    fn is(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }
}

/// The kinds of file that have rules.
const KINDS: [&str; 4] = ["rs", "md", "sql", "toml"];

/// Folders that hold no source of ours.
const SKIPPED: [&str; 2] = ["target", "node_modules"];

/// Fails with every fault, one a line.
pub(crate) fn run() -> Result<(), String> {
    let mut files = Vec::new();
    collect(&crate::workspace()?, "", &mut files).map_err(|error| format!("tidy: {error}"))?;
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let faults = faults(&files);
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

fn faults(files: &[SourceFile]) -> Vec<String> {
    let mut faults = Vec::new();
    text::check(files, &mut faults);
    migrations::check(files, &mut faults);
    dependencies::check(files, &mut faults);
    faults
}

fn collect(folder: &Path, below: &str, files: &mut Vec<SourceFile>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{below}{name}");
        // A link is neither, so that nothing is read twice or from outside.
        let kind = entry.file_type()?;
        if kind.is_dir() && !name.starts_with('.') && !SKIPPED.contains(&name.as_str()) {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else if kind.is_file() && Path::new(&name).extension().is_some_and(|found| KINDS.iter().any(|k| found == *k))
        {
            let text =
                fs::read_to_string(entry.path()).map_err(|error| io::Error::other(format!("{path}: {error}")))?;
            files.push(SourceFile { path, text });
        }
    }
    Ok(())
}

#[cfg(test)]
fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faults_of_every_rule_are_gathered() {
        let files = [
            file("Cargo.toml", "[workspace.dependencies]\nserde = \"1\"\n"),
            file("crates/domain/src/lib.rs", "//! Spaced. \n"),
            file("crates/store/migrations/sqlite/V0001__a.sql", "SELECT 1;\n"),
        ];
        assert_eq!(faults(&files).len(), 3);
    }
}
