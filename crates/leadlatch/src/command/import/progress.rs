//! How far an import is: a bar on a terminal, a line now and then elsewhere; on stderr, so that stdout is the result's.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::output;

/// Between two lines.
const EVERY: Duration = Duration::from_secs(1);

pub(super) struct Progress {
    bar: Option<ProgressBar>,
    records: i64,
    said: Option<Instant>,
}

impl Progress {
    pub(super) fn new(records: i64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(records.unsigned_abs());
            let style = ProgressStyle::with_template("{bar:40} {pos} of {len} rows, {per_sec}, {eta} left, {msg}");
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar, records, said: None }
    }

    /// So many records were read, so many of them refused.
    pub(super) fn at(&mut self, record: i64, refused: i64) {
        if let Some(bar) = &self.bar {
            bar.set_position(record.unsigned_abs());
            bar.set_message(format!("{refused} refused"));
        } else if self.said.is_none_or(|said| said.elapsed() >= EVERY) {
            output::error(&format!("{record} of {} rows, {refused} refused", self.records));
            self.said = Some(Instant::now());
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish();
        }
    }
}
