//! The exported chain: a line an entry. Its columns are for people; what is verified are the exact bytes beside them,
//! and that the columns say the same.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::entry::{Corrupt, Entry, Hash};
use super::verify::{Broken, Fracture, Head, Stored};
use crate::time::Timestamp;

/// One entry, exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportLine {
    /// The account; 0 is the server's own chain.
    pub account_id: i64,
    /// Its place in the chain.
    pub number: i64,
    /// When, RFC 3339.
    pub at: String,
    /// Who, by kind.
    pub actor: String,
    /// Who, by number.
    pub actor_id: i64,
    /// What.
    pub event: String,
    /// To which record.
    pub target_id: i64,
    /// The fields that changed.
    pub changed: Vec<String>,
    /// The details, as the exact text that was hashed; absent once erased.
    pub details: Option<String>,
    /// Their salt, hexadecimal.
    pub salt: Option<String>,
    /// The exact bytes, base64.
    pub entry: String,
    /// Their hash, hexadecimal.
    pub hash: String,
}

impl ExportLine {
    /// Writes a stored entry out.
    pub fn of(stored: &Stored) -> Result<Self, Corrupt> {
        let entry = Entry::decode(&stored.bytes)?;
        let (salt, details) = stored.details.clone().map(|(salt, text)| (hex::encode(salt), text)).unzip();
        Ok(Self {
            account_id: entry.account,
            number: stored.number,
            at: Timestamp::from_micros(entry.at).to_string(),
            actor: entry.actor.kind.as_str().to_owned(),
            actor_id: entry.actor.id,
            event: entry.event.as_str().to_owned(),
            target_id: entry.target_id,
            changed: entry.changed,
            details,
            salt,
            entry: STANDARD.encode(&stored.bytes),
            hash: hex::encode(&stored.hash),
        })
    }

    /// Reads the line back as it was stored; a column that says something else than the entry is a break.
    pub fn to_stored(&self) -> Result<Stored, Broken> {
        let broken = |what| Broken { number: self.number, what };
        let unreadable = || broken(Fracture::Unreadable);
        let bytes = STANDARD.decode(&self.entry).map_err(|_| unreadable())?;
        let hash = hex::decode(&self.hash).map_err(|_| unreadable())?;
        let salt = self.salt.as_ref().map(hex::decode).transpose().map_err(|_| unreadable())?;
        let stored = Stored { number: self.number, bytes, hash, details: salt.zip(self.details.clone()) };
        let same = Self::of(&stored).map_err(|_| unreadable())? == *self;
        if same { Ok(stored) } else { Err(broken(Fracture::ColumnDiffers)) }
    }
}

/// Reads an export: a line an entry, or one JSON document with `entries`.
pub fn read_export(text: &str) -> Result<Vec<ExportLine>, String> {
    #[derive(Deserialize)]
    struct Document {
        entries: Vec<ExportLine>,
    }
    if let Ok(document) = serde_json::from_str::<Document>(text) {
        return Ok(document.entries);
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| serde_json::from_str(line).map_err(|error| format!("line {}: {error}", at + 1))).collect()
}

/// Reads a kept head: `{"account_id", "number", "hash"}`, or an export, whose last entry is its head.
pub fn read_head(text: &str) -> Result<Head, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Kept {
        account_id: i64,
        number: i64,
        hash: String,
    }
    let kept = if let Ok(kept) = serde_json::from_str::<Kept>(text) {
        kept
    } else {
        let last = read_export(text)?.pop().ok_or("the file holds no entry")?;
        Kept { account_id: last.account_id, number: last.number, hash: last.hash }
    };
    let hash = Hash::parse(&kept.hash).ok_or("the head's hash is not 64 hexadecimal digits")?;
    Ok(Head { account: kept.account_id, number: kept.number, hash })
}
