//! The requests that are measured.

use std::sync::Arc;

use hyper::StatusCode;

use crate::client::Ask;
use crate::fixture::{Fixture, body};

/// Which database the server under test has, and whether the reference answers the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    /// `SQLite`, beside the reference.
    Sqlite,
    /// PostgreSQL, beside the reference on PostgreSQL.
    Postgres,
}

/// One kind of request.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) on: On,
    pub(crate) expected: StatusCode,
    /// The most that it may cost, as a multiple of the reference.
    pub(crate) to_reach: Option<f64>,
    /// The request with a number; numbers go up through the whole run.
    pub(crate) ask: fn(&Fixture, u64) -> Ask,
}

/// Every case, in the order in which they run: what makes leads is last.
pub(crate) const CASES: [Case; 9] = [
    Case {
        name: "anonymous",
        about: "GET one lead without a key: 401",
        on: On::Sqlite,
        expected: StatusCode::UNAUTHORIZED,
        to_reach: None,
        ask: |fixture, number| Ask::get(Spot::at(fixture, number).path(), None),
    },
    Case {
        name: "unknown_key",
        about: "GET one lead with a well-formed key that nobody has: 401",
        on: On::Sqlite,
        expected: StatusCode::UNAUTHORIZED,
        to_reach: Some(1.4),
        ask: |fixture, number| Ask::get(Spot::at(fixture, number).path(), pick(&fixture.unknown, number)),
    },
    Case {
        name: "not_permitted",
        about: "GET the users with a Partner key: 403",
        on: On::Sqlite,
        expected: StatusCode::FORBIDDEN,
        to_reach: Some(1.4),
        ask: |fixture, number| Ask::get("/api/v1/users", pick(&fixture.roster.partner_keys, number)),
    },
    Case { name: "full_read", about: "GET one lead with a Full key", on: On::Sqlite, ..FULL_READ },
    Case { name: "partner_read", about: "GET one own lead with a Partner key", on: On::Sqlite, ..PARTNER_READ },
    Case {
        name: "partner_list",
        about: "GET the 50 newest own leads in one status with a Partner key",
        on: On::Sqlite,
        expected: StatusCode::OK,
        to_reach: Some(1.2),
        ask: |fixture, number| {
            let status = fixture.statuses[scatter(number) % fixture.statuses.len()];
            let path = format!("/api/v1/leads?status_id={status}&limit=50");
            Ask::get(path, pick(&fixture.roster.partner_keys, number))
        },
    },
    Case { name: "postgres_full_read", about: "full_read on PostgreSQL", on: On::Postgres, ..FULL_READ },
    Case { name: "postgres_partner_read", about: "partner_read on PostgreSQL", on: On::Postgres, ..PARTNER_READ },
    Case {
        name: "create",
        about: "POST a lead with a Partner key, durable before the answer",
        on: On::Sqlite,
        expected: StatusCode::CREATED,
        to_reach: Some(2.5),
        ask: |fixture, number| {
            let keys = &fixture.roster.partner_keys;
            Ask::create(&keys[scatter(number) % keys.len()], &body(scatter(number) % 10_000_000))
        },
    },
];

const FULL_READ: Case = Case {
    name: "",
    about: "",
    on: On::Sqlite,
    expected: StatusCode::OK,
    to_reach: Some(1.6),
    ask: |fixture, number| Ask::get(Spot::at(fixture, number).path(), pick(&fixture.roster.full_keys, number)),
};

const PARTNER_READ: Case = Case {
    ask: |fixture, number| {
        let spot = Spot::at(fixture, number);
        Ask::get(spot.path(), Some(spot.own_key(fixture, number)))
    },
    ..FULL_READ
};

/// A lead somewhere in the table.
struct Spot {
    number: usize,
    id: i64,
}

impl Spot {
    fn at(fixture: &Fixture, number: u64) -> Self {
        let number = scatter(number) % fixture.leads.len();
        Self { number, id: fixture.leads[number] }
    }

    fn path(&self) -> String {
        format!("/api/v1/leads/{}", self.id)
    }

    /// One of the keys of the lead's partner.
    fn own_key<'a>(&self, fixture: &'a Fixture, number: u64) -> &'a Arc<str> {
        let (partners, keys) = (fixture.roster.partners.len(), &fixture.roster.partner_keys);
        let place = self.number % partners;
        let others = (keys.len() - place).div_ceil(partners);
        &keys[place + partners * (scatter(number.rotate_left(17)) % others)]
    }
}

fn pick(keys: &[Arc<str>], number: u64) -> Option<&Arc<str>> {
    keys.get(scatter(number.rotate_left(17)) % keys.len())
}

/// Spreads numbers that follow each other over the whole range, the same in every run.
fn scatter(number: u64) -> usize {
    // Fibonacci hashing; the upper half is well mixed.
    (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize
}
