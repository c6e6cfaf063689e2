//! The clock is handed in, so that tests decide what time it is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use super::{Timestamp, micros_of};

/// Where the time comes from. Clones of a mock clock show the same time.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's own clock.
    System,
    /// Microseconds that only [`Clock::advance`] moves.
    Mock(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self::System
    }

    /// A clock that stands at `start` until it is advanced.
    pub fn mock(start: Timestamp) -> Self {
        Self::Mock(Arc::new(AtomicI64::new(start.as_micros())))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::from_micros(jiff::Timestamp::now().as_microsecond()),
            Self::Mock(micros) => Timestamp::from_micros(micros.load(Ordering::SeqCst)),
        }
    }

    /// Moves a mock clock forward. The machine's clock is not ours to move: there it does nothing.
    pub fn advance(&self, span: Duration) {
        if let Self::Mock(micros) = self {
            micros.fetch_add(micros_of(span), Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mock_stands_until_advanced_and_clones_follow() {
        let clock = Clock::mock(Timestamp::from_micros(7));
        let other = clock.clone();
        assert_eq!(clock.now().as_micros(), 7);
        clock.advance(Duration::from_micros(3));
        assert_eq!(other.now().as_micros(), 10);
    }

    #[test]
    fn the_system_clock_cannot_be_advanced() {
        let clock = Clock::system();
        let before = clock.now();
        clock.advance(Duration::from_hours(24));
        assert!(clock.now() < before.plus(Duration::from_hours(1)));
        assert!(before > Timestamp::parse("2026-01-01").unwrap());
    }
}
