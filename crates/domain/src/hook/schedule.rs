//! When a delivery that failed is tried again, and when it is given up.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// The pauses after each failure, in seconds: about three days in all.
const PAUSES: [u64; 14] = [
    5,
    30,
    2 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    4 * HOUR,
    8 * HOUR,
    10 * HOUR,
    10 * HOUR,
    12 * HOUR,
    12 * HOUR,
    12 * HOUR,
];

/// After so many failures in a row, each after a rest, a receiver is dead.
pub const TRIES: i64 = PAUSES.len() as i64 + 1;

/// How long it fails by then, at the least.
pub const FAILING: Duration = Duration::from_secs(sum(PAUSES));

const fn sum(of: [u64; PAUSES.len()]) -> u64 {
    let (mut sum, mut place) = (0, 0);
    while place < of.len() {
        sum += of[place];
        place += 1;
    }
    sum
}

/// How long a receiver has for the whole of a delivery: connecting, reading and answering.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// How long both signatures are sent after a secret was changed.
pub const SECRET_OVERLAP: Duration = Duration::from_hours(24);

/// The pause after so many failures; `None` when it is given up.
pub fn pause(failures: i64) -> Option<Duration> {
    let place = usize::try_from(failures - 1).ok()?;
    PAUSES.get(place).copied().map(Duration::from_secs)
}

/// The pause of a receiver after so many failures in a row: it never ends by itself.
pub fn rest(failures: i64) -> Duration {
    pause(failures.max(1)).unwrap_or(Duration::from_secs(PAUSES[PAUSES.len() - 1]))
}

#[cfg(test)]
mod tests {
    use super::{FAILING, TRIES, pause, rest};

    #[test]
    fn it_is_tried_for_about_three_days() {
        let hours = FAILING.as_secs() / 3600;
        assert!((70..76).contains(&hours), "{hours}");
        let pauses: Vec<_> = (1..TRIES).filter_map(pause).collect();
        assert!(pauses.is_sorted() && pauses.iter().sum::<std::time::Duration>() == FAILING);
    }

    #[test]
    fn after_the_last_pause_it_is_given_up_and_a_receiver_rests() {
        assert_eq!(pause(1).unwrap().as_secs(), 5);
        assert_eq!(pause(0), None);
        assert!(pause(TRIES - 1).is_some() && pause(TRIES).is_none());
        assert_eq!(rest(1000), pause(14).unwrap());
        assert_eq!(rest(0), pause(1).unwrap());
    }
}
