//! Randomness is handed in, so that snapshots are stable.

use std::sync::{Arc, Mutex, PoisonError};

use rand::{
    Rng, SeedableRng, TryRng,
    rngs::{StdRng, SysRng},
};

/// Where random bytes come from. Clones of a seeded source draw from the same sequence.
#[derive(Clone, Debug)]
pub enum Randomness {
    /// The operating system's generator: the one for secrets.
    System,
    /// A generator that gives the same bytes in every run. For tests alone.
    Seeded(Arc<Mutex<StdRng>>),
}

impl Randomness {
    /// The operating system's generator.
    pub fn system() -> Self {
        Self::System
    }

    /// A repeatable generator. For tests alone: whoever knows the seed knows every secret made from it.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// Fills `bytes` with random bytes.
    ///
    /// # Panics
    /// When the operating system refuses to give randomness: no secret may be made then.
    pub fn fill(&self, bytes: &mut [u8]) {
        match self {
            Self::System => SysRng.try_fill_bytes(bytes).expect("the operating system has a generator"),
            Self::Seeded(generator) => {
                generator.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(source: &Randomness) -> [u8; 16] {
        let mut bytes = [0; 16];
        source.fill(&mut bytes);
        bytes
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let (one, two) = (Randomness::seeded(1), Randomness::seeded(1));
        assert_eq!(draw(&one), draw(&two));
        assert_ne!(draw(&one), draw(&one.clone()), "a clone goes on, it does not start again");
        assert_ne!(draw(&Randomness::seeded(1)), draw(&Randomness::seeded(2)));
    }

    #[test]
    fn the_system_never_repeats() {
        assert_ne!(draw(&Randomness::system()), draw(&Randomness::system()));
    }
}
