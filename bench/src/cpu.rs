//! The CPU time that a process has used, from Linux's `/proc`.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use crate::output::{Failure, Outcome};

/// A tick of `/proc/PID/stat` in nanoseconds: `USER_HZ` is 100 on every machine that Rust's Linux targets know.
const TICK: u64 = 10_000_000;

/// What each thread of a process has used so far, in nanoseconds. Where the kernel keeps no such statistics, thread 0
/// stands for the whole process, in ticks of 10 milliseconds.
#[derive(Debug)]
pub(crate) struct Reading(HashMap<u32, u64>);

impl Reading {
    /// Reads what a running process has used.
    pub(crate) fn of(pid: u32) -> Outcome<Self> {
        let threads = threads(pid)?;
        if threads.is_empty() { Ok(Self(HashMap::from([(0, ticks(pid)? * TICK)]))) } else { Ok(Self(threads)) }
    }

    /// What was used since an earlier reading of the same process. A thread that ended in between counts nothing.
    pub(crate) fn since(&self, earlier: &Self) -> Duration {
        let used = |(thread, now): (&u32, &u64)| now.saturating_sub(earlier.0.get(thread).copied().unwrap_or(0));
        Duration::from_nanos(self.0.iter().map(used).sum())
    }
}

/// The first number of a thread's `schedstat`: nanoseconds on a CPU, in user code and in the kernel.
fn threads(pid: u32) -> Outcome<HashMap<u32, u64>> {
    let mut threads = HashMap::new();
    for entry in fs::read_dir(format!("/proc/{pid}/task")).map_err(|error| Failure::of("/proc", error))?.flatten() {
        let id = entry.file_name().to_string_lossy().parse().unwrap_or_default();
        // A thread may end while the folder is read.
        let Ok(text) = fs::read_to_string(entry.path().join("schedstat")) else { continue };
        if let Some(used) = text.split(' ').next().and_then(|number| number.parse().ok()) {
            threads.insert(id, used);
        }
    }
    // Zeros everywhere: the kernel has the files and does not fill them.
    if threads.values().all(|used| *used == 0) {
        threads.clear();
    }
    Ok(threads)
}

/// `utime` and `stime` of `/proc/PID/stat`.
fn ticks(pid: u32) -> Outcome<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).map_err(|error| Failure::of("/proc", error))?;
    read_ticks(&text).ok_or_else(|| Failure::new("/proc/PID/stat cannot be read"))
}

/// The name of the program, in brackets, may itself hold blanks and brackets; numbers stand behind the last one.
fn read_ticks(stat: &str) -> Option<u64> {
    let mut behind = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some(behind.next()?.parse::<u64>().ok()? + behind.next()?.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::time::Instant;

    use super::*;

    #[test]
    fn work_is_seen_and_sleep_is_not() {
        let pid = std::process::id();
        let before = Reading::of(pid).unwrap();
        let (begin, mut sum) = (Instant::now(), 0_u64);
        while begin.elapsed() < Duration::from_millis(60) {
            sum = black_box(sum.wrapping_add(1));
        }
        let worked = Reading::of(pid).unwrap();
        // Other work may share the machine, so the clock says no more than that it was running.
        assert!(worked.since(&before) >= Duration::from_millis(5), "{worked:?} {before:?}");
        std::thread::sleep(Duration::from_millis(60));
        let slept = Reading::of(pid).unwrap();
        assert!(slept.since(&worked) < Duration::from_millis(50), "{slept:?} {worked:?}");
    }

    #[test]
    fn a_thread_that_ended_takes_nothing_away() {
        let earlier = Reading(HashMap::from([(1, 50), (2, 1_000)]));
        let later = Reading(HashMap::from([(1, 80), (3, 7)]));
        assert_eq!(later.since(&earlier), Duration::from_nanos(37));
    }

    #[test]
    fn ticks_stand_behind_the_programs_name() {
        let stat = "7 (a) 1 (b) S 1 7 7 0 -1 4194560 100 0 0 0 12 30 0 0 20 0 1 0 100";
        assert_eq!(read_ticks(stat), Some(42));
        assert!(ticks(std::process::id()).is_ok());
    }
}
