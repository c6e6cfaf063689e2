//! Checking a chain, entry by entry, without a database.

use std::fmt;

use serde::Serialize;

use super::entry::{Entry, Hash, details_hash};

/// An entry as it is stored or exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the chain.
    pub number: i64,
    /// Its exact bytes.
    pub bytes: Vec<u8>,
    /// Their hash.
    pub hash: Vec<u8>,
    /// Salt and details, unless they were erased.
    pub details: Option<(Vec<u8>, String)>,
}

/// The end of a chain, kept elsewhere: it shows a tail that was cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The account; 0 is the server's own chain.
    pub account: i64,
    /// The last entry's number.
    pub number: i64,
    /// The last entry's hash.
    pub hash: Hash,
}

/// What is wrong with the first broken entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fracture {
    /// Its bytes are no entry.
    Unreadable,
    /// Its bytes do not have its hash.
    HashDiffers,
    /// It does not follow the entry before.
    PreviousDiffers,
    /// A number is missing, doubled or out of order.
    NumberGap,
    /// It belongs to another account.
    OtherAccount,
    /// Its details are not those that it was written with.
    DetailsDiffer,
    /// The chain ends before the head that was kept.
    TailCut,
    /// The chain has another entry where the head was kept.
    HeadDiffers,
    /// A column for people does not say what the entry says.
    ColumnDiffers,
}

/// The first broken entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// Its number.
    pub number: i64,
    /// What is wrong.
    pub what: Fracture,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            Fracture::Unreadable => "its bytes are no entry",
            Fracture::HashDiffers => "its bytes were changed: they do not have its hash",
            Fracture::PreviousDiffers => "it does not follow the entry before it",
            Fracture::NumberGap => "an entry before it is missing, doubled or out of order",
            Fracture::OtherAccount => "it belongs to another account",
            Fracture::DetailsDiffer => "its details were changed",
            Fracture::TailCut => "the chain ends before this entry, which the kept head names",
            Fracture::HeadDiffers => "the kept head names another entry at this place",
            Fracture::ColumnDiffers => "a readable column does not say what the entry says",
        };
        write!(f, "entry {}: {what}", self.number)
    }
}

/// A chain that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many entries there are.
    pub entries: i64,
    /// How many of them have lost their details, as is allowed.
    pub erased: i64,
    /// The hash of the last one.
    pub head: String,
}

/// Goes along a chain.
#[derive(Debug)]
pub struct Verifier {
    account: i64,
    expected: Option<Head>,
    last: (i64, Hash),
    erased: i64,
}

impl Verifier {
    /// Begins at the first entry. A head that was kept elsewhere is looked for on the way.
    pub fn new(account: i64, expected: Option<Head>) -> Self {
        Self { account, expected, last: (0, Hash::ZERO), erased: 0 }
    }

    /// Checks the next entry.
    pub fn step(&mut self, stored: &Stored) -> Result<(), Broken> {
        let broken = |what| Broken { number: stored.number, what };
        let entry = Entry::decode(&stored.bytes).map_err(|_| broken(Fracture::Unreadable))?;
        let hash = Hash::of(&stored.bytes);
        let what = if hash.as_bytes() != stored.hash.as_slice() {
            Some(Fracture::HashDiffers)
        } else if entry.account != self.account {
            Some(Fracture::OtherAccount)
        } else if entry.number != self.last.0 + 1 || stored.number != entry.number {
            Some(Fracture::NumberGap)
        } else if entry.previous != self.last.1 {
            Some(Fracture::PreviousDiffers)
        } else if stored.details.as_ref().is_some_and(|(salt, text)| details_hash(salt, text) != entry.details_hash) {
            Some(Fracture::DetailsDiffer)
        } else if self.expected.is_some_and(|head| head.number == entry.number && head.hash != hash) {
            Some(Fracture::HeadDiffers)
        } else {
            None
        };
        self.last = (entry.number, hash);
        self.erased += i64::from(stored.details.is_none());
        what.map_or(Ok(()), |what| Err(broken(what)))
    }

    /// Ends after the last entry.
    pub fn finish(self) -> Result<Report, Broken> {
        match self.expected {
            Some(head) if head.number > self.last.0 || head.account != self.account => {
                Err(Broken { number: head.number, what: Fracture::TailCut })
            }
            _ => Ok(Report { entries: self.last.0, erased: self.erased, head: self.last.1.to_string() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fracture, Head, Stored, Verifier};
    use crate::audit::{Actor, ActorKind, Entry, Event, Hash, details_hash};
    use proptest::prelude::*;

    fn chain(length: i64) -> Vec<Stored> {
        let mut previous = Hash::ZERO;
        let mut next = |number: i64| {
            let (salt, text) = (number.to_be_bytes().repeat(2), format!("{{\"name\":\"{number}\"}}"));
            let actor = Actor { kind: ActorKind::Key, id: 9 };
            let details_hash = details_hash(&salt, &text);
            let (event, changed) = (Event::KeyDeleted, vec!["name".to_owned()]);
            let entry =
                Entry { account: 1, number, previous, at: 5, actor, event, target_id: 3, changed, details_hash };
            let bytes = entry.encode();
            previous = Hash::of(&bytes);
            Stored { number, hash: previous.as_bytes().to_vec(), bytes, details: Some((salt, text)) }
        };
        (1..=length).map(&mut next).collect()
    }

    fn verify(chain: &[Stored], head: Option<Head>) -> Result<i64, (i64, Fracture)> {
        let mut verifier = Verifier::new(1, head);
        let steps: Result<(), _> = chain.iter().try_for_each(|stored| verifier.step(stored));
        steps
            .and_then(|()| verifier.finish())
            .map(|report| report.erased)
            .map_err(|broken| (broken.number, broken.what))
    }

    fn head_of(chain: &[Stored]) -> Head {
        let last = chain.last().unwrap();
        Head { account: 1, number: last.number, hash: Hash::from_slice(&last.hash).unwrap() }
    }

    #[test]
    fn every_changed_byte_shows_at_its_entry() {
        let whole = chain(5);
        assert_eq!(verify(&whole, Some(head_of(&whole))), Ok(0));
        for at in 0..5 {
            for byte in 0..whole[at].bytes.len() {
                let mut broken = whole.clone();
                broken[at].bytes[byte] ^= 1;
                assert_eq!(verify(&broken, None).unwrap_err().0, at as i64 + 1, "entry {at}, byte {byte}");
            }
            let mut broken = whole.clone();
            broken[at].details.as_mut().unwrap().1.push(' ');
            assert_eq!(verify(&broken, None), Err((at as i64 + 1, Fracture::DetailsDiffer)));
        }
    }

    #[test]
    fn a_forged_entry_with_a_right_hash_breaks_its_successor() {
        let mut forged = chain(3);
        let mut entry = Entry::decode(&forged[1].bytes).unwrap();
        entry.target_id = 4;
        forged[1].bytes = entry.encode();
        forged[1].hash = Hash::of(&forged[1].bytes).as_bytes().to_vec();
        assert_eq!(verify(&forged, None), Err((3, Fracture::PreviousDiffers)));
    }

    #[test]
    fn removed_swapped_and_cut_entries_show() {
        let whole = chain(5);
        let mut removed = whole.clone();
        removed.remove(2);
        assert_eq!(verify(&removed, None), Err((4, Fracture::NumberGap)));
        let mut swapped = whole.clone();
        swapped.swap(1, 2);
        assert_eq!(verify(&swapped, None), Err((3, Fracture::NumberGap)));
        assert_eq!(verify(&whole[..4], None), Ok(0), "a cut tail shows only to who kept the head");
        assert_eq!(verify(&whole[..4], Some(head_of(&whole))), Err((5, Fracture::TailCut)));
        assert_eq!(verify(&whole, Some(head_of(&whole[..3]))), Ok(0), "an older head still holds");
        let other = Head { hash: Hash::ZERO, ..head_of(&whole[..3]) };
        assert_eq!(verify(&whole, Some(other)), Err((3, Fracture::HeadDiffers)));
    }

    #[test]
    fn erased_details_are_no_break() {
        let mut erased = chain(3);
        erased[1].details = None;
        assert_eq!(verify(&erased, None), Ok(1));
    }

    proptest! {
        #[test]
        fn reading_any_bytes_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Entry::decode(&bytes);
        }
    }
}
