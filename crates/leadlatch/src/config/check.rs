//! What `config check` tries: what the server would stumble over when it starts.

use std::fs::OpenOptions;
use std::path::Path;

use leadlatch_store::{deletions_path, refuse_unknown_scheme};

use super::Config;
use crate::output::{Failure, Outcome};

/// Says all that is wrong at once. Nothing is made, and nothing is connected to.
pub(crate) fn all(config: &Config) -> Outcome {
    let database = refuse_unknown_scheme(&config.database).map_err(Failure::from);
    let deletions = deletions_path(&config.database, config.deletions_file.as_deref());
    let deletions = deletions.map_or(Ok(()), |path| writable("deletions_file", &path));
    let sealing_key = config.sealing_key_file.as_deref().map_or(Ok(()), |path| writable("sealing_key_file", path));
    let tried = [config.validate(), database, crate::serve::check(config), deletions, sealing_key];
    let wrong: Vec<String> = tried.into_iter().filter_map(Result::err).map(|failure| failure.to_string()).collect();
    if wrong.is_empty() { Ok(()) } else { Err(Failure::new(wrong.join("\n"))) }
}

/// Whether the file can be appended to, or made.
fn writable(setting: &str, file: &Path) -> Outcome {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let tried = if file.exists() {
        OpenOptions::new().append(true).open(file).map(drop)
    } else {
        tempfile::tempfile_in(folder).map(drop)
    };
    tried.map_err(|error| Failure::new(format!("{setting}: {} cannot be written: {error}", file.display())))
}
