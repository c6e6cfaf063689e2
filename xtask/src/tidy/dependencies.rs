//! Every dependency from outside says beside it what it is for.

use super::SourceFile;

pub(super) fn check(files: &[SourceFile], faults: &mut Vec<String>) {
    for file in files.iter().filter(|file| file.path == "Cargo.toml") {
        for (entry, number) in entries(&file.text) {
            let ours = entry.iter().any(|(code, _)| code.contains("path ="));
            let reason = entry.iter().any(|(_, comment)| !comment.trim().is_empty());
            if !ours && !reason {
                let name = entry[0].0.split('=').next().unwrap_or_default().trim();
                faults.push(format!("Cargo.toml:{number}: {name} has no reason beside it, `# what it is for`"));
            }
        }
    }
}

/// The code of a line and its comment.
type Line<'a> = (&'a str, &'a str);

/// Each entry of the table with the number of its first line; one whose brackets stay open goes on.
fn entries(manifest: &str) -> Vec<(Vec<Line<'_>>, usize)> {
    let mut entries: Vec<(Vec<Line<'_>>, usize)> = Vec::new();
    let (mut inside, mut depth) = (false, 0);
    for (line, number) in manifest.lines().zip(1..) {
        let (code, comment) = split_comment(line);
        if depth == 0 && code.trim_start().starts_with('[') {
            inside = code.trim() == "[workspace.dependencies]";
        } else if inside && depth > 0 {
            entries.last_mut().expect("an open bracket is in an entry").0.push((code, comment));
            depth += balance(code);
        } else if inside && !code.trim().is_empty() {
            entries.push((vec![(code, comment)], number));
            depth = balance(code);
        }
    }
    entries
}

fn split_comment(line: &str) -> Line<'_> {
    let mut quoted = false;
    for (at, letter) in line.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            '#' if !quoted => return (&line[..at], &line[at + 1..]),
            _ => {}
        }
    }
    (line, "")
}

fn balance(code: &str) -> i32 {
    code.chars().fold(0, |depth, letter| match letter {
        '[' | '{' => depth + 1,
        ']' | '}' => depth - 1,
        _ => depth,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::file;

    fn faults(manifest: &str) -> Vec<String> {
        let mut faults = Vec::new();
        check(&[file("Cargo.toml", manifest)], &mut faults);
        faults
    }

    #[test]
    fn a_dependency_without_a_reason_is_found_by_name() {
        let found =
            faults("[workspace.dependencies]\n# HTTP\naxum = \"0.8\" # the router\nbytes = \"1\"\nhex = \"0.4\" #\n");
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("Cargo.toml:4: bytes "), "{found:?}");
        assert!(found[1].starts_with("Cargo.toml:5: hex "), "an empty comment is no reason: {found:?}");
    }

    #[test]
    fn a_hash_in_a_text_is_no_comment() {
        assert_eq!(faults("[workspace.dependencies]\na = { git = \"x#y\" }\n").len(), 1);
    }

    #[test]
    fn an_entry_over_several_lines_needs_one_reason() {
        assert!(
            faults("[workspace.dependencies]\na = { version = \"1\", features = [\n  \"b\",\n] } # why\n").is_empty()
        );
        assert_eq!(faults("[workspace.dependencies]\na = { features = [\n  \"b\",\n] }\nc = \"1\" # why\n").len(), 1);
    }

    #[test]
    fn our_own_crates_and_other_tables_need_none() {
        assert!(faults("[workspace.dependencies]\nours = { path = \"x\" }\n[profile.dev]\ndebug = 1\n").is_empty());
        let mut elsewhere = Vec::new();
        check(&[file("crates/a/Cargo.toml", "[workspace.dependencies]\na = \"1\"\n")], &mut elsewhere);
        assert!(elsewhere.is_empty());
    }
}
