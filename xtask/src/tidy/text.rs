//! Rules on the text of a file: its length, words that stand for unfinished work, blanks at the end of a line.

use super::SourceFile;

/// Where a file has grown into several. The aim is 100 to 200 lines, with a hard look at 400.
const MOST_LINES: usize = 600;

/// Written in halves, so that this file holds none of them.
const UNFINISHED: [&str; 4] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("to", "do!("), concat!("db", "g!(")];

pub(super) fn check(files: &[SourceFile], faults: &mut Vec<String>) {
    for file in files {
        let SourceFile { path, text } = file;
        let lines = text.lines().count();
        if path.starts_with("crates/") && lines > MOST_LINES {
            faults.push(format!("{path}: {lines} lines; split it, {MOST_LINES} is the most"));
        }
        for (line, number) in text.lines().zip(1..) {
            if file.is("rs") {
                for word in UNFINISHED.iter().filter(|word| line.contains(**word)) {
                    faults.push(format!("{path}:{number}: {word} is unfinished work; finish it or open an issue"));
                }
            }
            if (file.is("rs") || file.is("md") || file.is("sql")) && line.ends_with([' ', '\t']) {
                faults.push(format!("{path}:{number}: blanks at the end of the line"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::file;

    fn faults(path: &str, text: &str) -> Vec<String> {
        let mut faults = Vec::new();
        check(&[file(path, text)], &mut faults);
        faults
    }

    #[test]
    fn a_file_in_crates_may_have_600_lines() {
        assert!(faults("crates/a/src/lib.rs", &"x\n".repeat(600)).is_empty());
        assert_eq!(faults("crates/a/src/lib.rs", &"x\n".repeat(601)).len(), 1);
        assert!(faults("docs/long.md", &"x\n".repeat(601)).is_empty());
    }

    #[test]
    fn unfinished_work_is_found_with_its_line() {
        for word in UNFINISHED {
            let found = faults("crates/a/src/lib.rs", &format!("fn a() {{\n    {word}\n}}\n"));
            assert!(found[0].starts_with("crates/a/src/lib.rs:2: "), "{word}: {found:?}");
            assert!(faults("docs/rules.md", word).is_empty(), "a document may name the word");
        }
    }

    #[test]
    fn blanks_at_the_end_are_found_in_code_documents_and_sql() {
        for path in ["a.rs", "a.md", "a.sql"] {
            assert_eq!(faults(path, "good\nbad \n").len(), 1, "{path}");
            assert_eq!(faults(path, "bad\t\n").len(), 1, "{path}");
        }
        assert!(faults("a.toml", "a = 1 \n").is_empty());
    }
}
