//! Checking a chain, entry by entry, without a database.

use std::fmt;

use serde::Serialize;

use super::entry::{Entry, Hash, SALT_LENGTH, details_hash};

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

/// The end of a chain at some time. Kept elsewhere, it shows a tail that was cut off and a chain that was made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The account; 0 is the server's own chain.
    pub account: i64,
    /// The last entry's number; 0 where there was none.
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
    /// It is missing, or another stands in its place.
    Missing,
    /// Its number was there before.
    Doubled,
    /// It belongs to another account.
    OtherAccount,
    /// Its details are not those that it was written with.
    DetailsDiffer,
    /// The chain ends before the head that was kept.
    TailCut,
    /// The chain has another entry where the head was kept.
    HeadDiffers,
    /// It stands behind the end that the database has for the chain.
    BehindTheEnd,
    /// A column for people, of this name, does not say what the entry says.
    ColumnDiffers(&'static str),
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
            Fracture::Missing => "it is missing, or another stands in its place",
            Fracture::Doubled => "its number was there before",
            Fracture::OtherAccount => "it belongs to another account",
            Fracture::DetailsDiffer => "its details were changed",
            Fracture::TailCut => "the chain ends before this entry, which the kept head names",
            Fracture::HeadDiffers => "the kept head names another entry at this place",
            Fracture::BehindTheEnd => "it stands behind the end that the database has for the chain",
            Fracture::ColumnDiffers(column) => {
                return write!(f, "entry {}: its {column} does not say what the entry says", self.number);
            }
        };
        write!(f, "entry {}: {what}", self.number)
    }
}

/// A chain that holds, up to its head. Kept elsewhere, it is a head for the next check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The account; 0 is the server's own chain.
    pub account_id: i64,
    /// The last entry's number, which is how many there are.
    pub number: i64,
    /// The last entry's hash.
    pub hash: String,
    /// How many entries have lost their details, as is allowed.
    pub erased: i64,
}

/// Goes along a chain.
#[derive(Debug)]
pub struct Verifier {
    account: i64,
    kept: Vec<Head>,
    last: (i64, Hash),
    erased: i64,
}

impl Verifier {
    /// Begins at the first entry. Heads that were kept are looked for on the way; those of other accounts have no say
    /// about this one.
    pub fn new(account: i64, kept: &[Head]) -> Self {
        let kept = kept.iter().copied().filter(|head| head.account == account).collect();
        Self { account, kept, last: (0, Hash::ZERO), erased: 0 }
    }

    /// Checks the next entry.
    pub fn step(&mut self, stored: &Stored) -> Result<(), Broken> {
        let expected = self.last.0 + 1;
        if stored.number != expected {
            let (number, what) = match stored.number {
                later if later > expected => (expected, Fracture::Missing),
                earlier => (earlier, Fracture::Doubled),
            };
            return Err(Broken { number, what });
        }
        let hash = Hash::of(&stored.bytes);
        if let Some(what) = self.fracture(stored, hash) {
            return Err(Broken { number: expected, what });
        }
        self.last = (expected, hash);
        self.erased += i64::from(stored.details.is_none());
        Ok(())
    }

    fn fracture(&self, stored: &Stored, hash: Hash) -> Option<Fracture> {
        let Ok(entry) = Entry::decode(&stored.bytes) else { return Some(Fracture::Unreadable) };
        let other_head = |head: &Head| head.number == stored.number && head.hash != hash;
        if hash.as_bytes() != stored.hash.as_slice() {
            Some(Fracture::HashDiffers)
        } else if entry.account != self.account {
            Some(Fracture::OtherAccount)
        } else if entry.number != stored.number {
            Some(Fracture::Missing)
        } else if entry.previous != self.last.1 {
            Some(Fracture::PreviousDiffers)
        } else if stored.details.as_ref().is_some_and(|(salt, text)| !were_written(salt, text, &entry)) {
            Some(Fracture::DetailsDiffer)
        } else if self.kept.iter().any(other_head) {
            Some(Fracture::HeadDiffers)
        } else {
            None
        }
    }

    /// Ends after the last entry.
    pub fn finish(self) -> Result<Report, Broken> {
        let (number, hash) = self.last;
        let before_all = |head: &&Head| head.number < 1 && head.hash != Hash::ZERO;
        if let Some(head) = self.kept.iter().find(before_all) {
            return Err(Broken { number: head.number, what: Fracture::HeadDiffers });
        }
        match self.kept.iter().map(|head| head.number).max() {
            Some(kept) if kept > number => Err(Broken { number: kept, what: Fracture::TailCut }),
            _ => Ok(Report { account_id: self.account, number, hash: hash.to_string(), erased: self.erased }),
        }
    }
}

/// Whether the entry was written with these details. The length of the salt is checked too: what is hashed is salt and
/// text in one, and a byte could be moved from one to the other.
fn were_written(salt: &[u8], text: &str, entry: &Entry) -> bool {
    salt.len() == SALT_LENGTH && details_hash(salt, text) == entry.details_hash
}

#[cfg(test)]
mod tests {
    use super::{Fracture, Head, Stored, Verifier};
    use crate::audit::{Actor, ActorKind, Entry, Event, Hash, details_hash};
    use proptest::prelude::*;

    fn entry(number: i64, previous: Hash) -> (Entry, (Vec<u8>, String)) {
        let (salt, text) = (number.to_be_bytes().repeat(2), format!("{{\"name\":\"{number}\"}}"));
        let actor = Actor { kind: ActorKind::Key, id: 9 };
        let (details_hash, changed) = (details_hash(&salt, &text), vec!["name".to_owned()]);
        let event = Event::KeyDeleted;
        let entry = Entry { account: 1, number, previous, at: 5, actor, event, target_id: 3, changed, details_hash };
        (entry, (salt, text))
    }

    fn stored(entry: &Entry, details: (Vec<u8>, String)) -> Stored {
        let bytes = entry.encode();
        Stored { number: entry.number, hash: Hash::of(&bytes).as_bytes().to_vec(), bytes, details: Some(details) }
    }

    fn chain(length: i64) -> Vec<Stored> {
        let mut previous = Hash::ZERO;
        let mut next = |number: i64| {
            let (entry, details) = entry(number, previous);
            let stored = stored(&entry, details);
            previous = Hash::of(&stored.bytes);
            stored
        };
        (1..=length).map(&mut next).collect()
    }

    fn verify(chain: &[Stored], kept: &[Head]) -> Result<i64, (i64, Fracture)> {
        let mut verifier = Verifier::new(1, kept);
        let steps: Result<(), _> = chain.iter().try_for_each(|stored| verifier.step(stored));
        let report = steps.and_then(|()| verifier.finish());
        report.map(|report| report.erased).map_err(|broken| (broken.number, broken.what))
    }

    fn head_of(chain: &[Stored]) -> Head {
        let last = chain.last().unwrap();
        Head { account: 1, number: last.number, hash: Hash::from_slice(&last.hash).unwrap() }
    }

    #[test]
    fn every_changed_byte_shows_at_its_entry() {
        let whole = chain(5);
        assert_eq!(verify(&whole, &[head_of(&whole)]), Ok(0));
        for at in 0..5 {
            let refused = |change: &dyn Fn(&mut Stored)| {
                let mut broken = whole.clone();
                change(&mut broken[at]);
                let (number, what) = verify(&broken, &[]).expect_err("a change that does not show");
                assert_eq!(number, at as i64 + 1);
                what
            };
            for byte in 0..whole[at].bytes.len() {
                refused(&|stored| stored.bytes[byte] ^= 1);
            }
            for byte in 0..32 {
                assert_eq!(refused(&|stored| stored.hash[byte] ^= 1), Fracture::HashDiffers);
            }
            assert_eq!(refused(&|stored| stored.bytes[0] = 2), Fracture::Unreadable, "a version that is not known");
            for byte in 0..16 {
                let flip = |stored: &mut Stored| stored.details.as_mut().unwrap().0[byte] ^= 1;
                assert_eq!(refused(&flip), Fracture::DetailsDiffer);
            }
            let longer = |stored: &mut Stored| stored.details.as_mut().unwrap().1.push(' ');
            assert_eq!(refused(&longer), Fracture::DetailsDiffer);
            let moved = |stored: &mut Stored| {
                let (salt, text) = stored.details.as_mut().unwrap();
                salt.push(text.remove(0) as u8);
            };
            assert_eq!(refused(&moved), Fracture::DetailsDiffer, "a byte moved from the text to the salt");
        }
    }

    #[test]
    fn a_forged_entry_with_a_right_hash_breaks_its_successor() {
        let mut forged = chain(3);
        let mut entry = Entry::decode(&forged[1].bytes).unwrap();
        entry.target_id = 4;
        forged[1] = stored(&entry, forged[1].details.clone().unwrap());
        assert_eq!(verify(&forged, &[]), Err((3, Fracture::PreviousDiffers)));
    }

    #[test]
    fn the_last_entry_forged_shows_to_who_kept_the_head() {
        let (mut forged, head) = (chain(3), head_of(&chain(3)));
        let mut entry = Entry::decode(&forged[2].bytes).unwrap();
        entry.at = 6;
        forged[2] = stored(&entry, forged[2].details.clone().unwrap());
        assert_eq!(verify(&forged, &[]), Ok(0));
        assert_eq!(verify(&forged, &[head]), Err((3, Fracture::HeadDiffers)));
    }

    #[test]
    fn inserted_removed_swapped_and_foreign_entries_show() {
        let whole = chain(5);
        let mut removed = whole.clone();
        removed.remove(2);
        assert_eq!(verify(&removed, &[]), Err((3, Fracture::Missing)));
        let mut swapped = whole.clone();
        swapped.swap(1, 2);
        assert_eq!(verify(&swapped, &[]), Err((2, Fracture::Missing)));
        let mut doubled = whole.clone();
        doubled.insert(3, whole[2].clone());
        assert_eq!(verify(&doubled, &[]), Err((3, Fracture::Doubled)));
        let mut renumbered = whole.clone();
        renumbered.insert(3, Stored { number: 4, ..whole[2].clone() });
        assert_eq!(verify(&renumbered, &[]), Err((4, Fracture::Missing)));
        let mut inserted = whole[..3].to_vec();
        let (mut foreign, details) = entry(4, head_of(&inserted).hash);
        inserted.push(stored(&foreign, details.clone()));
        inserted.push(whole[4].clone());
        assert_eq!(verify(&inserted, &[]), Ok(0), "the same entry made again is the same bytes");
        foreign.account = 2;
        inserted[3] = stored(&foreign, details);
        assert_eq!(verify(&inserted, &[]), Err((4, Fracture::OtherAccount)));
        assert_eq!(verify(&whole[1..], &[]), Err((1, Fracture::Missing)));
        let zero = Stored { number: 0, ..whole[0].clone() };
        assert_eq!(verify(&[zero], &[]), Err((0, Fracture::Doubled)));
    }

    #[test]
    fn a_cut_tail_shows_to_who_kept_a_head() {
        let whole = chain(5);
        assert_eq!(verify(&whole[..4], &[]), Ok(0));
        assert_eq!(verify(&whole[..4], &[head_of(&whole)]), Err((5, Fracture::TailCut)));
        assert_eq!(verify(&[], &[head_of(&whole)]), Err((5, Fracture::TailCut)));
        let older = head_of(&whole[..3]);
        assert_eq!(verify(&whole, &[older, head_of(&whole)]), Ok(0), "an older head still holds");
        let other = Head { hash: Hash::ZERO, ..older };
        assert_eq!(verify(&whole, &[head_of(&whole), other]), Err((3, Fracture::HeadDiffers)));
        assert_eq!(verify(&whole, &[Head { account: 2, ..other }]), Ok(0), "another account's head");
        let none = Head { account: 1, number: 0, hash: Hash::ZERO };
        assert_eq!(verify(&whole, &[none]), Ok(0));
        assert_eq!(verify(&whole, &[Head { hash: older.hash, ..none }]), Err((0, Fracture::HeadDiffers)));
    }

    #[test]
    fn erased_details_are_no_break() {
        let mut erased = chain(3);
        erased[1].details = None;
        assert_eq!(verify(&erased, &[]), Ok(1));
    }

    /// Version 1 never changes: chains that people keep are checked by it for ever.
    #[test]
    fn the_bytes_of_version_1_are_pinned() {
        let (entry, _) = entry(1, Hash::ZERO);
        let pinned = "eb12c06ce9195bdc41896440a9eae72738f22abe0032cc8e002f04bd157ca351";
        assert_eq!(Hash::of(&entry.encode()).to_string(), pinned);
        assert_eq!(Entry::decode(&entry.encode()), Ok(entry));
    }

    proptest! {
        #[test]
        fn reading_any_bytes_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Entry::decode(&bytes);
        }
    }
}
