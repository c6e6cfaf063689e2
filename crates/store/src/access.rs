//! Who calls, and the proofs made from it. Outside this crate none can be built, copied or widened.

use std::marker::PhantomData;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use leadlatch_domain::address_ranges::AddressRanges;
use leadlatch_domain::audit::{Actor, ActorKind};
use leadlatch_domain::id::{AccountId, KeyId, LeadGroupId, PartnerId};
use leadlatch_domain::key_limits::{PerMinute, lets_in};
use leadlatch_domain::key_secret::{KeyDigest, KeyKind};
use leadlatch_domain::lead::FieldRights;
use leadlatch_domain::matrix::{Action, Needs, PartnerReach, Role, Rule};
use leadlatch_domain::person::PersonRole;
use leadlatch_domain::problem::{Code, DeniedBy};
use leadlatch_domain::reach::{RowScope, Rows, Sides};
use leadlatch_domain::scope::ScopeSet;
use serde::{Serialize, Serializer};

use crate::sessions::Person;
use crate::{Denied, Error, Result};

/// The authority of whoever runs the server: made when the store is opened, and only then.
#[derive(Clone)]
pub struct Operator(());

impl Operator {
    pub(crate) fn new() -> Self {
        Self(())
    }

    /// The operator at the command line, acting as admin of one account.
    pub fn admin_of(&self, account: AccountId) -> Access {
        Access { account, caller: Caller::CommandLine, from: None }
    }

    /// Work that the server does by itself in one account, under a named role.
    pub fn role(&self, role: Role, account: AccountId) -> Access {
        Access { account, caller: Caller::Role(role), from: None }
    }
}

/// An authenticated caller.
#[derive(Debug, Clone)]
pub struct Access {
    pub(crate) account: AccountId,
    pub(crate) caller: Caller,
    pub(crate) from: Option<IpAddr>,
}

#[derive(Debug, Clone)]
pub(crate) enum Caller {
    Key(KeyFacts),
    User(Arc<Person>),
    CommandLine,
    Role(Role),
    /// A form on a web page, for one lead group.
    WebForm(LeadGroupId),
}

/// What a live key's row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyFacts {
    pub(crate) id: KeyId,
    pub(crate) digest: KeyDigest,
    pub(crate) version: i64,
    pub(crate) kind: KeyKind,
    pub(crate) record: Option<PartnerId>,
    /// What key and record both have.
    pub(crate) sides: Sides,
    pub(crate) scopes: ScopeSet,
    pub(crate) partner_active: bool,
    /// Where it may be used from.
    pub(crate) address_ranges: Option<Arc<AddressRanges>>,
    /// Requests that it may make in a minute.
    pub(crate) per_minute: Option<PerMinute>,
    /// The first key of its chain of rotations.
    pub(crate) root: KeyId,
    /// Whether its first use ends the key that it was rotated from.
    pub(crate) ends_predecessor: bool,
}

impl Access {
    /// The account that the caller belongs to.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// The key that calls, if it is one.
    pub fn key_id(&self) -> Option<KeyId> {
        self.key().map(|key| key.id)
    }

    /// The person who is signed in, if one calls.
    pub fn person(&self) -> Option<&Person> {
        match &self.caller {
            Caller::User(person) => Some(person),
            _ => None,
        }
    }

    /// Work that the server does by itself on a key, because of a request from an address.
    pub(crate) fn key_keeper(account: AccountId, from: Option<IpAddr>) -> Self {
        let from = from.map(|address| address.to_canonical());
        Self { account, caller: Caller::Role(Role::KeyKeeper), from }
    }

    /// A form on a web page that posts to a lead group which lets it.
    pub(crate) fn web_form(account: AccountId, group: LeadGroupId, from: Option<IpAddr>) -> Self {
        Self { account, caller: Caller::WebForm(group), from: from.map(|address| address.to_canonical()) }
    }

    /// Work that the server does by itself for subscriptions of the account.
    pub(crate) fn courier(account: AccountId) -> Self {
        Self { account, caller: Caller::Role(Role::Courier), from: None }
    }

    /// How many requests the key may make in a minute, if that is limited, and what they are counted by: a key and its
    /// successors are counted as one.
    pub fn per_minute(&self) -> Option<(KeyId, PerMinute)> {
        self.key().and_then(|key| key.per_minute.map(|limit| (key.root, limit)))
    }

    /// Refuses an address that the key is not let in from. [`Access::permit`] asks it again.
    pub fn check_address(&self) -> Result<()> {
        let inside = self.key().is_none_or(|key| lets_in(key.address_ranges.as_deref(), self.from));
        if inside { Ok(()) } else { Err(Error::Denied(Box::new(self.denied(Code::AddressNotAllowed, DeniedBy::Ip)))) }
    }

    /// Whether both are the same key, of which the same is known in every part, from the same address.
    pub(crate) fn is_same_key(&self, other: &Self) -> bool {
        let same = self.account == other.account && self.from == other.from;
        same && self.key().is_some() && self.key() == other.key()
    }

    fn denied(&self, code: Code, by: DeniedBy) -> Denied {
        Denied { code, by, required: None, granted: self.scopes(), fields: Vec::new() }
    }

    pub(crate) fn key(&self) -> Option<&KeyFacts> {
        match &self.caller {
            Caller::Key(key) => Some(key),
            _ => None,
        }
    }

    /// The scopes of the key; none for other callers, who need none.
    pub fn scopes(&self) -> ScopeSet {
        self.key().map(|key| key.scopes).unwrap_or_default()
    }

    /// The proof that the caller may do `A`, or the refusal that says what is missing.
    pub fn permit<A: Action>(self) -> Result<Grant<A>> {
        self.check_address()?;
        match self.refusal(&A::RULE) {
            None => Ok(Grant { access: self, action: PhantomData }),
            Some(denied) => Err(Error::Denied(Box::new(denied))),
        }
    }

    fn refusal(&self, rule: &Rule) -> Option<Denied> {
        let denied = |code, by, required| Denied { required, ..self.denied(code, by) };
        match (&self.caller, rule.needs) {
            (Caller::Key(key), _) if !key.partner_active => {
                Some(denied(Code::PartnerInactive, DeniedBy::PartnerInactive, None))
            }
            (Caller::Key(key), _) if key.kind == KeyKind::Partner && rule.partner == PartnerReach::Never => {
                Some(denied(Code::NotForPartnerKeys, DeniedBy::KeyKind, None))
            }
            (Caller::Key(_), Needs::AnyKey) => None,
            (Caller::Key(key), Needs::Scope(scope)) if key.scopes.contains(scope) => None,
            (Caller::Key(_), Needs::Scope(scope)) => {
                Some(denied(Code::InsufficientScope, DeniedBy::Scope, Some(scope)))
            }
            (Caller::User(person), Needs::Person | Needs::AnyKey | Needs::Scope(_) | Needs::Admin)
                if person.role == PersonRole::Admin || rule.open_to_members() =>
            {
                None
            }
            (Caller::CommandLine, Needs::AnyKey | Needs::Scope(_) | Needs::Admin) => None,
            (Caller::WebForm(_), Needs::Role(Role::WebForm)) => None,
            // What is for one lead group is never for the server at large.
            (Caller::Role(_), Needs::Role(Role::WebForm)) => {
                Some(denied(Code::InsufficientScope, DeniedBy::KeyKind, None))
            }
            (Caller::Role(own), Needs::Role(role)) if *own == role => None,
            _ => Some(denied(Code::InsufficientScope, DeniedBy::KeyKind, None)),
        }
    }
}

/// The proof that a caller may do `A`, with the account, the rows and the fields in its reach.
#[derive(Debug)]
pub struct Grant<A> {
    pub(crate) access: Access,
    pub(crate) action: PhantomData<A>,
}

impl<A> Grant<A> {
    pub(crate) fn account(&self) -> i64 {
        self.access.account.get()
    }

    /// The caller, for the count of what it did.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// The rows in reach.
    pub(crate) fn scope(&self) -> RowScope {
        let rows = match self.partner() {
            Some((record, sides)) => Rows::Partner { record, sides },
            None => Rows::Account,
        };
        RowScope { account: self.access.account, rows }
    }

    /// The account in reach.
    pub fn account_id(&self) -> AccountId {
        self.access.account
    }

    /// The key that calls, if it is one.
    pub fn key_id(&self) -> Option<KeyId> {
        self.access.key_id()
    }

    /// The fields in reach.
    pub fn fields(&self) -> FieldRights {
        match self.partner() {
            Some((record, sides)) => FieldRights::Partner { record, sides },
            None => FieldRights::Full,
        }
    }

    /// The caller's scopes, for the words of a refusal.
    pub fn scopes(&self) -> ScopeSet {
        self.access.scopes()
    }

    pub(crate) fn partner(&self) -> Option<(PartnerId, Sides)> {
        let key = self.access.key().filter(|key| key.kind == KeyKind::Partner)?;
        key.record.map(|record| (record, key.sides))
    }

    pub(crate) fn key(&self) -> Option<&KeyFacts> {
        self.access.key()
    }

    /// The lead group that a form posts to, if a form is the caller.
    pub(crate) fn web_form(&self) -> Option<LeadGroupId> {
        match self.access.caller {
            Caller::WebForm(group) => Some(group),
            _ => None,
        }
    }

    /// The person who is signed in, if one calls.
    pub fn person(&self) -> Option<&Person> {
        self.access.person()
    }

    /// What one record that cannot be had is to this caller.
    pub(crate) fn missing(&self, field: &'static str) -> Error {
        if self.partner().is_some() { Error::OutOfReach } else { Error::NotFound(field) }
    }

    pub(crate) fn actor(&self) -> Actor {
        match &self.access.caller {
            Caller::Key(key) => Actor { kind: ActorKind::Key, id: key.id.get() },
            Caller::User(person) => Actor { kind: ActorKind::User, id: person.id.get() },
            Caller::CommandLine => Actor { kind: ActorKind::CommandLine, id: 0 },
            Caller::Role(_) => Actor { kind: ActorKind::Role, id: 0 },
            Caller::WebForm(group) => Actor { kind: ActorKind::Role, id: group.get() },
        }
    }

    /// The caller in words, for records that outlive it.
    pub(crate) fn actor_in_words(&self) -> String {
        match &self.access.caller {
            Caller::Key(key) => format!("key {}", key.id),
            Caller::User(person) => format!("user {}", person.id),
            Caller::CommandLine => "command line".into(),
            Caller::Role(role) => format!("role {}", role.as_str()),
            Caller::WebForm(group) => format!("role {} {group}", Role::WebForm.as_str()),
        }
    }
}

/// A [`Grant`] that was checked again inside the transaction it is used in, with the key's row held: a deletion that is
/// answered comes before or after the whole of it. Writes take nothing less.
#[derive(Debug)]
pub struct Held<A>(pub(crate) Grant<A>);

impl<A> Deref for Held<A> {
    type Target = Grant<A>;

    fn deref(&self) -> &Grant<A> {
        &self.0
    }
}

/// A value that was read through a proof and reduced for its reader: the one form that is written out.
#[derive(Debug)]
pub struct Visible<T>(pub(crate) T);

impl<T> Visible<T> {
    /// The value, for whoever works with it: it was reduced already.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Visible<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Serialize> Serialize for Visible<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
