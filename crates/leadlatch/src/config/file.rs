//! What is wrong with a configuration file, by name and line. A line is never quoted: it may hold a password.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::de::DeserializeOwned;
use toml::Spanned;

use crate::output::{Failure, Outcome};

/// Names in a file that are this alike are taken for a slip of the pen.
const ALIKE: f64 = 0.75;

/// Says every unknown setting of the file at once, or the first value that is not of its setting's kind.
pub(super) fn check<T: DeserializeOwned>(path: &str, text: &str, names: &[&str]) -> Outcome {
    let fault = |error: &toml::de::Error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        Failure::new(format!("{path}:{line}: {}", error.message()))
    };
    let keys: BTreeMap<Spanned<String>, toml::Value> = toml::from_str(text).map_err(|error| fault(&error))?;
    let unknown: Vec<String> = keys
        .keys()
        .filter(|key| !names.contains(&key.as_ref().as_str()))
        .map(|key| format!("{path}:{}: {}", line_of(text, key.span().start), unknown(key.as_ref(), names)))
        .collect();
    if !unknown.is_empty() {
        return Err(Failure::new(unknown.join("\n")));
    }
    toml::from_str::<T>(text).map(drop).map_err(|error| {
        // The message alone does not name the setting: its key stands on the line, before the sign of equality.
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        let key = text.lines().nth(line - 1).and_then(|line| line.split_once('=')).map_or("", |(key, _)| key.trim());
        Failure::new(format!("{path}:{line}: {key}: {}", error.message()))
    })
}

fn unknown(key: &str, names: &[&str]) -> String {
    let mut said = format!("there is no setting {key}");
    match nearest(key, names) {
        Some(meant) => {
            let _ = write!(said, "; is {meant} meant?");
        }
        None => {
            let _ = write!(said, "; settings are {}", names.join(", "));
        }
    }
    said
}

/// The known name that a misspelt one is nearest to.
pub(super) fn nearest<'n>(key: &str, names: &[&'n str]) -> Option<&'n str> {
    let alike = names.iter().map(|name| (strsim::normalized_damerau_levenshtein(key, name), *name));
    alike
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, name)| name)
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::{check, nearest};
    use crate::config::{Config, EXAMPLE, NAMES};

    fn said(text: &str) -> String {
        check::<Config>("l.toml", text, &NAMES).unwrap_err().to_string()
    }

    #[test]
    fn the_example_is_good() {
        check::<Config>("l.toml", EXAMPLE, &NAMES).unwrap();
    }

    #[test]
    fn every_unknown_setting_is_named_with_its_line() {
        let said = said("# one\nlisten = \"127.0.0.1:1\"\nlistne = 1\n\n[rate]\nper_second = 3\n");
        assert!(said.contains("l.toml:3: there is no setting listne; is listen meant?"), "{said}");
        assert!(said.contains("l.toml:5: there is no setting rate; settings are listen,"), "{said}");
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named_with_its_line() {
        let number = said("database = \"sqlite:x\"\nmax_connections = \"many\"\n");
        assert!(number.starts_with("l.toml:2: max_connections: "), "{number}");
        let range = said("trusted_proxies = [\"10.0.0.0/8\", \"nowhere\"]\n");
        assert!(range.starts_with("l.toml:1: trusted_proxies: "), "{range}");
        let twice = said("listen = \"a\"\nlisten = \"b\"\n");
        assert!(twice.starts_with("l.toml:2: "), "{twice}");
    }

    #[test]
    fn a_line_is_not_quoted() {
        let said = said("database = \"postgres://ann:secret@db/leads\n");
        assert!(!said.contains("secret"), "{said}");
    }

    #[test]
    fn nothing_near_is_nothing() {
        assert_eq!(nearest("colour", &NAMES), None);
        assert_eq!(nearest("tls_crt", &NAMES), Some("tls_cert"));
    }
}
