//! One entry and its exact bytes: version 1 is a version byte, big-endian integers and length-prefixed texts.

use std::fmt;

use sha2::{Digest, Sha256};

use super::event::Event;

const VERSION: u8 = 1;

/// Bytes of a salt.
pub const SALT_LENGTH: usize = 16;

/// A SHA-256 hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What the first entry follows.
    pub const ZERO: Self = Self([0; 32]);

    /// The hash of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// A stored hash.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        hex::decode(text).ok().and_then(|bytes| Self::from_slice(&bytes))
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The hash by which an entry holds its details: salted, so that erased details cannot be guessed from it.
pub fn details_hash(salt: &[u8], text: &str) -> Hash {
    Hash(Sha256::new().chain_update(salt).chain_update(text).finalize().into())
}

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    /// Whoever runs the server.
    CommandLine,
    /// A person who signed in.
    User,
    /// An access key.
    Key,
    /// The server itself, under a named role.
    Role,
}

impl ActorKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::CommandLine, Self::User, Self::Key, Self::Role];

    /// Its name in the chain.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CommandLine => "command_line",
            Self::User => "user",
            Self::Key => "key",
            Self::Role => "role",
        }
    }
}

/// Who did it, by kind and number; 0 where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// The kind.
    pub kind: ActorKind,
    /// The number.
    pub id: i64,
}

/// One entry of a chain. Names and values stand apart, in details that can be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The account; 0 is the server's own chain.
    pub account: i64,
    /// Its place in the chain, from 1, without gaps.
    pub number: i64,
    /// The hash of the entry before.
    pub previous: Hash,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// Who.
    pub actor: Actor,
    /// What.
    pub event: Event,
    /// To which record.
    pub target_id: i64,
    /// The fields that changed, by name.
    pub changed: Vec<String>,
    /// The hash of salt and details.
    pub details_hash: Hash,
}

/// Bytes that are no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Corrupt;

impl Entry {
    /// The exact bytes that are stored and hashed.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        for number in [self.account, self.number, self.at, self.actor.id, self.target_id] {
            out.extend(number.to_be_bytes());
        }
        out.extend(self.previous.as_bytes());
        out.extend(self.details_hash.as_bytes());
        let texts = [self.actor.kind.as_str(), self.event.as_str()];
        for text in texts.into_iter().chain(self.changed.iter().map(String::as_str)) {
            out.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend(text.as_bytes());
        }
        out
    }

    /// Reads the bytes, strictly: nothing may be left over.
    pub fn decode(bytes: &[u8]) -> Result<Self, Corrupt> {
        let mut reader = Reader(bytes);
        if reader.take(1)? != [VERSION] {
            return Err(Corrupt);
        }
        let mut int = || reader.int();
        let (account, number, at, actor_id, target_id) = (int()?, int()?, int()?, int()?, int()?);
        let previous = reader.hash()?;
        let details_hash = reader.hash()?;
        let kind = reader.text()?;
        let kind = ActorKind::ALL.into_iter().find(|known| known.as_str() == kind).ok_or(Corrupt)?;
        let event = Event::parse(&reader.text()?).ok_or(Corrupt)?;
        let mut changed = Vec::new();
        while !reader.0.is_empty() {
            changed.push(reader.text()?);
        }
        let actor = Actor { kind, id: actor_id };
        Ok(Self { account, number, previous, at, actor, event, target_id, changed, details_hash })
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Corrupt> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Corrupt)?;
        self.0 = rest;
        Ok(taken)
    }

    fn int(&mut self) -> Result<i64, Corrupt> {
        Ok(i64::from_be_bytes(self.take(8)?.try_into().map_err(|_| Corrupt)?))
    }

    fn hash(&mut self) -> Result<Hash, Corrupt> {
        Hash::from_slice(self.take(32)?).ok_or(Corrupt)
    }

    fn text(&mut self) -> Result<String, Corrupt> {
        let length = u32::from_be_bytes(self.take(4)?.try_into().map_err(|_| Corrupt)?);
        let bytes = self.take(length as usize)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Corrupt)
    }
}
