//! How many deliveries run at a time: in all, for one key, for one host, for one subscription; and those to receivers that
//! fail have a part of their own, so that they never stand in the way of the others.

use std::collections::HashMap;
use std::hash::Hash;

use leadlatch_domain::id::AccountId;
use leadlatch_store::hooks::Waiting;

/// In all: bodies of this many are in memory.
const ALL: usize = 128;
/// Of them, to receivers whose last delivery failed or took long.
const TROUBLED: usize = 32;
/// For one key, or for the account's own subscriptions.
const OWNER: usize = 16;
/// To one host, apart for those in trouble: many keys have a host in common, and one of them must not take it from the
/// others.
const HOST: usize = 3 * OWNER;
/// For one subscription.
const SUBSCRIPTION: usize = 8;

/// Whom a running delivery counts for.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    owner: (AccountId, Option<i64>),
    host: String,
    pub(crate) subscription: i64,
    troubled: bool,
}

impl Place {
    pub(crate) fn of(waiting: &Waiting, slow: bool) -> Self {
        Self {
            owner: (waiting.account, waiting.key),
            host: waiting.host.clone(),
            subscription: waiting.subscription,
            troubled: waiting.failing || slow,
        }
    }

    fn at_host(&self) -> (String, bool) {
        (self.host.clone(), self.troubled)
    }
}

/// The places that are taken.
#[derive(Default)]
pub(crate) struct Places {
    all: usize,
    troubled: usize,
    owners: HashMap<(AccountId, Option<i64>), usize>,
    hosts: HashMap<(String, bool), usize>,
    subscriptions: HashMap<i64, usize>,
}

impl Places {
    /// How many deliveries of a subscription may begin now. One that fails is tried with one alone.
    pub(crate) fn room(&self, place: &Place, failing: bool) -> usize {
        let left = |most: usize, taken: usize| most.saturating_sub(taken);
        let taken = count(&self.subscriptions, &place.subscription);
        let own = if failing { left(1, taken) } else { left(SUBSCRIPTION, taken) };
        let lane =
            if place.troubled { left(TROUBLED, self.troubled) } else { left(ALL - TROUBLED, self.all - self.troubled) };
        let rooms = [
            own,
            lane,
            left(ALL, self.all),
            left(OWNER, count(&self.owners, &place.owner)),
            left(HOST, count(&self.hosts, &place.at_host())),
        ];
        rooms.into_iter().min().unwrap_or(0)
    }

    pub(crate) fn take(&mut self, place: &Place) {
        self.all += 1;
        self.troubled += usize::from(place.troubled);
        *self.owners.entry(place.owner).or_default() += 1;
        *self.hosts.entry(place.at_host()).or_default() += 1;
        *self.subscriptions.entry(place.subscription).or_default() += 1;
    }

    pub(crate) fn give_back(&mut self, place: &Place) {
        self.all -= 1;
        self.troubled -= usize::from(place.troubled);
        take_one(&mut self.owners, &place.owner);
        take_one(&mut self.hosts, &place.at_host());
        take_one(&mut self.subscriptions, &place.subscription);
    }

    /// How many run.
    pub(crate) const fn taken(&self) -> usize {
        self.all
    }
}

fn count<K: Eq + Hash>(of: &HashMap<K, usize>, key: &K) -> usize {
    of.get(key).copied().unwrap_or(0)
}

fn take_one<K: Eq + Hash>(of: &mut HashMap<K, usize>, key: &K) {
    if let Some(taken) = of.get_mut(key) {
        *taken -= 1;
        if *taken == 0 {
            of.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(key: i64, host: &str, subscription: i64, troubled: bool) -> Place {
        let owner = (AccountId::new(1).unwrap(), Some(key));
        Place { owner, host: host.to_owned(), subscription, troubled }
    }

    #[test]
    fn one_key_cannot_take_every_place_whatever_its_hosts() {
        let mut places = Places::default();
        for number in 0..40 {
            let place = place(1, &format!("{number}.example"), number, false);
            if places.room(&place, false) > 0 {
                places.take(&place);
            }
        }
        assert_eq!(places.taken(), OWNER);
        assert_eq!(places.room(&place(2, "other.example", 99, false), false), SUBSCRIPTION);
    }

    #[test]
    fn one_key_leaves_a_host_to_the_others() {
        let mut places = Places::default();
        for number in 0..200 {
            let place = place(1, "shared.example", number, false);
            if places.room(&place, false) > 0 {
                places.take(&place);
            }
        }
        assert_eq!(places.room(&place(2, "shared.example", 300, false), false), SUBSCRIPTION);
        assert_eq!(places.room(&place(2, "shared.example", 301, true), true), 1);
    }

    #[test]
    fn those_that_fail_leave_the_others_their_places() {
        let mut places = Places::default();
        for number in 0..200 {
            let place = place(number, &format!("{number}.example"), number, true);
            if places.room(&place, true) > 0 {
                places.take(&place);
            }
        }
        assert_eq!(places.taken(), TROUBLED);
        assert_eq!(places.room(&place(300, "well.example", 300, false), false), SUBSCRIPTION);
    }

    #[test]
    fn what_is_given_back_leaves_nothing_behind() {
        let mut places = Places::default();
        let (one, failing) = (place(1, "a.example", 1, false), place(1, "a.example", 2, true));
        places.take(&one);
        places.take(&failing);
        assert_eq!(places.room(&failing, true), 0, "one that fails is tried with one alone");
        places.give_back(&one);
        places.give_back(&failing);
        assert_eq!(places.taken() + places.troubled, 0);
        assert!(places.owners.is_empty() && places.hosts.is_empty() && places.subscriptions.is_empty());
    }
}
