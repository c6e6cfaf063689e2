//! Both engines have the same migrations: one number and name each, whatever the text.

use std::collections::BTreeSet;

use super::SourceFile;

const SQLITE: &str = "crates/store/migrations/sqlite/";
const POSTGRES: &str = "crates/store/migrations/postgres/";

pub(super) fn check(files: &[SourceFile], faults: &mut Vec<String>) {
    let (sqlite, postgres) = (names(files, SQLITE), names(files, POSTGRES));
    for name in sqlite.difference(&postgres) {
        faults.push(format!("{SQLITE}{name} has no twin of that name in {POSTGRES}"));
    }
    for name in postgres.difference(&sqlite) {
        faults.push(format!("{POSTGRES}{name} has no twin of that name in {SQLITE}"));
    }
    for (number, name) in (1..).zip(&sqlite) {
        if !name.starts_with(&format!("V{number:04}__")) {
            faults.push(format!("{SQLITE}{name}: the next number is V{number:04}"));
        }
    }
}

fn names<'a>(files: &'a [SourceFile], folder: &str) -> BTreeSet<&'a str> {
    files.iter().filter_map(|file| file.path.strip_prefix(folder)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::file;

    fn faults(sqlite: &[&str], postgres: &[&str]) -> Vec<String> {
        let sqlite = sqlite.iter().map(|name| file(&format!("{SQLITE}{name}"), ""));
        let postgres = postgres.iter().map(|name| file(&format!("{POSTGRES}{name}"), ""));
        let mut faults = Vec::new();
        check(&sqlite.chain(postgres).collect::<Vec<_>>(), &mut faults);
        faults
    }

    #[test]
    fn twins_are_good() {
        let names = ["V0001__a.sql", "V0002__b.sql"];
        assert!(faults(&names, &names).is_empty());
    }

    #[test]
    fn a_missing_or_renamed_twin_is_found() {
        assert_eq!(faults(&["V0001__a.sql"], &[]).len(), 1);
        assert_eq!(faults(&[], &["V0001__a.sql"]).len(), 1);
        assert_eq!(faults(&["V0001__a.sql"], &["V0001__b.sql"]).len(), 2);
    }

    #[test]
    fn a_number_left_out_or_used_twice_is_found() {
        let gap = ["V0001__a.sql", "V0003__c.sql"];
        assert_eq!(faults(&gap, &gap).len(), 1);
        let twice = ["V0001__a.sql", "V0001__b.sql"];
        assert_eq!(faults(&twice, &twice).len(), 1);
    }
}
